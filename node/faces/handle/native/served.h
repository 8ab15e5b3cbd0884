/* The prefixes whose resolutions are answered natively: a set that is never changed, only replaced whole. */
#ifndef IDNODE_SERVED_H
#define IDNODE_SERVED_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "computed.h"

typedef struct {
    uint64_t hash;
    uint32_t at, bytes;              /* in `names`; bytes 0: free */
    const computed_prefix *computed; /* what is computed where nothing is written; NULL: nothing */
    _Atomic uint64_t found, missing; /* answers given; several threads may count */
} served_prefix;

typedef struct {
    uint32_t mask, count;
    uint64_t names_bytes;
    uint8_t *names;
    served_prefix entry[];
} served_prefixes;

static inline void served_free(served_prefixes *set) {
    if (set) free(set->names);
    free(set);
}

/* An empty set with room for so many prefixes of so many bytes together; NULL without memory. */
static inline served_prefixes *served_new(uint32_t count, size_t names_bytes) {
    uint32_t room = 8;
    while (room < 2 * (uint64_t)count && room < UINT32_C(1) << 30) room *= 2;
    served_prefixes *set = calloc(1, sizeof *set + (size_t)room * sizeof set->entry[0]);
    if (!set) return NULL;
    set->names = malloc(names_bytes + 1);
    if (!set->names) { free(set); return NULL; }
    set->mask = room - 1;
    return set;
}

static inline served_prefix *served_find(served_prefixes *set, uint64_t hash, const uint8_t *key, size_t n) {
    if (!set) return NULL;
    for (uint32_t i = (uint32_t)hash & set->mask; set->entry[i].bytes; i = (i + 1) & set->mask)
        if (set->entry[i].hash == hash && set->entry[i].bytes == n && !memcmp(set->names + set->entry[i].at, key, n))
            return &set->entry[i];
    return NULL;
}

/* Add a folded prefix; the caller has asked `served_new` for room for it. */
static inline void served_add(served_prefixes *set, uint64_t hash, const uint8_t *key, size_t n,
                              const computed_prefix *computed) {
    if (!n || served_find(set, hash, key, n)) return;
    uint32_t i = (uint32_t)hash & set->mask;
    while (set->entry[i].bytes) i = (i + 1) & set->mask;
    memcpy(set->names + set->names_bytes, key, n);
    set->entry[i].hash = hash;
    set->entry[i].at = (uint32_t)set->names_bytes;
    set->entry[i].bytes = (uint32_t)n;
    set->entry[i].computed = computed;
    set->names_bytes += n;
    set->count++;
}

#endif
