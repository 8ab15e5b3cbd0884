/* Reads a batch in NDJSON: a line for each item, ["handle", [[index, "type", "data"(, ttl)], ...]].
 *
 * Data may also be {"base64": "..."}. What stands here in plain form is recognised; everything else is unrecognised, as in
 * msgpack.h. Strings are decoded straight into the frame, where there is room for a whole line from the start.
 */
#ifndef IDNODE_NDJSON_H
#define IDNODE_NDJSON_H

#include "msgpack.h"

enum { LINE_BYTES_MAX = 6 * RECORD_BYTES_MAX + 65536 }; /* each byte of a record may be an escape of six */

typedef struct {
    const uint8_t *at, *end;
} js_reader;

static inline void js_blanks(js_reader *r) {
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r')) r->at++;
}

/* A mark such as `[`, with the blanks around it. */
static inline bool js_mark(js_reader *r, char mark) {
    js_blanks(r);
    if (r->at == r->end || *r->at != (uint8_t)mark) return false;
    r->at++;
    js_blanks(r);
    return true;
}

static inline bool js_peek(js_reader *r, char mark) {
    js_blanks(r);
    return r->at < r->end && *r->at == (uint8_t)mark;
}

/* A number that is a plain integer from 0 to 2^31 - 1. */
static inline bool js_integer(js_reader *r, uint32_t *value) {
    const uint8_t *start = r->at;
    uint64_t v = 0;
    while (r->at < r->end && (uint8_t)(*r->at - '0') < 10 && r->at - start < 11) v = v * 10 + (*r->at++ - '0');
    if (r->at == start || v > INT32_MAX || (*start == '0' && r->at - start > 1)) return false;
    *value = (uint32_t)v;
    return r->at == r->end || (*r->at != '.' && *r->at != 'e' && *r->at != 'E');
}

static inline bool js_hex4(js_reader *r, uint32_t *unit) {
    if (r->end - r->at < 4) return false;
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        uint8_t c = *r->at++, folded = fold_byte(c);
        if ((uint8_t)(c - '0') < 10) v = v << 4 | (c - '0');
        else if ((uint8_t)(folded - 'A') < 6) v = v << 4 | (folded - 'A' + 10);
        else return false;
    }
    *unit = v;
    return true;
}

static inline uint8_t *js_put_character(uint8_t *out, uint32_t c) {
    if (c < 0x80) {
        *out++ = (uint8_t)c;
    } else if (c < 0x800) {
        *out++ = (uint8_t)(0xc0 | c >> 6);
        *out++ = (uint8_t)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *out++ = (uint8_t)(0xe0 | c >> 12);
        *out++ = (uint8_t)(0x80 | (c >> 6 & 63));
        *out++ = (uint8_t)(0x80 | (c & 63));
    } else {
        *out++ = (uint8_t)(0xf0 | c >> 18);
        *out++ = (uint8_t)(0x80 | (c >> 12 & 63));
        *out++ = (uint8_t)(0x80 | (c >> 6 & 63));
        *out++ = (uint8_t)(0x80 | (c & 63));
    }
    return out;
}

/* What follows a backslash. */
static inline bool js_escape(js_reader *r, uint8_t **out) {
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->end) return false;
    uint8_t c = *r->at++;
    const char *name = c ? strchr(names, c) : NULL;
    if (name) {
        *(*out)++ = (uint8_t)bytes[name - names];
        return true;
    }
    uint32_t unit, low;
    if (c != 'u' || !js_hex4(r, &unit)) return false;
    if (unit >= 0xdc00 && unit < 0xe000) return false;
    if (unit >= 0xd800 && unit < 0xdc00) {
        if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u') return false;
        r->at += 2;
        if (!js_hex4(r, &low) || low < 0xdc00 || low >= 0xe000) return false;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    }
    *out = js_put_character(*out, unit);
    return true;
}

/* A string, decoded to `out`, which has room for as many bytes as are left to read. */
static inline bool js_string(js_reader *r, uint8_t *out, uint32_t *bytes) {
    if (r->at == r->end || *r->at++ != '"') return false;
    uint8_t *start = out;
    while (r->at < r->end) {
        uint8_t c = *r->at++;
        if (c == '"') {
            *bytes = (uint32_t)(out - start);
            return utf8_valid(start, *bytes);
        }
        if (c < 0x20) return false;
        if (c != '\\') *out++ = c;
        else if (!js_escape(r, &out)) return false;
    }
    return false;
}

static inline int js_sextet(uint8_t c) {
    if ((uint8_t)(c - 'A') < 26) return c - 'A';
    if ((uint8_t)(c - 'a') < 26) return c - 'a' + 26;
    if ((uint8_t)(c - '0') < 10) return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Decode base64 in place: whole, padded, and without bits left over. */
static inline bool js_base64(uint8_t *text, uint32_t *bytes) {
    if (*bytes % 4) return false;
    uint32_t n = *bytes, out = 0;
    int padding = n && text[n - 1] == '=' ? 1 + (text[n - 2] == '=') : 0;
    for (uint32_t i = 0; i < n; i += 4) {
        uint32_t word = 0;
        int last = i + 4 == n ? padding : 0;
        for (int k = 0; k < 4; k++) {
            int sextet = k >= 4 - last ? 0 : js_sextet(text[i + (uint32_t)k]);
            if (sextet < 0) return false;
            word = word << 6 | (uint32_t)sextet;
        }
        if (last && word & (last == 1 ? 0xff : 0xffff)) return false;
        text[out++] = (uint8_t)(word >> 16);
        if (last < 2) text[out++] = (uint8_t)(word >> 8);
        if (last < 1) text[out++] = (uint8_t)word;
    }
    *bytes = out;
    return true;
}

/* The data of a value: a text, or {"base64": "..."}. */
static inline bool js_data(js_reader *r, uint8_t *out, uint32_t *bytes) {
    static const char member[] = "\"base64\"";
    if (!js_peek(r, '{')) return js_string(r, out, bytes);
    js_mark(r, '{');
    if ((size_t)(r->end - r->at) < sizeof member - 1 || memcmp(r->at, member, sizeof member - 1)) return false;
    r->at += sizeof member - 1;
    return js_mark(r, ':') && js_string(r, out, bytes) && js_mark(r, '}') && js_base64(out, bytes);
}

static inline bool js_value(batch *b, js_reader *r, uint32_t now, size_t first, uint32_t *last, bool *ascending) {
    uint32_t index, type_bytes, data_bytes, ttl = 86400;
    uint8_t *p = b->frame + b->frame_bytes;
    if (!js_mark(r, '[') || !js_integer(r, &index) || !index || !js_mark(r, ',') ||
        !js_string(r, p + VALUE_FIXED, &type_bytes) || !type_bytes || type_bytes > TYPE_BYTES_MAX || !js_mark(r, ','))
        return false;
    uint8_t *data = p + VALUE_FIXED + type_bytes + 4;
    if (!js_data(r, data, &data_bytes)) return false;
    if (js_peek(r, ',') && !(js_mark(r, ',') && js_integer(r, &ttl))) return false;
    if (!js_mark(r, ']')) return false;
    uint64_t bytes = VALUE_OVERHEAD + (uint64_t)type_bytes + data_bytes;
    if (b->frame_bytes - first + 4 + bytes > RECORD_BYTES_MAX) return false;
    if (!index_is_new(b, first, index, last, ascending)) return false;
    put4(p, index);
    put4(p + 4, now);
    p[8] = 0;
    put4(p + 9, ttl);
    p[13] = permissions_of(p + VALUE_FIXED, type_bytes);
    put4(p + 14, type_bytes);
    put4(data - 4, data_bytes);
    put4(data + data_bytes, 0);
    b->frame_bytes += bytes;
    return true;
}

static inline bool js_item(batch *b, js_reader *r, const slot_table *t, uint32_t now, batch_item *item) {
    size_t line = (size_t)(r->end - r->at);
    if (line > LINE_BYTES_MAX || !frame_room(b, RECORD_HEADER + 64 + 5 * line)) return false;
    uint32_t handle_bytes, count = 0, last = 0;
    if (!js_mark(r, '[') || !frame_open(b, item)) return false;
    uint8_t *handle = b->frame + b->frame_bytes;
    if (!js_string(r, handle, &handle_bytes) || !handle_fits(handle, handle_bytes)) return false;
    b->frame_bytes += handle_bytes + 4;
    size_t first = b->frame_bytes;
    bool ascending = true;
    if (!js_mark(r, ',') || !js_mark(r, '[')) return false;
    if (!js_peek(r, ']')) do {
        if (count++ == VALUES_MAX || !js_value(b, r, now, first, &last, &ascending)) return false;
    } while (js_peek(r, ',') && js_mark(r, ','));
    if (!js_mark(r, ']') || !js_mark(r, ']') || r->at != r->end) return false;
    put4(b->frame + first - 4, count);
    return frame_close(b, t, item, (uint16_t)handle_bytes);
}

static inline bool js_blank_line(const uint8_t *at, const uint8_t *end) {
    while (at < end && (*at == ' ' || (*at >= '\t' && *at <= '\r'))) at++;
    return at == end;
}

/* Read the whole request, which must stay where it is; an unrecognised line is where an item would be. */
static inline int read_ndjson(batch *b, const slot_table *t, uint32_t now, uint32_t items_max) {
    const uint8_t *at = b->request, *end = at + b->request_bytes;
    while (at < end) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        js_reader r = {at, newline ? newline : end};
        const uint8_t *next = newline ? newline + 1 : end;
        if (!js_blank_line(at, r.end)) {
            if (b->count == items_max) return READ_TOO_MANY;
            batch_item *item = batch_next_item(b);
            if (!item) return READ_NO_MEMORY;
            size_t frame = b->frame_bytes;
            if (!js_item(b, &r, t, now, item)) {
                b->frame_bytes = frame;
                item->state = ITEM_ODD;
                item->start = (uint32_t)(at - b->request);
                item->end = (uint32_t)(next - b->request);
            }
        }
        at = next;
    }
    return READ_ALL;
}

#endif
