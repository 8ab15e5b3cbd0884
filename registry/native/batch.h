/* A batch of new identifiers: request bytes -> framed log records, no object an identifier.
 *
 * 1. batch_parse      checks every item and frames a record for each good one; needs no lock of any kind.
 * 2. batch_admit      decides the records against the table and each other, drops the refused ones, and
 *                     gives the rest their sequence and checksum. Only the register's writer calls it.
 * 3. (the log writes batch.frame up to batch.frame_bytes)
 * 4. batch_apply      puts what was written into the table. Only the writer.
 *
 * The request is one msgpack array of items [handle, [[index, type, data(, ttl)], ...]].
 * A bad item is a failure of its own; only bytes that are no msgpack array fail the whole batch.
 */
#ifndef IDNODE_BATCH_H
#define IDNODE_BATCH_H

#include "crc32c.h"
#include "logview.h"
#include "slots.h"

enum {
    HANDLE_BYTES_MAX = 2048,
    VALUES_MAX = 2048,
    TYPE_BYTES_MAX = 1024,
    RECORD_BYTES_MAX = 256000,
    RECORD_PUT = 1,
    FLAG_CONTINUES = 1,
    FLAG_FIRST = 2,
};

typedef enum {
    ITEM_GOOD = 0,
    ITEM_MALFORMED,       /* not [handle, values], or a value not [index, type, data(, ttl)] */
    ITEM_HANDLE,          /* no handle */
    ITEM_VALUE,           /* a value out of its range */
    ITEM_INDEX,           /* an index below one */
    ITEM_CONFLICT,        /* two values share an index; detail = the index */
    ITEM_TOO_LARGE,
    ITEM_EXISTS,
    ITEM_NOT_PERMITTED,   /* set from outside, by prefix */
    ITEM_NOT_RESPONSIBLE, /* set from outside, by prefix */
    ITEM_ABORTED,         /* all-or-nothing, and another one failed */
} item_state;

typedef struct {
    uint64_t hash;
    uint64_t frame;      /* offset of its record */
    uint32_t frame_bytes;
    uint32_t source;     /* offset of the handle in the request */
    uint32_t detail;
    uint16_t handle_bytes;
    uint16_t prefix;     /* number in batch.prefixes */
    uint8_t state;
    uint8_t replaced;
} batch_item;

typedef struct {
    uint32_t source;     /* offset of its first spelling in the request */
    uint16_t bytes;
    uint32_t items;
    uint8_t state;       /* ITEM_GOOD, or what its items become */
} batch_prefix;

enum { PREFIXES_MAX = 4096 };

typedef struct {
    const uint8_t *request;
    size_t request_bytes;
    batch_item *items;
    uint32_t count;
    uint8_t *frame;
    size_t frame_bytes, frame_room;
    batch_prefix prefixes[PREFIXES_MAX];
    uint32_t prefix_count;
    uint32_t failed;
    size_t error_at;     /* where the request stopped being msgpack */
    uint32_t *seen;      /* open addressing over items, used while admitting */
} batch;

/* ---- msgpack ---- */

typedef struct {
    const uint8_t *at, *end;
} reader;

static inline bool mp_length(reader *r, int bytes, uint32_t *value) {
    if (r->end - r->at < bytes) return false;
    uint32_t v = 0;
    while (bytes--) v = v << 8 | *r->at++;
    *value = v;
    return true;
}

static inline bool mp_array(reader *r, uint32_t *count) {
    if (r->at == r->end) return false;
    uint8_t c = *r->at;
    if ((c & 0xf0) == 0x90) { r->at++; *count = c & 15; return true; }
    if (c == 0xdc) { r->at++; return mp_length(r, 2, count); }
    if (c == 0xdd) { r->at++; return mp_length(r, 4, count); }
    return false;
}

static inline bool mp_bytes(reader *r, bool binary_too, const uint8_t **data, uint32_t *length) {
    if (r->at == r->end) return false;
    const uint8_t *start = r->at;
    uint8_t c = *r->at++;
    bool ok;
    if ((c & 0xe0) == 0xa0) { *length = c & 31; ok = true; }
    else if (c == 0xd9 || (binary_too && c == 0xc4)) ok = mp_length(r, 1, length);
    else if (c == 0xda || (binary_too && c == 0xc5)) ok = mp_length(r, 2, length);
    else if (c == 0xdb || (binary_too && c == 0xc6)) ok = mp_length(r, 4, length);
    else ok = false;
    if (!ok || (uint64_t)(r->end - r->at) < *length) { r->at = start; return false; }
    *data = r->at;
    r->at += *length;
    return true;
}

static inline bool mp_int(reader *r, int64_t *value) {
    if (r->at == r->end) return false;
    const uint8_t *start = r->at;
    uint8_t c = *r->at++;
    if (c < 0x80) { *value = c; return true; }
    if (c >= 0xe0) { *value = (int8_t)c; return true; }
    int bytes = c >= 0xcc && c <= 0xcf ? 1 << (c - 0xcc) : c >= 0xd0 && c <= 0xd3 ? 1 << (c - 0xd0) : 0;
    if (!bytes || r->end - r->at < bytes) { r->at = start; return false; }
    uint64_t v = c >= 0xd0 && (*r->at & 0x80) ? UINT64_MAX : 0;
    for (int i = 0; i < bytes; i++) v = v << 8 | *r->at++;
    if (c == 0xcf && v > INT64_MAX) v = INT64_MAX; /* out of every range here anyway */
    *value = (int64_t)v;
    return true;
}

/* Skip one object of any kind without recursion; false: not msgpack. */
static inline bool mp_skip(reader *r) {
    uint64_t open = 1;
    while (open) {
        if (r->at == r->end) return false;
        open--;
        uint8_t c = *r->at++;
        uint32_t n = 0;
        uint64_t skip = 0;
        if (c < 0x80 || c >= 0xe0 || c == 0xc0 || c == 0xc2 || c == 0xc3) continue;
        if ((c & 0xf0) == 0x80) { open += 2 * (uint64_t)(c & 15); continue; }
        if ((c & 0xf0) == 0x90) { open += c & 15; continue; }
        if ((c & 0xe0) == 0xa0) skip = c & 31;
        else switch (c) {
            case 0xc4: case 0xd9: if (!mp_length(r, 1, &n)) return false; skip = n; break;
            case 0xc5: case 0xda: if (!mp_length(r, 2, &n)) return false; skip = n; break;
            case 0xc6: case 0xdb: if (!mp_length(r, 4, &n)) return false; skip = n; break;
            case 0xc7: if (!mp_length(r, 1, &n)) return false; skip = (uint64_t)n + 1; break;
            case 0xc8: if (!mp_length(r, 2, &n)) return false; skip = (uint64_t)n + 1; break;
            case 0xc9: if (!mp_length(r, 4, &n)) return false; skip = (uint64_t)n + 1; break;
            case 0xcc: case 0xd0: skip = 1; break;
            case 0xcd: case 0xd1: case 0xd4: skip = 2; break;
            case 0xca: case 0xce: case 0xd2: skip = 4; break;
            case 0xd5: skip = 3; break;
            case 0xcb: case 0xcf: case 0xd3: skip = 8; break;
            case 0xd6: skip = 5; break;
            case 0xd7: skip = 9; break;
            case 0xd8: skip = 17; break;
            case 0xdc: if (!mp_length(r, 2, &n)) return false; open += n; continue;
            case 0xdd: if (!mp_length(r, 4, &n)) return false; open += n; continue;
            case 0xde: if (!mp_length(r, 2, &n)) return false; open += 2 * (uint64_t)n; continue;
            case 0xdf: if (!mp_length(r, 4, &n)) return false; open += 2 * (uint64_t)n; continue;
            default: return false;
        }
        if ((uint64_t)(r->end - r->at) < skip) return false;
        r->at += skip;
        /* every open object needs a byte, so a lying count cannot make this loop long */
        if (open > (uint64_t)(r->end - r->at)) return false;
    }
    return true;
}

/* ---- checks ---- */

static inline bool utf8_valid(const uint8_t *s, size_t n) {
    const uint8_t *end = s + n;
    while (s < end) {
        uint64_t word;
        if (end - s >= 8 && (memcpy(&word, s, 8), !(word & UINT64_C(0x8080808080808080)))) { s += 8; continue; }
        uint8_t c = *s;
        if (c < 0x80) { s++; continue; }
        if (c < 0xc2 || c > 0xf4) return false;
        int more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        if (end - s <= more) return false;
        if ((s[1] & 0xc0) != 0x80) return false;
        if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) || (c == 0xf0 && s[1] < 0x90) ||
            (c == 0xf4 && s[1] > 0x8f))
            return false;
        for (int i = 2; i <= more; i++)
            if ((s[i] & 0xc0) != 0x80) return false;
        s += more + 1;
    }
    return true;
}

static inline uint8_t *put4(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 24); p[1] = (uint8_t)(v >> 16); p[2] = (uint8_t)(v >> 8); p[3] = (uint8_t)v;
    return p + 4;
}

static inline bool batch_room(batch *b, size_t more) {
    if (b->frame_room - b->frame_bytes >= more) return true;
    size_t room = (b->frame_room ? b->frame_room * 2 : 65536);
    while (room - b->frame_bytes < more) room *= 2;
    uint8_t *frame = realloc(b->frame, room);
    if (!frame) return false;
    b->frame = frame;
    b->frame_room = room;
    return true;
}

/* The values of one item, behind its handle in the frame. Leaves the reader wherever it failed. */
static inline item_state batch_values(batch *b, reader *r, uint32_t now, size_t values_start, uint32_t *detail) {
    uint32_t count;
    if (!mp_array(r, &count)) return ITEM_MALFORMED;
    if (count > VALUES_MAX) return ITEM_TOO_LARGE;
    int32_t low = 0;      /* indexes usually ascend: only otherwise all earlier ones are compared */
    if (!batch_room(b, 4)) return ITEM_TOO_LARGE;
    put4(b->frame + b->frame_bytes, count);
    b->frame_bytes += 4;
    size_t first = b->frame_bytes;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t fields, type_bytes, data_bytes;
        int64_t index, ttl = 86400;
        const uint8_t *type, *data;
        if (!mp_array(r, &fields) || fields < 3 || fields > 4 || !mp_int(r, &index) ||
            !mp_bytes(r, true, &type, &type_bytes) || !mp_bytes(r, true, &data, &data_bytes) ||
            (fields == 4 && !mp_int(r, &ttl)))
            return ITEM_MALFORMED;
        if (index < 1) return ITEM_INDEX;
        if (index > INT32_MAX || !type_bytes || type_bytes > TYPE_BYTES_MAX || ttl < INT32_MIN ||
            ttl > INT32_MAX || !utf8_valid(type, type_bytes))
            return ITEM_VALUE;
        if (data_bytes > RECORD_BYTES_MAX ||
            b->frame_bytes - values_start + 26 + type_bytes + data_bytes > RECORD_BYTES_MAX)
            return ITEM_TOO_LARGE;
        if ((int32_t)index <= low) {
            for (size_t at = first; at < b->frame_bytes;) {
                const uint8_t *v = b->frame + at;
                uint32_t t = (uint32_t)v[14] << 24 | v[15] << 16 | v[16] << 8 | v[17];
                const uint8_t *d = v + 18 + t;
                uint32_t other = (uint32_t)v[0] << 24 | v[1] << 16 | v[2] << 8 | v[3];
                if (other == (uint32_t)index) { *detail = other; return ITEM_CONFLICT; }
                at += 18 + t + 4 + ((uint32_t)d[0] << 24 | d[1] << 16 | d[2] << 8 | d[3]) + 4;
            }
        } else {
            low = (int32_t)index;
        }
        if (!batch_room(b, 26 + type_bytes + data_bytes)) return ITEM_TOO_LARGE;
        uint8_t *p = b->frame + b->frame_bytes;
        p = put4(p, (uint32_t)index);
        p = put4(p, now);
        *p++ = 0;
        p = put4(p, (uint32_t)(int32_t)ttl);
        *p++ = 0x0e;
        p = put4(p, type_bytes);
        memcpy(p, type, type_bytes);
        p = put4(p + type_bytes, data_bytes);
        memcpy(p, data, data_bytes);
        p = put4(p + data_bytes, 0);
        b->frame_bytes = (size_t)(p - b->frame);
    }
    return ITEM_GOOD;
}

static inline void fold(uint8_t *out, const uint8_t *in, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = fold_byte(in[i]);
}

/* The number of a prefix among those of the batch; PREFIXES_MAX when there are too many. */
static inline uint16_t batch_prefix_number(batch *b, const uint8_t *prefix, uint16_t bytes) {
    for (uint32_t i = b->prefix_count; i-- > 0;) {
        const uint8_t *other = b->request + b->prefixes[i].source;
        if (b->prefixes[i].bytes != bytes) continue;
        size_t k = 0;
        while (k < bytes && fold_byte(other[k]) == fold_byte(prefix[k])) k++;
        if (k == bytes) return (uint16_t)i;
    }
    if (b->prefix_count == PREFIXES_MAX) return PREFIXES_MAX;
    b->prefixes[b->prefix_count] = (batch_prefix){
        .source = (uint32_t)(prefix - b->request), .bytes = bytes};
    return (uint16_t)b->prefix_count++;
}

static inline item_state batch_parse_item(batch *b, reader *r, const slot_table *t, uint32_t now,
                                          batch_item *item) {
    uint32_t fields, length;
    const uint8_t *handle;
    if (!mp_array(r, &fields) || fields != 2 || !mp_bytes(r, true, &handle, &length)) return ITEM_MALFORMED;
    if (!length || length > HANDLE_BYTES_MAX || !utf8_valid(handle, length)) return ITEM_HANDLE;
    const uint8_t *slash = memchr(handle, '/', length);
    if (!slash || slash == handle || slash == handle + length - 1) return ITEM_HANDLE;
    item->source = (uint32_t)(handle - b->request);
    item->handle_bytes = (uint16_t)length;
    item->frame = b->frame_bytes;
    if (!batch_room(b, RECORD_HEADER + length)) return ITEM_TOO_LARGE;
    uint8_t *record = b->frame + b->frame_bytes;
    memset(record, 0, RECORD_HEADER);
    record[16] = RECORD_PUT;
    record[18] = (uint8_t)length;
    record[19] = (uint8_t)(length >> 8);
    memcpy(record + RECORD_HEADER, handle, length);
    b->frame_bytes += RECORD_HEADER + length;
    item_state state = batch_values(b, r, now, b->frame_bytes, &item->detail);
    if (state != ITEM_GOOD) return state;
    uint32_t bytes = (uint32_t)(b->frame_bytes - item->frame);
    uint32_t padding = -bytes & 7;
    if (!batch_room(b, padding)) return ITEM_TOO_LARGE;
    memset(b->frame + b->frame_bytes, 0, padding);
    b->frame_bytes += padding;
    memcpy(b->frame + item->frame + 4, &bytes, 4); /* little-endian hosts only; checked at build */
    item->frame_bytes = bytes + padding;
    uint8_t key[HANDLE_BYTES_MAX];
    fold(key, handle, length);
    item->hash = slots_hash(t, key, length);
    item->prefix = batch_prefix_number(b, handle, (uint16_t)(slash - handle));
    if (item->prefix == PREFIXES_MAX) return ITEM_TOO_LARGE;
    b->prefixes[item->prefix].items++;
    return ITEM_GOOD;
}

/* 0: every item has its state. -1: no msgpack array (see error_at). -2: too many items. -3: no memory. */
static inline int batch_parse(batch *b, const slot_table *t, const uint8_t *request, size_t bytes,
                              uint32_t now, uint32_t items_max) {
    reader r = {request, request + bytes};
    b->request = request;
    b->request_bytes = bytes;
    uint32_t count;
    if (!mp_array(&r, &count)) { b->error_at = 0; return -1; }
    if (count > items_max) { b->count = count; return -2; }
    b->items = calloc(count ? count : 1, sizeof *b->items);
    if (!b->items || !batch_room(b, bytes + bytes / 2 + (size_t)count * 32)) return -3;
    for (b->count = 0; b->count < count; b->count++) {
        batch_item *item = &b->items[b->count];
        const uint8_t *start = r.at;
        size_t frame = b->frame_bytes;
        item->state = (uint8_t)batch_parse_item(b, &r, t, now, item);
        if (item->state != ITEM_GOOD) {
            b->frame_bytes = frame;
            b->failed++;
            r.at = start;
            if (!mp_skip(&r)) { b->error_at = (size_t)(start - request); return -1; }
        }
    }
    if (r.at != r.end) { b->error_at = (size_t)(r.at - request); return -1; }
    return 0;
}

static inline void batch_fail(batch *b, batch_item *item, item_state state) {
    item->state = (uint8_t)state;
    b->failed++;
}

static inline bool batch_same_key(const batch *b, const batch_item *a, const batch_item *c) {
    if (a->hash != c->hash || a->handle_bytes != c->handle_bytes) return false;
    const uint8_t *x = b->request + a->source, *y = b->request + c->source;
    for (uint32_t i = 0; i < a->handle_bytes; i++)
        if (fold_byte(x[i]) != fold_byte(y[i])) return false;
    return true;
}

static inline int batch_admit(batch *b, const slot_table *t, const log_view *log, bool overwrite,
                              bool all_or_nothing, uint64_t *sequence) {
    uint32_t room = 16;
    while (room < b->count * 2) room *= 2;
    b->seen = calloc(room, sizeof *b->seen);
    if (!b->seen) return -3;
    uint8_t key[HANDLE_BYTES_MAX];
    enum { AHEAD = 12 };
    for (uint32_t i = 0; i < b->count; i++) {
        if (i + AHEAD < b->count) slots_prefetch(t, b->items[i + AHEAD].hash);
        if (i + AHEAD / 2 < b->count && b->items[i + AHEAD / 2].state == ITEM_GOOD) {
            uint64_t room_left, place = slots_guess(t, b->items[i + AHEAD / 2].hash);
            const uint8_t *at = place ? log_at(log, place, &room_left) : NULL;
            if (at) __builtin_prefetch(at);
        }
        batch_item *item = &b->items[i];
        if (item->state != ITEM_GOOD) continue;
        if (b->prefixes[item->prefix].state != ITEM_GOOD) {
            batch_fail(b, item, b->prefixes[item->prefix].state);
            continue;
        }
        uint32_t slot = (uint32_t)item->hash & (room - 1);
        bool twice = false;
        for (; b->seen[slot]; slot = (slot + 1) & (room - 1))
            if (batch_same_key(b, &b->items[b->seen[slot] - 1], item)) { twice = true; break; }
        fold(key, b->request + item->source, item->handle_bytes);
        item->replaced = twice || slots_get(t, log, item->hash, key, item->handle_bytes) != 0;
        if (item->replaced && !overwrite) { batch_fail(b, item, ITEM_EXISTS); continue; }
        if (!twice) b->seen[slot] = i + 1;
    }
    if (all_or_nothing && b->failed)
        for (uint32_t i = 0; i < b->count; i++)
            if (b->items[i].state == ITEM_GOOD) batch_fail(b, &b->items[i], ITEM_ABORTED);
    size_t out = 0;
    batch_item *last = NULL;
    for (uint32_t i = 0; i < b->count; i++) {
        batch_item *item = &b->items[i];
        if (item->state != ITEM_GOOD) continue;
        uint8_t *record = b->frame + out;
        if (item->frame != out) memmove(record, b->frame + item->frame, item->frame_bytes);
        item->frame = out;
        out += item->frame_bytes;
        memcpy(record + 8, sequence, 8);
        ++*sequence;
        record[17] = (uint8_t)((last ? 0 : FLAG_FIRST) | (all_or_nothing ? FLAG_CONTINUES : 0));
        last = item;
    }
    if (last) b->frame[last->frame + 17] &= (uint8_t)~FLAG_CONTINUES;
    b->frame_bytes = out;
    for (uint32_t i = 0; i < b->count; i++) {
        batch_item *item = &b->items[i];
        if (item->state != ITEM_GOOD) continue;
        uint8_t *record = b->frame + item->frame;
        uint32_t bytes;
        memcpy(&bytes, record + 4, 4);
        uint32_t crc = crc32c(record + 4, bytes - 4);
        memcpy(record, &crc, 4);
    }
    return 0;
}

/* Put items [from, to) of the frame, written at `place` on, into the table; adds up the bytes they replaced. */
static inline int batch_apply(batch *b, slot_table *t, const log_view *log, size_t frame_from, size_t frame_to,
                              uint64_t place, uint64_t *dead_bytes, uint64_t *fresh) {
    uint8_t key[HANDLE_BYTES_MAX];
    for (uint32_t i = 0; i < b->count; i++) {
        batch_item *item = &b->items[i];
        if (i + 8 < b->count) slots_prefetch(t, b->items[i + 8].hash);
        if (item->state != ITEM_GOOD || item->frame < frame_from || item->frame >= frame_to) continue;
        fold(key, b->request + item->source, item->handle_bytes);
        uint64_t old = slots_put(t, log, item->hash, key, item->handle_bytes,
                                 place + ((item->frame - frame_from) >> 3));
        if (old == UINT64_MAX) return -3;
        if (old) {
            uint64_t room;
            const uint8_t *record = log_at(log, old, &room);
            uint32_t bytes = 0;
            if (record) memcpy(&bytes, record + 4, 4);
            *dead_bytes += (bytes + 7) & ~UINT32_C(7);
        } else {
            ++*fresh;
        }
    }
    return 0;
}

static inline void batch_free(batch *b) {
    free(b->items);
    free(b->frame);
    free(b->seen);
    b->items = NULL;
    b->frame = NULL;
    b->seen = NULL;
}

#endif
