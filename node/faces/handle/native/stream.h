/* Plain resolutions in a stream of requests (TCP): those in front are answered in one go. */
#ifndef IDNODE_STREAM_H
#define IDNODE_STREAM_H

#include "answer.h"
#include "counts.h"

enum { STREAM_MESSAGE_MAX = 4096, STREAM_ROOM = 1 << 20 };

typedef struct {
    size_t used;      /* bytes of requests that are answered */
    size_t bytes;     /* bytes of answers */
    bool incomplete;  /* what follows may be plain too, when the rest of it has arrived */
    uint64_t found, missing;
} stream_run;

/* Whether the start of a message that has not arrived whole may become a plain resolution. */
static inline bool stream_promising(const uint8_t *in, size_t n) {
    if (n < ENVELOPE) return n && in[0] == MAJOR;
    return in[0] == MAJOR && !(in[2] & ENVELOPE_FLAGS) && get4(in + 16) <= STREAM_MESSAGE_MAX;
}

/* Answer the requests at `in` until one is not plain, not whole, or `out` (STREAM_ROOM bytes) is nearly full. */
static inline stream_run stream_answer(answerer *a, const uint8_t *in, size_t n, uint32_t now, uint8_t *out) {
    stream_run run = {0};
    while (run.used < n && run.bytes + ANSWER_MAX <= STREAM_ROOM) {
        const uint8_t *at = in + run.used;
        size_t left = n - run.used, bytes;
        uint32_t code;
        served_prefix *prefix;
        if (left < ENVELOPE || left - ENVELOPE < get4(at + 16)) {
            run.incomplete = stream_promising(at, left);
            break;
        }
        bytes = ENVELOPE + (size_t)get4(at + 16);
        size_t answered = answer(a, at, bytes, now, out + run.bytes, &code, &prefix);
        if (answered == NOT_MINE) break;
        run.used += bytes;
        run.bytes += answered;
        bool found = code == SUCCESS;
        *(found ? &run.found : &run.missing) += 1;
        atomic_fetch_add_explicit(found ? &prefix->found : &prefix->missing, 1, memory_order_relaxed);
    }
    return run;
}

#endif
