/* The computed identifiers of one enterprise: suffix -> position -> packed values.
 *
 * The arithmetic and the words are those of registry/datasets/suzhou/README.md; tables and constants are made in
 * Python and lent to these structures, which nobody changes once they are made.
 */
#ifndef IDNODE_SUZHOU_H
#define IDNODE_SUZHOU_H

#include <stdbool.h>

#include "blake2b.h"
#include "computed.h"

enum { SUZHOU_BY_CHANCE, SUZHOU_BY_DAY, SUZHOU_SUFFIX, SUZHOU_RELATED };
enum { SUZHOU_SIZES = 4, SUZHOU_SIZE_WORD = 0, SUZHOU_DAY_WORD = 31, SUZHOU_SUFFIX_MAX = 64 };

typedef struct {
    const uint8_t *bytes; /* all entries behind each other */
    const uint32_t *end;  /* where each ends */
    uint32_t count;
} suzhou_table;

typedef struct {
    const uint8_t *texts;      /* all of `width`, ascending */
    const uint8_t *remainders; /* what each adds to the digits that are checked, modulo 97 */
    uint32_t count, width;
} suzhou_column;

/* What follows constant bytes; the same for all enterprises of an industry. */
typedef struct {
    suzhou_table table;
    uint32_t kind, number;
} suzhou_step;

typedef struct {
    const suzhou_step *step;
    const uint8_t *constants;     /* those before each step and those behind the last, without a gap */
    const uint16_t *before_bytes; /* how many of them stand before each step */
    uint32_t steps, after_bytes, bytes_max;
} suzhou_plan;

typedef struct {
    const uint8_t *bytes;
    uint32_t length;
} suzhou_text;

typedef struct {
    uint8_t value_key[16];
    uint64_t number_key, volume, gap, span;
    uint32_t digits, checked, days, day_column, suffix_bytes;
    uint32_t size_bound[SUZHOU_SIZES];
    suzhou_text prefix; /* with its slash */
    suzhou_text head, join_first, join_second;
    suzhou_column first, second;
    suzhou_plan plan[SUZHOU_SIZES];
} suzhou_enterprise;

typedef struct {
    uint64_t first, second, serial;
} suzhou_fields;

typedef struct {
    uint64_t position;
    suzhou_fields fields;
    const uint8_t *suffix; /* folded, `suffix_bytes` of it */
} suzhou_identifier;

static inline uint64_t suzhou_mix(uint64_t z) {
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static inline suzhou_fields suzhou_fields_at(const suzhou_enterprise *e, uint64_t position) {
    uint64_t number = position * e->gap + suzhou_mix(position + e->number_key) % e->gap, places = number / e->span;
    return (suzhou_fields){places / e->second.count, places % e->second.count, number % e->span};
}

static inline uint8_t *suzhou_put(uint8_t *out, const uint8_t *bytes, size_t n) {
    memcpy(out, bytes, n);
    return out + n;
}

static inline uint8_t *suzhou_put_number(uint8_t *out, uint64_t number, uint32_t digits) {
    for (uint32_t i = digits; i-- > 0; number /= 10) out[i] = (uint8_t)('0' + number % 10);
    return out + digits;
}

static inline uint64_t suzhou_check(const suzhou_enterprise *e, suzhou_fields f) {
    uint64_t remainder = (e->checked + e->first.remainders[f.first] + e->second.remainders[f.second] + f.serial) % 97;
    return 98 - remainder * 100 % 97;
}

/* Write `suffix_bytes` of suffix; returns its end. */
static inline uint8_t *suzhou_write(const suzhou_enterprise *e, suzhou_fields f, uint8_t *out) {
    out = suzhou_put(out, e->head.bytes, e->head.length);
    out = suzhou_put(out, e->first.texts + f.first * e->first.width, e->first.width);
    out = suzhou_put(out, e->join_first.bytes, e->join_first.length);
    out = suzhou_put(out, e->second.texts + f.second * e->second.width, e->second.width);
    out = suzhou_put(out, e->join_second.bytes, e->join_second.length);
    out = suzhou_put_number(out, f.serial, e->digits);
    return suzhou_put_number(out, suzhou_check(e, f), 2);
}

/* The place of a text in a column, -1 when it is not there. */
static inline int64_t suzhou_place(const suzhou_column *c, const uint8_t *text) {
    uint32_t low = 0, high = c->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        int order = memcmp(text, c->texts + (size_t)middle * c->width, c->width);
        if (!order) return middle;
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return -1;
}

/* Whether a text goes on with this one; moves behind it. */
static inline bool suzhou_next(const uint8_t **at, suzhou_text text) {
    bool same = !memcmp(*at, text.bytes, text.length);
    *at += text.length;
    return same;
}

/* A number of so many digits; moves behind it. False: something else is there. */
static inline bool suzhou_number(const uint8_t **at, uint32_t digits, uint64_t *number) {
    *number = 0;
    for (; digits; digits--, ++*at) {
        if (**at < '0' || **at > '9') return false;
        *number = *number * 10 + **at - '0';
    }
    return true;
}

/* Find the identifier with a folded suffix; false when it was never issued. */
static inline bool suzhou_find(const suzhou_enterprise *e, const uint8_t *suffix, size_t n, suzhou_identifier *found) {
    uint64_t serial, check;
    const uint8_t *at = suffix;
    if (n != e->suffix_bytes || !suzhou_next(&at, e->head)) return false;
    int64_t first = suzhou_place(&e->first, at);
    at += e->first.width;
    if (first < 0 || !suzhou_next(&at, e->join_first)) return false;
    int64_t second = suzhou_place(&e->second, at);
    at += e->second.width;
    if (second < 0 || !suzhou_next(&at, e->join_second)) return false;
    if (!suzhou_number(&at, e->digits, &serial) || !suzhou_number(&at, 2, &check)) return false;
    found->suffix = suffix;
    found->fields = (suzhou_fields){(uint64_t)first, (uint64_t)second, serial};
    uint64_t number = ((uint64_t)first * e->second.count + (uint64_t)second) * e->span + serial;
    found->position = number / e->gap;
    return found->position < e->volume && suzhou_check(e, found->fields) == check &&
           number % e->gap == suzhou_mix(found->position + e->number_key) % e->gap;
}

static inline uint8_t *suzhou_put_entry(uint8_t *out, const suzhou_table *t, uint32_t entry) {
    uint32_t start = entry ? t->end[entry - 1] : 0;
    return suzhou_put(out, t->bytes + start, t->end[entry] - start);
}

/* Write an identifier's packed values; returns their bytes, 0 when there is no room for the longest such record. */
static inline size_t suzhou_values(const suzhou_enterprise *e, const suzhou_identifier *one, uint8_t *out,
                                   size_t room) {
    union {
        uint64_t digest[8];
        uint16_t at[32];
    } words;
    uint8_t named[24];
    memcpy(named, e->value_key, 16);
    memcpy(named + 16, &one->position, 8);
    blake2b_block(named, sizeof named, words.digest);
    uint32_t size = 0;
    while (size < SUZHOU_SIZES - 1 && words.at[SUZHOU_SIZE_WORD] >= e->size_bound[size]) size++;
    const suzhou_plan *plan = &e->plan[size];
    if (plan->bytes_max > room) return 0;
    uint32_t day = (uint32_t)(e->day_column == 1   ? one->fields.first
                              : e->day_column == 2 ? one->fields.second
                                                   : (uint64_t)words.at[SUZHOU_DAY_WORD] * e->days >> 16);
    uint8_t *to = out;
    const uint8_t *constants = plan->constants;
    for (uint32_t i = 0; i < plan->steps; i++) {
        const suzhou_step *step = &plan->step[i];
        to = suzhou_put(to, constants, plan->before_bytes[i]);
        constants += plan->before_bytes[i];
        if (step->kind == SUZHOU_BY_CHANCE) {
            uint32_t word = words.at[step->number];
            to = suzhou_put_entry(to, &step->table, (uint32_t)((uint64_t)word * step->table.count >> 16));
        } else if (step->kind == SUZHOU_BY_DAY) {
            to = suzhou_put_entry(to, &step->table, day);
        } else if (step->kind == SUZHOU_SUFFIX) {
            to = suzhou_put(to, one->suffix, e->suffix_bytes);
        } else {
            to = suzhou_put(to, e->prefix.bytes, e->prefix.length);
            to = suzhou_write(e, suzhou_fields_at(e, one->position - one->position % step->number), to);
        }
    }
    to = suzhou_put(to, constants, plan->after_bytes);
    return (size_t)(to - out);
}

/* ---- as native readers of any data set see it (computed.h) ---- */

_Static_assert(sizeof(suzhou_identifier) <= sizeof(computed_identifier), "what is found is handed on in it");

static bool suzhou_computed_find(const void *made, const uint8_t *suffix, size_t n, computed_identifier *found) {
    suzhou_identifier one;
    if (!suzhou_find(made, suffix, n, &one)) return false;
    memcpy(found, &one, sizeof one);
    return true;
}

static size_t suzhou_computed_values(const void *made, const computed_identifier *found, uint8_t *out, size_t room) {
    suzhou_identifier one;
    memcpy(&one, found, sizeof one);
    return suzhou_values(made, &one, out, room);
}

static inline computed_prefix suzhou_computed(const suzhou_enterprise *e) {
    return (computed_prefix){e, suzhou_computed_find, suzhou_computed_values};
}

#endif
