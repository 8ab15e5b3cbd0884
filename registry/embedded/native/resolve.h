/* Resolves many handles of one request, a msgpack array of texts, into msgpack: no object a handle.
 *
 * Answered is what needs no thought: a handle of a prefix that is served here, with a public record of plain values.
 * At anything else the answer stops, and somebody more patient goes on with that handle.
 */
#ifndef IDNODE_RESOLVE_H
#define IDNODE_RESOLVE_H

#include "msgpack.h"

typedef struct {
    uint32_t start, prefix; /* where the handle stands in the request; number of its prefix */
    uint16_t bytes;         /* 0: not to be answered here */
} wanted_handle;

typedef struct {
    uint64_t hash;
    uint32_t start, answered;
    uint16_t bytes;
    bool served;
} wanted_prefix;

typedef struct {
    const uint8_t *request;
    size_t request_bytes;
    wanted_handle *handles;
    uint32_t *ends; /* where each item ends, so that any can be told */
    uint32_t count;
    wanted_prefix *prefixes;
    uint32_t prefix_count, prefix_room;
    uint32_t *prefix_slots;
    uint8_t *out;
    size_t out_bytes, out_room;
} resolution;

static inline void resolution_free(resolution *q) {
    if (!q) return;
    free(q->handles);
    free(q->ends);
    free(q->prefixes);
    free(q->prefix_slots);
    free(q->out);
    free(q);
}

/* ---- reading ---- */

static inline bool wanted_prefixes_double(resolution *q) {
    uint32_t room = q->prefix_room ? q->prefix_room * 2 : 64;
    wanted_prefix *prefixes = realloc(q->prefixes, room * sizeof *prefixes);
    if (prefixes) q->prefixes = prefixes;
    uint32_t *slots = calloc(room * 2, sizeof *slots);
    if (!prefixes || !slots) { free(slots); return false; }
    for (uint32_t i = 0; i < q->prefix_count; i++) {
        uint32_t at = (uint32_t)prefixes[i].hash & (room * 2 - 1);
        while (slots[at]) at = (at + 1) & (room * 2 - 1);
        slots[at] = i + 1;
    }
    free(q->prefix_slots);
    q->prefix_slots = slots;
    q->prefix_room = room;
    return true;
}

static inline bool wanted_prefix_is(const resolution *q, uint32_t number, const uint8_t *folded, uint16_t bytes) {
    const wanted_prefix *p = &q->prefixes[number];
    if (p->bytes != bytes) return false;
    for (uint16_t i = 0; i < bytes; i++)
        if (fold_byte(q->request[p->start + i]) != folded[i]) return false;
    return true;
}

static inline bool wanted_number_prefix(resolution *q, const slot_table *t, wanted_handle *h, uint16_t bytes) {
    uint8_t folded[HANDLE_BYTES_MAX];
    fold(folded, q->request + h->start, bytes);
    h->prefix = q->prefix_count - 1;
    if (q->prefix_count && wanted_prefix_is(q, h->prefix, folded, bytes)) return true;
    if (q->prefix_count == q->prefix_room && !wanted_prefixes_double(q)) return false;
    uint64_t hash = slots_hash(t, folded, bytes);
    uint32_t mask = q->prefix_room * 2 - 1, at = (uint32_t)hash & mask;
    for (; q->prefix_slots[at]; at = (at + 1) & mask) {
        h->prefix = q->prefix_slots[at] - 1;
        if (q->prefixes[h->prefix].hash == hash && wanted_prefix_is(q, h->prefix, folded, bytes)) return true;
    }
    q->prefixes[q->prefix_count] = (wanted_prefix){.hash = hash, .start = h->start, .bytes = bytes};
    h->prefix = q->prefix_count++;
    q->prefix_slots[at] = q->prefix_count;
    return true;
}

/* Read the request, which must stay where it is: READ_ALL, READ_NO_MEMORY, or READ_BROKEN for anything but an array
 * of at most `items_max` texts. */
static inline int read_handles(resolution *q, const slot_table *t, uint32_t items_max) {
    mp_reader r = {q->request, q->request + q->request_bytes};
    uint32_t count;
    if (!mp_array(&r, &count) || count > items_max) return READ_BROKEN;
    q->handles = calloc(count ? count : 1, sizeof *q->handles);
    q->ends = calloc(count ? count : 1, sizeof *q->ends);
    if (!q->handles || !q->ends) return READ_NO_MEMORY;
    for (; q->count < count; q->count++) {
        const uint8_t *handle;
        uint32_t bytes;
        if (!mp_bytes(&r, &handle, &bytes)) return READ_BROKEN;
        wanted_handle *h = &q->handles[q->count];
        h->start = (uint32_t)(handle - q->request);
        q->ends[q->count] = h->start + bytes;
        const uint8_t *slash = memchr(handle, '/', bytes);
        if (!slash || bytes > HANDLE_BYTES_MAX || !utf8_valid(handle, bytes)) continue;
        h->bytes = (uint16_t)bytes;
        if (!wanted_number_prefix(q, t, h, (uint16_t)(slash - handle))) return READ_NO_MEMORY;
    }
    return r.at == r.end ? READ_ALL : READ_BROKEN;
}

/* ---- answering ---- */

static inline uint8_t *mp_put_int(uint8_t *p, int64_t v) {
    if (v >= 0 && v < 0x80) { *p++ = (uint8_t)v; return p; }
    if (v < 0 && v >= -32) { *p++ = (uint8_t)v; return p; }
    int bytes = v >= 0 ? (v <= UINT8_MAX ? 0 : v <= UINT16_MAX ? 1 : 2) : (v >= INT8_MIN ? 0 : v >= INT16_MIN ? 1 : 2);
    *p++ = (uint8_t)((v >= 0 ? 0xcc : 0xd0) + bytes);
    for (int shift = 8 << bytes; shift;) *p++ = (uint8_t)((uint64_t)v >> (shift -= 8));
    return p;
}

/* A length in front of a text (`first` 0xd9) or a binary (0xc4). */
static inline uint8_t *mp_put_length(uint8_t *p, uint8_t first, uint32_t n) {
    if (first == 0xd9 && n < 32) { *p++ = (uint8_t)(0xa0 | n); return p; }
    int bytes = n <= UINT8_MAX ? 0 : n <= UINT16_MAX ? 1 : 2;
    *p++ = (uint8_t)(first + bytes);
    for (int shift = 8 << bytes; shift;) *p++ = (uint8_t)(n >> (shift -= 8));
    return p;
}

static inline uint8_t *mp_put_array(uint8_t *p, uint32_t n) {
    if (n < 16) { *p++ = (uint8_t)(0x90 | n); return p; }
    *p++ = n <= UINT16_MAX ? 0xdc : 0xdd;
    for (int shift = n <= UINT16_MAX ? 16 : 32; shift;) *p++ = (uint8_t)(n >> (shift -= 8));
    return p;
}

/* Write one value as [index, type, data, ttl, timestamp]; returns where the next one stands, NULL if this is no
 * plain value. There is room: no form is longer than the packed one. */
static inline const uint8_t *answer_value(const uint8_t *v, const uint8_t *end, uint8_t **out) {
    if (end - v < VALUE_OVERHEAD || v[8]) return NULL; /* absolute times to live are shown as texts */
    uint32_t type_bytes = take4(v + 14);
    if ((uint64_t)(end - v) < VALUE_OVERHEAD + (uint64_t)type_bytes) return NULL;
    const uint8_t *type = v + VALUE_FIXED, *data = type + type_bytes + 4;
    uint32_t data_bytes = take4(data - 4);
    if ((uint64_t)(end - data) < (uint64_t)data_bytes + 4 || take4(data + data_bytes)) return NULL;
    if (!utf8_valid(type, type_bytes)) return NULL;
    uint8_t *p = *out;
    *p++ = 0x95;
    p = mp_put_int(p, (int32_t)take4(v));
    p = mp_put_length(p, 0xd9, type_bytes);
    memcpy(p, type, type_bytes);
    p = mp_put_length(p + type_bytes, 0xc4, data_bytes);
    memcpy(p, data, data_bytes);
    p = mp_put_int(p + data_bytes, (int32_t)take4(v + 9));
    *out = mp_put_int(p, take4(v + 4));
    return data + data_bytes + 4;
}

/* Append {"handle": ..., "values": [...]}; false: this record is not plain. */
static inline bool answer_record(resolution *q, const wanted_handle *h, const uint8_t *record, uint64_t room) {
    if (!record_intact(record, room) || record[16] != RECORD_PUT || record[17] & FLAG_RESTRICTED) return false;
    const uint8_t *v = record + RECORD_HEADER + record_handle_bytes(record), *end = record + record_length(record);
    if (end - v < 4) return false;
    uint32_t count = take4(v);
    if (!count || count > VALUES_MAX) return false;
    size_t most = 64 + (size_t)h->bytes + (size_t)(end - v);
    if (q->out_room - q->out_bytes < most) {
        size_t more = q->out_room * 2 + most;
        uint8_t *out = realloc(q->out, more);
        if (!out) return false;
        q->out = out;
        q->out_room = more;
    }
    static const uint8_t opening[] = "\x82\xa6handle", middle[] = "\xa6values";
    uint8_t *p = q->out + q->out_bytes;
    memcpy(p, opening, sizeof opening - 1);
    p = mp_put_length(p + sizeof opening - 1, 0xd9, h->bytes);
    memcpy(p, q->request + h->start, h->bytes);
    p += h->bytes;
    memcpy(p, middle, sizeof middle - 1);
    p = mp_put_array(p + sizeof middle - 1, count);
    v += 4;
    for (uint32_t i = 0; i < count; i++)
        if (!(v = answer_value(v, end, &p))) return false;
    if (v != end) return false;
    q->out_bytes = (size_t)(p - q->out);
    return true;
}

enum { RESOLVE_WINDOW = 16 };

typedef struct {
    uint64_t hash;
    uint8_t key[HANDLE_BYTES_MAX];
} resolve_row;

/* Fold and hash up to RESOLVE_WINDOW handles from a position on; their slots and records come into the cache. */
static inline uint32_t resolve_window(const resolution *q, const slot_table *t, const log_view *log, uint32_t from,
                                      resolve_row *rows) {
    uint32_t n = 0;
    while (n < RESOLVE_WINDOW && from + n < q->count) {
        const wanted_handle *h = &q->handles[from + n];
        if (!h->bytes || !q->prefixes[h->prefix].served) break;
        fold(rows[n].key, q->request + h->start, h->bytes);
        rows[n].hash = slots_hash(t, rows[n].key, h->bytes);
        slots_prefetch(t, rows[n].hash);
        n++;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t room, place = slots_guess(t, rows[i].hash);
        const uint8_t *record = place ? log_at(log, place, &room) : NULL;
        if (record) __builtin_prefetch(record);
    }
    return n;
}

/* Answer handles from a position on, until about `enough` bytes are written or one is not to be answered here;
 * returns the position of the next. */
static inline uint32_t resolve_from(resolution *q, const slot_table *t, const log_view *log, uint32_t from,
                                    size_t enough, resolve_row *rows) {
    q->out_bytes = 0;
    while (from < q->count && q->out_bytes < enough) {
        uint32_t n = resolve_window(q, t, log, from, rows);
        if (!n) break;
        for (uint32_t i = 0; i < n; i++) {
            const wanted_handle *h = &q->handles[from];
            uint64_t room, place = slots_get(t, log, rows[i].hash, rows[i].key, h->bytes);
            const uint8_t *record = place ? log_at(log, place, &room) : NULL;
            if (!record || !answer_record(q, h, record, room)) return from;
            q->prefixes[h->prefix].answered++;
            from++;
        }
    }
    return from;
}

#endif
