/* Reads a batch in msgpack: one array of items [handle, [[index, type, data(, ttl)], ...]].
 *
 * What stands here in plain form is recognised; node/faces/bulk/items.py says what else may be meant, and what is
 * told to whom got it wrong.
 */
#ifndef IDNODE_MSGPACK_H
#define IDNODE_MSGPACK_H

#include "frame.h"

typedef struct {
    const uint8_t *at, *end;
} mp_reader;

static inline bool mp_length(mp_reader *r, int bytes, uint32_t *value) {
    if (r->end - r->at < bytes) return false;
    uint32_t v = 0;
    while (bytes--) v = v << 8 | *r->at++;
    *value = v;
    return true;
}

static inline bool mp_array(mp_reader *r, uint32_t *count) {
    if (r->at == r->end) return false;
    uint8_t c = *r->at;
    if ((c & 0xf0) == 0x90) { r->at++; *count = c & 15; return true; }
    if (c == 0xdc) { r->at++; return mp_length(r, 2, count); }
    if (c == 0xdd) { r->at++; return mp_length(r, 4, count); }
    return false;
}

/* A text or a binary. */
static inline bool mp_bytes(mp_reader *r, const uint8_t **data, uint32_t *length) {
    if (r->at == r->end) return false;
    uint8_t c = *r->at++;
    bool ok = false;
    if ((c & 0xe0) == 0xa0) { *length = c & 31; ok = true; }
    else if (c == 0xd9 || c == 0xc4) ok = mp_length(r, 1, length);
    else if (c == 0xda || c == 0xc5) ok = mp_length(r, 2, length);
    else if (c == 0xdb || c == 0xc6) ok = mp_length(r, 4, length);
    if (!ok || (uint64_t)(r->end - r->at) < *length) return false;
    *data = r->at;
    r->at += *length;
    return true;
}

static inline bool mp_int(mp_reader *r, int64_t *value) {
    if (r->at == r->end) return false;
    uint8_t c = *r->at++;
    if (c < 0x80) { *value = c; return true; }
    if (c >= 0xe0) { *value = (int8_t)c; return true; }
    int bytes = c >= 0xcc && c <= 0xcf ? 1 << (c - 0xcc) : c >= 0xd0 && c <= 0xd3 ? 1 << (c - 0xd0) : 0;
    if (!bytes || r->end - r->at < bytes) return false;
    uint64_t v = c >= 0xd0 && (*r->at & 0x80) ? UINT64_MAX : 0;
    for (int i = 0; i < bytes; i++) v = v << 8 | *r->at++;
    if (c == 0xcf && v > INT64_MAX) v = INT64_MAX; /* out of every range here anyway */
    *value = (int64_t)v;
    return true;
}

/* Skip one object of any kind without recursion; false: not msgpack. */
static inline bool mp_skip(mp_reader *r) {
    for (uint64_t open = 1; open;) {
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

/* The permissions of a value that comes without any (`default_permissions` in Python): secrets are not public. */
static inline uint8_t permissions_of(const uint8_t *type, uint32_t bytes) {
    static const char secret[] = "HS_SECKEY";
    const uint32_t length = sizeof secret - 1;
    if (bytes < length || (bytes > length && type[length] != '.')) return 0x0e;
    for (uint32_t i = 0; i < length; i++) {
        uint8_t c = type[i];
        if ((c >= 'a' && c <= 'z' ? c - 32 : c) != (uint8_t)secret[i]) return 0x0e;
    }
    return 0x0c;
}

/* One value, into the frame behind those before it. */
static inline bool mp_value(batch *b, mp_reader *r, uint32_t now, size_t first, uint32_t *last, bool *ascending) {
    uint32_t fields, type_bytes, data_bytes;
    int64_t index, ttl = 86400;
    const uint8_t *type, *data;
    if (!mp_array(r, &fields) || fields < 3 || fields > 4 || !mp_int(r, &index) ||
        !mp_bytes(r, &type, &type_bytes) || !mp_bytes(r, &data, &data_bytes) || (fields == 4 && !mp_int(r, &ttl)))
        return false;
    if (index < 1 || index > INT32_MAX || ttl < 0 || ttl > INT32_MAX) return false;
    if (!type_bytes || type_bytes > TYPE_BYTES_MAX || !utf8_valid(type, type_bytes)) return false;
    uint64_t bytes = VALUE_OVERHEAD + (uint64_t)type_bytes + data_bytes;
    if (b->frame_bytes - first + 4 + bytes > RECORD_BYTES_MAX) return false;
    if (!index_is_new(b, first, (uint32_t)index, last, ascending) || !frame_room(b, bytes)) return false;
    uint8_t *p = b->frame + b->frame_bytes;
    p = put4(p, (uint32_t)index);
    p = put4(p, now);
    *p++ = 0;
    p = put4(p, (uint32_t)ttl);
    *p++ = permissions_of(type, type_bytes);
    p = put4(p, type_bytes);
    memcpy(p, type, type_bytes);
    p = put4(p + type_bytes, data_bytes);
    memcpy(p, data, data_bytes);
    put4(p + data_bytes, 0);
    b->frame_bytes += bytes;
    return true;
}

static inline bool mp_item(batch *b, mp_reader *r, const slot_table *t, uint32_t now, batch_item *item) {
    uint32_t fields, handle_bytes, count;
    const uint8_t *handle;
    if (!mp_array(r, &fields) || fields != 2 || !mp_bytes(r, &handle, &handle_bytes)) return false;
    if (!handle_fits(handle, handle_bytes) || !mp_array(r, &count) || count > VALUES_MAX) return false;
    if (!frame_open(b, item) || !frame_room(b, handle_bytes + 4)) return false;
    memcpy(b->frame + b->frame_bytes, handle, handle_bytes);
    b->frame_bytes += handle_bytes;
    put4(b->frame + b->frame_bytes, count);
    b->frame_bytes += 4;
    size_t first = b->frame_bytes;
    uint32_t last = 0;
    bool ascending = true;
    for (uint32_t i = 0; i < count; i++)
        if (!mp_value(b, r, now, first, &last, &ascending)) return false;
    return frame_close(b, t, item, (uint16_t)handle_bytes);
}

enum { READ_ALL = 0, READ_BROKEN = -1, READ_TOO_MANY = -2, READ_NO_MEMORY = -3, READ_MORE_BEHIND = -4 };

/* Read the whole request, which must stay where it is. */
static inline int read_msgpack(batch *b, const slot_table *t, uint32_t now, uint32_t items_max) {
    mp_reader r = {b->request, b->request + b->request_bytes};
    uint32_t count;
    if (!mp_array(&r, &count)) return READ_BROKEN;
    if (count > items_max) return READ_TOO_MANY;
    if (!frame_room(b, b->request_bytes + b->request_bytes / 2 + (size_t)count * 32)) return READ_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        batch_item *item = batch_next_item(b);
        if (!item) return READ_NO_MEMORY;
        const uint8_t *start = r.at;
        size_t frame = b->frame_bytes;
        if (mp_item(b, &r, t, now, item)) continue;
        b->frame_bytes = frame;
        r.at = start;
        if (!mp_skip(&r)) return READ_BROKEN;
        item->state = ITEM_ODD;
        item->start = (uint32_t)(start - b->request);
        item->end = (uint32_t)(r.at - b->request);
    }
    return r.at == r.end ? READ_ALL : READ_MORE_BEHIND;
}

#endif
