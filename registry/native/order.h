/* Handles in order, without keeping them: runs of the places of one segment's records, sorted by folded handle.
 *
 * A run covers a stretch of one segment and holds four bytes a record: its offset in units of 8. The handles are
 * read from the log. Runs are never changed; a record that was overwritten or deleted stays in its run, and is told
 * from the live ones by asking the table for its place.
 */
#ifndef IDNODE_ORDER_H
#define IDNODE_ORDER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "slots.h"

typedef struct {
    const uint8_t *handle; /* as spelled */
    uint32_t length;
} order_key;

typedef struct {
    uint64_t word; /* eight folded bytes of the handle, at the depth being sorted by */
    uint32_t at;
} order_item;

typedef struct {
    const log_view *log;
    uint32_t slot;
    uint64_t chance;
} order_sort;

/* The handle at a place; of no bytes when nothing readable lies there. */
static inline order_key order_key_at(const log_view *log, uint64_t place) {
    uint64_t room;
    const uint8_t *record = log_at(log, place, &room);
    if (!record || !record_shaped(record, room)) return (order_key){NULL, 0};
    return (order_key){record + RECORD_HEADER, record_handle_bytes(record)};
}

static inline order_sort order_sorting(const log_view *log, uint32_t slot) {
    return (order_sort){.log = log, .slot = slot, .chance = UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)log};
}

/* ---- sorting: quicksort by eight bytes of the handle at a time ---- */

static inline order_key order_sort_key(const order_sort *s, uint32_t at) {
    return order_key_at(s->log, (uint64_t)s->slot << SPAN_BITS | at);
}

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

/* Merge two ascending neighbours of `n` and `m` places; `spare` has room for `n`. Returns how many stretches of them
 * alternate. */
static inline size_t order_merge(const order_sort *s, uint32_t *at, size_t n, size_t m, uint32_t *spare) {
    size_t skip = order_rank(s, at, n, at[n], true); /* these stay where they are */
    at += skip;
    n -= skip;
    if (!n) return 0;
    m = order_rank(s, at + n, m, at[n - 1], false); /* and those behind these */
    memcpy(spare, at, n * sizeof *at);
    const uint32_t *left = spare, *left_end = spare + n, *right = at + n, *right_end = right + m;
    size_t stretches = 0;
    for (; left < left_end && right < right_end; stretches += 2) {
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
    return stretches;
}

/* Merge ascending sequences that follow each other: `start` has where each begins and, last, where all end. Batches
 * mostly do not mix; where they do, sorting is faster. Returns false without memory. */
static inline bool order_merge_all(order_sort *s, uint32_t *at, uint32_t *start, uint32_t sequences) {
    uint32_t *spare = malloc(start[sequences] * sizeof *spare);
    if (!spare) return false;
    size_t stretches = 0, merged = 0;
    bool mixed = false;
    for (; sequences > 1 && !mixed; sequences = (sequences + 1) / 2) {
        for (uint32_t i = 0; i + 1 < sequences && !mixed; i += 2) {
            stretches += order_merge(s, at + start[i], start[i + 1] - start[i], start[i + 2] - start[i + 1], spare);
            merged += start[i + 2] - start[i];
            mixed = stretches * STRETCH_MEAN > merged;
        }
        for (uint32_t i = 1; 2 * i < sequences; i++) start[i] = start[2 * i];
        start[(sequences + 1) / 2] = start[sequences];
    }
    free(spare);
    return !mixed || order_sort_all(s, at, start[sequences]);
}

/* ---- making a run ---- */

typedef struct {
    uint32_t *at;
    uint64_t count;
} order_run;

typedef struct {
    uint32_t start[ASCENTS_MAX + 1];
    uint32_t count; /* ASCENTS_MAX + 1: too many to be of use */
} order_ascents;

/* Gather the places of the records that set values in [from, to) of a segment, in log order, and where they ascend
 * anew. Returns false without memory, and stops where the bytes are no records. */
static inline bool order_gather(const log_view *log, uint32_t slot, uint64_t from, uint64_t to, order_run *run,
                                order_ascents *ascents) {
    size_t room = (to - from) / 256 + 16;
    run->at = malloc(room * sizeof *run->at);
    run->count = 0;
    ascents->count = 0;
    if (!run->at) return false;
    order_key before = {NULL, 0};
    for (uint64_t at = from, left; at + RECORD_HEADER <= to;) {
        const uint8_t *record = log_segment(log, slot, at, &left);
        if (!record || !record_shaped(record, left)) break;
        if (record[16] == RECORD_PUT) {
            if (run->count == room) {
                uint32_t *more = realloc(run->at, (room += room / 2) * sizeof *more);
                if (!more) { free(run->at); return false; }
                run->at = more;
            }
            order_key key = {record + RECORD_HEADER, record_handle_bytes(record)};
            if (ascents->count <= ASCENTS_MAX &&
                (!run->count || handle_compare(before.handle, before.length, key.handle, key.length) > 0)) {
                if (ascents->count < ASCENTS_MAX) ascents->start[ascents->count] = (uint32_t)run->count;
                ascents->count++;
            }
            before = key;
            run->at[run->count++] = (uint32_t)(at >> 3);
        }
        at += record_size(record_length(record));
    }
    return true;
}

/* Make the run of [from, to) of a segment; returns false without memory. */
static inline bool order_build(const log_view *log, uint32_t slot, uint64_t from, uint64_t to, order_run *run) {
    order_ascents *ascents = malloc(sizeof *ascents);
    if (!ascents) return false;
    bool ok = order_gather(log, slot, from, to, run, ascents);
    if (ok && ascents->count > 1) {
        order_sort s = order_sorting(log, slot);
        bool long_ones = ascents->count <= ASCENTS_MAX && ascents->count <= run->count / ASCENT_MEAN;
        ascents->start[long_ones ? ascents->count : 0] = (uint32_t)run->count;
        ok = long_ones ? order_merge_all(&s, run->at, ascents->start, ascents->count)
                       : order_sort_all(&s, run->at, run->count);
        if (!ok) free(run->at);
    }
    free(ascents);
    return ok;
}

/* ---- joining runs ---- */

static inline bool order_follows(const order_sort *s, uint32_t a, uint32_t b) {
    order_key k = order_sort_key(s, a), l = order_sort_key(s, b);
    return handle_compare(k.handle, k.length, l.handle, l.length) <= 0;
}

/* Make one run of `n` runs over neighbouring stretches of a segment, in the order of these; returns false without
 * memory. */
static inline bool order_join(const log_view *log, uint32_t slot, const order_run *runs, uint32_t n, order_run *run) {
    uint32_t *start = malloc((n + 1) * sizeof *start), sequences = 0;
    order_sort s = order_sorting(log, slot);
    run->count = 0;
    for (uint32_t i = 0; i < n; i++) run->count += runs[i].count;
    run->at = malloc((run->count + 1) * sizeof *run->at);
    bool ok = start && run->at;
    uint32_t *at = run->at;
    for (uint32_t i = 0; ok && i < n; i++) {
        if (!runs[i].count) continue;
        if (at == run->at || !order_follows(&s, at[-1], runs[i].at[0])) start[sequences++] = (uint32_t)(at - run->at);
        memcpy(at, runs[i].at, runs[i].count * sizeof *at);
        at += runs[i].count;
    }
    if (ok && sequences > 1) {
        start[sequences] = (uint32_t)run->count;
        ok = order_merge_all(&s, run->at, start, sequences);
    }
    free(start);
    if (!ok) free(run->at);
    return ok;
}

/* ---- a page ---- */

typedef struct {
    const uint32_t *at;
    uint64_t count, next;
    uint64_t base; /* place of the segment's first byte */
    order_key key;
} order_cursor;

static inline void order_load(const log_view *log, order_cursor *c) {
    if (c->next < c->count) c->key = order_key_at(log, c->base + c->at[c->next]);
}

/* Put a cursor on its first handle at or (with `behind`) after a key. */
static inline void order_seek(const log_view *log, order_cursor *c, const uint8_t *key, uint32_t bytes, bool behind) {
    uint64_t low = 0, high = c->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        order_key k = order_key_at(log, c->base + c->at[middle]);
        int order = handle_compare(k.handle, k.length, key, bytes);
        if (order < 0 || (behind && !order)) low = middle + 1;
        else high = middle;
    }
    c->next = low;
    order_load(log, c);
}

static inline bool order_before(const order_cursor *a, const order_cursor *b) {
    int order = handle_compare(a->key.handle, a->key.length, b->key.handle, b->key.length);
    return order < 0 || (!order && a->base + a->at[a->next] < b->base + b->at[b->next]);
}

static inline void order_sink(order_cursor **heap, uint32_t n, uint32_t i) {
    for (;;) {
        uint32_t child = 2 * i + 1;
        if (child >= n) return;
        if (child + 1 < n && order_before(heap[child + 1], heap[child])) child++;
        if (!order_before(heap[child], heap[i])) return;
        order_cursor *other = heap[i];
        heap[i] = heap[child];
        heap[child] = other;
        i = child;
    }
}

typedef struct {
    uint64_t *places;       /* room for `limit` */
    uint32_t limit, found;
    uint64_t last;          /* place of the last handle looked at; 0: none */
    bool more;              /* whether handles of the prefix may follow it */
} order_page;

/* Fill a page with the live handles that start with `opening` (folded), from each cursor's position on; looks at
 * no more than `looks` records. Returns false without memory. */
static inline bool order_fill(const slot_table *t, const log_view *log, order_cursor *cursors, uint32_t n,
                              const uint8_t *opening, uint32_t opening_bytes, uint64_t looks, order_page *page) {
    order_cursor **heap = malloc((n ? n : 1) * sizeof *heap);
    if (!heap) return false;
    uint32_t size = 0;
    for (uint32_t i = 0; i < n; i++)
        if (cursors[i].next < cursors[i].count) heap[size++] = &cursors[i];
    for (uint32_t i = size / 2; i-- > 0;) order_sink(heap, size, i);
    uint8_t key[HANDLE_BYTES_MAX];
    page->found = 0;
    page->last = 0;
    page->more = false;
    while (size) {
        order_cursor *c = heap[0];
        uint32_t length = c->key.length < HANDLE_BYTES_MAX ? c->key.length : HANDLE_BYTES_MAX;
        if (length) fold(key, c->key.handle, length);
        if (length && (length < opening_bytes || memcmp(key, opening, opening_bytes))) break;
        if (page->found == page->limit || !looks) { page->more = true; break; }
        looks--;
        uint64_t place = c->base + c->at[c->next];
        if (length) {
            if (slots_get(t, log, slots_hash(t, key, length), key, length) == place &&
                (!page->found || page->places[page->found - 1] != place))
                page->places[page->found++] = place;
            page->last = place;
        }
        c->next++;
        order_load(log, c);
        if (c->next == c->count) heap[0] = heap[--size];
        order_sink(heap, size, 0);
    }
    free(heap);
    return true;
}

#endif
