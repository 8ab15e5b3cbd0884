/* One request read: is it a plain GET of a record, and of which (handle-http-api.md §3).
 *
 * A plain one is ``GET /api/handles/{handle} HTTP/1.1`` without a query, with a Host header that is admitted and
 * otherwise such headers only as change nothing about the answer, each once. All of it is printable ASCII, written as
 * everybody writes it. Whatever else arrives is not judged here.
 */
#ifndef IDNODE_PLAIN_GET_H
#define IDNODE_PLAIN_GET_H

#include <strings.h>

#include "question.h"

enum { REQUEST_MAX = 4096, HOST_NAMES_MAX = 16, HOST_NAME_BYTES_MAX = 63 };

typedef struct {
    bool any;  /* whether every host is admitted, not only those named */
    uint32_t count;
    struct { uint8_t bytes; char name[HOST_NAME_BYTES_MAX]; } name[HOST_NAMES_MAX]; /* in lower case */
} admitted_hosts;

typedef struct {
    text handle;                      /* percent-decoded, in `decoded` */
    uint8_t decoded[REQUEST_MAX];
} plain_get;

typedef enum { HEADER_UNKNOWN, HEADER_HARMLESS, HEADER_HOST, HEADER_CONNECTION } header_kind;

typedef struct {
    const char *name;
    uint8_t bytes, kind;
} known_header;

#define KNOWN_HEADER(name, kind) {name, sizeof name - 1, kind}

/* None of these changes anything about the answer to a plain GET. */
static const known_header KNOWN_HEADERS[] = {
    KNOWN_HEADER("host", HEADER_HOST),
    KNOWN_HEADER("user-agent", HEADER_HARMLESS),
    KNOWN_HEADER("accept", HEADER_HARMLESS),
    KNOWN_HEADER("accept-encoding", HEADER_HARMLESS),
    KNOWN_HEADER("connection", HEADER_CONNECTION),
    KNOWN_HEADER("accept-language", HEADER_HARMLESS),
    KNOWN_HEADER("cache-control", HEADER_HARMLESS),
    KNOWN_HEADER("pragma", HEADER_HARMLESS),
    KNOWN_HEADER("referer", HEADER_HARMLESS),
    KNOWN_HEADER("dnt", HEADER_HARMLESS),
    KNOWN_HEADER("upgrade-insecure-requests", HEADER_HARMLESS),
    KNOWN_HEADER("sec-fetch-dest", HEADER_HARMLESS),
    KNOWN_HEADER("sec-fetch-mode", HEADER_HARMLESS),
    KNOWN_HEADER("sec-fetch-site", HEADER_HARMLESS),
    KNOWN_HEADER("sec-fetch-user", HEADER_HARMLESS),
    KNOWN_HEADER("x-forwarded-for", HEADER_HARMLESS),
    KNOWN_HEADER("x-forwarded-proto", HEADER_HARMLESS),
    KNOWN_HEADER("x-real-ip", HEADER_HARMLESS),
};
enum { KNOWN_HEADERS_COUNT = sizeof KNOWN_HEADERS / sizeof *KNOWN_HEADERS };
_Static_assert(KNOWN_HEADERS_COUNT <= 32, "one bit each says which were seen");

static inline bool get_letter_or_digit(uint8_t c) {
    return (uint8_t)((c | 0x20) - 'a') < 26 || (uint8_t)(c - '0') < 10;
}

/* Whether a character of a path stands for itself (RFC 3986 §3.3). */
static inline bool get_path_character(uint8_t c) {
    return get_letter_or_digit(c) || (c && strchr("/-._~!$&'()*+,;=:@", c));
}

static inline int get_hex(uint8_t c) {
    if ((uint8_t)(c - '0') < 10) return c - '0';
    c |= 0x20;
    return (uint8_t)(c - 'a') < 6 ? c - 'a' + 10 : -1;
}

/* Whether a Host header names one of the admitted names, with or without a port. */
static inline bool get_host_admitted(const admitted_hosts *hosts, text value) {
    for (uint32_t i = 0; i < value.bytes; i++)
        if (!get_letter_or_digit(value.at[i]) && (!value.at[i] || !strchr(".-_:[]", value.at[i]))) return false;
    if (!value.bytes || hosts->any) return value.bytes;
    uint32_t end = value.bytes;
    while (end && (uint8_t)(value.at[end - 1] - '0') < 10) end--;
    if (end && end < value.bytes && value.at[end - 1] == ':') value.bytes = end - 1;
    for (uint32_t i = 0; i < hosts->count; i++)
        if (hosts->name[i].bytes == value.bytes &&
            !strncasecmp(hosts->name[i].name, (const char *)value.at, value.bytes))
            return true;
    return false;
}

/* Take one header line into account; `seen` has a bit for each known header. */
static inline bool get_header(const admitted_hosts *hosts, text name, text value, uint32_t *seen) {
    static const char keep_alive[] = "keep-alive";
    for (uint32_t i = 0; i < KNOWN_HEADERS_COUNT; i++) {
        const known_header *known = &KNOWN_HEADERS[i];
        if (known->bytes != name.bytes || strncasecmp(known->name, (const char *)name.at, name.bytes)) continue;
        if (*seen & UINT32_C(1) << i) return false;
        *seen |= UINT32_C(1) << i;
        if (known->kind == HEADER_HOST) return get_host_admitted(hosts, value);
        if (known->kind == HEADER_HARMLESS) return true;
        return value.bytes == sizeof keep_alive - 1 &&
               !strncasecmp(keep_alive, (const char *)value.at, value.bytes);
    }
    return false;
}

/* Read the headers and the empty line behind them; returns where they end, NULL when they are not plain. */
static inline const uint8_t *get_headers(const admitted_hosts *hosts, const uint8_t *at, const uint8_t *end) {
    uint32_t seen = 0;
    while (end - at >= 2 && !(at[0] == '\r' && at[1] == '\n')) {
        const uint8_t *name = at;
        while (at < end && (get_letter_or_digit(*at) || *at == '-')) at++;
        if (at == end || *at != ':') return NULL;
        text header = {name, (uint32_t)(at - name)}, value;
        at++;
        if (at < end && *at == ' ') at++;
        value.at = at;
        while (at < end && *at >= ' ' && *at < 0x7f) at++;
        value.bytes = (uint32_t)(at - value.at);
        if (end - at < 2 || at[0] != '\r' || at[1] != '\n') return NULL;
        at += 2;
        if (!get_header(hosts, header, value, &seen)) return NULL;
    }
    return end - at >= 2 && seen & 1 ? at + 2 : NULL; /* the first known header is Host */
}

/* Read one request at `in`; returns its bytes, 0 when it is not plain, or not whole. */
static inline size_t get_read(const admitted_hosts *hosts, const uint8_t *in, size_t n, plain_get *get) {
    static const char start[] = "GET /api/handles/", version[] = " HTTP/1.1\r\n";
    size_t begun = sizeof start - 1, ended = sizeof version - 1;
    if (n > REQUEST_MAX) n = REQUEST_MAX;
    if (n < begun || memcmp(in, start, begun)) return 0;
    const uint8_t *at = in + begun, *end = in + n;
    uint8_t *out = get->decoded;
    for (; at < end && *at != ' '; at++) {
        uint8_t c = *at;
        if (c == '%') {
            int high = end - at > 2 ? get_hex(at[1]) : -1, low = end - at > 2 ? get_hex(at[2]) : -1;
            if (high < 0 || low < 0) return 0;
            c = (uint8_t)(high << 4 | low);
            at += 2;
        } else if (!get_path_character(c)) {
            return 0;
        }
        *out++ = c;
    }
    get->handle = (text){get->decoded, (uint32_t)(out - get->decoded)};
    if (!get->handle.bytes || (size_t)(end - at) < ended || memcmp(at, version, ended)) return 0;
    at = get_headers(hosts, at + ended, end);
    return at ? (size_t)(at - in) : 0;
}

#endif
