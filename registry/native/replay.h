/* From log bytes to the table: verify a stretch of a segment, then apply it.
 *
 * `replay_verify` follows the records of a segment as far as nothing is odd and returns the end of the last whole
 * group; what an oddity means is for others to judge. `replay_apply` puts verified records into the table, in
 * order, and keeps account of what that changed. Only the register's writer applies.
 */
#ifndef IDNODE_REPLAY_H
#define IDNODE_REPLAY_H

#include "slots.h"

/* ---- how many identifiers each prefix gained or lost ---- */

typedef struct {
    uint64_t hash;
    int64_t change;
    uint32_t at, bytes; /* the folded prefix in `names`; bytes 0 and hash 0: free */
} prefix_change;

typedef struct {
    prefix_change *entry;
    uint32_t count, room; /* room is a power of two */
    uint8_t *names;
    uint32_t names_bytes, names_room;
} prefix_changes;

typedef struct {
    prefix_changes prefixes;
    int64_t live[SEGMENTS_MAX]; /* change of live bytes, by segment */
    uint64_t tombstones;        /* bytes of tombstones in the stretches applied */
    uint64_t records;
    uint32_t last;              /* entry of the prefix before, which the next one mostly is */
} replay_tally;

static inline void replay_clear(replay_tally *y) {
    free(y->prefixes.entry);
    free(y->prefixes.names);
    memset(y, 0, sizeof *y);
}

static inline bool prefixes_grow(prefix_changes *p) {
    uint32_t room = p->room ? p->room * 2 : 64;
    prefix_change *entry = calloc(room, sizeof *entry);
    if (!entry) return false;
    for (uint32_t i = 0; i < p->room; i++) {
        if (!p->entry[i].hash) continue;
        uint32_t at = (uint32_t)p->entry[i].hash & (room - 1);
        while (entry[at].hash) at = (at + 1) & (room - 1);
        entry[at] = p->entry[i];
    }
    free(p->entry);
    p->entry = entry;
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

/* Count for the prefix of a folded key; a key without a slash is its own prefix. */
static inline bool tally_prefix(replay_tally *y, const slot_table *t, const uint8_t *key, uint32_t length,
                                int64_t change) {
    prefix_changes *p = &y->prefixes;
    const uint8_t *slash = memchr(key, '/', length);
    uint32_t bytes = slash ? (uint32_t)(slash - key) : length;
    if (p->room) {
        prefix_change *last = &p->entry[y->last];
        if (last->hash && last->bytes == bytes && !memcmp(p->names + last->at, key, bytes)) {
            last->change += change;
            return true;
        }
    }
    if (p->count * 2 >= p->room && !prefixes_grow(p)) return false;
    uint64_t hash = slots_hash(t, key, bytes) | 1;
    uint32_t i = (uint32_t)hash & (p->room - 1);
    for (; p->entry[i].hash; i = (i + 1) & (p->room - 1))
        if (p->entry[i].hash == hash && p->entry[i].bytes == bytes &&
            !memcmp(p->names + p->entry[i].at, key, bytes))
            break;
    prefix_change *entry = &p->entry[i];
    if (!entry->hash) {
        if (!prefixes_name(p, key, bytes, &entry->at)) return false;
        entry->hash = hash;
        entry->bytes = bytes;
        p->count++;
    }
    entry->change += change;
    y->last = i;
    return true;
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

enum { REPLAY_WINDOW = 16 };

typedef struct {
    const uint8_t *record;
    uint64_t hash, offset;
    uint8_t key[HANDLE_BYTES_MAX];
} replay_row;

/* The next records of a stretch, folded and hashed, their slots on the way into the cache. */
static inline uint32_t replay_window(const slot_table *t, const log_view *log, uint32_t slot, uint64_t *at,
                                     uint64_t to, replay_row *rows) {
    uint32_t n = 0;
    while (n < REPLAY_WINDOW && *at + RECORD_HEADER <= to) {
        uint64_t room;
        const uint8_t *record = log_segment(log, slot, *at, &room);
        if (!record || !record_shaped(record, room)) break;
        uint16_t length = record_handle_bytes(record);
        if (length > HANDLE_BYTES_MAX) break;
        replay_row *row = &rows[n++];
        row->record = record;
        row->offset = *at;
        fold(row->key, record + RECORD_HEADER, length);
        row->hash = slots_hash(t, row->key, length);
        slots_prefetch(t, row->hash);
        *at += record_size(record_length(record));
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t room, place = slots_guess(t, rows[i].hash);
        const uint8_t *at_place = place ? log_at(log, place, &room) : NULL;
        if (at_place) __builtin_prefetch(at_place);
    }
    return n;
}

static inline bool replay_row_apply(slot_table *t, const log_view *log, uint32_t slot, const replay_row *row,
                                    replay_tally *y) {
    uint32_t length = record_handle_bytes(row->record), size = record_size(record_length(row->record));
    bool put = row->record[16] == RECORD_PUT;
    uint64_t place = (uint64_t)slot << SPAN_BITS | row->offset >> 3;
    uint64_t old = put ? slots_put(t, log, row->hash, row->key, length, place)
                       : slots_remove(t, log, row->hash, row->key, length);
    if (old == UINT64_MAX) return false;
    if (put) y->live[slot] += size;
    else y->tombstones += size;
    y->records++;
    if (old) {
        uint64_t room;
        const uint8_t *record = log_at(log, old, &room);
        if (record && record_intact(record, room)) y->live[old >> SPAN_BITS] -= record_size(record_length(record));
    }
    if (put == !old) return tally_prefix(y, t, row->key, length, put ? 1 : -1);
    return true;
}

/* Apply the records of [from, to) of a segment; returns false without memory, or when they are no records. */
static inline bool replay_apply(slot_table *t, const log_view *log, uint32_t slot, uint64_t from, uint64_t to,
                                replay_tally *y) {
    replay_row *rows = malloc(REPLAY_WINDOW * sizeof *rows);
    if (!rows) return false;
    bool ok = true;
    uint64_t at = from;
    while (ok && at < to) {
        uint32_t n = replay_window(t, log, slot, &at, to, rows);
        ok = n > 0;
        for (uint32_t i = 0; ok && i < n; i++) ok = replay_row_apply(t, log, slot, &rows[i], y);
    }
    free(rows);
    return ok;
}

#endif
