/* Native UDP threads: recvmmsg, answer, sendmmsg; the rest goes to the Python face by a socket pair.
 *
 * Each thread has its own socket (SO_REUSEPORT when there are several). What a thread can not answer itself it
 * writes to `handoff`: sender address, time of arrival (64 bits, nanoseconds since the epoch), datagram. A full hand-off
 * drops the datagram and counts it, as a full socket buffer would.
 *
 * Times of answers count from the arrival of a burst's first datagram, which waited longest, as the kernel noted it.
 */
#ifndef IDNODE_RESPONDER_H
#define IDNODE_RESPONDER_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "answer.h"
#include "rate.h"
#include "counts.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum {
    BURST = 64,
    RECEIVE_MAX = 65536,
    RECEIVE_STRIDE = RECEIVE_MAX + 192, /* buffers a power of two apart would share their cache lines' sets */
    THREADS_MAX = 64,
    SEGMENTS_MAX_A_SEND = 60,           /* the kernel takes at most 64 */
    OUT_ROOM = BURST * 4 * DATAGRAM_MAX,
    WAKE_MICROSECONDS = 20000,          /* how soon a thread sees that it is to stop */
};

#define WAITED_MAX 3600000000000u /* nanoseconds; no datagram waits for an hour */

typedef struct responder responder;

typedef struct {
    responder *owner;
    int socket;
    pthread_t thread;
    _Atomic uint64_t turn; /* odd while the thread may hold a pointer into log or prefixes */
    answer_counts answers;
    _Atomic uint64_t received, sent, handed, dropped, unsent; /* datagrams */
    _Atomic uint64_t limited; /* answers that were left out, or cut, because their network asked too often */
} responder_thread;

struct responder {
    answerer *answers;
    time_bounds bounds;
    int handoff;
    uint32_t answers_per_second; /* to one network; 0: no limit */
    uint64_t rate_secret;
    _Atomic bool stop, segmentation; /* segmentation: UDP_SEGMENT works here */
    _Atomic int64_t clock_offset;    /* seconds added to the machine's wall clock */
    int threads;
    responder_thread thread[THREADS_MAX];
};

typedef struct {
    struct mmsghdr in[BURST], out[BURST];
    struct iovec in_vector[BURST], out_vector[BURST];
    struct sockaddr_in6 from[BURST];
    union { char room[CMSG_SPACE(sizeof(uint16_t))]; struct cmsghdr align; } control[BURST];
    bool mine[BURST];
    union { char room[CMSG_SPACE(sizeof(struct timespec))]; struct cmsghdr align; } stamp;
    pending_answer pending[BURST];
    uint64_t arrived;  /* when the first datagram of the burst did, nanoseconds since the epoch */
    int ready;         /* messages in `out` */
    size_t used;       /* bytes in `sent` */
    uint64_t found, missing;
    rate_table rate;
    uint8_t received[BURST][RECEIVE_STRIDE];
    uint8_t sent[OUT_ROOM + ANSWER_MAX + DATAGRAMS_MAX * ENVELOPE];
} responder_memory;

static inline size_t responder_datagrams(size_t bytes) { return (bytes + DATAGRAM_MAX - 1) / DATAGRAM_MAX; }

/* Send one segmented message datagram by datagram: the system does not segment after all. */
static inline void responder_send_apart(responder_thread *t, const struct msghdr *h) {
    const uint8_t *data = h->msg_iov->iov_base;
    for (size_t at = 0; at < h->msg_iov->iov_len; at += DATAGRAM_MAX) {
        size_t left = h->msg_iov->iov_len - at, bytes = left < DATAGRAM_MAX ? left : DATAGRAM_MAX;
        bool gone = sendto(t->socket, data + at, bytes, 0, h->msg_name, h->msg_namelen) == (ssize_t)bytes;
        count_add(gone ? &t->sent : &t->unsent, 1);
    }
}

/* What could not be sent (peer gone, buffer full) is lost, as UDP loses it, and counted; the rest goes on. */
static inline void responder_send_failed(responder_thread *t, const struct msghdr *h) {
    bool refused = errno == EIO || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOPROTOOPT;
    if (h->msg_controllen && refused) {
        atomic_store(&t->owner->segmentation, false);
        responder_send_apart(t, h);
    } else {
        count_add(&t->unsent, responder_datagrams(h->msg_iov->iov_len));
    }
}

static inline void responder_flush(responder_thread *t, responder_memory *m) {
    int from = 0;
    while (from < m->ready) {
        int sent = sendmmsg(t->socket, m->out + from, (unsigned)(m->ready - from), 0);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) {
            responder_send_failed(t, &m->out[from].msg_hdr);
            from++;
        }
        for (int i = 0; i < sent; i++, from++)
            count_add(&t->sent, responder_datagrams(m->out[from].msg_hdr.msg_iov->iov_len));
    }
    m->ready = 0;
}

static inline void responder_queue(responder_thread *t, responder_memory *m, int i, uint8_t *data, size_t bytes) {
    if (m->ready == BURST) responder_flush(t, m);
    int at = m->ready++;
    struct msghdr *h = &m->out[at].msg_hdr;
    m->out_vector[at] = (struct iovec){data, bytes};
    *h = (struct msghdr){.msg_name = &m->from[i], .msg_namelen = m->in[i].msg_hdr.msg_namelen,
                         .msg_iov = &m->out_vector[at], .msg_iovlen = 1};
    if (bytes <= DATAGRAM_MAX) return;
    uint16_t size = DATAGRAM_MAX;
    h->msg_control = m->control[at].room;
    h->msg_controllen = sizeof m->control[at].room;
    struct cmsghdr *c = CMSG_FIRSTHDR(h);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(c), &size, sizeof size);
}

static inline void responder_hand_off(responder_thread *t, responder_memory *m, int i) {
    struct iovec parts[3] = {{&m->from[i], sizeof m->from[i]}, {&m->arrived, sizeof m->arrived},
                             {m->received[i], m->in[i].msg_len}};
    struct msghdr h = {.msg_iov = parts, .msg_iovlen = 3};
    bool taken = sendmsg(t->owner->handoff, &h, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    count_add(taken ? &t->handed : &t->dropped, 1);
}

/* Answer one received datagram, or hand it on. */
static inline void responder_one(responder_thread *t, responder_memory *m, int i, uint32_t now) {
    uint32_t code;
    if (m->used > OUT_ROOM) {
        responder_flush(t, m);
        m->used = 0;
    }
    uint8_t *out = m->sent + m->used;
    size_t bytes = m->mine[i] ? answer_finish(t->owner->answers, &m->pending[i], now, out, &code) : NOT_MINE;
    if (bytes == NOT_MINE) {
        responder_hand_off(t, m, i);
        return;
    }
    bytes = answer_cut(t->owner->answers, out, bytes);
    uint32_t over = rate_over(&m->rate, t->owner->rate_secret, t->owner->answers_per_second, &m->from[i], now);
    if (over) {
        count_add(&t->limited, 1);
        if (over & 1) return;
        if (bytes > m->in[i].msg_len) bytes = m->in[i].msg_len;
        out[2] |= TRUNCATED;
    }
    bool whole = atomic_load_explicit(&t->owner->segmentation, memory_order_relaxed);
    size_t step = whole ? (size_t)SEGMENTS_MAX_A_SEND * DATAGRAM_MAX : DATAGRAM_MAX;
    for (size_t at = 0; at < bytes; at += step)
        responder_queue(t, m, i, out + at, bytes - at < step ? bytes - at : step);
    m->used += bytes;
    bool found = code == SUCCESS;
    *(found ? &m->found : &m->missing) += 1;
    served_prefix *prefix = m->pending[i].prefix;
    atomic_fetch_add_explicit(found ? &prefix->found : &prefix->missing, 1, memory_order_relaxed);
}

/* Read all requests of a burst and have memory fetched for all of them at once: one does not wait for another's. */
static inline void responder_expect(responder_thread *t, responder_memory *m, int count) {
    answerer *a = t->owner->answers;
    for (int i = 0; i < count; i++) m->mine[i] = answer_begin(a, m->received[i], m->in[i].msg_len, &m->pending[i]);
    for (int i = 0; i < count; i++)
        if (m->mine[i]) answer_expect(a, &m->pending[i]);
}

static inline uint32_t responder_now(responder *r) {
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME_COARSE, &wall);
    return (uint32_t)(wall.tv_sec + atomic_load_explicit(&r->clock_offset, memory_order_relaxed));
}

static inline uint64_t wall_nanoseconds(struct timespec at) {
    return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

/* Note when the burst arrived; returns for how long it waited, which a wall clock that was set makes no sense of. */
static inline uint64_t responder_waited(responder_memory *m) {
    struct msghdr *h = &m->in[0].msg_hdr;
    struct timespec stamp, wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    uint64_t now = m->arrived = wall_nanoseconds(wall);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS) continue;
        memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
        uint64_t arrived = wall_nanoseconds(stamp);
        if (arrived < now && now - arrived < WAITED_MAX) m->arrived = arrived;
    }
    return now - m->arrived;
}

static inline void responder_burst(responder_thread *t, responder_memory *m, int count) {
    uint64_t started = monotonic_nanoseconds() - responder_waited(m);
    uint32_t now = responder_now(t->owner);
    m->used = 0;
    m->found = m->missing = 0;
    atomic_fetch_add(&t->turn, 1);
    responder_expect(t, m, count);
    for (int i = 0; i < count; i++) responder_one(t, m, i, now);
    atomic_fetch_add(&t->turn, 1);
    responder_flush(t, m);
    count_answers(&t->answers, &t->owner->bounds, m->found, m->missing, monotonic_nanoseconds() - started);
    count_add(&t->received, (uint64_t)count);
}

static inline void *responder_run(void *argument) {
    responder_thread *t = argument;
    responder_memory *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    for (int i = 0; i < BURST; i++) {
        m->in_vector[i] = (struct iovec){m->received[i], RECEIVE_MAX};
        m->in[i].msg_hdr = (struct msghdr){.msg_name = &m->from[i], .msg_namelen = sizeof m->from[i],
                                           .msg_iov = &m->in_vector[i], .msg_iovlen = 1};
    }
    m->in[0].msg_hdr.msg_control = m->stamp.room;
    while (!atomic_load_explicit(&t->owner->stop, memory_order_relaxed)) {
        m->in[0].msg_hdr.msg_controllen = sizeof m->stamp.room;
        int count = recvmmsg(t->socket, m->in, BURST, MSG_WAITFORONE, NULL);
        if (count <= 0) continue; /* the time-out of the socket: look at `stop` again */
        responder_burst(t, m, count);
        for (int i = 0; i < count; i++) m->in[i].msg_hdr.msg_namelen = sizeof m->from[i];
    }
    free(m);
    return NULL;
}

/* Have the kernel note arrivals, or not: noted with each datagram they are hidden from whoever asks the socket. */
static inline void responder_stamps(int socket, int on) {
    (void)setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on); /* a system without it tells no times */
}

/* Stop the threads, if they run; what is received from now on waits in the sockets. */
static inline void responder_stop(responder *r) {
    atomic_store(&r->stop, true);
    for (int i = 0; i < r->threads; i++) {
        pthread_join(r->thread[i].thread, NULL);
        responder_stamps(r->thread[i].socket, 0);
    }
    r->threads = 0;
}

/* Whether the system cuts large messages into datagrams; one that knows nothing of it would send them whole. */
static inline bool responder_segments(int socket) {
    int size;
    socklen_t bytes = sizeof size;
    return !getsockopt(socket, IPPROTO_UDP, UDP_SEGMENT, &size, &bytes);
}

/* Start one thread a socket; returns an error number, with no thread left running. */
static inline int responder_start(responder *r, const int *sockets, int count, int handoff) {
    sigset_t all, before;
    struct timeval wait = {.tv_usec = WAKE_MICROSECONDS};
    int error = 0;
    atomic_store(&r->stop, false);
    r->handoff = handoff;
    atomic_store(&r->segmentation, count > 0 && responder_segments(sockets[0]));
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the thread of the event loop */
    for (int i = 0; i < count && !error; i++) {
        responder_thread *t = &r->thread[i];
        t->owner = r;
        t->socket = sockets[i];
        responder_stamps(t->socket, 1);
        if (setsockopt(t->socket, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) ||
            setsockopt(t->socket, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait))
            error = errno;
        else
            error = pthread_create(&t->thread, NULL, responder_run, t);
        if (!error) r->threads = i + 1;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) responder_stop(r);
    return error;
}

/* Return once no thread holds what was reachable before the call (a dropped segment, an old set of prefixes). */
static inline void responder_quiesce(responder *r) {
    for (int i = 0; i < THREADS_MAX; i++) {
        uint64_t turn = atomic_load(&r->thread[i].turn);
        struct timespec pause = {.tv_nsec = 20000};
        while ((turn & 1) && atomic_load(&r->thread[i].turn) == turn) nanosleep(&pause, NULL);
    }
}

#endif
