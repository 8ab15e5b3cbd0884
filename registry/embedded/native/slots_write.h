/* Changes of the slot table: growing, putting and removing, by the one thread that writes. */
#ifndef IDNODE_SLOTS_WRITE_H
#define IDNODE_SLOTS_WRITE_H

#include "slots.h"

static inline void slots_open(slot_group *g) {
    atomic_store_explicit(&g->version, g->version + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static inline void slots_shut(slot_group *g) {
    atomic_store_explicit(&g->version, g->version + 1, memory_order_release);
}

static inline uint64_t slots_weight(slot_group *g) { return g->used ? slots_pages(g) : 0; }

static inline uint32_t slots_collect(slot_group *g, uint64_t *out) {
    uint32_t n = 0, end = slots_pages(g) * PAGE_SLOTS;
    for (uint32_t i = 0; i < end; i++) {
        uint64_t slot = atomic_load_explicit(&g->slot[i], memory_order_relaxed);
        out[n] = slot;
        n += slot != 0; /* a branch here would be guessed wrong too often */
    }
    return n;
}

/* Lay slots (in order of tag) out over `pages`; returns false when the tail does not suffice. */
static inline bool slots_lay(slot_group *g, const uint64_t *from, uint32_t n, uint32_t pages) {
    uint32_t end = pages * PAGE_SLOTS, next = 0, depth = slots_depth(g);
    for (uint32_t i = 0; i < end; i++) atomic_store_explicit(&g->slot[i], 0, memory_order_relaxed);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = slots_position(from[i] >> PLACE_BITS, depth, pages);
        at = at < next ? next : at;
        if (at >= end) return false;
        atomic_store_explicit(&g->slot[at], from[i], memory_order_relaxed);
        next = at + 1;
    }
    atomic_store_explicit(&g->pages, pages, memory_order_relaxed);
    g->used = n;
    return true;
}

static inline bool slots_fit(slot_group *g, const uint64_t *from, uint32_t n, uint32_t pages) {
    while (pages <= GROUP_PAGES && !slots_lay(g, from, n, pages)) pages++;
    return pages <= GROUP_PAGES;
}

static inline uint32_t slots_pages_for(uint32_t n) { return n / (PAGE_SLOTS * 11 / 16) + 1; }

/* Give the memory behind the first `keep` of `before` pages back; it reads as zeros from then on. */
static inline void slots_give_back(slot_group *g, uint32_t keep, uint32_t before) {
    if (keep < before)
        madvise((void *)(g->slot + (size_t)keep * PAGE_SLOTS), (size_t)(before - keep) * PAGE_SLOTS * 8,
                MADV_DONTNEED);
}

static inline int slots_double_directory(slot_table *t) {
    slot_directory *old = atomic_load_explicit(&t->directory, memory_order_relaxed);
    size_t count = (size_t)1 << old->depth;
    slot_directory *d = malloc(sizeof *d + 2 * count * sizeof d->at[0]);
    if (!d || slots_own(t, d, 0)) { free(d); return -1; }
    d->depth = old->depth + 1;
    for (size_t i = 0; i < count; i++) {
        slot_group *g = atomic_load_explicit(&old->at[i], memory_order_relaxed);
        atomic_init(&d->at[2 * i], g);
        atomic_init(&d->at[2 * i + 1], g);
    }
    atomic_store_explicit(&t->directory, d, memory_order_release);
    return 0;
}

static inline int slots_split(slot_table *t, slot_group *g, uint64_t hash, uint64_t *buffer) {
    slot_directory *d = atomic_load_explicit(&t->directory, memory_order_relaxed);
    uint32_t depth = slots_depth(g), before = slots_pages(g);
    if (depth == BASE_DEPTH + TAG_BITS) return -1;
    if (depth == d->depth) {
        if (slots_double_directory(t)) return -1;
        d = atomic_load_explicit(&t->directory, memory_order_relaxed);
    }
    slot_group *upper = slots_new_group(t, depth + 1);
    if (!upper) return -1;
    slots_open(g);
    uint32_t n = slots_collect(g, buffer), low = 0;
    uint64_t bit = UINT64_C(1) << (TAG_BITS - 1 - (depth - BASE_DEPTH));
    while (low < n && !((buffer[low] >> PLACE_BITS) & bit)) low++;
    atomic_store_explicit(&g->depth, depth + 1, memory_order_relaxed);
    bool fits = slots_fit(upper, buffer + low, n - low, slots_pages_for(n - low)) &&
                slots_fit(g, buffer, low, slots_pages_for(low));
    size_t width = (size_t)1 << (d->depth - depth - 1); /* directory entries of each half */
    size_t first = (size_t)((hash >> (64 - d->depth)) & ~(uint64_t)(2 * width - 1)) + width;
    for (size_t i = first; i < first + width; i++)
        atomic_store_explicit(&d->at[i], upper, memory_order_release);
    slots_shut(g);
    slots_give_back(g, slots_pages(g), before);
    slots_add(&t->pages, slots_weight(g) + slots_weight(upper) - before);
    return fits ? 0 : -1;
}

/* Lay a group out anew, over this many pages or the next number that fits. */
static inline int slots_relay(slot_table *t, slot_group *g, uint32_t pages, uint64_t *buffer) {
    uint32_t before = slots_pages(g);
    uint64_t weight = slots_weight(g);
    slots_open(g);
    uint32_t n = slots_collect(g, buffer);
    bool fits = slots_fit(g, buffer, n, pages);
    slots_shut(g);
    slots_give_back(g, slots_pages(g), before);
    slots_add(&t->pages, slots_weight(g) - weight);
    return fits ? 0 : -1;
}

/* Make room in the group of `hash`: more pages, or a split. -1: out of memory (or of tag bits). */
static inline int slots_grow(slot_table *t, slot_group *g, uint64_t hash) {
    uint64_t *buffer = malloc(GROUP_BYTES);
    if (!buffer) return -1;
    uint32_t before = slots_pages(g), pages = before + (before >= 16 ? before / 8 : 1);
    int failed = pages <= GROUP_PAGES ? slots_relay(t, g, pages, buffer) : slots_split(t, g, hash, buffer);
    free(buffer);
    return failed;
}

/* Give back what a group needs no more; without memory to do so it stays as it is. */
static inline void slots_shrink(slot_table *t, slot_group *g) {
    uint32_t pages = slots_pages(g);
    if (!g->used) {
        atomic_store_explicit(&t->pages, t->pages - pages, memory_order_relaxed);
        slots_open(g);
        slots_give_back(g, 0, pages);
        atomic_store_explicit(&g->pages, 1, memory_order_relaxed);
        slots_shut(g);
    } else if (pages > 1 && g->used < pages * PAGE_SLOTS * 3 / 8) {
        uint64_t *buffer = malloc(GROUP_BYTES);
        if (buffer) slots_relay(t, g, slots_pages_for(g->used), buffer);
        free(buffer);
    }
}

/* Put the key that `match` knows; returns as slots_put. */
static inline uint64_t slots_put_matching(slot_table *t, uint64_t hash, slots_match *match, const void *key,
                                          uint64_t place) {
    uint64_t tag = slots_tag(hash), fresh = tag << PLACE_BITS | place;
    for (;;) {
        slot_group *g = slots_group(t, hash);
        uint32_t end = slots_pages(g) * PAGE_SLOTS;
        uint32_t at = slots_position(tag, slots_depth(g), slots_pages(g));
        for (; at < end; at++) {
            uint64_t slot = atomic_load_explicit(&g->slot[at], memory_order_relaxed);
            if (!slot || slot >> PLACE_BITS > tag) break;
            if (slot >> PLACE_BITS == tag && match(key, slot & PLACE_MASK)) {
                atomic_store_explicit(&g->slot[at], fresh, memory_order_release);
                return slot & PLACE_MASK;
            }
        }
        uint32_t hole = at;
        while (hole < end && atomic_load_explicit(&g->slot[hole], memory_order_relaxed)) hole++;
        if (hole == end || g->used >= (end - TAIL_SLOTS) / 10 * 8) {
            if (slots_grow(t, g, hash)) return UINT64_MAX;
            continue;
        }
        slots_open(g);
        for (uint32_t i = hole; i > at; i--)
            atomic_store_explicit(&g->slot[i],
                                  atomic_load_explicit(&g->slot[i - 1], memory_order_relaxed),
                                  memory_order_relaxed);
        atomic_store_explicit(&g->slot[at], fresh, memory_order_relaxed);
        slots_shut(g);
        if (!g->used++) slots_add(&t->pages, slots_pages(g));
        slots_add(&t->used, 1);
        return 0;
    }
}

/* Put a key; returns the old place, 0 when it is new, UINT64_MAX when there is no memory. */
static inline uint64_t slots_put(slot_table *t, const log_view *log, uint64_t hash,
                                 const uint8_t *key, size_t length, uint64_t place) {
    slots_key k = {log, key, length};
    return slots_put_matching(t, hash, slots_key_match, &k, place);
}

/* Remove a key; returns its place, or 0 when it was absent. */
static inline uint64_t slots_remove(slot_table *t, const log_view *log, uint64_t hash,
                                    const uint8_t *key, size_t length) {
    uint64_t tag = slots_tag(hash);
    slot_group *g = slots_group(t, hash);
    uint32_t pages = slots_pages(g), depth = slots_depth(g), end = pages * PAGE_SLOTS;
    for (uint32_t at = slots_position(tag, depth, pages); at < end; at++) {
        uint64_t slot = atomic_load_explicit(&g->slot[at], memory_order_relaxed);
        if (!slot || slot >> PLACE_BITS > tag) return 0;
        if (slot >> PLACE_BITS != tag || !log_key_equals(log, slot & PLACE_MASK, key, length)) continue;
        slots_open(g);
        for (;; at++) { /* pull back those that stand behind their position */
            uint64_t next = at + 1 < end ? atomic_load_explicit(&g->slot[at + 1], memory_order_relaxed) : 0;
            if (!next || slots_position(next >> PLACE_BITS, depth, pages) > at) break;
            atomic_store_explicit(&g->slot[at], next, memory_order_relaxed);
        }
        atomic_store_explicit(&g->slot[at], 0, memory_order_relaxed);
        slots_shut(g);
        g->used--;
        atomic_store_explicit(&t->used, t->used - 1, memory_order_relaxed);
        slots_shrink(t, g);
        return slot & PLACE_MASK;
    }
    return 0;
}

/* Let two tables of one secret have each other's slots. Readers of `t` see all of the one or all of the other;
 * nobody must read `other`, and what it holds afterwards may still be read by those of `t`. */
static inline void slots_exchange(slot_table *t, slot_table *other) {
    slot_directory *before = atomic_load_explicit(&t->directory, memory_order_relaxed);
    slot_directory *after = atomic_load_explicit(&other->directory, memory_order_relaxed);
    uint64_t used = other->used, groups = other->groups, pages = other->pages;
    atomic_store_explicit(&other->used, t->used, memory_order_relaxed);
    atomic_store_explicit(&other->groups, t->groups, memory_order_relaxed);
    atomic_store_explicit(&other->pages, t->pages, memory_order_relaxed);
    slot_table kept;
    kept.region = t->region, kept.region_left = t->region_left;
    kept.owned = t->owned, kept.owned_bytes = t->owned_bytes;
    kept.owned_count = t->owned_count, kept.owned_room = t->owned_room;
    t->region = other->region, t->region_left = other->region_left;
    t->owned = other->owned, t->owned_bytes = other->owned_bytes;
    t->owned_count = other->owned_count, t->owned_room = other->owned_room;
    other->region = kept.region, other->region_left = kept.region_left;
    other->owned = kept.owned, other->owned_bytes = kept.owned_bytes;
    other->owned_count = kept.owned_count, other->owned_room = kept.owned_room;
    atomic_store_explicit(&t->used, used, memory_order_relaxed);
    atomic_store_explicit(&t->groups, groups, memory_order_relaxed);
    atomic_store_explicit(&t->pages, pages, memory_order_relaxed);
    atomic_store_explicit(&other->directory, before, memory_order_relaxed);
    atomic_store_explicit(&t->directory, after, memory_order_release);
}

#endif
