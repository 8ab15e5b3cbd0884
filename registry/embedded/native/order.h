/* Handles in order, without keeping them: runs of the places of one segment's records, sorted by folded handle.
 *
 * A run covers an extent of one segment and holds four bytes a record: its offset in units of 8. The handles are
 * read from the log. Runs are never changed; a record that was overwritten or deleted stays in its run, and is told
 * from the live ones by asking the table for its place.
 */
#ifndef IDNODE_ORDER_H
#define IDNODE_ORDER_H

#include "slots.h"
#include "sorting.h"
#include "varint.h"

/* The handle at a place; of no bytes when nothing readable lies there. */
static inline order_key order_key_at(const log_view *log, uint64_t place) {
    uint64_t room = 0;
    const uint8_t *record = log_at(log, place, &room);
    return order_key_of(record, room);
}

/* Sorting of the records of a segment as it is mapped now. */
static inline order_sort order_sorting_of(const log_view *log, uint32_t slot) {
    uint64_t bytes = 0;
    const uint8_t *memory = log_segment(log, slot, 0, &bytes);
    return order_sorting(memory, bytes);
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
        order_sort s = order_sorting_of(log, slot);
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

/* Make one run of `n` runs over neighbouring extents of a segment, in the order of these; returns false without
 * memory. */
static inline bool order_join(const log_view *log, uint32_t slot, const order_run *runs, uint32_t n, order_run *run) {
    uint32_t *start = malloc((n + 1) * sizeof *start), sequences = 0;
    order_sort s = order_sorting_of(log, slot);
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

/* ---- saving a run ---- */

/* Pack a run: the steps from offset to offset, both signs in turn. One byte each where handles were registered in
 * order, at most four anyway; `out` has room for VARINT_BYTES_MAX each. Returns the end. */
static inline uint8_t *order_pack(const order_run *run, uint8_t *out) {
    uint32_t before = 0;
    for (uint64_t i = 0; i < run->count; i++) {
        uint32_t step = run->at[i] - before;
        out = varint_put(out, step << 1 ^ -(step >> 31));
        before = run->at[i];
    }
    return out;
}

/* Unpack what order_pack made; `run` has room for an offset a byte. Returns whether it is that. */
static inline bool order_unpack(const uint8_t *in, const uint8_t *end, order_run *run) {
    uint32_t at = 0, step;
    for (run->count = 0; in != end; run->at[run->count++] = at) {
        in = varint_take(in, end, &step);
        if (!in) return false;
        at += step >> 1 ^ -(step & 1);
    }
    return true;
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
