/* What native answering counts: exact, and read by others at any moment. */
#ifndef IDNODE_COUNTS_H
#define IDNODE_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

enum { BOUNDS_MAX = 31 };

typedef struct {
    uint32_t count;
    uint64_t nanoseconds[BOUNDS_MAX]; /* upper bounds of the buckets, ascending; one more bucket is above all */
} time_bounds;

/* Each is changed by one thread only: `count_add` need not lock the bus. */
typedef struct {
    _Atomic uint64_t found, missing, nanoseconds;
    _Atomic uint64_t bucket[BOUNDS_MAX + 1];
} answer_counts;

static inline void count_add(_Atomic uint64_t *counter, uint64_t by) {
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by, memory_order_relaxed);
}

static inline uint64_t count_read(_Atomic uint64_t *counter) {
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline uint64_t monotonic_nanoseconds(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

/* Count so many answers, each of which took so long. */
static inline void count_answers(answer_counts *c, const time_bounds *b, uint64_t found, uint64_t missing,
                                 uint64_t took) {
    uint64_t answers = found + missing;
    uint32_t i = 0;
    if (!answers) return;
    while (i < b->count && took > b->nanoseconds[i]) i++;
    count_add(&c->found, found);
    count_add(&c->missing, missing);
    count_add(&c->bucket[i], answers);
    count_add(&c->nanoseconds, took * answers);
}

#endif
