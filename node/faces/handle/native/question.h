/* One request read: is it a plain resolution, and of what (handle-protocol.md §1.1, §2, §5.1).
 *
 * A plain one is protocol 2.x, op 1, one whole message, without session, signature, encryption, digest, credential
 * or authorization. Whatever else arrives is not judged here. Every length is compared with what was received.
 */
#ifndef IDNODE_QUESTION_H
#define IDNODE_QUESTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "logview.h"

enum {
    ENVELOPE = 20,
    HEADER = 24,
    MAJOR = 2,
    MINOR = 11,
    FILTERS_MAX = 16,
    ENVELOPE_FLAGS = 0xe0,
    SUGGESTED_MAJOR = 0x1f,
};
#define FLAG_AUTHORITATIVE UINT32_C(0x80000000)
#define FLAG_CERTIFY UINT32_C(0x40000000)
#define FLAG_ENCRYPT UINT32_C(0x20000000)
#define FLAG_CONTINUOUS UINT32_C(0x04000000)
#define FLAG_REQUEST_DIGEST UINT32_C(0x00800000)
#define FLAG_OVERWRITE UINT32_C(0x00400000)
#define FLAG_TRUSTED_QUERY UINT32_C(0x00000002)
#define FLAG_TRUSTED_RESULT UINT32_C(0x00000001)
#define FLAG_RECURSIVE_AUTHORIZATION UINT32_C(0x00000004)
#define FLAGS_NOT_PLAIN                                                                         \
    (FLAG_CERTIFY | FLAG_ENCRYPT | FLAG_REQUEST_DIGEST | FLAG_TRUSTED_QUERY | FLAG_RECURSIVE_AUTHORIZATION)
#define FLAGS_NOT_ECHOED (FLAG_CONTINUOUS | FLAG_OVERWRITE | FLAG_TRUSTED_RESULT)

typedef struct {
    const uint8_t *at;
    uint32_t bytes;
} text;

typedef struct {
    const uint8_t *envelope; /* as received */
    text handle;             /* as spelled */
    uint32_t flags;
    uint32_t indexes, types; /* how many of each are asked for; none: all values */
    const uint8_t *index;    /* four bytes each */
    text type[FILTERS_MAX];
    uint8_t minor;           /* of the answer */
} question;

static inline uint32_t get4(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint8_t *set4(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 24); p[1] = (uint8_t)(v >> 16); p[2] = (uint8_t)(v >> 8); p[3] = (uint8_t)v;
    return p + 4;
}

/* The minor version of the answer: of the highest version that both sides know. False: the answer is not 2.x. */
static inline bool question_version(const uint8_t *in, uint8_t *minor) {
    uint8_t suggested = in[2] & SUGGESTED_MAJOR;
    *minor = suggested || in[3] ? in[3] : in[1];
    if (!suggested && in[3]) return false;
    if (suggested && suggested < MAJOR) return false;
    if (suggested > MAJOR || *minor > MINOR) *minor = MINOR;
    return true;
}

/* Handle and filters of a query; bytes behind them are ignored. */
static inline bool question_body(question *q, const uint8_t *at, uint32_t bytes) {
    const uint8_t *end = at + bytes;
    if (bytes < 12) return false;
    q->handle = (text){at + 4, get4(at)};
    if (!q->handle.bytes || q->handle.bytes > HANDLE_BYTES_MAX || q->handle.bytes > bytes - 12) return false;
    at += 4 + q->handle.bytes;
    q->indexes = get4(at);
    q->index = at + 4;
    if (q->indexes > FILTERS_MAX || (size_t)(end - at) < 8 + 4 * (size_t)q->indexes) return false;
    at += 4 + 4 * q->indexes;
    q->types = get4(at);
    at += 4;
    if (q->types > FILTERS_MAX) return false;
    for (uint32_t i = 0; i < q->types; i++) {
        if (end - at < 4 || (size_t)(end - at - 4) < get4(at)) return false;
        q->type[i] = (text){at + 4, get4(at)};
        at += 4 + (size_t)q->type[i].bytes;
    }
    return true;
}

/* Whether these bytes are one plain resolution, and nothing else. */
static inline bool question_read(question *q, const uint8_t *in, size_t n) {
    if (n < ENVELOPE + HEADER + 12 || in[0] != MAJOR || (in[2] & ENVELOPE_FLAGS)) return false;
    size_t length = n - ENVELOPE;
    if (get4(in + 16) != length || get4(in + 4) || get4(in + 12)) return false;
    const uint8_t *header = in + ENVELOPE;
    uint32_t body_bytes = get4(header + 20);
    q->envelope = in;
    q->flags = get4(header + 8);
    if (get4(header) != 1 || get4(header + 4) || header[14] || (q->flags & FLAGS_NOT_PLAIN)) return false;
    if (body_bytes > length - HEADER) return false;
    size_t behind = length - HEADER - body_bytes; /* a credential section: none, or the empty one */
    if (behind && (behind != 4 || get4(header + HEADER + body_bytes))) return false;
    return question_version(in, &q->minor) && question_body(q, header + HEADER, body_bytes);
}

#endif
