/* Records in the order of their folded handles: sorting and merging where in memory they lie.
 *
 * The memory is an extent of the log, or records on their way there; a record is known by its offset in units of 8.
 */
#ifndef IDNODE_SORTING_H
#define IDNODE_SORTING_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdlib.h>

#include "logview.h"

typedef struct {
    const uint8_t *handle; /* as spelled */
    uint32_t length;
} order_key;

typedef struct {
    uint64_t word; /* eight folded bytes of the handle, at the depth being sorted by */
    uint32_t at;
} order_item;

typedef struct {
    const uint8_t *memory;
    uint64_t bytes;
    uint64_t chance;
} order_sort;

/* The handle of a record that has `room` bytes; of no bytes when nothing readable lies there. */
static inline order_key order_key_of(const uint8_t *record, uint64_t room) {
    if (!record || !record_shaped(record, room)) return (order_key){NULL, 0};
    return (order_key){record + RECORD_HEADER, record_handle_bytes(record)};
}

static inline order_sort order_sorting(const uint8_t *memory, uint64_t bytes) {
    return (order_sort){memory, bytes, UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)memory};
}

static inline order_key order_sort_key(const order_sort *s, uint32_t at) {
    uint64_t offset = (uint64_t)at << 3;
    if (s->bytes < RECORD_HEADER || offset > s->bytes - RECORD_HEADER) return (order_key){NULL, 0};
    return order_key_of(s->memory + offset, s->bytes - offset);
}

/* ---- sorting: quicksort by eight bytes of the handle at a time ---- */

static inline uint64_t order_word(order_key key, uint32_t depth) {
    uint64_t word = 0;
    for (uint32_t i = 0; i < 8; i++)
        word = word << 8 | (depth + i < key.length ? fold_byte(key.handle[depth + i]) : 0);
    return word;
}

static int order_compare_items(const void *a, const void *b, void *sort) {
    const order_item *x = a, *y = b;
    order_key k = order_sort_key(sort, x->at), l = order_sort_key(sort, y->at);
    int order = handle_compare(k.handle, k.length, l.handle, l.length);
    return order ? order : x->at < y->at ? -1 : x->at > y->at;
}

static inline uint64_t order_chance(order_sort *s) {
    s->chance ^= s->chance << 13;
    s->chance ^= s->chance >> 7;
    s->chance ^= s->chance << 17;
    return s->chance;
}

static void order_sort_at(order_sort *s, order_item *items, size_t n, uint32_t depth);

/* Items that agree in all words so far: by the next one, unless a handle ended, which zeros would hide. */
static void order_sort_deeper(order_sort *s, order_item *items, size_t n, uint32_t depth) {
    bool ended = n < 24;
    for (size_t i = 0; i < n && !ended; i++) {
        order_key key = order_sort_key(s, items[i].at);
        ended = key.length < depth + 8;
        items[i].word = order_word(key, depth + 8);
    }
    if (ended) qsort_r(items, n, sizeof *items, order_compare_items, s);
    else order_sort_at(s, items, n, depth + 8);
}

/* Sort items whose words at `depth` are filled in. Recurs into the smaller parts only. */
static void order_sort_at(order_sort *s, order_item *items, size_t n, uint32_t depth) {
    while (n > 1) {
        uint64_t pivot = items[order_chance(s) % n].word;
        size_t low = 0, i = 0, high = n;
        while (i < high) {
            order_item item = items[i];
            if (item.word < pivot) { items[i++] = items[low]; items[low++] = item; }
            else if (item.word > pivot) { items[i] = items[--high]; items[high] = item; }
            else i++;
        }
        if (low > n - high) {
            if (high - low > 1) order_sort_deeper(s, items + low, high - low, depth);
            order_sort_at(s, items + high, n - high, depth);
            n = low;
        } else {
            order_sort_at(s, items, low, depth);
            if (high - low > 1) order_sort_deeper(s, items + low, high - low, depth);
            items += high;
            n -= high;
        }
    }
}

/* Sort `n` places; returns false without memory. */
static inline bool order_sort_all(order_sort *s, uint32_t *at, size_t n) {
    order_item *items = malloc(n * sizeof *items);
    if (!items) return false;
    for (size_t i = 0; i < n; i++)
        items[i] = (order_item){.word = order_word(order_sort_key(s, at[i]), 0), .at = at[i]};
    order_sort_at(s, items, n, 0);
    for (size_t i = 0; i < n; i++) at[i] = items[i].at;
    free(items);
    return true;
}

/* ---- merging: for what came in long ascending sequences, as batches mostly do ---- */

enum { ASCENTS_MAX = 4096, ASCENT_MEAN = 128, STRETCH_MEAN = 16 };

/* How many of `n` ascending places sort before a place (or, with `equal`, not behind it). */
static inline size_t order_rank(const order_sort *s, const uint32_t *at, size_t n, uint32_t other, bool equal) {
    order_key key = order_sort_key(s, other);
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        order_key k = order_sort_key(s, at[middle]);
        int order = handle_compare(k.handle, k.length, key.handle, key.length);
        if (order < 0 || (equal && !order)) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* As order_rank, for a place that is expected near the beginning. */
static inline size_t order_near(const order_sort *s, const uint32_t *at, size_t n, uint32_t other, bool equal) {
    size_t reach = 1;
    while (reach < n && order_rank(s, at + reach - 1, 1, other, equal)) reach *= 2;
    size_t known = reach / 2;
    return known + order_rank(s, at + known, (reach < n ? reach : n) - known, other, equal);
}

/* Merge two ascending neighbours of `n` and `m` places; `spare` has room for `n`. Returns how many extents of them
 * alternate. */
static inline size_t order_merge(const order_sort *s, uint32_t *at, size_t n, size_t m, uint32_t *spare) {
    size_t skip = order_rank(s, at, n, at[n], true); /* these stay where they are */
    at += skip;
    n -= skip;
    if (!n) return 0;
    m = order_rank(s, at + n, m, at[n - 1], false); /* and those behind these */
    memcpy(spare, at, n * sizeof *at);
    const uint32_t *left = spare, *left_end = spare + n, *right = at + n, *right_end = right + m;
    size_t extents = 0;
    for (; left < left_end && right < right_end; extents += 2) {
        size_t from_right = order_near(s, right, (size_t)(right_end - right), *left, false);
        memmove(at, right, from_right * sizeof *at);
        at += from_right;
        right += from_right;
        if (right == right_end) break;
        size_t from_left = order_near(s, left, (size_t)(left_end - left), *right, true);
        memcpy(at, left, from_left * sizeof *at);
        at += from_left;
        left += from_left;
    }
    memcpy(at, left, (size_t)(left_end - left) * sizeof *at);
    return extents;
}

/* Merge ascending sequences that follow each other: `start` has where each begins and, last, where all end. Batches
 * mostly do not mix; where they do, sorting is faster. Returns false without memory. */
static inline bool order_merge_all(order_sort *s, uint32_t *at, uint32_t *start, uint32_t sequences) {
    uint32_t *spare = malloc(start[sequences] * sizeof *spare);
    if (!spare) return false;
    size_t extents = 0, merged = 0;
    bool mixed = false;
    for (; sequences > 1 && !mixed; sequences = (sequences + 1) / 2) {
        for (uint32_t i = 0; i + 1 < sequences && !mixed; i += 2) {
            extents += order_merge(s, at + start[i], start[i + 1] - start[i], start[i + 2] - start[i + 1], spare);
            merged += start[i + 2] - start[i];
            mixed = extents * STRETCH_MEAN > merged;
        }
        for (uint32_t i = 1; 2 * i < sequences; i++) start[i] = start[2 * i];
        start[(sequences + 1) / 2] = start[sequences];
    }
    free(spare);
    return !mixed || order_sort_all(s, at, start[sequences]);
}

#endif
