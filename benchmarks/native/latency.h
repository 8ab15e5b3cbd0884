/* Latency histogram with logarithmic buckets (the layout of HdrHistogram), in nanoseconds.
 *
 * Each power of two is cut into 128 equal buckets, so a reported percentile is at most 0.8 % above
 * the true one. Recording is one increment; nothing is allocated while a run lasts.
 */
#ifndef IDNODE_LATENCY_H
#define IDNODE_LATENCY_H

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SUB_BITS = 7, SUB_BUCKETS = 1 << SUB_BITS, BUCKETS = (65 - SUB_BITS) * SUB_BUCKETS };

struct histogram {
    uint64_t count;
    uint64_t max;
    double sum;
    uint64_t buckets[BUCKETS];
};

static inline int64_t now_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static inline unsigned bucket_of(uint64_t value) {
    if (value < SUB_BUCKETS) return (unsigned)value;
    unsigned shift = 63 - (unsigned)__builtin_clzll(value) - SUB_BITS;
    return (shift << SUB_BITS) + (unsigned)(value >> shift);
}

/* The largest value that falls into a bucket. */
static inline uint64_t bucket_top(unsigned bucket) {
    if (bucket < 2 * SUB_BUCKETS) return bucket;
    unsigned shift = (bucket >> SUB_BITS) - 1;
    uint64_t lead = (bucket & (SUB_BUCKETS - 1)) + SUB_BUCKETS;
    return ((lead + 1) << shift) - 1;
}

/* Negative values (a clock read out of order) count as zero. */
static inline void histogram_record(struct histogram *h, int64_t value) {
    uint64_t v = value < 0 ? 0 : (uint64_t)value;
    h->buckets[bucket_of(v)]++;
    h->count++;
    h->sum += (double)v;
    if (v > h->max) h->max = v;
}

static inline void histogram_clear(struct histogram *h) { memset(h, 0, sizeof *h); }

/* Upper bound of the value at a quantile (0 < q <= 1), never above the largest recorded value. */
static inline uint64_t histogram_at(const struct histogram *h, double q) {
    if (!h->count) return 0;
    uint64_t rank = (uint64_t)ceil(q * (double)h->count), passed = 0;
    if (rank < 1) rank = 1;
    for (unsigned i = 0; i < BUCKETS; i++) {
        passed += h->buckets[i];
        if (passed >= rank) {
            uint64_t top = bucket_top(i);
            return top < h->max ? top : h->max;
        }
    }
    return h->max;
}

/* One JSON object; values in microseconds. */
static inline void histogram_print(const struct histogram *h, const char *name) {
    double mean = h->count ? h->sum / (double)h->count : 0;
    printf("\"%s\":{\"count\":%" PRIu64 ",\"mean\":%.3f,\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,"
           "\"p99.9\":%.3f,\"max\":%.3f}",
           name, h->count, mean / 1e3, (double)histogram_at(h, 0.5) / 1e3,
           (double)histogram_at(h, 0.9) / 1e3, (double)histogram_at(h, 0.99) / 1e3,
           (double)histogram_at(h, 0.999) / 1e3, (double)h->max / 1e3);
}

/* `--selftest`: nanoseconds from standard input, one a line; prints their percentiles. */
static inline int histogram_selftest(void) {
    static struct histogram h;
    int64_t value;
    while (scanf("%" SCNd64, &value) == 1) histogram_record(&h, value);
    printf("{");
    histogram_print(&h, "latency_us");
    printf("}\n");
    return 0;
}

#endif
