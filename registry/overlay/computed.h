/* Identifiers that are computed, for native readers: what a data set offers below one prefix.
 *
 * Whoever makes records up fills in one of these for each prefix and keeps it, with what it points to, as long as
 * anybody may ask; nothing in it changes. Any number of threads ask at once. A Python object hands it out as a
 * capsule of the name COMPUTED_CAPSULE.
 */
#ifndef IDNODE_COMPUTED_H
#define IDNODE_COMPUTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMPUTED_CAPSULE "idnode.computed_prefix"

/* What `find` tells `values` of one identifier: nobody else looks into it. */
typedef struct {
    uint64_t word[8];
} computed_identifier;

typedef struct {
    const void *made; /* handed to both */
    /* Find the identifier with a folded suffix, which stays where it is until `values`; false: there is none. */
    bool (*find)(const void *made, const uint8_t *suffix, size_t n, computed_identifier *found);
    /* Write its packed values; returns their bytes, 0 when there might be no room for them. */
    size_t (*values)(const void *made, const computed_identifier *one, uint8_t *out, size_t room);
} computed_prefix;

#endif
