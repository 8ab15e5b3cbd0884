/* Plain GETs that came together on a connection are answered in one go, if there is nothing but them.
 *
 * An answer is that of node/faces/handle_json/record_response.py, byte for byte. What is not found, or not for everybody,
 * or not for native code, ends the run: it is Python's, and so is everything behind it. Where anything else came with
 * them all are left to Python: a reader of HTTP may refuse the whole for one of its parts.
 */
#ifndef IDNODE_GETS_H
#define IDNODE_GETS_H

#include "answer.h"
#include "counts.h"
#include "plain_get.h"
#include "record_json.h"
#include "stream.h"

enum {
    HEAD_MAX = 256,
    GET_ANSWER_MAX = HEAD_MAX + JSON_MAX,
    GETS_ROOM = 1 << 20,
    DATE_BYTES = 29,
};
#define SECOND_MAX INT64_C(253402300799) /* of the year 9999 */
_Static_assert(GETS_ROOM >= GET_ANSWER_MAX, "there is room for the longest answer");
_Static_assert((int)GETS_ROOM <= (int)STREAM_ROOM, "there is room in the buffer of a thread");

typedef struct {
    admitted_hosts hosts;
    int64_t second; /* of `date`; -1: none yet */
    uint8_t date[DATE_BYTES];
    plain_get get;
    uint8_t body[BODY_MAX]; /* handle and packed values */
} gets_memory;

typedef struct {
    size_t used, bytes;
    uint64_t found;
} gets_run;

static inline void gets_begin(gets_memory *m) { m->second = -1; }

/* The text of the Date header for this second: Tue, 14 Nov 2023 22:13:20 GMT. */
static inline void gets_set_date(gets_memory *m, int64_t second) {
    static const char days[] = "ThuFriSatSunMonTueWed", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    uint8_t shown[32], *p = m->date;
    if (m->second == second) return;
    m->second = second;
    json_time(shown, second); /* "2023-11-14T22:13:20Z" in quotation marks */
    int month = (shown[6] - '0') * 10 + shown[7] - '0';
    memcpy(p, days + 3 * (second / 86400 % 7), 3);
    memcpy(p + 3, ", ", 2);
    memcpy(p + 5, shown + 9, 2);
    p[7] = ' ';
    memcpy(p + 8, months + 3 * (month - 1), 3);
    p[11] = ' ';
    memcpy(p + 12, shown + 1, 4);
    p[16] = ' ';
    memcpy(p + 17, shown + 12, 8);
    memcpy(p + 25, " GMT", 4);
}

static inline uint8_t *gets_head(const gets_memory *m, size_t body_bytes, uint8_t *p) {
    p = json_put(p, "HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=utf-8\r\nServer: idnode\r\nDate: ");
    memcpy(p, m->date, DATE_BYTES);
    p = json_put(p + DATE_BYTES, "\r\nContent-Length: ");
    p = json_unsigned(p, body_bytes, 1);
    return json_put(p, "\r\n\r\n");
}

/* Answer one GET that was read; returns the bytes of the answer, or NOT_MINE. */
static inline size_t gets_answer(answerer *a, gets_memory *m, uint8_t *out) {
    uint32_t code;
    pending_answer p = {.asked = {.handle = m->get.handle}};
    if (p.asked.handle.bytes > HANDLE_BYTES_MAX || !answer_place(a, &p)) return NOT_MINE;
    size_t bytes = answer_body(a, &p, m->body, &code), front = 4 + (size_t)p.asked.handle.bytes;
    if (!bytes || code != SUCCESS) return NOT_MINE;
    uint8_t *body = out + HEAD_MAX;
    size_t body_bytes = json_record(p.asked.handle, m->body + front, bytes - front, body);
    if (!body_bytes) return NOT_MINE;
    uint8_t *end = gets_head(m, body_bytes, out);
    memmove(end, body, body_bytes);
    atomic_fetch_add_explicit(&p.prefix->found, 1, memory_order_relaxed);
    return (size_t)(end - out) + body_bytes;
}

/* Whether there are whole plain GETs at `in`, and nothing else. */
static inline bool gets_all_plain(gets_memory *m, const uint8_t *in, size_t n) {
    size_t read = 1;
    for (; n && read; in += read, n -= read) read = get_read(&m->hosts, in, n, &m->get);
    return !n;
}

/* Answer the GETs at `in`, if there is nothing else, until one is not for native code, or `out` (GETS_ROOM bytes) is
 * nearly full; the time is in seconds since the epoch. At a time that no Date header tells nothing is answered. */
static inline gets_run gets_answer_run(answerer *a, gets_memory *m, const uint8_t *in, size_t n, int64_t now,
                                       uint8_t *out) {
    gets_run run = {0};
    if (now < 0 || now > SECOND_MAX) return run;
    while (run.used < n && run.bytes + GET_ANSWER_MAX <= GETS_ROOM) {
        size_t read = get_read(&m->hosts, in + run.used, n - run.used, &m->get);
        if (!read || (!run.used && read < n && !gets_all_plain(m, in + read, n - read))) break;
        if (!run.used && read < n) get_read(&m->hosts, in, n, &m->get); /* which the others were read over */
        gets_set_date(m, now);
        size_t answered = gets_answer(a, m, out + run.bytes);
        if (answered == NOT_MINE) break;
        run.used += read;
        run.bytes += answered;
        run.found++;
    }
    return run;
}

/* How a thread answers on a connection (workers.h); `memory` is its own gets_memory. */
static inline stream_run gets_stream(answerer *a, void *memory, const uint8_t *in, size_t n, int64_t now, uint8_t *out) {
    gets_run run = gets_answer_run(a, memory, in, n, now, out);
    return (stream_run){.used = run.used, .bytes = run.bytes, .found = run.found};
}

#endif
