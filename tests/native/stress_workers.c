/* Threads on lent connections beside a writer that never rests, and a lender: under ThreadSanitizer, and checked by clients.
 *
 * The writer adds handles (so that the table grows and splits), moves every asked record from one segment to the
 * other, hides the old segment, fills it with rubbish once no reader can be in it, and replaces the prefixes. Clients ask
 * all the while, several requests at once and some in two halves: each record must be found, whole, of one version, in
 * its order. The lender takes connections back at any moment, as an event loop does, passes on those that were returned,
 * and stops and starts the threads.
 */
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "records.h"
#include "workers.h"

enum { ASKED = 64, CLIENTS = 3, DATA_BYTES = 300, PIPELINED = 4 };

static workers *lent;
static time_bounds bounds;
static unsigned long rounds;
static _Atomic uint64_t answered;
static int theirs[CLIENTS];

static void wait_for_readers(void) { workers_quiesce(lent); }

static void *write_on(void *unused) {
    (void)unused;
    for (unsigned long round = 0; round < rounds; round++) writer_round(round, ASKED, DATA_BYTES, wait_for_readers);
    atomic_store(&over, true);
    return NULL;
}

static void read_all(int from, uint8_t *to, size_t bytes) {
    for (size_t at = 0; at < bytes;) {
        ssize_t got = recv(from, to + at, bytes - at, 0);
        if (got <= 0) fail("a connection ended");
        at += (size_t)got;
    }
}

static void *ask(void *argument) {
    int client = *(int *)argument;
    uint8_t out[PIPELINED * 256], in[4096];
    for (uint32_t turn = 0; !atomic_load(&over); turn++) {
        size_t bytes = 0;
        for (uint32_t i = 0; i < PIPELINED; i++)
            bytes += request_write(out + bytes, turn * PIPELINED + i, turn % ASKED);
        size_t half = turn % 3 ? bytes : bytes - 30;
        if (send(client, out, half, 0) != (ssize_t)half) fail("send");
        if (half < bytes && send(client, out + half, bytes - half, 0) != (ssize_t)(bytes - half)) fail("send");
        for (uint32_t i = 0; i < PIPELINED; i++) {
            read_all(client, in, ENVELOPE);
            size_t more = get4(in + 16);
            if (more > sizeof in - ENVELOPE) fail("an answer of a length that none has");
            read_all(client, in + ENVELOPE, more);
            if (get4(in + 8) != turn * PIPELINED + i) fail("an answer out of its order");
            check_answer(in, (ssize_t)(ENVELOPE + more), DATA_BYTES);
            atomic_fetch_add(&answered, 1);
        }
    }
    return NULL;
}

/* What a connection brought back goes out with it again; what could not be sent is sent first. */
static void lend_again(uint32_t at) {
    loan *l = &lent->loan[at];
    uint8_t *held = l->held, *unsent = l->unsent;
    size_t held_bytes = l->held_bytes, unsent_bytes = l->unsent_bytes;
    l->held = l->unsent = NULL;
    l->held_bytes = l->unsent_bytes = 0;
    if (unsent_bytes && send(theirs[at], unsent, unsent_bytes, 0) != (ssize_t)unsent_bytes) fail("send");
    if (!workers_lend(lent, at, 0, theirs[at], held, held_bytes)) fail("a connection that cannot be lent");
    free(held);
    free(unsent);
}

static void lend_returned(void) {
    int64_t next, at = workers_returned(lent);
    for (; at != LOAN_NONE; at = next) {
        next = lent->loan[at].next;
        workers_settle(lent, &lent->loan[at]);
        lend_again((uint32_t)at);
    }
}

static void restart(void) {
    workers_stop(lent);
    bool taken[CLIENTS];
    for (uint32_t at = 0; at < CLIENTS; at++) taken[at] = workers_take_back(lent, at);
    if (workers_start(lent, 2)) fail("start");
    lend_returned();
    for (uint32_t at = 0; at < CLIENTS; at++)
        if (taken[at]) lend_again(at);
}

/* Plays the event loop until the writer is done, and behind it until the clients are. */
static unsigned long lend(pthread_t *client) {
    unsigned long turns = 0;
    struct pollfd told = {.fd = lent->told, .events = POLLIN};
    for (; !atomic_load(&over); turns++) {
        poll(&told, 1, 1);
        lend_returned();
        if (workers_take_back(lent, (uint32_t)(turns % CLIENTS))) lend_again((uint32_t)(turns % CLIENTS));
        else lend_returned();
        if (turns % 50 == 49) restart();
    }
    for (int i = 0; i < CLIENTS; i++)
        while (pthread_tryjoin_np(client[i], NULL)) {
            poll(&told, 1, 1);
            lend_returned();
        }
    return turns;
}

int main(int argc, char **argv) {
    static int ours[CLIENTS];
    pthread_t writer, client[CLIENTS];
    rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    records_begin(rounds);
    lent = workers_new(CLIENTS);
    if (!lent) fail("no memory");
    lent->face[0] = (worker_face){.answers = &answers, .answer = worker_stream, .bounds = &bounds};
    lent->faces = 1;
    writer_begin(ASKED, DATA_BYTES, wait_for_readers);
    if (workers_start(lent, 2)) fail("start");
    for (uint32_t at = 0; at < CLIENTS; at++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) fail("socketpair");
        ours[at] = pair[0];
        theirs[at] = pair[1];
        if (!workers_lend(lent, at, 0, pair[1], NULL, 0)) fail("a connection that cannot be lent");
        pthread_create(&client[at], NULL, ask, &ours[at]);
    }
    pthread_create(&writer, NULL, write_on, NULL);
    unsigned long turns = lend(client);
    pthread_join(writer, NULL);
    workers_free(lent);
    printf("%lu answers beside %lu rounds of changes, %lu turns of the lender\n",
           (unsigned long)atomic_load(&answered), rounds, turns);
    return 0;
}
