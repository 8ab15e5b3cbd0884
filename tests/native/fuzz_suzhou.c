/* Any bytes as a suffix, and any change to a suffix that was issued.
 *
 * Beyond what the sanitizers see: what is found is written as the very suffix that was asked for, no change of one
 * byte finds anything else, and a record takes no more bytes than its plan says.
 */
#include <stdio.h>
#include <stdlib.h>

#include "suzhou.h"

enum { POSITIONS = 5000, SUFFIX = 2 + 6 + 1 + 4 + 1 + 4 + 2 };

static const uint32_t chance_ends[] = {3, 3, 8}, day_ends[] = {2, 4, 6};
static const suzhou_step steps[] = {
    {.kind = SUZHOU_BY_CHANCE, .number = 30, .table = {(const uint8_t *)"abcdefgh", chance_ends, 3}},
    {.kind = SUZHOU_BY_DAY, .table = {(const uint8_t *)"010203", day_ends, 3}},
    {.kind = SUZHOU_SUFFIX},
    {.kind = SUZHOU_RELATED, .number = 24},
};
static const uint16_t before_bytes[] = {4, 0, 1, 2};
#define TEXT(words) {(const uint8_t *)(words), sizeof(words) - 1}
#define PLAN {steps, (const uint8_t *)"\0\0\0\4xyzend", before_bytes, 4, 3, 10 + 5 + 2 + SUFFIX + 9 + SUFFIX}

static const suzhou_enterprise enterprise = {
    .value_key = "sixteen bytes ok",
    .number_key = UINT64_MAX - 7,
    .volume = POSITIONS,
    .gap = 3 * 2 * 10000 / POSITIONS,
    .span = 10000,
    .digits = 4,
    .checked = 41,
    .days = 3,
    .day_column = 1,
    .suffix_bytes = SUFFIX,
    .size_bound = {19661, 58983, 64881, 65536},
    .prefix = TEXT("88.901.1/"),
    .head = TEXT("ZL"),
    .join_first = TEXT("-"),
    .join_second = TEXT("-"),
    .first = {(const uint8_t *)"190101190102190103", (const uint8_t *)"\1\13\25", 3, 6},
    .second = {(const uint8_t *)"M001M004", (const uint8_t *)"\0\127", 2, 4},
    .plan = {PLAN, PLAN, PLAN, PLAN},
};

static void check(bool right, const char *what) {
    if (right) return;
    fprintf(stderr, "fuzz_suzhou: %s\n", what);
    abort();
}

static void look(const uint8_t *asked, size_t size) {
    uint8_t *exact = malloc(size + 1), again[SUFFIX], *record;
    suzhou_identifier one;
    if (!exact) abort();
    memcpy(exact, asked, size); /* so that a look behind its end is seen */
    if (suzhou_find(&enterprise, exact, size, &one)) {
        check(one.position < POSITIONS, "a position that does not exist");
        check(suzhou_write(&enterprise, suzhou_fields_at(&enterprise, one.position), again) == again + SUFFIX,
              "a suffix of another length");
        check(size == SUFFIX && !memcmp(again, exact, SUFFIX), "another suffix than the one asked for");
        uint32_t most = enterprise.plan[0].bytes_max;
        check(!suzhou_values(&enterprise, &one, again, most - 1), "a record without room for it");
        record = malloc(most);
        if (!record) abort();
        check(suzhou_values(&enterprise, &one, record, most) <= most, "a record longer than its plan");
        free(record);
    }
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t suffix[SUFFIX];
    uint64_t position = 0;
    look(data, size);
    memcpy(&position, data, size < 8 ? size : 8);
    suzhou_write(&enterprise, suzhou_fields_at(&enterprise, position % POSITIONS), suffix);
    look(suffix, SUFFIX);
    for (size_t i = 8; i < size; i++) suffix[i % SUFFIX] ^= data[i];
    look(suffix, SUFFIX);
    look(suffix, SUFFIX - 1);
    return 0;
}
