/* Plain public resolutions answered straight from table and log.
 *
 * `answer_message` takes one whole request (envelope and message) and writes the answer's message behind
 * room for an envelope. It answers what needs no thought: protocol 2.x, op 1, no signature, encryption,
 * digest or credential, a prefix that lives here, a record whose values are all public. Everything
 * else is ANSWER_NOT_MINE, for the Python face to decide. Every length is checked against what was received.
 */
#ifndef IDNODE_ANSWER_H
#define IDNODE_ANSWER_H

#include <time.h>

#include "../../registry/native/crc32c.h"
#include "../../registry/native/logview.h"
#include "../../registry/native/slots.h"

enum {
    ENVELOPE = 20,
    HEADER = 24,
    MESSAGE_MAX = 262144,
    DATAGRAM_MAX = 512,
    SERVER_MINOR = 11,
    EXPIRES_SECONDS = 43200,
    RECORD_RESTRICTED = 4,
    FILTERS_MAX = 16,
    RC_SUCCESS = 1,
    RC_HANDLE_NOT_FOUND = 100,
};
#define ANSWER_NOT_MINE 0
#define OPFLAG_AUTH UINT32_C(0x80000000)
#define OPFLAG_CERT UINT32_C(0x40000000)
#define OPFLAG_ENCR UINT32_C(0x20000000)
#define OPFLAG_RRDG UINT32_C(0x00800000)
#define OPFLAG_TRUSTED UINT32_C(0x00000002)
#define OPFLAG_RECU_AUTH UINT32_C(0x00000004)

/* The prefixes that live here, folded; replaced whole when they change. */
typedef struct {
    uint64_t hash;
    uint32_t at, bytes;              /* in `names`; bytes 0: free */
    _Atomic uint64_t found, missing; /* resolutions answered natively */
} served_prefix;

typedef struct {
    uint32_t mask;
    const uint8_t *names;
    served_prefix entry[];
} served_prefixes;

typedef struct {
    const slot_table *table;
    const log_view *log;
    _Atomic(served_prefixes *) prefixes;
    _Atomic uint32_t site_serial;
    bool truncated_flag;
} answerer;

static inline uint32_t get4(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint8_t *set4(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 24); p[1] = (uint8_t)(v >> 16); p[2] = (uint8_t)(v >> 8); p[3] = (uint8_t)v;
    return p + 4;
}

static inline served_prefix *prefix_find(served_prefixes *set, uint64_t hash, const uint8_t *key, size_t n) {
    if (!set) return NULL;
    for (uint32_t i = (uint32_t)hash & set->mask; set->entry[i].bytes; i = (i + 1) & set->mask)
        if (set->entry[i].hash == hash && set->entry[i].bytes == n && !memcmp(set->names + set->entry[i].at, key, n))
            return &set->entry[i];
    return NULL;
}

typedef struct {
    uint32_t count_index, count_type;
    const uint8_t *indexes;
    struct { const uint8_t *at; uint32_t bytes; } type[FILTERS_MAX];
} filters;

static inline bool type_matches(const uint8_t *type, uint32_t bytes, const uint8_t *want, uint32_t want_bytes) {
    if (want_bytes && want[want_bytes - 1] == '.') {
        if (bytes < want_bytes - 1) return false;
        if (bytes == want_bytes - 1) want_bytes--;
        else bytes = want_bytes;
    }
    if (bytes != want_bytes) return false;
    for (uint32_t i = 0; i < bytes; i++)
        if (fold_byte(type[i]) != fold_byte(want[i])) return false;
    return true;
}

/* Copy the values that match; returns their bytes with the count in front, 0 when none (or the list is odd). */
static inline size_t select_values(const uint8_t *values, size_t bytes, const filters *f, uint8_t *out) {
    uint32_t count = get4(values), chosen = 0;
    size_t at = 4, written = 4;
    for (uint32_t i = 0; i < count; i++) {
        size_t start = at;
        if (bytes - at < 18) return 0;
        uint32_t index = get4(values + at), type_bytes = get4(values + at + 14);
        if (bytes - at - 18 < type_bytes) return 0;
        const uint8_t *type = values + at + 18;
        at += 18 + (size_t)type_bytes;
        if (bytes - at < 4 || bytes - at - 4 < get4(values + at)) return 0;
        at += 4 + (size_t)get4(values + at);
        if (bytes - at < 4) return 0;
        uint32_t references = get4(values + at);
        at += 4;
        while (references--) {
            if (bytes - at < 8 || bytes - at - 8 < get4(values + at)) return 0;
            at += 8 + (size_t)get4(values + at);
        }
        bool match = false;
        for (uint32_t k = 0; k < f->count_index && !match; k++) match = get4(f->indexes + 4 * k) == index;
        for (uint32_t k = 0; k < f->count_type && !match; k++)
            match = type_matches(type, type_bytes, f->type[k].at, f->type[k].bytes);
        if (!match) continue;
        memcpy(out + written, values + start, at - start);
        written += at - start;
        chosen++;
    }
    if (!chosen || at != bytes) return 0;
    set4(out, chosen);
    return written;
}

/* `out` has room for ENVELOPE + MESSAGE_MAX bytes. Returns the bytes of the message written at out + ENVELOPE
 * (the envelope itself too, as for one whole message), or ANSWER_NOT_MINE. */
static inline size_t answer_message(answerer *a, const uint8_t *in, size_t n, uint32_t now, uint8_t *out,
                                    uint32_t *code, served_prefix **counted) {
    if (n < ENVELOPE + HEADER + 12 || in[0] != 2 || (in[2] & 0xe0)) return ANSWER_NOT_MINE;
    uint32_t length = get4(in + 16);
    if (length != n - ENVELOPE || get4(in + 4) || get4(in + 12)) return ANSWER_NOT_MINE;
    const uint8_t *header = in + ENVELOPE;
    uint32_t flags = get4(header + 8), body_bytes = get4(header + 20);
    if (get4(header) != 1 || get4(header + 4) || header[14] ||
        (flags & (OPFLAG_CERT | OPFLAG_ENCR | OPFLAG_RRDG | OPFLAG_TRUSTED | OPFLAG_RECU_AUTH)))
        return ANSWER_NOT_MINE;
    if (body_bytes > length - HEADER) return ANSWER_NOT_MINE;
    if (length - HEADER - body_bytes) { /* a credential section: only the empty one */
        if (length - HEADER - body_bytes != 4 || get4(header + HEADER + body_bytes)) return ANSWER_NOT_MINE;
    }
    const uint8_t *body = header + HEADER, *end = body + body_bytes;
    if (body_bytes < 12) return ANSWER_NOT_MINE;
    uint32_t handle_bytes = get4(body);
    if (!handle_bytes || handle_bytes > 2048 || handle_bytes > body_bytes - 12) return ANSWER_NOT_MINE;
    const uint8_t *handle = body + 4, *at = handle + handle_bytes;
    filters f = {.count_index = get4(at)};
    f.indexes = at + 4;
    if (f.count_index > FILTERS_MAX || (size_t)(end - at) < 8 + 4 * (size_t)f.count_index) return ANSWER_NOT_MINE;
    at += 4 + 4 * f.count_index;
    f.count_type = get4(at);
    at += 4;
    if (f.count_type > FILTERS_MAX) return ANSWER_NOT_MINE;
    for (uint32_t i = 0; i < f.count_type; i++) {
        if (end - at < 4 || (size_t)(end - at - 4) < get4(at)) return ANSWER_NOT_MINE;
        f.type[i].bytes = get4(at);
        f.type[i].at = at + 4;
        at += 4 + (size_t)f.type[i].bytes;
    }

    uint8_t key[2048];
    size_t slash = handle_bytes;
    for (uint32_t i = 0; i < handle_bytes; i++) {
        key[i] = fold_byte(handle[i]);
        if (key[i] == '/' && slash == handle_bytes) slash = i;
    }
    if (slash == handle_bytes) return ANSWER_NOT_MINE;
    served_prefixes *set = atomic_load_explicit(&a->prefixes, memory_order_acquire);
    served_prefix *prefix = prefix_find(set, slots_hash(a->table, key, slash), key, slash);
    if (!prefix) return ANSWER_NOT_MINE;

    uint8_t *reply = out + ENVELOPE + HEADER;
    size_t reply_bytes;
    uint64_t room, place = slots_get(a->table, a->log, slots_hash(a->table, key, handle_bytes), key, handle_bytes);
    if (place) {
        const uint8_t *record = log_at(a->log, place, &room);
        uint32_t record_bytes, crc;
        if (!record) return ANSWER_NOT_MINE;
        memcpy(&crc, record, 4);
        memcpy(&record_bytes, record + 4, 4);
        if (record_bytes > room || record_bytes < RECORD_HEADER + handle_bytes + 4 ||
            (record[17] & RECORD_RESTRICTED) || crc != crc32c(record + 4, record_bytes - 4))
            return ANSWER_NOT_MINE;
        const uint8_t *values = record + RECORD_HEADER + handle_bytes;
        size_t values_bytes = record_bytes - RECORD_HEADER - handle_bytes;
        if (values_bytes + handle_bytes + HEADER + 8 > MESSAGE_MAX) return ANSWER_NOT_MINE;
        set4(reply, handle_bytes);
        memcpy(reply + 4, handle, handle_bytes);
        if (f.count_index || f.count_type) {
            size_t chosen = select_values(values, values_bytes, &f, reply + 4 + handle_bytes);
            if (!chosen) return ANSWER_NOT_MINE;
            values_bytes = chosen;
        } else {
            if (!get4(values)) return ANSWER_NOT_MINE;
            memcpy(reply + 4 + handle_bytes, values, values_bytes);
        }
        reply_bytes = 4 + handle_bytes + values_bytes;
        *code = RC_SUCCESS;
    } else {
        set4(reply, 0);
        reply_bytes = 4;
        *code = RC_HANDLE_NOT_FOUND;
    }
    set4(reply + reply_bytes, 0);
    uint8_t *h = out + ENVELOPE;
    set4(h, 1);
    set4(h + 4, *code);
    set4(h + 8, flags | OPFLAG_AUTH);
    uint32_t serial = atomic_load_explicit(&a->site_serial, memory_order_relaxed);
    h[12] = (uint8_t)(serial >> 8);
    h[13] = (uint8_t)serial;
    h[14] = h[15] = 0;
    set4(h + 16, now + EXPIRES_SECONDS);
    set4(h + 20, (uint32_t)reply_bytes);
    size_t message = HEADER + reply_bytes + 4;
    /* the highest version that both sides know: min(2.11, what the request suggests) */
    uint8_t minor = (in[2] & 0x1f) || in[3] ? ((in[2] & 0x1f) > 2 ? SERVER_MINOR : in[3]) : in[1];
    if (minor > SERVER_MINOR) minor = SERVER_MINOR;
    out[0] = 2;
    out[1] = minor;
    out[2] = 2;
    out[3] = SERVER_MINOR;
    memcpy(out + 4, in + 4, 8);
    set4(out + 12, 0);
    set4(out + 16, (uint32_t)message);
    *counted = prefix;
    return message;
}

/* Cut envelope + message at `whole` into datagrams of DATAGRAM_MAX behind each other at `out`; returns all
 * bytes. Each carries the envelope with its own sequence number and the total length. */
static inline size_t answer_datagrams(const answerer *a, const uint8_t *whole, size_t message, uint8_t *out) {
    const size_t part = DATAGRAM_MAX - ENVELOPE;
    uint8_t *p = out;
    uint32_t sequence = 0;
    for (size_t at = 0; at < message; at += part, sequence++) {
        size_t bytes = message - at < part ? message - at : part;
        memcpy(p, whole, ENVELOPE);
        if (a->truncated_flag) p[2] |= 0x20;
        set4(p + 12, sequence);
        memcpy(p + ENVELOPE, whole + ENVELOPE + at, bytes);
        p += ENVELOPE + bytes;
    }
    return (size_t)(p - out);
}

#endif
