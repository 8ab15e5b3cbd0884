/* From log bytes to the table: verify an extent of a segment, then apply it.
 *
 * `replay_verify` follows the records of a segment as far as nothing is unrecognised and returns the end of the last whole
 * group; what an oddity means is for others to judge. `bulk_add` and `bulk_flush` put verified records into the
 * table, and keep account of what that changed. Only the register's writer applies.
 */
#ifndef IDNODE_REPLAY_H
#define IDNODE_REPLAY_H

#include "slots_write.h"

/* ---- how many identifiers each prefix gained or lost ---- */

typedef struct {
    uint64_t hash;
    int64_t change;
    uint32_t at, bytes; /* the folded prefix in `names` */
} prefix_change;

typedef struct {
    prefix_change *entry; /* by number, in the order in which they came */
    uint32_t count, room; /* room is a power of two */
    uint32_t *slots;      /* open addressing: number + 1; twice the room */
    uint8_t *names;
    uint32_t names_bytes, names_room;
    uint32_t last;        /* number of the prefix before, which the next one mostly is */
} prefix_changes;

typedef struct {
    prefix_changes prefixes;
    int64_t live[SEGMENTS_MAX]; /* change of live bytes, by segment */
    uint64_t tombstones;        /* bytes of tombstones in the extents applied */
    uint64_t records;
} replay_counts;

static inline void replay_clear(replay_counts *y) {
    free(y->prefixes.entry);
    free(y->prefixes.slots);
    free(y->prefixes.names);
    memset(y, 0, sizeof *y);
}

static inline bool prefixes_grow(prefix_changes *p) {
    uint32_t room = p->room ? p->room * 2 : 64;
    prefix_change *entry = realloc(p->entry, room * sizeof *entry);
    if (entry) p->entry = entry;
    uint32_t *slots = calloc(room * 2, sizeof *slots);
    if (!entry || !slots) { free(slots); return false; }
    for (uint32_t i = 0; i < p->count; i++) {
        uint32_t at = (uint32_t)entry[i].hash & (room * 2 - 1);
        while (slots[at]) at = (at + 1) & (room * 2 - 1);
        slots[at] = i + 1;
    }
    free(p->slots);
    p->slots = slots;
    p->room = room;
    return true;
}

static inline bool prefixes_name(prefix_changes *p, const uint8_t *name, uint32_t bytes, uint32_t *at) {
    if (p->names_room - p->names_bytes < bytes) {
        uint32_t room = p->names_room ? p->names_room * 2 : 4096;
        while (room - p->names_bytes < bytes) room *= 2;
        uint8_t *names = realloc(p->names, room);
        if (!names) return false;
        p->names = names;
        p->names_room = room;
    }
    *at = p->names_bytes;
    memcpy(p->names + *at, name, bytes);
    p->names_bytes += bytes;
    return true;
}

static inline bool prefixes_is(const prefix_changes *p, uint32_t number, const uint8_t *name, uint32_t bytes) {
    return p->entry[number].bytes == bytes && !memcmp(p->names + p->entry[number].at, name, bytes);
}

/* Number the prefix of a folded key; a key without a slash is its own prefix. Returns false without memory. */
static inline bool counts_prefix(replay_counts *y, const slot_table *t, const uint8_t *key, uint32_t length,
                                uint32_t *number) {
    prefix_changes *p = &y->prefixes;
    const uint8_t *slash = memchr(key, '/', length);
    uint32_t bytes = slash ? (uint32_t)(slash - key) : length;
    *number = p->last;
    if (p->count && prefixes_is(p, *number, key, bytes)) return true;
    if (p->count == p->room && !prefixes_grow(p)) return false;
    uint64_t hash = slots_hash(t, key, bytes);
    uint32_t mask = p->room * 2 - 1, at = (uint32_t)hash & mask;
    for (; p->slots[at]; at = (at + 1) & mask) {
        *number = p->slots[at] - 1;
        if (p->entry[*number].hash == hash && prefixes_is(p, *number, key, bytes)) break;
    }
    if (!p->slots[at]) {
        prefix_change fresh = {.hash = hash, .bytes = bytes};
        if (!prefixes_name(p, key, bytes, &fresh.at)) return false;
        *number = p->count;
        p->entry[p->count++] = fresh;
        p->slots[at] = p->count;
    }
    p->last = *number;
    return true;
}

/* Take the bytes of a record that was superseded off the account. */
static inline void counts_drop(replay_counts *y, const log_view *log, uint64_t old) {
    uint64_t room;
    const uint8_t *record = log_at(log, old, &room);
    if (record && record_intact(record, room)) y->live[old >> SPAN_BITS] -= record_size(record_length(record));
}

/* ---- verifying ---- */

/* Verify records from `from` on, at most up to `to` and, if that ends a group, only about `enough` bytes.
 * `sequence` is the one before; afterwards the last one of what is returned: the end of the last whole group. */
static inline uint64_t replay_verify(const log_view *log, uint32_t slot, uint64_t from, uint64_t to, uint64_t enough,
                                     uint64_t *sequence) {
    uint64_t at = from, end = from, expected = *sequence + 1;
    bool open = false;
    while (at + RECORD_HEADER <= to && (open || end - from < enough)) {
        uint64_t room;
        const uint8_t *record = log_segment(log, slot, at, &room);
        if (!record) break;
        if (room > to - at) room = to - at;
        if (!record_intact(record, room) || record_sequence(record) != expected) break;
        uint8_t flags = record[17];
        if (open && (flags & FLAG_FIRST)) break;
        at += record_size(record_length(record));
        open = flags & FLAG_CONTINUES;
        if (!open) {
            end = at;
            *sequence = expected;
        }
        expected++;
    }
    return end;
}

/* ---- applying ---- */

static inline void counts_record(replay_counts *y, uint32_t slot, const uint8_t *record) {
    uint32_t size = record_size(record_length(record));
    if (record[16] == RECORD_PUT) y->live[slot] += size;
    else y->tombstones += size;
    y->records++;
}

/* A table of a hundred million is too large for the processor's caches, and above all for its address translation. So
 * the records are first gathered, then parted by the start of their hash, and each part meets one corner of the table.
 * Records of one handle keep their order. */

enum { BULK_ROWS = 1 << 21, BULK_PARTS = 1 << BASE_DEPTH, BULK_AHEAD = 8, BULK_WANT_AHEAD = 4096 };
#define BULK_DELETE UINT32_C(0x80000000)

typedef struct {
    uint64_t hash;
    uint32_t at;     /* offset in units of 8 */
    uint32_t prefix; /* its number; BULK_DELETE: a deletion */
} bulk_row;

typedef struct {
    bulk_row *rows, *parted;
    uint32_t count, slot;
    uint32_t part[BULK_PARTS + 1];
} replay_bulk;

/* Parts are no finer than groups can be, for a group takes what comes evenly best. */
static inline uint32_t bulk_part(uint64_t hash) { return (uint32_t)(hash >> (64 - BASE_DEPTH)); }

static inline void bulk_free(replay_bulk *k) {
    if (!k) return;
    free(k->rows);
    free(k->parted);
    free(k);
}

static inline replay_bulk *bulk_new(void) {
    replay_bulk *k = calloc(1, sizeof *k);
    if (!k) return NULL;
    k->rows = malloc(BULK_ROWS * sizeof *k->rows);
    k->parted = malloc(BULK_ROWS * sizeof *k->parted);
    if (!k->rows || !k->parted) { bulk_free(k); return NULL; }
    return k;
}

typedef struct {
    const log_view *log;
    uint64_t place;
} bulk_key;

static inline bool bulk_match(const void *key, uint64_t place) {
    const bulk_key *k = key;
    uint8_t folded[HANDLE_BYTES_MAX];
    uint64_t room;
    const uint8_t *record = log_at(k->log, k->place, &room);
    if (!record) return false;
    fold(folded, record + RECORD_HEADER, record_handle_bytes(record));
    return log_key_equals(k->log, place, folded, record_handle_bytes(record));
}

static inline bool bulk_apply_row(slot_table *t, const log_view *log, uint32_t slot, const bulk_row *row,
                                  replay_counts *y) {
    bulk_key key = {log, (uint64_t)slot << SPAN_BITS | row->at};
    uint64_t old;
    if (row->prefix & BULK_DELETE) {
        uint8_t folded[HANDLE_BYTES_MAX];
        uint64_t room;
        const uint8_t *record = log_at(log, key.place, &room);
        if (!record) return false;
        fold(folded, record + RECORD_HEADER, record_handle_bytes(record));
        old = slots_remove(t, log, row->hash, folded, record_handle_bytes(record));
        if (old) y->prefixes.entry[row->prefix & ~BULK_DELETE].change--;
    } else {
        old = slots_put_matching(t, row->hash, bulk_match, &key, key.place);
        if (old == UINT64_MAX) return false;
        if (!old) y->prefixes.entry[row->prefix].change++;
    }
    if (old) counts_drop(y, log, old);
    return true;
}

/* Apply what was gathered. Returns false without memory. */
static inline bool bulk_flush(replay_bulk *k, slot_table *t, const log_view *log, replay_counts *y) {
    uint32_t start = 0;
    for (uint32_t i = 0; i <= BULK_PARTS; i++) { /* from counts to starts */
        uint32_t n = k->part[i];
        k->part[i] = start;
        start += n;
    }
    for (uint32_t i = 0; i < k->count; i++) k->parted[k->part[bulk_part(k->rows[i].hash)]++] = k->rows[i];
    bool ok = true, large = log_is_large(log);
    for (uint32_t i = 0; ok && i < k->count; i++) {
        if (large && i + BULK_WANT_AHEAD < k->count) slots_want(t, log, k->parted[i + BULK_WANT_AHEAD].hash);
        if (i + BULK_AHEAD < k->count) slots_prefetch(t, k->parted[i + BULK_AHEAD].hash);
        ok = bulk_apply_row(t, log, k->slot, &k->parted[i], y);
    }
    memset(k->part, 0, sizeof k->part);
    k->count = 0;
    return ok;
}

/* Gather the verified records of [from, to) of a segment, and apply them whenever there are enough, or when the
 * segment is another one. Returns false without memory, or when they are no records. */
static inline bool bulk_add(replay_bulk *k, slot_table *t, const log_view *log, uint32_t slot, uint64_t from, uint64_t to,
                            replay_counts *y) {
    if (slot != k->slot && !bulk_flush(k, t, log, y)) return false;
    k->slot = slot;
    uint8_t key[HANDLE_BYTES_MAX];
    while (from < to) {
        uint64_t room;
        const uint8_t *record = log_segment(log, slot, from, &room);
        if (!record || !record_shaped(record, room)) return false;
        uint16_t length = record_handle_bytes(record);
        if (length > HANDLE_BYTES_MAX || (k->count == BULK_ROWS && !bulk_flush(k, t, log, y))) return false;
        fold(key, record + RECORD_HEADER, length);
        bulk_row *row = &k->rows[k->count++];
        row->hash = slots_hash(t, key, length);
        row->at = (uint32_t)(from >> 3);
        if (!counts_prefix(y, t, key, length, &row->prefix)) return false;
        if (record[16] == RECORD_DELETE) row->prefix |= BULK_DELETE;
        k->part[bulk_part(row->hash)]++;
        counts_record(y, slot, record);
        from += record_size(record_length(record));
    }
    return true;
}

#endif
