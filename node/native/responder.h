/* Native UDP threads: recvmmsg, answer, sendmmsg; the rest goes to the Python face by a socket pair.
 *
 * Each thread has its own socket (SO_REUSEPORT when there are several). What a thread can not answer
 * itself it writes to `handoff` as sender address and datagram; a full hand-off drops the datagram and counts it,
 * as a full socket buffer would.
 */
#ifndef IDNODE_RESPONDER_H
#define IDNODE_RESPONDER_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "answer.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
    BURST = 64,
    RECEIVE_MAX = 2048,
    THREADS_MAX = 16,
    SEGMENTS_GSO = 60,        /* the kernel takes at most 64 segments a send */
    SECONDS_BUCKETS = 24,
    OUT_ROOM = BURST * 4 * DATAGRAM_MAX,
};

typedef struct {
    _Atomic uint64_t found, missing, handed, dropped, datagrams_in, datagrams_out, send_errors;
    _Atomic uint64_t seconds_bucket[SECONDS_BUCKETS]; /* upper bounds: 1 us << i */
    _Atomic uint64_t nanoseconds;
} responder_counts;

typedef struct responder responder;

typedef struct {
    responder *owner;
    int socket, handoff;
    pthread_t thread;
    _Atomic uint64_t turn; /* odd while it may hold a pointer into log or prefixes */
    responder_counts counts;
} responder_thread;

struct responder {
    answerer answers;
    _Atomic bool stop;
    _Atomic int64_t clock_offset; /* seconds added to the machine's wall clock */
    bool segmentation;            /* UDP_SEGMENT works here */
    int threads;
    responder_thread thread[THREADS_MAX];
};

typedef struct {
    struct mmsghdr in[BURST], out[BURST];
    struct iovec in_vector[BURST], out_vector[BURST];
    struct sockaddr_storage from[BURST];
    union { char room[CMSG_SPACE(sizeof(uint16_t))]; struct cmsghdr align; } control[BURST];
    uint8_t received[BURST][RECEIVE_MAX];
    uint8_t whole[ENVELOPE + MESSAGE_MAX];
    uint8_t sent[OUT_ROOM + ENVELOPE + MESSAGE_MAX + (MESSAGE_MAX / (DATAGRAM_MAX - ENVELOPE) + 1) * ENVELOPE];
} responder_memory;

#define COUNT(counter, by) atomic_fetch_add_explicit(&(counter), (by), memory_order_relaxed)

static inline void responder_flush(responder_thread *t, responder_memory *m, int *ready) {
    int from = 0;
    while (from < *ready) {
        int sent = sendmmsg(t->socket, m->out + from, (unsigned)(*ready - from), 0);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) { /* this one cannot be sent (peer gone, buffer full): UDP loses it, the rest goes on */
            COUNT(t->counts.send_errors, 1);
            sent = 1;
        }
        from += sent;
    }
    *ready = 0;
}

static inline void responder_queue(responder_thread *t, responder_memory *m, int *ready, int i, uint8_t *data,
                                   size_t bytes, bool segmented) {
    if (*ready == BURST) responder_flush(t, m, ready);
    struct msghdr *h = &m->out[*ready].msg_hdr;
    m->out_vector[*ready] = (struct iovec){data, bytes};
    *h = (struct msghdr){.msg_name = &m->from[i], .msg_namelen = m->in[i].msg_hdr.msg_namelen,
                         .msg_iov = &m->out_vector[*ready], .msg_iovlen = 1};
    if (segmented) {
        h->msg_control = m->control[*ready].room;
        h->msg_controllen = sizeof m->control[*ready].room;
        struct cmsghdr *c = CMSG_FIRSTHDR(h);
        c->cmsg_level = IPPROTO_UDP;
        c->cmsg_type = UDP_SEGMENT;
        c->cmsg_len = CMSG_LEN(sizeof(uint16_t));
        uint16_t size = DATAGRAM_MAX;
        memcpy(CMSG_DATA(c), &size, sizeof size);
    }
    ++*ready;
}

static inline void responder_hand_off(responder_thread *t, responder_memory *m, int i, size_t bytes) {
    struct iovec parts[2] = {{&m->from[i], sizeof(struct sockaddr_in6)}, {m->received[i], bytes}};
    struct msghdr h = {.msg_iov = parts, .msg_iovlen = 2};
    if (sendmsg(t->handoff, &h, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) COUNT(t->counts.dropped, 1);
    else COUNT(t->counts.handed, 1);
}

/* Answer one received datagram, or hand it on. `used` grows by what was put into m->sent. */
static inline void responder_one(responder_thread *t, responder_memory *m, int i, uint32_t now, int *ready,
                                 size_t *used) {
    answerer *a = &t->owner->answers;
    size_t bytes = m->in[i].msg_len;
    uint32_t code;
    served_prefix *prefix;
    size_t message = m->in[i].msg_hdr.msg_flags & MSG_TRUNC
                         ? ANSWER_NOT_MINE
                         : answer_message(a, m->received[i], bytes, now, m->whole, &code, &prefix);
    if (message == ANSWER_NOT_MINE) {
        responder_hand_off(t, m, i, bytes);
        return;
    }
    if (*used > OUT_ROOM) {
        responder_flush(t, m, ready);
        *used = 0;
    }
    uint8_t *out = m->sent + *used;
    if (message <= DATAGRAM_MAX - ENVELOPE) {
        memcpy(out, m->whole, ENVELOPE + message);
        responder_queue(t, m, ready, i, out, ENVELOPE + message, false);
        *used += ENVELOPE + message;
        COUNT(t->counts.datagrams_out, 1);
    } else {
        size_t total = answer_datagrams(a, m->whole, message, out);
        size_t step = t->owner->segmentation ? (size_t)SEGMENTS_GSO * DATAGRAM_MAX : DATAGRAM_MAX;
        for (size_t at = 0; at < total; at += step) {
            size_t now_bytes = total - at < step ? total - at : step;
            responder_queue(t, m, ready, i, out + at, now_bytes, now_bytes > DATAGRAM_MAX);
        }
        *used += total;
        COUNT(t->counts.datagrams_out, (total + DATAGRAM_MAX - 1) / DATAGRAM_MAX);
    }
    if (code == RC_SUCCESS) {
        COUNT(t->counts.found, 1);
        COUNT(prefix->found, 1);
    } else {
        COUNT(t->counts.missing, 1);
        COUNT(prefix->missing, 1);
    }
}

static inline uint64_t responder_nanoseconds(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static inline void responder_burst(responder_thread *t, responder_memory *m, int count) {
    uint64_t started = responder_nanoseconds();
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    uint32_t now = (uint32_t)(wall.tv_sec + atomic_load_explicit(&t->owner->clock_offset, memory_order_relaxed));
    uint64_t answered = t->counts.found + t->counts.missing;
    int ready = 0;
    size_t used = 0;
    COUNT(t->turn, 1);
    for (int i = 0; i < count; i++) responder_one(t, m, i, now, &ready, &used);
    COUNT(t->turn, 1);
    responder_flush(t, m, &ready);
    answered = t->counts.found + t->counts.missing - answered;
    if (!answered) return;
    uint64_t took = responder_nanoseconds() - started;
    int bucket = 0;
    while (bucket < SECONDS_BUCKETS - 1 && took > (UINT64_C(1000) << bucket)) bucket++;
    COUNT(t->counts.seconds_bucket[bucket], answered);
    COUNT(t->counts.nanoseconds, took * answered);
}

static inline void *responder_run(void *argument) {
    responder_thread *t = argument;
    responder_memory *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    for (int i = 0; i < BURST; i++) m->in_vector[i] = (struct iovec){m->received[i], RECEIVE_MAX};
    while (!atomic_load_explicit(&t->owner->stop, memory_order_relaxed)) {
        for (int i = 0; i < BURST; i++)
            m->in[i].msg_hdr = (struct msghdr){.msg_name = &m->from[i], .msg_namelen = sizeof m->from[i],
                                               .msg_iov = &m->in_vector[i], .msg_iovlen = 1};
        int count = recvmmsg(t->socket, m->in, BURST, MSG_WAITFORONE, NULL);
        if (count <= 0) continue; /* time-out of the socket: look at `stop` again */
        COUNT(t->counts.datagrams_in, (uint64_t)count);
        responder_burst(t, m, count);
    }
    free(m);
    return NULL;
}

static inline int responder_start(responder *r) {
    for (int i = 0; i < r->threads; i++) {
        r->thread[i].owner = r;
        struct timeval wait = {.tv_usec = 100000};
        setsockopt(r->thread[i].socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        int error = pthread_create(&r->thread[i].thread, NULL, responder_run, &r->thread[i]);
        if (error) {
            r->threads = i;
            return error;
        }
    }
    return 0;
}

static inline void responder_stop(responder *r) {
    atomic_store(&r->stop, true);
    for (int i = 0; i < r->threads; i++) pthread_join(r->thread[i].thread, NULL);
}

/* Return once no thread holds what was reachable before the call (a dropped segment, an old prefix set). */
static inline void responder_quiesce(responder *r) {
    for (int i = 0; i < r->threads; i++) {
        uint64_t turn = atomic_load(&r->thread[i].turn);
        struct timespec pause = {.tv_nsec = 50000};
        while ((turn & 1) && atomic_load(&r->thread[i].turn) == turn) nanosleep(&pause, NULL);
    }
}

#endif
