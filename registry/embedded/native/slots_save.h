/* Saving a slot table in the image, and restoring it.
 *
 * A slot is packed: the step from the tag before, then the place in as many bytes as the places of this table take. In
 * a register of a hundred million that is five bytes a slot, for the tags of a group lie close to each other.
 */
#ifndef IDNODE_SLOTS_SAVE_H
#define IDNODE_SLOTS_SAVE_H

#include "slots_write.h"
#include "varint.h"

enum { PLACE_BYTES_MAX = PLACE_BITS / 8, PACKED_SLOT_MAX = VARINT_BYTES_MAX + PLACE_BYTES_MAX };

/* Pack slots in ascending order of tag; `out` has room for PACKED_SLOT_MAX bytes each. Returns the end. */
static inline uint8_t *packed_put(uint8_t *out, const uint64_t *slots, uint32_t n, uint32_t place_bytes) {
    uint64_t before = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t tag = slots[i] >> PLACE_BITS, place = slots[i] & PLACE_MASK;
        out = varint_put(out, (uint32_t)(tag - before));
        memcpy(out, &place, PLACE_BYTES_MAX);
        out += place_bytes;
        before = tag;
    }
    return out;
}

/* Unpack `n` slots into an empty group, each to where it stood; returns where they end, NULL where these are none or
 * don't fit in. Groups may be filled at the same time. */
static inline const uint8_t *packed_take(const uint8_t *in, const uint8_t *end, slot_group *g, uint32_t n,
                                         uint32_t place_bytes) {
    uint32_t pages = slots_pages(g), depth = slots_depth(g), room = pages * PAGE_SLOTS, next = 0, step;
    uint64_t tag = 0, mask = (UINT64_C(1) << (8 * place_bytes)) - 1;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t place = 0;
        if (end - in >= 8 && !(*in & 0x80)) { /* a step of one byte, as most are */
            memcpy(&place, in, 8);
            step = place & 0x7f;
            place = place >> 8 & mask;
            in += 1;
        } else {
            in = varint_take(in, end, &step);
            if (!in || end - in < place_bytes) return NULL;
            memcpy(&place, in, place_bytes);
        }
        in += place_bytes;
        tag += step;
        uint32_t at = slots_position(tag & TAG_MASK, depth, pages);
        at = at < next ? next : at;
        if (tag > TAG_MASK || at >= room || !place) return NULL;
        atomic_store_explicit(&g->slot[at], tag << PLACE_BITS | place, memory_order_relaxed);
        next = at + 1;
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

/* Add the next group, which is to get `n` slots over `pages` pages, in the order in which slots_next_group gave them;
 * `at` as there. NULL: it does not fit in. */
static inline slot_group *slots_restore_group(slot_table *t, uint64_t *at, uint32_t depth, uint32_t pages, uint32_t n) {
    slot_directory *d = atomic_load_explicit(&t->directory, memory_order_relaxed);
    if (depth < BASE_DEPTH || depth > d->depth || !pages || pages > GROUP_PAGES) return NULL;
    uint64_t width = UINT64_C(1) << (d->depth - depth);
    if (*at & (width - 1) || *at + width > UINT64_C(1) << d->depth) return NULL;
    slot_group *g = slots_new_group(t, depth);
    if (!g) return NULL;
    atomic_store_explicit(&g->pages, pages, memory_order_relaxed);
    g->used = n;
    for (uint64_t i = 0; i < width; i++) atomic_init(&d->at[*at + i], g);
    *at += width;
    slots_add(&t->pages, slots_weight(g));
    slots_add(&t->used, n);
    return g;
}

#endif
