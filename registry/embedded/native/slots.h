/* The slot table: folded handle -> place in the log, eight bytes an identifier.
 *
 * A slot is tag (24 bits of a keyed hash) and place (40 bits, units of 8 bytes). The key itself is
 * compared in the log. Slots live in groups of one to GROUP_PAGES pages; inside a group they are kept in
 * ascending order of tag near the position that the tag asks for (ordered linear probing), so a group grows
 * by a copy in order and splits by its next tag bit, and no key is ever read again to grow.
 * The hash's first BASE_DEPTH bits choose a base group; splits use up tag bits from the top.
 *
 * One writer, any number of readers without a lock: each group has a version that is odd while its
 * slots move; a reader that sees it change looks again. No memory that a reader may hold is ever unmapped
 * before slots_free.
 */
#ifndef IDNODE_SLOTS_H
#define IDNODE_SLOTS_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "logview.h"

#ifndef SLOTS_BASE_DEPTH
#define SLOTS_BASE_DEPTH 8
#endif
#ifndef SLOTS_GROUP_PAGES
#define SLOTS_GROUP_PAGES 32 /* tests take fewer, to have groups split often */
#endif

enum {
    BASE_DEPTH = SLOTS_BASE_DEPTH,
    TAG_BITS = 24,
    PLACE_BITS = 40,
    PAGE_SLOTS = 512,
    GROUP_PAGES = SLOTS_GROUP_PAGES,
    TAIL_SLOTS = 48, /* room behind the last position, so that probing never wraps */
    REGION_GROUPS = 512,
    GONE_ATTEMPTS = 16 /* for a place that no segment will ever have again */
};
#define TAG_MASK ((UINT64_C(1) << TAG_BITS) - 1)
#define PLACE_MASK ((UINT64_C(1) << PLACE_BITS) - 1)
#define GROUP_BYTES ((size_t)GROUP_PAGES * PAGE_SLOTS * 8)

typedef struct {
    _Atomic uint32_t version;
    _Atomic uint32_t pages;
    _Atomic uint32_t depth;
    uint32_t used; /* only the writer looks at it */
    _Atomic uint64_t *slot;
} slot_group;

typedef struct {
    uint32_t depth;
    _Atomic(slot_group *) at[];
} slot_directory;

typedef struct {
    uint64_t secret[2];
    _Atomic(slot_directory *) directory;
    _Atomic uint64_t used;
    _Atomic uint64_t groups;
    _Atomic uint64_t pages; /* of groups that hold something: the others occupy no memory */
    uint8_t *region;       /* where the next group's slots come from */
    uint32_t region_left;  /* groups */
    void **owned;          /* every mapping and allocation, freed together */
    size_t *owned_bytes;   /* 0: malloc, else munmap of that size */
    size_t owned_count, owned_room;
} slot_table;

/* ---- memory ---- */

static inline int slots_own(slot_table *t, void *memory, size_t mapped) {
    if (t->owned_count == t->owned_room) {
        size_t room = t->owned_room ? t->owned_room * 2 : 64;
        void **a = realloc(t->owned, room * sizeof *a);
        if (a) t->owned = a;
        size_t *b = realloc(t->owned_bytes, room * sizeof *b);
        if (b) t->owned_bytes = b;
        if (!a || !b) return -1;
        t->owned_room = room;
    }
    t->owned[t->owned_count] = memory;
    t->owned_bytes[t->owned_count++] = mapped;
    return 0;
}

static inline slot_group *slots_new_group(slot_table *t, uint32_t depth) {
    if (!t->region_left) {
        size_t bytes = GROUP_BYTES * REGION_GROUPS;
        void *region = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (region == MAP_FAILED) return NULL;
        /* A huge page would make the unused pages of partly filled groups resident. */
        madvise(region, bytes, MADV_NOHUGEPAGE);
        if (slots_own(t, region, bytes)) { munmap(region, bytes); return NULL; }
        t->region = region;
        t->region_left = REGION_GROUPS;
    }
    slot_group *g = calloc(1, sizeof *g);
    if (!g) return NULL;
    if (slots_own(t, g, 0)) { free(g); return NULL; }
    atomic_init(&g->depth, depth);
    atomic_init(&g->pages, 1);
    g->slot = (_Atomic uint64_t *)t->region;
    t->region += GROUP_BYTES;
    t->region_left--;
    atomic_store_explicit(&t->groups, t->groups + 1, memory_order_relaxed);
    return g;
}

static inline uint32_t slots_pages(slot_group *g) { return atomic_load_explicit(&g->pages, memory_order_relaxed); }
static inline uint32_t slots_depth(slot_group *g) { return atomic_load_explicit(&g->depth, memory_order_relaxed); }

static inline void slots_free(slot_table *t) {
    if (!t) return;
    for (size_t i = 0; i < t->owned_count; i++) {
        if (t->owned_bytes[i]) munmap(t->owned[i], t->owned_bytes[i]);
        else free(t->owned[i]);
    }
    free(t->owned);
    free(t->owned_bytes);
    free(t);
}

static inline slot_table *slots_new(const uint64_t secret[2]) {
    slot_table *t = calloc(1, sizeof *t);
    if (!t) return NULL;
    t->secret[0] = secret[0];
    t->secret[1] = secret[1];
    size_t count = (size_t)1 << BASE_DEPTH;
    slot_directory *d = malloc(sizeof *d + count * sizeof d->at[0]);
    if (!d || slots_own(t, d, 0)) { free(d); slots_free(t); return NULL; }
    d->depth = BASE_DEPTH;
    for (size_t i = 0; i < count; i++) {
        slot_group *g = slots_new_group(t, BASE_DEPTH);
        if (!g) { slots_free(t); return NULL; }
        atomic_init(&d->at[i], g);
    }
    atomic_init(&t->directory, d);
    return t;
}

/* Bytes of memory that the table occupies. */
static inline uint64_t slots_bytes(const slot_table *t) {
    slot_table *table = (slot_table *)t;
    slot_directory *d = atomic_load_explicit(&table->directory, memory_order_acquire);
    return atomic_load_explicit(&table->pages, memory_order_relaxed) * PAGE_SLOTS * 8 +
           atomic_load_explicit(&table->groups, memory_order_relaxed) * (sizeof(slot_group) + 32) +
           2 * ((uint64_t)1 << d->depth) * sizeof(void *);
}

static inline uint64_t slots_count(const slot_table *t) {
    return atomic_load_explicit(&((slot_table *)t)->used, memory_order_relaxed);
}

/* What only the writer changes, and others may look at meanwhile. */
static inline void slots_add(_Atomic uint64_t *counter, uint64_t more) {
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more,
                          memory_order_relaxed);
}

/* ---- keyed hash: SipHash-1-3 ---- */

#define SIP_ROTL(x, b) (((x) << (b)) | ((x) >> (64 - (b))))
#define SIP_ROUND                                                                              \
    do {                                                                                       \
        v0 += v1; v1 = SIP_ROTL(v1, 13); v1 ^= v0; v0 = SIP_ROTL(v0, 32);                      \
        v2 += v3; v3 = SIP_ROTL(v3, 16); v3 ^= v2;                                             \
        v0 += v3; v3 = SIP_ROTL(v3, 21); v3 ^= v0;                                             \
        v2 += v1; v1 = SIP_ROTL(v1, 17); v1 ^= v2; v2 = SIP_ROTL(v2, 32);                      \
    } while (0)

static inline uint64_t slots_hash(const slot_table *t, const uint8_t *key, size_t length) {
    uint64_t v0 = t->secret[0] ^ UINT64_C(0x736f6d6570736575);
    uint64_t v1 = t->secret[1] ^ UINT64_C(0x646f72616e646f6d);
    uint64_t v2 = t->secret[0] ^ UINT64_C(0x6c7967656e657261);
    uint64_t v3 = t->secret[1] ^ UINT64_C(0x7465646279746573);
    const uint8_t *end = key + (length & ~(size_t)7);
    uint64_t word;
    for (; key != end; key += 8) {
        memcpy(&word, key, 8);
        v3 ^= word;
        SIP_ROUND;
        v0 ^= word;
    }
    word = (uint64_t)length << 56;
    for (size_t i = 0; i < (length & 7); i++) word |= (uint64_t)key[i] << (8 * i);
    v3 ^= word;
    SIP_ROUND;
    v0 ^= word;
    v2 ^= 0xff;
    SIP_ROUND;
    SIP_ROUND;
    SIP_ROUND;
    return v0 ^ v1 ^ v2 ^ v3;
}

/* ---- positions ---- */

static inline uint64_t slots_tag(uint64_t hash) { return (hash >> (64 - BASE_DEPTH - TAG_BITS)) & TAG_MASK; }

static inline uint32_t slots_position(uint64_t tag, uint32_t depth, uint32_t pages) {
    uint64_t rest = (tag << (depth - BASE_DEPTH)) & TAG_MASK;
    return (uint32_t)((rest * ((uint64_t)pages * PAGE_SLOTS - TAIL_SLOTS)) >> TAG_BITS);
}

static inline slot_group *slots_group(const slot_table *t, uint64_t hash) {
    slot_directory *d = atomic_load_explicit(&((slot_table *)t)->directory, memory_order_acquire);
    return atomic_load_explicit(&d->at[hash >> (64 - d->depth)], memory_order_acquire);
}

/* ---- reading ---- */

/* Whether the record at a place carries a key, which `key` knows. */
typedef bool slots_match(const void *key, uint64_t place);

typedef struct {
    const log_view *log;
    const uint8_t *key;
    size_t length;
} slots_key;

static inline bool slots_key_match(const void *key, uint64_t place) {
    const slots_key *k = key;
    return log_key_equals(k->log, place, k->key, k->length);
}

/* The place of the key that `match` knows, or 0. Safe beside the one writer. */
static inline uint64_t slots_get_matching(const slot_table *t, const log_view *log, uint64_t hash,
                                          slots_match *match, const void *key) {
    uint64_t tag = slots_tag(hash), room;
    for (uint32_t attempt = 1;; attempt++) {
        bool gone = false; /* a place whose segment went after its record had moved: the slot tells the new one */
        if (attempt % 256 == 0) sched_yield(); /* the writer may have been put to sleep in between */
        slot_group *g = slots_group(t, hash);
        uint32_t version = atomic_load_explicit(&g->version, memory_order_acquire);
        if ((version & 1) || slots_group(t, hash) != g) continue;
        uint32_t pages = slots_pages(g), depth = slots_depth(g);
        if (pages <= GROUP_PAGES && depth >= BASE_DEPTH && depth <= BASE_DEPTH + TAG_BITS) {
            uint32_t end = pages * PAGE_SLOTS;
            for (uint32_t i = slots_position(tag, depth, pages); i < end; i++) {
                uint64_t slot = atomic_load_explicit(&g->slot[i], memory_order_acquire);
                if (!slot || slot >> PLACE_BITS > tag) break;
                if (slot >> PLACE_BITS != tag) continue;
                if (match(key, slot & PLACE_MASK)) return slot & PLACE_MASK;
                gone |= !log_at(log, slot & PLACE_MASK, &room);
            }
        }
        atomic_thread_fence(memory_order_acquire);
        if (gone && attempt < GONE_ATTEMPTS) continue;
        if (atomic_load_explicit(&g->version, memory_order_relaxed) == version) return 0;
    }
}

/* The place of a folded key, or 0; as slots_get_matching. */
static inline uint64_t slots_get(const slot_table *t, const log_view *log, uint64_t hash,
                                 const uint8_t *key, size_t length) {
    slots_key k = {log, key, length};
    return slots_get_matching(t, log, hash, slots_key_match, &k);
}

static inline void slots_prefetch(const slot_table *t, uint64_t hash) {
    slot_group *g = slots_group(t, hash);
    __builtin_prefetch((const void *)&g->slot[slots_position(slots_tag(hash), slots_depth(g), slots_pages(g))]);
}

/* The first place whose tag matches, without comparing the key: what to prefetch in the log. 0: none. */
static inline uint64_t slots_guess(const slot_table *t, uint64_t hash) {
    slot_group *g = slots_group(t, hash);
    uint64_t tag = slots_tag(hash);
    uint32_t pages = slots_pages(g), end = pages * PAGE_SLOTS;
    for (uint32_t i = slots_position(tag, slots_depth(g), pages); i < end; i++) {
        uint64_t slot = atomic_load_explicit(&g->slot[i], memory_order_relaxed);
        if (!slot || slot >> PLACE_BITS > tag) return 0;
        if (slot >> PLACE_BITS == tag) return slot & PLACE_MASK;
    }
    return 0;
}

/* Have the disk read what a key may be compared with. */
static inline void slots_want(const slot_table *t, const log_view *log, uint64_t hash) {
    uint64_t place = slots_guess(t, hash);
    if (place) log_want(log, place);
}

#endif
