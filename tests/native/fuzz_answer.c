/* Any bytes as a datagram, as a stream, and as the values of a record.
 *
 * Beyond what the sanitizers see: an answer stays within its bounds, names the request's id and no more bytes than it
 * has, and its datagrams are at most 512 bytes long with the total length in each.
 */
#include <stdio.h>

#include "slots_write.h"
#include "stream.h"

enum { SEGMENT_BYTES = 1 << 20, VALUES_AT = 4096 };

static log_view view;
static slot_table *table;
static answerer answers;
static uint8_t *segment;

static void check(bool right, const char *what) {
    if (right) return;
    fprintf(stderr, "fuzz_answer: %s\n", what);
    abort();
}

static uint32_t record_put(uint32_t at, const char *handle, uint8_t flags, const uint8_t *values, size_t bytes) {
    uint8_t *record = segment + at;
    uint16_t handle_bytes = (uint16_t)strlen(handle);
    uint32_t length = RECORD_HEADER + handle_bytes + (uint32_t)bytes, crc;
    memset(record, 0, record_size(length));
    memcpy(record + 4, &length, 4);
    record[16] = RECORD_PUT;
    record[17] = flags;
    memcpy(record + 18, &handle_bytes, 2);
    memcpy(record + RECORD_HEADER, handle, handle_bytes);
    if (bytes) memcpy(record + RECORD_HEADER + handle_bytes, values, bytes);
    crc = crc32c(record + 4, length - 4);
    memcpy(record, &crc, 4);
    return at + record_size(length);
}

static void index_put(const char *handle, uint32_t at) {
    uint8_t key[256];
    size_t bytes = strlen(handle);
    fold(key, (const uint8_t *)handle, bytes);
    slots_put(table, &view, slots_hash(table, key, bytes), key, bytes, UINT64_C(1) << SPAN_BITS | at >> 3);
}

static size_t value_write(uint8_t *at, uint32_t index, const char *type, size_t data_bytes) {
    uint8_t *p = set4(at, index), *start = at;
    memset(p, 0, 10);
    p = set4(p + 10, (uint32_t)strlen(type));
    memcpy(p, type, strlen(type));
    p = set4(p + strlen(type), (uint32_t)data_bytes);
    memset(p, 'x', data_bytes);
    p = set4(p + data_bytes, 0);
    return (size_t)(p - start);
}

static void prepare(void) {
    static const uint64_t secret[2] = {3, 4};
    static const uint8_t prefix[] = "88.900.1";
    uint8_t values[4096];
    segment = calloc(1, SEGMENT_BYTES);
    table = slots_new(secret);
    served_prefixes *served = served_new(1, sizeof prefix);
    if (!segment || !table || !served) abort();
    log_map(&view, 1, segment, SEGMENT_BYTES);
    served_add(served, slots_hash(table, prefix, sizeof prefix - 1), prefix, sizeof prefix - 1, NULL);
    answers.table = table;
    answers.log = &view;
    answers.mark_truncated = true;
    answers.datagram_answer_max = UINT32_MAX;
    atomic_store(&answers.served, served);
    size_t bytes = 4;
    set4(values, 3);
    bytes += value_write(values + bytes, 1, "URL", 20);
    bytes += value_write(values + bytes, 2, "URL.CN", 900);
    bytes += value_write(values + bytes, 3, "DESC", 0);
    uint32_t at = record_put(64, "88.900.1/hello", 0, values, bytes);
    index_put("88.900.1/hello", 64);
    record_put(at, "88.900.1/secret", FLAG_RESTRICTED, values, bytes);
    index_put("88.900.1/secret", at);
    record_put(VALUES_AT, "88.900.1/fuzz", 0, values, bytes);
    index_put("88.900.1/fuzz", VALUES_AT);
}

static void as_request(const uint8_t *data, size_t size) {
    static uint8_t out[ANSWER_MAX + DATAGRAMS_MAX * ENVELOPE];
    uint32_t code = 0;
    served_prefix *prefix = NULL;
    size_t bytes = answer(&answers, data, size, 1800000000, out, &code, &prefix);
    if (bytes == NOT_MINE) return;
    check(bytes <= ANSWER_MAX && bytes >= ENVELOPE + HEADER + 8, "an answer out of its bounds");
    check(get4(out + 16) == bytes - ENVELOPE, "an answer of another length than it says");
    check(!memcmp(out + 8, data + 8, 4), "an answer to another request");
    check((code == SUCCESS || code == HANDLE_NOT_FOUND) && get4(out + 24) == code, "an odd response code");
    check(prefix != NULL, "an answer below no prefix");
    size_t cut = answer_cut(&answers, out, bytes), parts = (cut + DATAGRAM_MAX - 1) / DATAGRAM_MAX;
    check(cut == bytes + (parts - 1) * ENVELOPE, "datagrams of another length than the answer");
    for (size_t i = 0; i < parts; i++) {
        const uint8_t *datagram = out + i * DATAGRAM_MAX;
        check(get4(datagram + 12) == i && get4(datagram + 16) == bytes - ENVELOPE, "an odd datagram");
    }
}

static void as_stream(const uint8_t *data, size_t size) {
    static uint8_t *out;
    if (!out && !(out = malloc(STREAM_ROOM))) abort();
    stream_run run = stream_answer(&answers, data, size, 1800000000, out);
    check(run.used <= size && run.bytes <= STREAM_ROOM, "a run out of its bounds");
    check(!run.used == !(run.found + run.missing), "a run that counts wrongly");
}

/* A resolution of 88.900.1/fuzz, whose values are the input, with these filters. */
static void as_values(const uint8_t *data, size_t size, uint32_t indexes, uint32_t types) {
    uint8_t asked[256] = {MAJOR, MINOR, MAJOR, MINOR}, *body = asked + ENVELOPE + HEADER, *p = body;
    p = set4(p, 13);
    memcpy(p, "88.900.1/fuzz", 13);
    p = set4(p + 13, indexes);
    for (uint32_t i = 0; i < indexes; i++) p = set4(p, i + 1);
    p = set4(p, types);
    for (uint32_t i = 0; i < types; i++, p += 4) memcpy(p = set4(p, 4), i ? "DESC" : "URL.", 4);
    set4(asked + 16, (uint32_t)(p - asked) - ENVELOPE);
    set4(asked + ENVELOPE, 1);
    set4(asked + ENVELOPE + 20, (uint32_t)(p - body));
    record_put(VALUES_AT, "88.900.1/fuzz", 0, data, size);
    as_request(asked, (size_t)(p - asked));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (!segment) prepare();
    as_request(data, size);
    as_stream(data, size);
    size_t values = size < RECORD_BYTES_MAX ? size : RECORD_BYTES_MAX;
    as_values(data, values, 0, 0);
    as_values(data, values, 2, 0);
    as_values(data, values, 0, 2);
    return 0;
}
