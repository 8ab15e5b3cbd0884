/* One writer and several readers on one slot table, for a race detector: stress_slots SECONDS.
 *
 * Steady keys are there from the start and only change their place: each look must find one of their places. Fickle
 * keys come and go: a look finds one of their places, or nothing. The writer makes groups grow, split and shrink,
 * doubles the directory, and has segments mapped anew meanwhile. */
#define SLOTS_BASE_DEPTH 2
#define SLOTS_GROUP_PAGES 2

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "slots_write.h"

enum { KEYS = 30000, STEADY = 3000, STRIDE = 40, READERS = 3 };

static log_view view;
static slot_table *table;
static uint8_t *arena;
static _Atomic bool stop;
static _Atomic uint64_t looks, wrong;

static size_t key_of(uint32_t key, char *out) { return (size_t)sprintf(out, "88.900/K%06u", key); }

/* Each key has a record in segment 1 and one in segment 2. */
static uint64_t place_of(uint32_t key, int segment) {
    return (uint64_t)segment << SPAN_BITS | (64 + (uint64_t)key * STRIDE) >> 3;
}

static uint64_t random_of(uint64_t *x) {
    *x ^= *x << 13;
    *x ^= *x >> 7;
    return *x ^= *x << 17;
}

static void lay_records(void) {
    size_t bytes = 64 + (size_t)KEYS * STRIDE;
    arena = calloc(1, bytes);
    for (uint32_t key = 0; key < KEYS; key++) {
        uint8_t *record = arena + 64 + (size_t)key * STRIDE;
        char name[32];
        uint16_t length = (uint16_t)key_of(key, name);
        uint32_t total = RECORD_HEADER + length;
        memcpy(record + 4, &total, 4);
        record[16] = RECORD_PUT;
        memcpy(record + 18, &length, 2);
        memcpy(record + RECORD_HEADER, name, length);
        uint32_t crc = crc32c(record + 4, total - 4);
        memcpy(record, &crc, 4);
    }
    log_map(&view, 1, arena, bytes);
    log_map(&view, 2, arena, bytes);
}

static uint64_t look(uint32_t key) {
    char name[32];
    size_t length = key_of(key, name);
    return slots_get(table, &view, slots_hash(table, (uint8_t *)name, length), (uint8_t *)name, length);
}

static void put(uint32_t key, int segment) {
    char name[32];
    size_t length = key_of(key, name);
    uint64_t hash = slots_hash(table, (uint8_t *)name, length);
    if (slots_put(table, &view, hash, (uint8_t *)name, length, place_of(key, segment)) == UINT64_MAX) wrong++;
}

static void take_away(uint32_t key) {
    char name[32];
    size_t length = key_of(key, name);
    slots_remove(table, &view, slots_hash(table, (uint8_t *)name, length), (uint8_t *)name, length);
}

static void *read_on(void *number) {
    uint64_t x = 88172645463325252ull + (uint64_t)(uintptr_t)number, n = 0;
    while (!stop) {
        uint32_t key = (uint32_t)(random_of(&x) % (n % 2 ? KEYS : STEADY));
        uint64_t place = look(key);
        if (place != place_of(key, 1) && place != place_of(key, 2) && (place || key < STEADY)) wrong++;
        n++;
    }
    looks += n;
    return NULL;
}

int main(int count, char **given) {
    static const uint64_t secret[2] = {1, 2};
    lay_records();
    table = slots_new(secret);
    for (uint32_t key = 0; key < STEADY; key++) put(key, 1);
    pthread_t readers[READERS];
    for (uintptr_t i = 0; i < READERS; i++) pthread_create(&readers[i], NULL, read_on, (void *)i);
    time_t end = time(NULL) + (count > 1 ? atoi(given[1]) : 5);
    uint32_t rounds = 0;
    for (; time(NULL) < end || rounds < 2; rounds++) {
        int segment = 1 + (int)(rounds & 1);
        for (uint32_t key = 0; key < KEYS; key++) put(key, segment);
        log_map(&view, 1, arena, 64 + (size_t)KEYS * STRIDE);
        for (uint32_t key = STEADY; key < KEYS; key++) take_away(key);
        if (slots_count(table) != STEADY) wrong++;
    }
    stop = true;
    for (int i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
    printf("%u rounds, %llu looks, %llu wrong, %llu groups\n", rounds, (unsigned long long)looks,
           (unsigned long long)wrong, (unsigned long long)table->groups);
    bool split = table->groups > 1u << BASE_DEPTH;
    slots_free(table);
    free(arena);
    return wrong || !looks || !split;
}
