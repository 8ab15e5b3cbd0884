/* A packed record as JSON, byte for byte as node/faces/http/values_json.py has it (handle-http-api.md §3, §5).
 *
 * Of the protocol's own types (HS_…) only administrators are written here. A record with another one, with a type that
 * is not UTF-8 or might become one of those in capitals, or with anything that is not well formed is left to Python.
 */
#ifndef IDNODE_RECORD_JSON_H
#define IDNODE_RECORD_JSON_H

#include <strings.h>

#include "question.h"
#include "utf8.h"

enum {
    PACKED_MAX = 65536,
    /* The shortest packed value has 26 bytes and at most 150 in JSON, and each of its bytes may be an escape of six. */
    JSON_MAX = 8 * PACKED_MAX + 6 * HANDLE_BYTES_MAX + 1024,
    PERMISSIONS_USUAL = 0x0e,
    RELATIVE = 0,
};

typedef struct {
    const uint8_t *at, *end;
} packed_reader;

static inline bool packed_text(packed_reader *r, text *t) {
    if (r->end - r->at < 4 || (size_t)(r->end - r->at - 4) < get4(r->at)) return false;
    *t = (text){r->at + 4, get4(r->at)};
    r->at += 4 + (size_t)t->bytes;
    return true;
}

#define json_put(p, literal) ((uint8_t *)memcpy(p, literal, sizeof(literal) - 1) + sizeof(literal) - 1)

static inline uint8_t *json_unsigned(uint8_t *p, uint64_t v, int digits_least) {
    uint8_t digits[20];
    int n = 0;
    do digits[n++] = (uint8_t)('0' + v % 10), v /= 10; while (v || n < digits_least);
    while (n) *p++ = digits[--n];
    return p;
}

static inline uint8_t *json_integer(uint8_t *p, int32_t v) {
    if (v < 0) *p++ = '-';
    return json_unsigned(p, v < 0 ? (uint64_t)(-(int64_t)v) : (uint64_t)v, 1);
}

/* Whether no text holds this character (`_BINARY` of values_json.py). */
static inline bool json_binary(uint8_t c) { return c < 0x20 && c != '\t' && c != '\n' && c != '\r'; }

static inline uint8_t *json_escape(uint8_t *p, uint8_t c) {
    static const char hex[] = "0123456789abcdef";
    static const char named[32] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    *p++ = '\\';
    if (c >= 0x20) *p++ = c;
    else if (named[c]) *p++ = (uint8_t)named[c];
    else {
        p = json_put(p, "u00");
        *p++ = (uint8_t)hex[c >> 4];
        *p++ = (uint8_t)hex[c & 15];
    }
    return p;
}

/* Whether one of eight bytes is a control character, a quotation mark or a backslash. */
static inline bool json_escapes(uint64_t word) {
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones * 0x80;
    uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
    return (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash)) & tops;
}

/* UTF-8 as a JSON string. */
static inline uint8_t *json_string(uint8_t *p, text t) {
    const uint8_t *at = t.at, *end = at + t.bytes;
    *p++ = '"';
    while (at < end) {
        uint64_t word;
        if (end - at >= 8 && (memcpy(&word, at, 8), !json_escapes(word))) {
            memcpy(p, &word, 8);
            p += 8;
            at += 8;
            continue;
        }
        uint8_t c = *at++;
        if (c < 0x20 || c == '"' || c == '\\') p = json_escape(p, c);
        else *p++ = c;
    }
    *p++ = '"';
    return p;
}

static inline uint8_t *json_base64(uint8_t *p, text t) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (uint32_t i = 0; i < t.bytes; i += 3) {
        uint32_t left = t.bytes - i, word = (uint32_t)t.at[i] << 16;
        if (left > 1) word |= (uint32_t)t.at[i + 1] << 8;
        if (left > 2) word |= t.at[i + 2];
        *p++ = (uint8_t)digits[word >> 18];
        *p++ = (uint8_t)digits[word >> 12 & 63];
        *p++ = left > 1 ? (uint8_t)digits[word >> 6 & 63] : '=';
        *p++ = left > 2 ? (uint8_t)digits[word & 63] : '=';
    }
    return p;
}

static inline bool json_is_text(text t) {
    for (uint32_t i = 0; i < t.bytes; i++)
        if (json_binary(t.at[i])) return false;
    return utf8_valid(t.at, t.bytes);
}

static inline uint8_t *json_plain_data(uint8_t *p, text data) {
    if (json_is_text(data)) {
        p = json_put(p, "{\"format\":\"string\",\"value\":");
        p = json_string(p, data);
    } else {
        p = json_put(p, "{\"format\":\"base64\",\"value\":\"");
        p = json_base64(p, data);
        *p++ = '"';
    }
    *p++ = '}';
    return p;
}

/* The data of an administrator (handle-protocol.md §3.3); NULL when they are not of this form. */
static inline uint8_t *json_admin(uint8_t *p, text data) {
    if (data.bytes < 2) return NULL;
    packed_reader r = {data.at + 2, data.at + data.bytes};
    text handle;
    if (!packed_text(&r, &handle) || handle.bytes > HANDLE_BYTES_MAX || !utf8_valid(handle.at, handle.bytes))
        return NULL;
    size_t left = (size_t)(r.end - r.at);
    bool legacy = left == 6 && !r.at[4] && !r.at[5];
    if (left != 4 && !legacy) return NULL;
    p = json_put(p, "{\"format\":\"admin\",\"value\":{\"handle\":");
    p = json_string(p, handle);
    p = json_put(p, ",\"index\":");
    p = json_integer(p, (int32_t)get4(r.at));
    p = json_put(p, ",\"permissions\":\"");
    uint32_t permissions = (uint32_t)data.at[0] << 8 | data.at[1];
    for (int bit = 11; bit >= 0; bit--) *p++ = (uint8_t)('0' + (permissions >> bit & 1));
    *p++ = '"';
    if (legacy) p = json_put(p, ",\"legacyByteLength\":true");
    return json_put(p, "}}");
}

typedef enum { PLAIN_TYPE, ADMIN_TYPE, OTHER_TYPE } json_type;

/* Which form the data of a type have. All types with a form of their own begin with "HS_" in capitals. Letters that
 * become one of these in capitals lie below U+3000 or above U+9FFF; a type in which one of those might is left to
 * Python. */
static inline json_type json_type_of(text type) {
    if (!type.bytes) return PLAIN_TYPE;
    uint8_t first = type.at[0];
    bool ideograph = first >= 0xe3 && first <= 0xe9;
    if (fold_byte(first) != 'H' && (first < 0x80 || ideograph)) return PLAIN_TYPE;
    for (uint32_t i = 0; i < type.bytes; i++)
        if (type.at[i] >= 0x80) return OTHER_TYPE;
    static const char admin[] = "HS_ADMIN";
    size_t n = sizeof admin - 1, start = 3;
    if (type.bytes < start || strncasecmp((const char *)type.at, admin, start)) return PLAIN_TYPE;
    bool is_admin = type.bytes >= n && !strncasecmp((const char *)type.at, admin, n);
    return is_admin && (type.bytes == n || type.at[n] == '.') ? ADMIN_TYPE : OTHER_TYPE;
}

/* Seconds since the epoch as 2023-11-14T22:13:20Z: Howard Hinnant's civil_from_days. */
static inline uint8_t *json_time(uint8_t *p, int64_t seconds) {
    int64_t days = seconds / 86400 - (seconds % 86400 < 0);
    uint32_t second = (uint32_t)(seconds - days * 86400);
    uint32_t z = (uint32_t)(days + 719468); /* from 0000-03-01; no 32-bit number of seconds leads before it */
    uint32_t era = z / 146097, doe = z % 146097;
    uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    uint32_t month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);
    *p++ = '"';
    p = json_unsigned(p, year, 4); *p++ = '-';
    p = json_unsigned(p, month, 2); *p++ = '-';
    p = json_unsigned(p, doy - (153 * mp + 2) / 5 + 1, 2); *p++ = 'T';
    p = json_unsigned(p, second / 3600, 2); *p++ = ':';
    p = json_unsigned(p, second / 60 % 60, 2); *p++ = ':';
    p = json_unsigned(p, second % 60, 2);
    return json_put(p, "Z\"");
}

static inline uint8_t *json_references(uint8_t *p, packed_reader *r, uint32_t count) {
    p = json_put(p, ",\"references\":[");
    for (uint32_t i = 0; i < count; i++) {
        text handle;
        if (!packed_text(r, &handle) || r->end - r->at < 4 || !utf8_valid(handle.at, handle.bytes)) return NULL;
        if (i) *p++ = ',';
        p = json_put(p, "{\"handle\":");
        p = json_string(p, handle);
        p = json_put(p, ",\"index\":");
        p = json_integer(p, (int32_t)get4(r->at));
        *p++ = '}';
        r->at += 4;
    }
    *p++ = ']';
    return p;
}

/* The closing of a value behind its data, from the fixed part of the packed one. */
static inline uint8_t *json_tail(uint8_t *p, const uint8_t *fixed) {
    uint32_t timestamp = get4(fixed + 4);
    int32_t ttl = (int32_t)get4(fixed + 9);
    uint8_t permissions = fixed[13];
    if (permissions != PERMISSIONS_USUAL) {
        p = json_put(p, ",\"permissions\":\"");
        for (int bit = 3; bit >= 0; bit--) *p++ = (uint8_t)('0' + (permissions >> bit & 1));
        *p++ = '"';
    }
    p = json_put(p, ",\"ttl\":");
    p = fixed[8] == RELATIVE ? json_integer(p, ttl) : json_time(p, ttl);
    if (!timestamp) return p;
    p = json_put(p, ",\"timestamp\":");
    return json_time(p, timestamp);
}

/* One value; NULL when it is none for native code. */
static inline uint8_t *json_value(uint8_t *p, packed_reader *r) {
    enum { FIXED = 14 };
    text type, data;
    const uint8_t *fixed = r->at;
    if (r->end - r->at < FIXED) return NULL;
    r->at += FIXED;
    if (!packed_text(r, &type) || !packed_text(r, &data) || r->end - r->at < 4) return NULL;
    if (!utf8_valid(type.at, type.bytes)) return NULL;
    uint32_t references = get4(r->at);
    r->at += 4;
    json_type form = json_type_of(type);
    if (form == OTHER_TYPE) return NULL;
    p = json_put(p, "{\"index\":");
    p = json_integer(p, (int32_t)get4(fixed));
    p = json_put(p, ",\"type\":");
    p = json_string(p, type);
    p = json_put(p, ",\"data\":");
    p = form == ADMIN_TYPE ? json_admin(p, data) : json_plain_data(p, data);
    if (!p) return NULL;
    p = json_tail(p, fixed);
    if (references && !(p = json_references(p, r, references))) return NULL;
    *p++ = '}';
    return p;
}

/* The body of a successful resolution: the handle as asked, and its packed values. Returns its bytes, 0 when Python
 * has to write it. There is room for JSON_MAX bytes at `out`. */
static inline size_t json_record(text handle, const uint8_t *packed, size_t bytes, uint8_t *out) {
    packed_reader r = {packed + 4, packed + bytes};
    if (bytes < 4 || bytes > PACKED_MAX || !utf8_valid(handle.at, handle.bytes)) return 0;
    uint8_t *p = json_put(out, "{\"responseCode\":1,\"handle\":");
    p = json_string(p, handle);
    p = json_put(p, ",\"values\":[");
    for (uint32_t i = 0, count = get4(packed); i < count; i++) {
        if (i) *p++ = ',';
        if (!(p = json_value(p, &r))) return 0;
    }
    if (r.at != r.end) return 0;
    p = json_put(p, "]}");
    return (size_t)(p - out);
}

#endif
