/* Plain public resolutions answered straight from table and log.
 *
 * `answer` takes one whole request (envelope and message) and writes the whole answer. It answers plain resolutions
 * (question.h) below the prefixes that are served natively, when the record's values are all public, or there is
 * no record (some of those are left to whoever has to see them, `answer_left`). Where a prefix has computed
 * identifiers, one without a record and without a mark (`0.MARK/<folded handle>`, registry/overlay/overlay.py) is
 * computed. Everything else is NOT_MINE, for the Python face to decide.
 */
#ifndef IDNODE_ANSWER_H
#define IDNODE_ANSWER_H

#include "counts.h"
#include "slots.h"
#include "question.h"
#include "served.h"

enum {
    NOT_MINE = 0,
    DATAGRAM_MAX = 512,
    PART_MAX = DATAGRAM_MAX - ENVELOPE,
    EXPIRES_SECONDS = 43200,
    BODY_MAX = 262144 - HEADER - 1024, /* deployed clients read no more; room is left for a signature */
    ANSWER_MAX = ENVELOPE + HEADER + BODY_MAX + 4,
    DATAGRAMS_MAX = (ANSWER_MAX - ENVELOPE + PART_MAX - 1) / PART_MAX,
    SUCCESS = 1,
    HANDLE_NOT_FOUND = 100,
    TRUNCATED = 0x20,
    CACHE_LINE = 64,
    FETCHED_LINES = 4, /* of a record, ahead of time; the processor sees by itself where a longer one goes on */
    COMPUTED_MAX = 8192, /* more than any computed record takes */
};
#define LEFT_ALL UINT32_MAX
#define MARK_START "0.MARK/"

typedef struct {
    const slot_table *table;
    const log_view *log;
    _Atomic(served_prefixes *) served;
    _Atomic uint32_t site_serial;
    _Atomic uint32_t missing_left; /* requests for what is not found, left in a second to whoever has to see them */
    _Atomic uint64_t left;         /* the second, and how many were left in it */
    _Atomic uint64_t unseen;       /* how many were answered because that many had been left */
    bool mark_truncated;
    uint32_t datagram_answer_max; /* bytes of an answer over UDP; of a longer one only the first datagram goes */
} answerer;

static inline bool type_matches(text type, text wanted) {
    if (wanted.bytes && wanted.at[wanted.bytes - 1] == '.') {
        if (type.bytes == wanted.bytes - 1) wanted.bytes--;
        else if (type.bytes > wanted.bytes) type.bytes = wanted.bytes;
    }
    if (type.bytes != wanted.bytes) return false;
    for (uint32_t i = 0; i < type.bytes; i++)
        if (fold_byte(type.at[i]) != fold_byte(wanted.at[i])) return false;
    return true;
}

static inline bool value_matches(const question *q, uint32_t index, text type) {
    for (uint32_t i = 0; i < q->indexes; i++)
        if (get4(q->index + 4 * i) == index) return true;
    for (uint32_t i = 0; i < q->types; i++)
        if (type_matches(type, q->type[i])) return true;
    return false;
}

/* Pass one packed value (handle-protocol.md §3.1); returns its end, 0 when it reaches past the end. */
static inline size_t value_end(const uint8_t *values, size_t bytes, size_t at, text *type) {
    if (bytes - at < 18) return 0;
    *type = (text){values + at + 18, get4(values + at + 14)};
    at += 18;
    if (bytes - at < type->bytes) return 0;
    at += type->bytes;
    if (bytes - at < 4 || bytes - at - 4 < get4(values + at)) return 0;
    at += 4 + (size_t)get4(values + at);
    if (bytes - at < 4) return 0;
    uint32_t references = get4(values + at);
    at += 4;
    while (references--) {
        if (bytes - at < 8 || bytes - at - 8 < get4(values + at)) return 0;
        at += 8 + (size_t)get4(values + at);
    }
    return at;
}

/* Copy the values that are asked for, their count in front; returns the bytes, 0 when there is none. */
static inline size_t select_values(const question *q, const uint8_t *values, size_t bytes, uint8_t *out) {
    uint32_t count = get4(values), chosen = 0;
    size_t at = 4, written = 4;
    for (uint32_t i = 0; i < count; i++) {
        text type;
        size_t start = at;
        at = value_end(values, bytes, start, &type);
        if (!at) return 0;
        if (!value_matches(q, get4(values + start), type)) continue;
        memcpy(out + written, values + start, at - start);
        written += at - start;
        chosen++;
    }
    if (!chosen || at != bytes) return 0;
    set4(out, chosen);
    return written;
}

/* The body for a record: handle as asked and values; 0 when the record is not plain. */
static inline size_t answer_record(const answerer *a, const question *q, uint64_t place, uint8_t *body) {
    uint64_t room;
    uint32_t handle_bytes = q->handle.bytes;
    const uint8_t *record = log_at(a->log, place, &room);
    if (!record || !record_intact(record, room) || record[16] != RECORD_PUT || (record[17] & FLAG_RESTRICTED) ||
        record_handle_bytes(record) != handle_bytes || record_length(record) < RECORD_HEADER + handle_bytes + 4)
        return 0;
    const uint8_t *values = record + RECORD_HEADER + handle_bytes;
    size_t bytes = record_length(record) - RECORD_HEADER - handle_bytes;
    if (!get4(values) || 4 + handle_bytes + bytes > BODY_MAX) return 0;
    set4(body, handle_bytes);
    memcpy(body + 4, q->handle.at, handle_bytes);
    uint8_t *out = body + 4 + handle_bytes;
    if (q->indexes || q->types) {
        bytes = select_values(q, values, bytes, out);
        if (!bytes) return 0;
    } else {
        memcpy(out, values, bytes);
    }
    return 4 + handle_bytes + bytes;
}

/* Whether a computed identifier was changed or deleted. */
static inline bool answer_marked(const answerer *a, const uint8_t *key, size_t bytes) {
    uint8_t mark[sizeof MARK_START + HANDLE_BYTES_MAX];
    size_t start = sizeof MARK_START - 1;
    memcpy(mark, MARK_START, start);
    memcpy(mark + start, key, bytes);
    return slots_get(a->table, a->log, slots_hash(a->table, mark, start + bytes), mark, start + bytes) != 0;
}

/* The body for a computed record; 0 when it is none of native code's business. */
static inline size_t answer_computed(const question *q, const computed_prefix *c, const computed_identifier *one,
                                     uint8_t *body) {
    uint8_t computed[COMPUTED_MAX];
    uint32_t handle_bytes = q->handle.bytes;
    bool whole = !q->indexes && !q->types;
    uint8_t *out = body + 4 + handle_bytes;
    size_t bytes = c->values(c->made, one, whole ? out : computed, COMPUTED_MAX);
    if (bytes && !whole) bytes = select_values(q, computed, bytes, out);
    if (!bytes) return 0;
    set4(body, handle_bytes);
    memcpy(body + 4, q->handle.at, handle_bytes);
    return 4 + handle_bytes + bytes;
}

/* Write envelope, header and the empty credential section around a body; returns the bytes of all. */
static inline size_t answer_frame(answerer *a, const question *q, uint32_t code, size_t body_bytes, uint32_t now,
                                  uint8_t *out) {
    size_t message = HEADER + body_bytes + 4;
    uint32_t serial = atomic_load_explicit(&a->site_serial, memory_order_relaxed);
    out[0] = MAJOR;
    out[1] = q->minor;
    out[2] = MAJOR;
    out[3] = MINOR;
    memcpy(out + 4, q->envelope + 4, 8);
    set4(out + 12, 0);
    set4(out + 16, (uint32_t)message);
    uint8_t *header = out + ENVELOPE;
    set4(header, 1);
    set4(header + 4, code);
    set4(header + 8, (q->flags & ~FLAGS_NOT_ECHOED) | FLAG_AUTHORITATIVE);
    header[12] = (uint8_t)(serial >> 8);
    header[13] = (uint8_t)serial;
    header[14] = header[15] = 0;
    set4(header + 16, now + EXPIRES_SECONDS);
    set4(header + 20, (uint32_t)body_bytes);
    set4(header + HEADER + body_bytes, 0);
    return ENVELOPE + message;
}

/* A plain resolution whose answer is on its way; the request must stay where it is. */
typedef struct {
    question asked;
    served_prefix *prefix;
    size_t prefix_bytes;
    uint64_t hash; /* of the folded handle */
} pending_answer;

/* Find the prefix of the handle that is asked for, and have its slot fetched. False: NOT_MINE. */
static inline bool answer_place(answerer *a, pending_answer *p) {
    uint8_t key[HANDLE_BYTES_MAX];
    const text *handle = &p->asked.handle;
    const uint8_t *slash = memchr(handle->at, '/', handle->bytes);
    if (!slash) return false;
    p->prefix_bytes = (size_t)(slash - handle->at);
    fold(key, handle->at, handle->bytes);
    p->prefix = served_find(atomic_load(&a->served), slots_hash(a->table, key, p->prefix_bytes), key, p->prefix_bytes);
    if (!p->prefix) return false;
    p->hash = slots_hash(a->table, key, handle->bytes);
    slots_prefetch(a->table, p->hash);
    return true;
}

/* Read one whole request at `in`, and have its slot fetched. False: NOT_MINE. */
static inline bool answer_begin(answerer *a, const uint8_t *in, size_t n, pending_answer *p) {
    return question_read(&p->asked, in, n) && answer_place(a, p);
}

/* Have the record fetched that the slot speaks of. */
static inline void answer_expect(const answerer *a, const pending_answer *p) {
    uint64_t room, place = slots_guess(a->table, p->hash);
    const uint8_t *record = place ? log_at(a->log, place, &room) : NULL;
    if (!record) return;
    for (unsigned line = 0; line < FETCHED_LINES; line++) __builtin_prefetch(record + line * CACHE_LINE);
}

/* Whether an answer "not found" is left to the Python face; at most `missing_left` a second are. */
static inline bool answer_left(answerer *a) {
    uint32_t most = atomic_load_explicit(&a->missing_left, memory_order_relaxed);
    if (!most || most == LEFT_ALL) return most;
    /* Threads that meet here may lose a count of each other: the rate guards the loop's time, and need not be exact. */
    uint64_t second = monotonic_nanoseconds() / 1000000000u << 32;
    uint64_t left = atomic_load_explicit(&a->left, memory_order_relaxed);
    if ((left ^ second) >> 32) left = second;
    if ((uint32_t)left >= most) {
        atomic_fetch_add_explicit(&a->unseen, 1, memory_order_relaxed);
        return false;
    }
    atomic_store_explicit(&a->left, left + 1, memory_order_relaxed);
    return true;
}

/* Write the body of a record that is found, or of an error without a text, to `body`, which has room for BODY_MAX
 * bytes. Returns its bytes or NOT_MINE; with a body, the response code. */
static inline size_t answer_body(const answerer *a, const pending_answer *p, uint8_t *body, uint32_t *code) {
    uint8_t key[HANDLE_BYTES_MAX];
    const question *q = &p->asked;
    uint32_t bytes = q->handle.bytes;
    fold(key, q->handle.at, bytes);
    uint64_t place = slots_get(a->table, a->log, p->hash, key, bytes);
    const computed_prefix *c = p->prefix->computed;
    computed_identifier one;
    const uint8_t *suffix = key + p->prefix_bytes + 1;
    bool computed = !place && c && c->find(c->made, suffix, bytes - p->prefix_bytes - 1, &one);
    if (computed && answer_marked(a, key, bytes)) {
        computed = false;
        /* record and mark come together, and may have come since the first look */
        place = slots_get(a->table, a->log, p->hash, key, bytes);
    }
    *code = place || computed ? SUCCESS : HANDLE_NOT_FOUND;
    if (place) return answer_record(a, q, place, body);
    if (computed) return answer_computed(q, c, &one, body);
    set4(body, 0);
    return 4;
}

/* Write the whole answer (envelope and message) to `out`, which has room for ANSWER_MAX bytes. Returns its bytes
 * or NOT_MINE; with an answer, its response code. */
static inline size_t answer_finish(answerer *a, const pending_answer *p, uint32_t now, uint8_t *out, uint32_t *code) {
    size_t body_bytes = answer_body(a, p, out + ENVELOPE + HEADER, code);
    if (!body_bytes || (*code == HANDLE_NOT_FOUND && answer_left(a))) return NOT_MINE;
    return answer_frame(a, &p->asked, *code, body_bytes, now, out);
}

/* All of that for one request; with an answer, whose prefix it was. */
static inline size_t answer(answerer *a, const uint8_t *in, size_t n, uint32_t now, uint8_t *out, uint32_t *code,
                            served_prefix **prefix) {
    pending_answer pending;
    if (!answer_begin(a, in, n, &pending)) return NOT_MINE;
    *prefix = pending.prefix;
    return answer_finish(a, &pending, now, out, code);
}

/* Cut a whole answer in place into datagrams of DATAGRAM_MAX bytes behind each other (handle-protocol.md §1.3);
 * returns the bytes of all. There must be room for ENVELOPE bytes more for each datagram but the first. */
static inline size_t answer_cut(const answerer *a, uint8_t *whole, size_t bytes) {
    size_t message = bytes - ENVELOPE;
    if (message <= PART_MAX) return bytes;
    size_t parts = (message + PART_MAX - 1) / PART_MAX;
    bool all = bytes <= a->datagram_answer_max;
    if (a->mark_truncated || !all) whole[2] |= TRUNCATED;
    if (!all) return DATAGRAM_MAX; /* the client misses the rest and asks over TCP */
    for (size_t i = parts; i-- > 1;) { /* from the back: no part is written over before it moved */
        size_t from = i * PART_MAX, length = message - from < PART_MAX ? message - from : PART_MAX;
        uint8_t *datagram = whole + i * DATAGRAM_MAX;
        memmove(datagram + ENVELOPE, whole + ENVELOPE + from, length);
        memcpy(datagram, whole, ENVELOPE);
        set4(datagram + 12, (uint32_t)i);
    }
    return message + parts * ENVELOPE;
}

#endif
