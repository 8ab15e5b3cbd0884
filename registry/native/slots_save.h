/* Saving a slot table in the image, and restoring it.
 *
 * A slot is packed: the step from the tag before in as few bytes as it takes, then the place in five. In a register of
 * a hundred million that is six bytes a slot, for the tags of a group lie close to each other.
 */
#ifndef IDNODE_SLOTS_SAVE_H
#define IDNODE_SLOTS_SAVE_H

#include "slots_write.h"

enum { PLACE_BYTES = PLACE_BITS / 8, PACKED_SLOT_MAX = PLACE_BYTES + 4 };

/* Pack slots in ascending order of tag; `out` has room for PACKED_SLOT_MAX bytes each. Returns the end. */
static inline uint8_t *packed_put(uint8_t *out, const uint64_t *slots, uint32_t n) {
    uint64_t before = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t tag = slots[i] >> PLACE_BITS, step = tag - before, place = slots[i] & PLACE_MASK;
        for (; step >= 0x80; step >>= 7) *out++ = (uint8_t)(step | 0x80);
        *out++ = (uint8_t)step;
        memcpy(out, &place, PLACE_BYTES);
        out += PLACE_BYTES;
        before = tag;
    }
    return out;
}

/* Unpack `n` slots; returns where they end, NULL where these are none. */
static inline const uint8_t *packed_take(const uint8_t *in, const uint8_t *end, uint64_t *slots, uint32_t n) {
    uint64_t tag = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t step = 0, place = 0, word;
        if (end - in >= 8 && (memcpy(&word, in, 8), !(word & 0x80))) { /* a step of one byte, as most are */
            tag += word & 0x7f;
            if (tag > TAG_MASK) return NULL;
            slots[i] = tag << PLACE_BITS | (word >> 8 & PLACE_MASK);
            in += 1 + PLACE_BYTES;
            continue;
        }
        int shift = 0;
        do {
            if (in == end || shift > 21) return NULL;
            step |= (uint64_t)(*in & 0x7f) << shift;
            shift += 7;
        } while (*in++ & 0x80);
        tag += step;
        if (end - in < PLACE_BYTES || tag > TAG_MASK) return NULL;
        memcpy(&place, in, PLACE_BYTES);
        in += PLACE_BYTES;
        slots[i] = tag << PLACE_BITS | place;
    }
    return in;
}

/* ---- saving and restoring (nobody else looks) ---- */

/* The groups one after the other: start with `at` 0; NULL behind the last. */
static inline slot_group *slots_next_group(const slot_table *t, uint64_t *at) {
    slot_directory *d = atomic_load_explicit(&((slot_table *)t)->directory, memory_order_relaxed);
    if (*at >> d->depth) return NULL;
    slot_group *g = atomic_load_explicit(&d->at[*at], memory_order_relaxed);
    *at += UINT64_C(1) << (d->depth - slots_depth(g));
    return g;
}

static inline uint32_t slots_directory_depth(const slot_table *t) {
    return atomic_load_explicit(&((slot_table *)t)->directory, memory_order_relaxed)->depth;
}

/* Begin to restore an empty table: a directory of this depth, to be filled by slots_restore_group. */
static inline int slots_restore(slot_table *t, uint32_t depth) {
    if (depth < BASE_DEPTH || depth > BASE_DEPTH + TAG_BITS || slots_count(t)) return -1;
    slot_directory *d = malloc(sizeof *d + ((size_t)1 << depth) * sizeof d->at[0]);
    if (!d || slots_own(t, d, 0)) { free(d); return -1; }
    d->depth = depth;
    atomic_store_explicit(&t->groups, 0, memory_order_relaxed);
    atomic_store_explicit(&t->directory, d, memory_order_release);
    return 0;
}

/* Add the next group of `n` slots, in the order in which slots_next_group gave them and slots_collect its slots;
 * `at` as there. -1: it does not fit in. */
static inline int slots_restore_group(slot_table *t, uint64_t *at, uint32_t depth, uint32_t pages,
                                      const uint64_t *slots, uint32_t n) {
    slot_directory *d = atomic_load_explicit(&t->directory, memory_order_relaxed);
    if (depth < BASE_DEPTH || depth > d->depth || !pages || pages > GROUP_PAGES) return -1;
    uint64_t width = UINT64_C(1) << (d->depth - depth);
    if (*at & (width - 1) || *at + width > UINT64_C(1) << d->depth) return -1;
    for (uint32_t i = 0; i < n; i++)
        if (!slots[i] || (i && slots[i] >> PLACE_BITS < slots[i - 1] >> PLACE_BITS)) return -1;
    slot_group *g = slots_new_group(t, depth);
    if (!g || (n && !slots_fit(g, slots, n, pages))) return -1;
    for (uint64_t i = 0; i < width; i++) atomic_init(&d->at[*at + i], g);
    *at += width;
    slots_add(&t->pages, slots_weight(g));
    slots_add(&t->used, n);
    return 0;
}

#endif
