/* Any bytes as a batch in msgpack or NDJSON, as a request for many handles, and as a segment of the log.
 *
 * The first byte says what the rest is. Beyond what the sanitizers see: what is read of a batch is admitted, verified
 * and found again; whatever lies in a segment, verifying, ordering and paging come to an end within it.
 */
#include <stdio.h>

#include "order.h"

#include "apply.h"
#include "ndjson.h"
#include "replay.h"
#include "resolve.h"

enum { ITEMS_MAX = 1000, NOW = 1700000000, ROOM = 4 << 20, START = 64 };

static log_view view;
static uint8_t *segment;

static void check(bool right, const char *what) {
    if (right) return;
    fprintf(stderr, "fuzz_register: %s\n", what);
    abort();
}

static slot_table *table_new(void) {
    static const uint64_t secret[2] = {1, 2};
    slot_table *t = slots_new(secret);
    check(t != NULL, "no memory");
    if (!segment) segment = malloc(ROOM);
    return t;
}

/* Apply an extent of a segment as recovery does, to an empty table; returns it. */
static slot_table *recovered(uint32_t slot, uint64_t from, uint64_t to, replay_counts *y) {
    slot_table *t = table_new();
    replay_bulk *k = bulk_new();
    check(k && bulk_add(k, t, &view, slot, from, to, y) && bulk_flush(k, t, &view, y), "recovery");
    bulk_free(k);
    return t;
}

/* Log a batch as the register does, and find every record again. */
static void carry_out(batch *b, slot_table *t, bool whole) {
    for (uint32_t i = 0; i < b->count; i++)
        if (b->items[i].state == ITEM_ODD) {
            check(b->items[i].start < b->items[i].end && b->items[i].end <= b->request_bytes, "odd item out of place");
            if (i % 3) batch_fail(b, &b->items[i], ITEM_REFUSED);
            else check(frame_record(b, t, i, (const uint8_t *)"88.900/odd", 10, (const uint8_t *)"\0\0\0\0", 4, i % 2), "odd");
        }
    if (b->prefix_count > 1) b->prefixes[1].refused = true;
    batch_refuse_prefixes(b);
    atomic_store(&view.total, b->request_bytes % 3 ? 0 : UINT64_C(1) << 60); /* a log like any, or one for the disk */
    check(batch_admit(b, t, &view, NULL, 0, b->request_bytes % 2, whole, 1 << 20, 7, true), "no memory");
    check(b->accepted + b->failed == b->count && b->frame_bytes + START <= ROOM, "counts");
    if (b->frame_bytes) memcpy(segment + START, b->frame, b->frame_bytes);
    log_map(&view, 1, segment, START + b->frame_bytes);
    uint64_t sequence = 6, end = replay_verify(&view, 1, START, ROOM, ROOM, &sequence);
    check(end == START + b->frame_bytes && sequence == 6 + b->accepted, "the frame does not verify");
    replay_counts *y = calloc(1, sizeof *y);
    batch_extent where = {1ull << SPAN_BITS | START >> 3, b->frame_bytes};
    check(y && batch_apply(b, t, &view, &where, 1, y), "apply");
    check(y->records == b->accepted && slots_count(t) == b->accepted - b->replaced, "identifiers");
    replay_counts *z = calloc(1, sizeof *z);
    check(z != NULL, "no memory");
    slot_table *u = recovered(1, START, end, z);
    check(slots_count(u) == slots_count(t) && z->records == y->records && z->live[1] == y->live[1], "recovery differs");
    check(z->prefixes.count == y->prefixes.count, "recovery counts other prefixes");
    replay_clear(z);
    free(z);
    slots_free(u);
    for (uint32_t i = 0; i < b->count; i++) {
        const batch_item *item = &b->items[i];
        if (item->state != ITEM_GOOD) continue;
        uint8_t key[HANDLE_BYTES_MAX];
        fold(key, item_handle(b, item), item->handle_bytes);
        check(slots_get(t, &view, item->hash, key, item->handle_bytes) != 0, "lost");
    }
    order_run run = {0};
    check(order_build(&view, 1, START, end, &run) && run.count == b->accepted, "order");
    for (uint64_t i = 1; i < run.count; i++) {
        order_key x = order_key_at(&view, 1ull << SPAN_BITS | run.at[i - 1]), z = order_key_at(&view, 1ull << SPAN_BITS | run.at[i]);
        check(handle_compare(x.handle, x.length, z.handle, z.length) <= 0, "not in order");
    }
    uint32_t *at = malloc((b->accepted + 1) * sizeof *at);
    check(at && batch_offsets(b, 0, b->frame_bytes, START, at) == b->accepted, "offsets");
    if (batch_ordered(b)) check(!memcmp(at, run.at, run.count * sizeof *at), "said to be in order");
    free(at);
    free(run.at);
    replay_clear(y);
    free(y);
    log_map(&view, 1, NULL, 0);
}

static void as_batch(const uint8_t *data, size_t size, bool lines) {
    slot_table *t = table_new();
    batch *b = calloc(1, sizeof *b);
    check(b != NULL, "no memory");
    b->request = data;
    b->request_bytes = size;
    int problem = lines ? read_ndjson(b, t, NOW, ITEMS_MAX) : read_msgpack(b, t, NOW, ITEMS_MAX);
    check(problem != READ_NO_MEMORY && batch_sort(b), "no memory");
    if (problem == READ_ALL) carry_out(b, t, size % 5 == 0);
    batch_free(b);
    slots_free(t);
}

static void as_handles(const uint8_t *data, size_t size) {
    static const uint8_t known[] = "88.900/a", values[] =
        "\0\0\0\2\0\0\0\1\0\0\0\5\0\0\0\0\x3c\x0e\0\0\0\3URL\0\0\0\2ab\0\0\0\0"
        "\0\0\0\2\0\0\0\5\0\xff\xff\xff\0\x0e\0\0\0\1T\0\0\0\0\0\0\0\0";
    slot_table *t = table_new();
    batch *b = calloc(1, sizeof *b);
    resolution *q = calloc(1, sizeof *q);
    resolve_row *rows = malloc(RESOLVE_WINDOW * sizeof *rows);
    check(b && q && rows && batch_next_item(b), "no memory");
    check(frame_record(b, t, 0, known, sizeof known - 1, values, sizeof values - 1, false), "frame");
    check(batch_admit(b, t, &view, NULL, 0, false, false, 0, 1, true), "admit");
    memcpy(segment + START, b->frame, b->frame_bytes);
    log_map(&view, 1, segment, START + b->frame_bytes);
    uint8_t key[sizeof known];
    fold(key, known, sizeof known - 1);
    slots_put(t, &view, slots_hash(t, key, sizeof known - 1), key, sizeof known - 1, 1ull << SPAN_BITS | START >> 3);
    q->request = data;
    q->request_bytes = size;
    if (read_handles(q, t, ITEMS_MAX) == READ_ALL) {
        for (uint32_t i = 0; i < q->prefix_count; i++) q->prefixes[i].served = i % 4 != 3;
        for (uint32_t at = 0; at < q->count; at++) {
            check(q->handles[at].start <= q->ends[at] && q->ends[at] <= size, "handle out of place");
            uint32_t next = resolve_from(q, t, &view, at, 256, rows);
            mp_reader r = {q->out, q->out + q->out_bytes};
            for (; at < next; at++) check(mp_skip(&r), "an answer is no msgpack");
            check(r.at == r.end, "an answer has more records than handles");
        }
    }
    log_map(&view, 1, NULL, 0);
    free(rows);
    resolution_free(q);
    batch_free(b);
    slots_free(t);
}

static void as_segment(const uint8_t *data, size_t size) {
    uint8_t *exact = malloc(size + 1);
    replay_counts *y = calloc(1, sizeof *y);
    check(exact && y, "no memory");
    memcpy(exact, data, size);
    log_map(&view, 3, exact, size);
    uint64_t sequence = 0, end = replay_verify(&view, 3, 0, size, size, &sequence);
    check(end <= size, "verified too much");
    slot_table *t = recovered(3, 0, end, y);
    check(y->records == sequence, "records");
    order_run run = {0};
    check(order_build(&view, 3, 0, size, &run) && run.count <= size / RECORD_HEADER, "order");
    uint64_t places[8];
    order_page page = {.places = places, .limit = 8};
    order_cursor cursors[2] = {{.at = run.at, .count = run.count, .base = 3ull << SPAN_BITS}};
    cursors[1] = cursors[0];
    for (int i = 0; i < 2; i++) order_seek(&view, &cursors[i], (const uint8_t *)"88.900/", 7, i);
    check(order_fill(t, &view, cursors, 2, (const uint8_t *)"88.900/", 7, 50, &page) && page.found <= 8, "page");
    free(run.at);
    replay_clear(y);
    free(y);
    log_map(&view, 3, NULL, 0);
    slots_free(t);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1 || size > 1 << 16) return 0;
    switch (data[0] % 4) {
    case 0: as_batch(data + 1, size - 1, false); break;
    case 1: as_batch(data + 1, size - 1, true); break;
    case 2: as_handles(data + 1, size - 1); break;
    default: as_segment(data + 1, size - 1);
    }
    return 0;
}
