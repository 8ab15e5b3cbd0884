/* Threads that answer plain resolutions on connections which the event loop lends them.
 *
 * A connection belongs to one side at a time. The loop accepts it and serves it; once it is seen to ask nothing but
 * plain resolutions, the loop stops reading it and lends its socket with the bytes read so far. A thread waits for the
 * sockets lent to it (epoll), reads, answers and sends. At the first bytes that are not plain, at the end of the stream,
 * at an error, and when the peer does not take its answers, it gives the connection back, with what it read and did not
 * answer, and what it could not send. The loop may take a connection back at any time.
 *
 * Who owns it says the loan's `state`: a number that grows with each loan, and a phase.
 *
 *     FREE --loop--> LENT <--thread--> BUSY --thread--> RETURNED --loop--> FREE
 *                     '----------------loop (take back)----------------> FREE
 *
 * A thread touches socket and loan in BUSY only, which it enters from LENT of the number that its event carries: an event
 * of an earlier loan changes nothing. The loop closes no socket before it has it back, so that no thread reads or
 * writes what the system has made of the descriptor since. Loans lie in one table that lives as long as the threads do.
 *
 * Index, log and prefixes are read without a lock beside the one thread that writes:
 *  - Slots move under a version of their group, and a reader that sees it change looks again (slots.h); no memory of
 *    the table is unmapped before the table ends. Records are never changed where they lie, and each is checked
 *    against its CRC as it is read.
 *  - The memory of a segment that goes, of a table that is exchanged, or of an old set of prefixes is given back after
 *    `workers_quiesce` only. A thread's `turn` is odd while it may hold a pointer into any of them; answers are copied
 *    out before it is even again, and sent from the copy. The writer first publishes the new pointer, then waits until
 *    every turn that was odd has changed. Both sides order store and load sequentially: a thread's odd turn is written
 *    before it loads a pointer, the writer's pointer before it loads the turns. So either the writer sees the odd
 *    turn, and waits, or the thread sees the new pointer.
 */
#ifndef IDNODE_WORKERS_H
#define IDNODE_WORKERS_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "stream.h"

enum {
    WORKERS_MAX = 64,
    WORKER_FACES_MAX = 2,
    WORKER_EVENTS = 64,
    WORKER_READ = 1 << 16,
    LENT_BYTES_MAX = 1 << 16, /* more is not lent with a connection */
    WORKER_RUNS_MAX = 8,      /* of one connection, before others have their turn: of more, the loop does the rest */
    PHASE_BITS = 2,
    LOAN_NONE = -1,
};
typedef enum { LOAN_FREE, LOAN_LENT, LOAN_BUSY, LOAN_RETURNED } loan_phase;
#define WORKER_WAKE UINT64_MAX

/* Answers what is plain in front of `in`, to STREAM_ROOM bytes at `out`; `memory` is the thread's own. */
typedef stream_run worker_answer(answerer *a, void *memory, const uint8_t *in, size_t n, int64_t now, uint8_t *out);

/* What is answered on the connections of one face, and how. */
typedef struct {
    answerer *answers;
    worker_answer *answer;
    const void *memory; /* what a thread's own memory is at its start */
    size_t memory_bytes;
    const time_bounds *bounds;
} worker_face;

typedef struct {
    _Atomic uint64_t state;
    _Atomic uint64_t last; /* when something was answered last, in monotonic nanoseconds */
    int socket;
    uint32_t face, thread;
    bool fresh;            /* lent with bytes that are not looked at yet */
    int64_t next;          /* of those that were returned */
    uint8_t *held, *unsent;
    size_t held_bytes, unsent_bytes;
} loan;

typedef struct workers workers;

typedef struct {
    workers *owner;
    pthread_t thread;
    int epoll;
    uint32_t lent; /* connections that the thread has; the loop's */
    _Atomic uint64_t turn; /* odd while the thread may hold a pointer into log, table or prefixes */
    answer_counts answers[WORKER_FACES_MAX];
    void *memory[WORKER_FACES_MAX];
    uint8_t *in, *out;
} worker;

struct workers {
    worker_face face[WORKER_FACES_MAX];
    uint32_t faces;
    _Atomic bool stop;
    _Atomic int64_t clock_offset; /* nanoseconds added to the machine's wall clock */
    _Atomic int64_t returned;     /* the loan that was returned last, LOAN_NONE: none */
    int told, wake;               /* event descriptors: for the loop, and for the threads */
    int threads;
    uint32_t loans;
    loan *loan;
    worker thread[WORKERS_MAX];
};

static inline uint64_t loan_state(uint64_t number, loan_phase phase) { return number << PHASE_BITS | phase; }
static inline loan_phase loan_phase_of(uint64_t state) { return (loan_phase)(state & ((1 << PHASE_BITS) - 1)); }
static inline uint64_t loan_number(uint64_t state) { return state >> PHASE_BITS; }

/* Which loan an event is of: its place in the table, and 32 bits of its number. */
static inline uint64_t loan_event(uint32_t at, uint64_t state) { return (uint64_t)at << 32 | (uint32_t)loan_number(state); }

static inline void worker_tell(int descriptor) {
    uint64_t one = 1;
    while (write(descriptor, &one, sizeof one) < 0 && errno == EINTR) {}
}

static inline void worker_heard(int descriptor) {
    uint64_t count;
    while (read(descriptor, &count, sizeof count) < 0 && errno == EINTR) {}
}

/* ---- a thread ---- */

static inline uint8_t *worker_copy(const uint8_t *from, size_t bytes) {
    uint8_t *copy = malloc(bytes);
    if (copy) memcpy(copy, from, bytes);
    return copy;
}

/* Keep bytes with a loan; without memory they are lost, and the stream with them. */
static inline bool worker_keep(uint8_t **kept, size_t *kept_bytes, const uint8_t *from, size_t bytes) {
    *kept = bytes ? worker_copy(from, bytes) : NULL;
    *kept_bytes = *kept ? bytes : 0;
    return *kept_bytes == bytes;
}

/* Give a connection back to the loop. */
static inline void worker_return(worker *t, loan *l, uint64_t number) {
    workers *w = t->owner;
    (void)epoll_ctl(t->epoll, EPOLL_CTL_DEL, l->socket, NULL);
    atomic_store_explicit(&l->state, loan_state(number, LOAN_RETURNED), memory_order_release);
    /* The loop takes all at once, so nobody can mistake a loan that came again for the one that was there. */
    int64_t at = l - w->loan, before = atomic_load(&w->returned);
    do l->next = before; while (!atomic_compare_exchange_weak(&w->returned, &before, at));
    if (before == LOAN_NONE) worker_tell(w->told);
}

static inline int64_t worker_now(workers *w) {
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    int64_t shown = (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec +
                    atomic_load_explicit(&w->clock_offset, memory_order_relaxed);
    return shown / 1000000000 - (shown % 1000000000 < 0);
}

/* Answer what is plain in front of these bytes into the thread's buffer, and count it. */
static inline stream_run worker_answers(worker *t, uint32_t face, const uint8_t *in, size_t n, uint64_t started) {
    worker_face *f = &t->owner->face[face];
    atomic_fetch_add(&t->turn, 1);
    atomic_thread_fence(memory_order_seq_cst); /* no pointer is loaded before others can see the odd turn */
    stream_run run = f->answer(f->answers, t->memory[face], in, n, worker_now(t->owner), t->out);
    atomic_fetch_add(&t->turn, 1);
    count_answers(&t->answers[face], f->bounds, run.found, run.missing, monotonic_nanoseconds() - started);
    return run;
}

static inline size_t worker_send(int socket, const uint8_t *from, size_t bytes) {
    ssize_t sent;
    do sent = send(socket, from, bytes, MSG_NOSIGNAL | MSG_DONTWAIT); while (sent < 0 && errno == EINTR);
    return sent < 0 ? 0 : (size_t)sent;
}

/* Read what came on a connection behind what is held; returns the bytes of both, and whether nothing more can come. */
static inline size_t worker_read(worker *t, loan *l, bool *over) {
    ssize_t got;
    if (l->held_bytes) memcpy(t->in, l->held, l->held_bytes);
    do got = recv(l->socket, t->in + l->held_bytes, WORKER_READ, MSG_DONTWAIT); while (got < 0 && errno == EINTR);
    *over = got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
    size_t bytes = l->held_bytes + (got > 0 ? (size_t)got : 0);
    free(l->held);
    l->held = NULL;
    l->held_bytes = 0;
    return bytes;
}

/* Serve a connection once; returns whether the thread keeps it. */
static inline bool worker_serve(worker *t, loan *l, uint64_t started) {
    bool over;
    size_t n = worker_read(t, l, &over), at = 0, sent = 0;
    stream_run run = {0};
    for (int runs = 0; at < n && runs < WORKER_RUNS_MAX; runs++) {
        run = worker_answers(t, l->face, t->in + at, n - at, started);
        if (!run.used) break;
        at += run.used;
        sent = worker_send(l->socket, t->out, run.bytes);
        if (sent < run.bytes || run.incomplete) break;
    }
    if (at) atomic_store_explicit(&l->last, monotonic_nanoseconds(), memory_order_relaxed);
    bool kept = worker_keep(&l->held, &l->held_bytes, t->in + at, n - at);
    if (sent < run.bytes) kept &= worker_keep(&l->unsent, &l->unsent_bytes, t->out + sent, run.bytes - sent);
    if (!kept) shutdown(l->socket, SHUT_RDWR); /* the loop will find its end */
    return kept && !over && !l->unsent_bytes && (at == n || run.incomplete);
}

static inline void worker_event(worker *t, uint64_t event, uint64_t started) {
    uint32_t at = (uint32_t)(event >> 32);
    loan *l = &t->owner->loan[at];
    uint64_t state = atomic_load_explicit(&l->state, memory_order_relaxed), number = loan_number(state);
    uint64_t lent = loan_state(number, LOAN_LENT);
    if (loan_event(at, state) != event ||
        !atomic_compare_exchange_strong_explicit(&l->state, &lent, loan_state(number, LOAN_BUSY),
                                                 memory_order_acquire, memory_order_relaxed))
        return; /* taken back since */
    struct epoll_event wanted = {.events = EPOLLIN, .data.u64 = event};
    bool fresh = l->fresh;
    l->fresh = false;
    if (!worker_serve(t, l, started) || (fresh && epoll_ctl(t->epoll, EPOLL_CTL_MOD, l->socket, &wanted)))
        worker_return(t, l, number);
    else
        atomic_store_explicit(&l->state, loan_state(number, LOAN_LENT), memory_order_release);
}

static inline void *worker_run(void *argument) {
    worker *t = argument;
    struct epoll_event events[WORKER_EVENTS];
    while (!atomic_load_explicit(&t->owner->stop, memory_order_relaxed)) {
        int count = epoll_wait(t->epoll, events, WORKER_EVENTS, -1);
        uint64_t started = monotonic_nanoseconds(); /* those behind the first wait for it */
        for (int i = 0; i < count; i++)
            if (events[i].data.u64 != WORKER_WAKE) worker_event(t, events[i].data.u64, started);
    }
    return NULL;
}

/* How a thread answers on a connection of the Handle protocol, which takes no memory. */
static inline stream_run worker_stream(answerer *a, void *memory, const uint8_t *in, size_t n, int64_t now,
                                       uint8_t *out) {
    (void)memory;
    return stream_answer(a, in, n, (uint32_t)now, out);
}

/* ---- the loop's side ---- */

/* Return once no thread holds what was reachable before the call; by any thread. */
static inline void workers_quiesce(workers *w) {
    atomic_thread_fence(memory_order_seq_cst);
    for (int i = 0; i < WORKERS_MAX; i++) {
        uint64_t turn = atomic_load(&w->thread[i].turn);
        struct timespec pause = {.tv_nsec = 20000};
        while ((turn & 1) && atomic_load(&w->thread[i].turn) == turn) nanosleep(&pause, NULL);
    }
}

static inline void worker_clear(worker *t) {
    if (t->epoll >= 0) close(t->epoll);
    t->epoll = -1;
    for (uint32_t f = 0; f < WORKER_FACES_MAX; f++) {
        free(t->memory[f]);
        t->memory[f] = NULL;
    }
    free(t->in);
    free(t->out);
    t->in = t->out = NULL;
}

/* Stop the threads, if they run. Connections that they had stay lent until they are taken back. */
static inline void workers_stop(workers *w) {
    atomic_store(&w->stop, true);
    worker_tell(w->wake);
    for (int i = 0; i < w->threads; i++) {
        pthread_join(w->thread[i].thread, NULL);
        worker_clear(&w->thread[i]);
    }
    if (w->threads) worker_heard(w->wake);
    w->threads = 0;
}

static inline void workers_free(workers *w) {
    if (!w) return;
    workers_stop(w);
    for (uint32_t i = 0; i < w->loans && w->loan; i++) {
        free(w->loan[i].held);
        free(w->loan[i].unsent);
    }
    if (w->told >= 0) close(w->told);
    if (w->wake >= 0) close(w->wake);
    free(w->loan);
    free(w);
}

/* Room for so many loans at once; NULL without memory, or without descriptors. No thread runs yet. */
static inline workers *workers_new(uint32_t loans) {
    workers *w = calloc(1, sizeof *w);
    if (!w) return NULL;
    w->told = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    w->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    w->loan = calloc(loans ? loans : 1, sizeof *w->loan);
    w->loans = loans;
    atomic_init(&w->returned, LOAN_NONE);
    if (w->told < 0 || w->wake < 0 || !w->loan) {
        workers_free(w);
        return NULL;
    }
    return w;
}

/* Make ready what a thread needs; returns an error number. */
static inline int worker_prepare(worker *t, workers *w) {
    struct epoll_event wake = {.events = EPOLLIN, .data.u64 = WORKER_WAKE};
    t->owner = w;
    t->lent = 0;
    t->in = malloc(LENT_BYTES_MAX + WORKER_READ);
    t->out = malloc(STREAM_ROOM);
    t->epoll = epoll_create1(EPOLL_CLOEXEC);
    bool whole = t->in && t->out;
    for (uint32_t f = 0; f < w->faces; f++)
        if (w->face[f].memory_bytes)
            whole &= (t->memory[f] = worker_copy(w->face[f].memory, w->face[f].memory_bytes)) != NULL;
    if (!whole) return ENOMEM;
    return t->epoll < 0 || epoll_ctl(t->epoll, EPOLL_CTL_ADD, w->wake, &wake) ? errno : 0;
}

/* Start so many threads; returns an error number, with no thread left running. */
static inline int workers_start(workers *w, int count) {
    sigset_t all, before;
    int error = 0;
    atomic_store(&w->stop, false);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the thread of the event loop */
    for (int i = 0; i < count && !error; i++) {
        worker *t = &w->thread[i];
        error = worker_prepare(t, w);
        if (!error) error = pthread_create(&t->thread, NULL, worker_run, t);
        if (!error) w->threads = i + 1;
        else worker_clear(t);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error) workers_stop(w);
    return error;
}

/* Lend a connection by a free loan, with bytes that came on it; returns whether a thread has it now. */
static inline bool workers_lend(workers *w, uint32_t at, uint32_t face, int socket, const uint8_t *data, size_t bytes) {
    loan *l = &w->loan[at];
    uint64_t state = loan_state(loan_number(atomic_load(&l->state)) + 1, LOAN_LENT);
    uint32_t least = 0;
    for (int i = 1; i < w->threads; i++)
        if (w->thread[i].lent < w->thread[least].lent) least = (uint32_t)i;
    if (!w->threads || bytes > LENT_BYTES_MAX || !worker_keep(&l->held, &l->held_bytes, data, bytes)) return false;
    l->socket = socket;
    l->face = face;
    l->thread = least;
    l->fresh = true;
    atomic_store_explicit(&l->last, monotonic_nanoseconds(), memory_order_relaxed);
    atomic_store_explicit(&l->state, state, memory_order_release);
    /* There is room to send, so the thread is called at once, for the bytes that came already. */
    struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT, .data.u64 = loan_event(at, state)};
    if (!epoll_ctl(w->thread[least].epoll, EPOLL_CTL_ADD, socket, &wanted)) {
        w->thread[least].lent++;
        return true;
    }
    atomic_store(&l->state, loan_state(loan_number(state), LOAN_FREE));
    free(l->held);
    l->held = NULL;
    l->held_bytes = 0;
    return false;
}

/* Note that the loop has a connection again; its bytes are the caller's to free. */
static inline void workers_settle(workers *w, loan *l) {
    if (w->threads) w->thread[l->thread].lent--;
    atomic_store(&l->state, loan_state(loan_number(atomic_load(&l->state)), LOAN_FREE));
}

/* Take a connection back, as soon as its thread is not about to answer; false: it has been returned already. */
static inline bool workers_take_back(workers *w, uint32_t at) {
    loan *l = &w->loan[at];
    for (;;) {
        uint64_t state = atomic_load_explicit(&l->state, memory_order_acquire);
        loan_phase phase = loan_phase_of(state);
        if (phase != LOAN_LENT && phase != LOAN_BUSY) return false;
        if (phase == LOAN_LENT &&
            atomic_compare_exchange_strong(&l->state, &state, loan_state(loan_number(state), LOAN_FREE))) {
            if (w->threads) (void)epoll_ctl(w->thread[l->thread].epoll, EPOLL_CTL_DEL, l->socket, NULL);
            workers_settle(w, l);
            return true;
        }
        struct timespec pause = {.tv_nsec = 5000};
        if (phase == LOAN_BUSY) nanosleep(&pause, NULL);
    }
}

/* All loans that were returned, the last one first, linked by `next`; LOAN_NONE: there are none. */
static inline int64_t workers_returned(workers *w) {
    worker_heard(w->told);
    return atomic_exchange(&w->returned, LOAN_NONE);
}

#endif
