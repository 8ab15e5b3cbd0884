/* What the UDP and the TCP generator share: the handles asked for, the plan of sending, the counts.
 *
 * Closed loop (rate 0): a request goes out whenever one comes back. Open loop: request i is planned
 * for start + i / rate whatever the server does, and its latency counts from the plan, so that a stall
 * is charged to every request it held up ("corrected"). The latency from the real sending is printed
 * beside it ("uncorrected"). The delay that is the generator's own fault is the send lag.
 */
#ifndef IDNODE_LOAD_H
#define IDNODE_LOAD_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "latency.h"

enum { CODES_MAX = 4096, HANDLE_BYTES_MAX = 400 };

struct options {
    const char *host, *handles, *protocol, *path, *headers;
    int port, window, sockets, connections, echo;
    int64_t requests, timeout_ns, warmup_ns, duration_ns;
    double rate;
};

struct handle {
    uint16_t bytes;
    char text[HANDLE_BYTES_MAX];
};

struct handles {
    struct handle *list;
    size_t count, next;
};

struct counts {
    uint64_t sent, answered, missing, wrong, stray, datagrams, bytes, held;
    uint64_t codes[CODES_MAX + 1]; /* the last one collects everything above */
};

/* One run: when it starts and ends, and everything that is counted in it. */
struct run {
    const struct options *options;
    int64_t started, ends, planned_next, full_at, last_answer;
    uint64_t planned;    /* requests planned since the start of the run */
    uint64_t sent_total; /* warm-up included: what `requests` bounds */
    bool warm;
    double cpu_started;
    struct counts counts;
    struct histogram corrected, uncorrected, lag;
};

static inline void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "invalid");
    exit(2);
}

static inline double cpu_seconds(void) {
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6;
}

static inline struct handles handles_read(const char *path) {
    struct handles all = {0};
    size_t room = 0;
    char line[1024];
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    while (fgets(line, sizeof line, file)) {
        size_t bytes = strcspn(line, "\r\n");
        if (!bytes) continue;
        if (bytes > HANDLE_BYTES_MAX) {
            errno = ENAMETOOLONG;
            fail(path);
        }
        if (all.count == room) {
            room = room ? room * 2 : 1024;
            all.list = realloc(all.list, room * sizeof *all.list);
            if (!all.list) fail("memory");
        }
        all.list[all.count].bytes = (uint16_t)bytes;
        memcpy(all.list[all.count++].text, line, bytes);
    }
    fclose(file);
    errno = 0;
    if (!all.count) fail("no handles in the file");
    return all;
}

static inline void put4(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 24), at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8), at[3] = (uint8_t)value;
}

static inline uint32_t get4(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

enum { ENVELOPE_BYTES = 20, HEADER_BYTES = 24, REQUEST_BYTES_MAX = 512, DATAGRAM_BYTES = 512 };

/* A resolution of all public values (handle-protocol.md §1.1, §2, §5): version 2.11, flag PUBL. */
static inline unsigned resolution_request(uint8_t *out, const struct handle *handle, uint32_t id) {
    static uint32_t expiration;
    if (!expiration) expiration = (uint32_t)time(NULL) + 43200;
    uint32_t body = 4u + handle->bytes + 8;
    memset(out, 0, ENVELOPE_BYTES + HEADER_BYTES);
    out[0] = 2, out[1] = 11, out[2] = 2, out[3] = 11;
    put4(out + 8, id);
    put4(out + 16, HEADER_BYTES + body + 4);
    uint8_t *header = out + ENVELOPE_BYTES;
    put4(header, 1);
    put4(header + 8, 0x01000000);
    header[12] = header[13] = 0xff;
    put4(header + 16, expiration);
    put4(header + 20, body);
    uint8_t *at = header + HEADER_BYTES;
    put4(at, handle->bytes);
    memcpy(at + 4, handle->text, handle->bytes);
    memset(at + 4 + handle->bytes, 0, 12); /* no indexes, no types, no credential */
    return ENVELOPE_BYTES + HEADER_BYTES + body + 4;
}

/* The start of an answer: opcode 1 and, on success, the handle that was asked for. */
static inline bool answer_fits(const uint8_t *message, size_t bytes, const struct handle *handle) {
    if (bytes < HEADER_BYTES || get4(message) != 1) return false;
    if (get4(message + 4) != 1) return true;
    if (bytes < (size_t)HEADER_BYTES + 4 + handle->bytes) return false;
    const uint8_t *body = message + HEADER_BYTES;
    return get4(body) == handle->bytes && !memcmp(body + 4, handle->text, handle->bytes);
}

static inline void run_start(struct run *run, const struct options *options) {
    memset(run, 0, sizeof *run);
    run->options = options;
    run->started = run->planned_next = run->last_answer = now_ns();
    run->warm = options->warmup_ns == 0;
    run->ends = run->started + options->warmup_ns + options->duration_ns;
    run->cpu_started = cpu_seconds();
}

/* Forget what the warm-up counted once it is over. */
static inline void run_tick(struct run *run, int64_t now) {
    if (run->warm || now < run->started + run->options->warmup_ns) return;
    run->warm = true;
    run->started = now;
    run->cpu_started = cpu_seconds();
    memset(&run->counts, 0, sizeof run->counts);
    histogram_clear(&run->corrected);
    histogram_clear(&run->uncorrected);
    histogram_clear(&run->lag);
}

static inline bool run_may_send(const struct run *run, int64_t now) {
    const struct options *o = run->options;
    if (o->requests ? run->sent_total >= (uint64_t)o->requests : now >= run->ends) return false;
    return o->rate <= 0 || run->planned_next <= now;
}

static inline bool run_sending_over(const struct run *run, int64_t now) {
    int64_t requests = run->options->requests;
    return requests ? run->sent_total >= (uint64_t)requests : now >= run->ends;
}

/* Account for one request that goes out now; returns its planned time. */
static inline int64_t run_sends(struct run *run, int64_t now) {
    double rate = run->options->rate;
    int64_t planned = now;
    run->counts.sent++;
    run->sent_total++;
    if (rate <= 0) return planned;
    planned = run->planned_next;
    int64_t excused = planned > run->full_at ? planned : run->full_at;
    histogram_record(&run->lag, now - excused);
    if (run->full_at > planned) run->counts.held++;
    run->planned++;
    run->planned_next += (int64_t)(1e9 / rate);
    return planned;
}

static inline void run_answered(struct run *run, int64_t now, int64_t planned, int64_t sent,
                                uint32_t code) {
    run->counts.answered++;
    run->counts.codes[code < CODES_MAX ? code : CODES_MAX]++;
    histogram_record(&run->corrected, now - planned);
    histogram_record(&run->uncorrected, now - sent);
    run->last_answer = now;
}

/* How long to wait for an answer before looking again, in nanoseconds. */
static inline int64_t run_patience(const struct run *run, int64_t now, bool window_free) {
    int64_t wait = 5000000;
    if (run->options->rate > 0 && window_free && !run_sending_over(run, now)) {
        int64_t due = run->planned_next - now;
        if (due < wait) wait = due > 0 ? due : 0;
    }
    return wait;
}

/* One JSON object on standard output. `in_time` is the number of answers before the end of the run. */
static inline void run_print(const struct run *run, uint64_t in_time, int64_t ended) {
    const struct counts *c = &run->counts;
    double seconds = (double)(ended - run->started) / 1e9;
    double cpu = seconds > 0 ? (cpu_seconds() - run->cpu_started) / seconds : 0;
    double rate = seconds > 0 ? (double)in_time / seconds : 0;
    double lag_p99 = (double)histogram_at(&run->lag, 0.99);
    bool open = run->options->rate > 0;
    /* Open: later than 1 ms by its own fault. Closed: no time left to wait for an answer. */
    bool limited = open ? lag_p99 > 1e6 : cpu > 0.95;
    printf("{\"loop\":\"%s\",\"seconds\":%.4f,\"rate\":%.1f,\"sent_with_warmup\":%" PRIu64
           ",\"sent\":%" PRIu64
           ",\"answered\":%" PRIu64 ",\"missing\":%" PRIu64 ",\"wrong\":%" PRIu64
           ",\"stray\":%" PRIu64 ",\"datagrams\":%" PRIu64 ",\"bytes\":%" PRIu64
           ",\"held\":%" PRIu64 ",\"generator_cpu\":%.3f,\"generator_limited\":%s,\"codes\":{",
           open ? "open" : "closed", seconds, rate, run->sent_total, c->sent, c->answered, c->missing, c->wrong,
           c->stray, c->datagrams, c->bytes, c->held, cpu, limited ? "true" : "false");
    const char *comma = "";
    for (unsigned code = 0; code <= CODES_MAX; code++)
        if (c->codes[code]) {
            printf("%s\"%u\":%" PRIu64, comma, code, c->codes[code]);
            comma = ",";
        }
    printf("},");
    histogram_print(open ? &run->corrected : &run->uncorrected, "latency_us");
    if (open) {
        printf(",");
        histogram_print(&run->uncorrected, "uncorrected_us");
        printf(",");
        histogram_print(&run->lag, "send_lag_us");
    }
    printf("}\n");
}

#endif
