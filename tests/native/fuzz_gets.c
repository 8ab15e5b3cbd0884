/* Any bytes as what comes on an HTTP connection, and as the values of a record that a plain GET asks for.
 *
 * Beyond what the sanitizers see: a run stays within its bounds, and each answer is as long as its head says.
 */
#include <stdio.h>

#include "slots_write.h"
#include "gets.h"

enum { SEGMENT_BYTES = 1 << 20, VALUES_AT = 4096 };
#define ASKED "GET /api/handles/88.900.1/fuzz HTTP/1.1\r\nHost: localhost:80\r\nAccept: */*\r\n\r\n"

static log_view view;
static slot_table *table;
static answerer answers;
static gets_memory *memory;
static uint8_t *segment, *out;

static void check(bool right, const char *what) {
    if (right) return;
    fprintf(stderr, "fuzz_gets: %s\n", what);
    abort();
}

static void record_put(const uint8_t *values, size_t bytes) {
    static const char handle[] = "88.900.1/fuzz";
    uint8_t *record = segment + VALUES_AT;
    uint16_t handle_bytes = sizeof handle - 1;
    uint32_t length = RECORD_HEADER + handle_bytes + (uint32_t)bytes, crc;
    memset(record, 0, record_size(length));
    memcpy(record + 4, &length, 4);
    record[16] = RECORD_PUT;
    memcpy(record + 18, &handle_bytes, 2);
    memcpy(record + RECORD_HEADER, handle, handle_bytes);
    if (bytes) memcpy(record + RECORD_HEADER + handle_bytes, values, bytes);
    crc = crc32c(record + 4, length - 4);
    memcpy(record, &crc, 4);
}

static void prepare(void) {
    static const uint64_t secret[2] = {3, 4};
    static const uint8_t prefix[] = "88.900.1", key[] = "88.900.1/FUZZ";
    segment = calloc(1, SEGMENT_BYTES);
    table = slots_new(secret);
    memory = calloc(1, sizeof *memory);
    out = malloc(GETS_ROOM);
    served_prefixes *served = served_new(1, sizeof prefix);
    if (!segment || !table || !memory || !out || !served) abort();
    gets_begin(memory);
    memory->hosts.count = 1;
    memory->hosts.name[0].bytes = 9;
    memcpy(memory->hosts.name[0].name, "localhost", 9);
    log_map(&view, 1, segment, SEGMENT_BYTES);
    served_add(served, slots_hash(table, prefix, sizeof prefix - 1), prefix, sizeof prefix - 1, NULL);
    answers.table = table;
    answers.log = &view;
    atomic_store(&answers.served, served);
    record_put(NULL, 0);
    size_t bytes = sizeof key - 1;
    slots_put(table, &view, slots_hash(table, key, bytes), key, bytes, UINT64_C(1) << SPAN_BITS | VALUES_AT >> 3);
}

static void ask(const uint8_t *data, size_t size) {
    gets_run run = gets_answer_run(&answers, memory, data, size, 1800000000, out);
    check(run.used <= size && run.bytes <= GETS_ROOM, "a run out of its bounds");
    check(!run.used == !run.found && !run.used == !run.bytes, "a run that counts wrongly");
    if (run.found != 1) return;
    const uint8_t *body = memmem(out, run.bytes, "\r\n\r\n", 4);
    check(body != NULL, "an answer without an end of its head");
    const char *length = memmem(out, run.bytes, "Content-Length: ", 16);
    check(length && (size_t)atol(length + 16) == run.bytes - (size_t)(body + 4 - out), "an answer of another length");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!segment) prepare();
    uint8_t *apart = malloc(size ? size : 1); /* so that the sanitizer sees whoever reads behind the end */
    if (!apart) abort();
    if (size) memcpy(apart, data, size);
    ask(apart, size);
    free(apart);
    record_put(data, size < RECORD_BYTES_MAX ? size : RECORD_BYTES_MAX);
    ask((const uint8_t *)ASKED, sizeof ASKED - 1);
    return 0;
}
