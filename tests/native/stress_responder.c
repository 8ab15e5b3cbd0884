/* Responder threads beside a writer that never rests: under ThreadSanitizer, and checked by its own client.
 *
 * The writer adds handles (so that the table grows and splits), moves every asked record from one segment to the
 * other, hides the old segment, fills it with rubbish once no reader can be in it, and replaces the prefixes. The client
 * asks all the while: each record must be found, whole, and of one version. One that went away under a reader is
 * handed over, and asked for again.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <unistd.h>

#include "records.h"
#include "responder.h"

enum { ASKED = 64, DATA_BYTES = 300, TRIES_MAX = 20 };

static responder threads;
static unsigned long rounds;

static void wait_for_readers(void) { responder_quiesce(&threads); }

static void *write_on(void *unused) {
    (void)unused;
    for (unsigned long round = 0; round < rounds; round++) writer_round(round, ASKED, DATA_BYTES, wait_for_readers);
    atomic_store(&over, true);
    return NULL;
}

static unsigned long ask(int client) {
    uint8_t out[256], in[2048];
    uint32_t asked = 0;
    while (!atomic_load(&over)) {
        asked++;
        size_t bytes = request_write(out, asked, asked % ASKED);
        ssize_t received = -1;
        for (int tries = 0; received < 0 && tries < TRIES_MAX; tries++) { /* again when it was handed over */
            if (send(client, out, bytes, 0) < 0) fail("send");
            received = recv(client, in, sizeof in, 0);
        }
        if (get4(in + 8) != asked) fail("an answer that came late");
        check_answer(in, received, DATA_BYTES);
    }
    return asked;
}

static int bound_socket(struct sockaddr_in *address) {
    int made = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
    socklen_t bytes = sizeof *address;
    setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(made, (struct sockaddr *)address, bytes) || getsockname(made, (struct sockaddr *)address, &bytes))
        fail("bind");
    return made;
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 1};
    int pair[2], sockets[2];
    pthread_t writer;
    rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    records_begin(rounds);
    threads.answers = &answers;
    writer_begin(ASKED, DATA_BYTES, wait_for_readers);
    for (int i = 0; i < 2; i++) sockets[i] = bound_socket(&address);
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) || responder_start(&threads, sockets, 2, pair[1])) fail("start");
    int client = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(client, (struct sockaddr *)&address, sizeof address)) fail("connect");
    pthread_create(&writer, NULL, write_on, NULL);
    unsigned long asked = ask(client);
    pthread_join(writer, NULL);
    responder_stop(&threads);
    printf("%lu answers beside %lu rounds of changes\n", asked, rounds);
    return 0;
}
