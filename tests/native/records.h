/* Records for stress programs, and the writer that moves them about: what it may never rest from.
 *
 * `writer_round` moves every asked record from one segment to the other, hides the old segment, fills it with rubbish once
 * no reader can be in it, adds handles, so that the table grows and splits, and replaces the prefixes.
 */
#ifndef IDNODE_STRESS_RECORDS_H
#define IDNODE_STRESS_RECORDS_H

#include <stdio.h>

#include "answer.h"
#include "slots_write.h"

enum { SPAN = 1 << 20, FILLERS = 200 };

static log_view view;
static slot_table *table;
static answerer answers;
static uint8_t *segment[2];
static uint8_t *filler;
static size_t filler_at = 64, filler_bytes;
static _Atomic bool over;

static void fail(const char *what) {
    fprintf(stderr, "stress: %s\n", what);
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
static void move_to(int to, char letter, unsigned long asked, size_t data_bytes) {
    size_t at = 64;
    log_map(&view, (uint32_t)to + 1, segment[to], SPAN);
    for (unsigned long i = 0; i < asked; i++) {
        char handle[64];
        size_t bytes = handle_write(handle, "asked", i);
        uint32_t size = record_write(segment[to] + at, handle, bytes, letter, data_bytes);
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

static void serve(const char *second, void (*wait_for_readers)(void)) {
    served_prefixes *served = served_new(2, 64), *before;
    const char *names[] = {"88.900.1", second};
    for (int i = 0; served && i < 2; i++)
        served_add(served, slots_hash(table, (const uint8_t *)names[i], strlen(names[i])), (const uint8_t *)names[i],
                   strlen(names[i]), NULL);
    before = atomic_load(&answers.served);
    atomic_store(&answers.served, served);
    wait_for_readers();
    served_free(before);
}

static void writer_round(unsigned long round, unsigned long asked, size_t data_bytes, void (*wait_for_readers)(void)) {
    int to = (int)(round + 1) & 1;
    move_to(to, (char)('a' + round % 26), asked, data_bytes);
    log_map(&view, (uint32_t)(1 - to) + 1, NULL, 0);
    wait_for_readers(); /* nobody reads there any more */
    memset(segment[1 - to], 0xdd, SPAN);
    add_fillers(round * FILLERS, round * FILLERS + FILLERS);
    serve(round % 2 ? "88.900.2" : "88.900.3", wait_for_readers);
}

static void records_begin(unsigned long rounds) {
    static const uint64_t secret[2] = {5, 6};
    filler_bytes = rounds * FILLERS * 96 + 4096;
    filler = calloc(1, filler_bytes);
    for (int i = 0; i < 2; i++) segment[i] = calloc(1, SPAN);
    table = slots_new(secret);
    if (!filler || !segment[0] || !segment[1] || !table) fail("no memory");
    log_map(&view, 3, filler, filler_bytes);
    answers.table = table;
    answers.log = &view;
}

static void writer_begin(unsigned long asked, size_t data_bytes, void (*wait_for_readers)(void)) {
    move_to(0, 'z', asked, data_bytes);
    serve("88.900.2", wait_for_readers);
}

/* Write a request for one of the asked records; returns its bytes. */
static size_t request_write(uint8_t *out, uint32_t request_id, unsigned long number) {
    char handle[64];
    size_t bytes = handle_write(handle, request_id & 1 ? "asked" : "ASKED", number);
    uint8_t *body = out + ENVELOPE + HEADER;
    memset(out, 0, ENVELOPE + HEADER + 12 + bytes);
    out[0] = out[2] = MAJOR;
    out[1] = out[3] = MINOR;
    set4(out + 8, request_id);
    set4(out + 16, (uint32_t)(HEADER + 12 + bytes));
    set4(out + ENVELOPE, 1);
    set4(out + ENVELOPE + 20, (uint32_t)(12 + bytes));
    memcpy(set4(body, (uint32_t)bytes), handle, bytes);
    return ENVELOPE + HEADER + 12 + bytes;
}

static void check_answer(const uint8_t *answer, ssize_t bytes, int data_bytes) {
    if (bytes < ENVELOPE + HEADER + data_bytes || get4(answer + 24) != SUCCESS) fail("a record that is there was missed");
    const uint8_t *data = answer + bytes - 8 - data_bytes;
    for (int i = 1; i < data_bytes; i++)
        if (data[i] != data[0]) fail("a record of two versions");
}

#endif
