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

#include "responder.h"
#include "slots_write.h"

enum { ASKED = 64, SPAN = 1 << 20, DATA_BYTES = 300, TRIES_MAX = 20 };

static log_view view;
static slot_table *table;
static answerer answers;
static responder threads;
static uint8_t *segment[2];
static uint8_t *filler;
static size_t filler_at = 64, filler_bytes;
static _Atomic bool over;
static unsigned long rounds;

static void fail(const char *what) {
    fprintf(stderr, "stress_responder: %s\n", what);
    abort();
}

static size_t handle_write(char *out, const char *series, unsigned long number) {
    return (size_t)sprintf(out, "88.900.1/%s%lu", series, number);
}

/* A record whose one value is so many times one letter. */
static uint32_t record_write(uint8_t *record, const char *handle, size_t handle_bytes, char letter, size_t data_bytes) {
    uint8_t *p = record + RECORD_HEADER;
    uint16_t short_bytes = (uint16_t)handle_bytes;
    memset(record, 0, RECORD_HEADER);
    record[16] = RECORD_PUT;
    memcpy(record + 18, &short_bytes, 2);
    memcpy(p, handle, handle_bytes);
    p = set4(set4(p + handle_bytes, 1), 1);
    memset(p, 0, 10);
    p = set4(p + 10, 3);
    memcpy(p, "URL", 3);
    p = set4(p + 3, (uint32_t)data_bytes);
    memset(p, letter, data_bytes);
    p = set4(p + data_bytes, 0);
    uint32_t length = (uint32_t)(p - record), crc;
    memset(p, 0, 8);
    memcpy(record + 4, &length, 4);
    crc = crc32c(record + 4, length - 4);
    memcpy(record, &crc, 4);
    return record_size(length);
}

static void index_put(const char *handle, size_t bytes, uint64_t place) {
    uint8_t key[64];
    fold(key, (const uint8_t *)handle, bytes);
    if (slots_put(table, &view, slots_hash(table, key, bytes), key, bytes, place) == UINT64_MAX) fail("no memory");
}

/* Write every asked record anew into a segment, then point the table there. */
static void move_to(int to, char letter) {
    size_t at = 64;
    log_map(&view, (uint32_t)to + 1, segment[to], SPAN);
    for (unsigned long i = 0; i < ASKED; i++) {
        char handle[64];
        size_t bytes = handle_write(handle, "asked", i);
        uint32_t size = record_write(segment[to] + at, handle, bytes, letter, DATA_BYTES);
        index_put(handle, bytes, (uint64_t)(to + 1) << SPAN_BITS | at >> 3);
        at += size;
    }
}

static void add_fillers(unsigned long from, unsigned long to) {
    for (unsigned long i = from; i < to && filler_at + 256 < filler_bytes; i++) {
        char handle[64];
        size_t bytes = handle_write(handle, "f", i);
        uint32_t size = record_write(filler + filler_at, handle, bytes, 'f', 8);
        index_put(handle, bytes, UINT64_C(3) << SPAN_BITS | filler_at >> 3);
        filler_at += size;
    }
}

static void serve(const char *second) {
    served_prefixes *served = served_new(2, 64), *before;
    const char *names[] = {"88.900.1", second};
    for (int i = 0; served && i < 2; i++)
        served_add(served, slots_hash(table, (const uint8_t *)names[i], strlen(names[i])), (const uint8_t *)names[i],
                   strlen(names[i]), NULL);
    before = atomic_load(&answers.served);
    atomic_store(&answers.served, served);
    responder_quiesce(&threads);
    served_free(before);
}

static void *write_on(void *unused) {
    (void)unused;
    for (unsigned long round = 0; round < rounds; round++) {
        int to = (int)(round + 1) & 1;
        move_to(to, (char)('a' + round % 26));
        log_map(&view, (uint32_t)(1 - to) + 1, NULL, 0);
        responder_quiesce(&threads); /* nobody reads there any more */
        memset(segment[1 - to], 0xdd, SPAN);
        add_fillers(round * 200, round * 200 + 200);
        serve(round % 2 ? "88.900.2" : "88.900.3");
    }
    atomic_store(&over, true);
    return NULL;
}

static void check_answer(const uint8_t *answer, ssize_t bytes) {
    if (bytes < ENVELOPE + HEADER + DATA_BYTES || get4(answer + 24) != SUCCESS) fail("a record that is there was missed");
    const uint8_t *data = answer + bytes - 8 - DATA_BYTES;
    for (int i = 1; i < DATA_BYTES; i++)
        if (data[i] != data[0]) fail("a record of two versions");
}

static unsigned long ask(int client) {
    uint8_t out[256] = {MAJOR, MINOR, MAJOR, MINOR}, in[2048];
    unsigned long asked = 0;
    while (!atomic_load(&over)) {
        char handle[64];
        size_t bytes = handle_write(handle, asked & 1 ? "asked" : "ASKED", asked % ASKED);
        uint8_t *body = out + ENVELOPE + HEADER;
        set4(out + 8, (uint32_t)++asked);
        set4(out + 16, (uint32_t)(HEADER + 12 + bytes));
        set4(out + ENVELOPE, 1);
        set4(out + ENVELOPE + 20, (uint32_t)(12 + bytes));
        memcpy(set4(body, (uint32_t)bytes), handle, bytes);
        memset(body + 4 + bytes, 0, 8);
        ssize_t received = -1;
        for (int tries = 0; received < 0 && tries < TRIES_MAX; tries++) { /* again when it was handed over */
            if (send(client, out, ENVELOPE + HEADER + 12 + bytes, 0) < 0) fail("send");
            received = recv(client, in, sizeof in, 0);
        }
        if (get4(in + 8) != asked) fail("an answer that came late");
        check_answer(in, received);
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
    static const uint64_t secret[2] = {5, 6};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval patience = {.tv_sec = 1};
    int pair[2], sockets[2];
    pthread_t writer;
    rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    filler_bytes = rounds * 200 * 96 + 4096;
    filler = calloc(1, filler_bytes);
    for (int i = 0; i < 2; i++) segment[i] = calloc(1, SPAN);
    table = slots_new(secret);
    if (!filler || !segment[0] || !segment[1] || !table) fail("no memory");
    log_map(&view, 3, filler, filler_bytes);
    answers.table = table;
    answers.log = &view;
    threads.answers = &answers;
    move_to(0, 'z');
    serve("88.900.2");
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
