/* A batch that was written becomes visible: its items go into the table, without a look at the log.
 *
 * What replay.h would do with the same extent of the log, from what is known of the items already.
 */
#ifndef IDNODE_APPLY_H
#define IDNODE_APPLY_H

#include "admit.h"
#include "replay.h"

/* Records of a batch's frame that lie one behind the other in a segment. */
typedef struct {
    uint64_t place; /* of the first */
    uint64_t bytes;
} batch_extent;

/* Number the prefixes of the accepted items in the account; returns NULL without memory. */
static inline uint32_t *apply_prefixes(const batch *b, const slot_table *t, replay_counts *y) {
    uint32_t *numbers = malloc((b->prefix_count + 1) * sizeof *numbers);
    uint8_t key[HANDLE_BYTES_MAX];
    for (uint32_t i = 0; numbers && i < b->prefix_count; i++) {
        const batch_prefix *prefix = &b->prefixes[i];
        if (!prefix->accepted) continue;
        fold(key, item_name(b, &b->items[prefix->item]), prefix->bytes);
        if (counts_prefix(y, t, key, prefix->bytes, &numbers[i])) continue;
        free(numbers);
        return NULL;
    }
    return numbers;
}

/* The next good item from `i` on. */
static inline uint32_t apply_next(const batch *b, uint32_t i) {
    while (i < b->count && b->items[i].state != ITEM_GOOD) i++;
    return i;
}

/* Put the accepted items into the table, now that their records lie in these extents; only for the register's
 * writer. Returns false without memory, or when the extents are not as long as the frame. */
static inline bool batch_apply(const batch *b, slot_table *t, const log_view *log, const batch_extent *extent,
                               uint32_t extents, replay_counts *y) {
    uint32_t *prefix = apply_prefixes(b, t, y), i = 0;
    uint64_t start = 0; /* where the extent begins in the frame */
    bool ok = prefix != NULL;
    for (uint32_t s = 0; ok && s < extents; start += extent[s++].bytes) {
        for (; ok && (i = apply_next(b, i)) < b->count && b->items[i].frame < start + extent[s].bytes; i++) {
            const batch_item *item = &b->items[i];
            if (i + ADMIT_AHEAD < b->count) slots_prefetch(t, b->items[i + ADMIT_AHEAD].hash);
            item_key key = {log, b, item};
            uint64_t place = extent[s].place + (item->frame - start) / 8;
            uint64_t old = slots_put_matching(t, item->hash, item_match, &key, place);
            ok = old != UINT64_MAX;
            y->live[place >> SPAN_BITS] += item->frame_bytes;
            y->records++;
            if (!old) y->prefixes.entry[prefix[item->prefix]].change++;
            else if (ok) counts_drop(y, log, old);
        }
    }
    free(prefix);
    return ok && apply_next(b, i) == b->count;
}

/* Fill in where the records that begin in [from, from + bytes) of the frame lie, in order if that is known, for a run
 * (order.h) of an extent that begins at this offset of its segment; returns how many there are. */
static inline uint32_t batch_offsets(const batch *b, uint64_t from, uint64_t bytes, uint64_t offset, uint32_t *at) {
    uint32_t n = 0;
    bool sorted = b->descends && batch_ordered(b);
    for (uint32_t i = 0, known = 0; (i = apply_next(b, i)) < b->count; i++) {
        uint64_t frame = sorted ? (uint64_t)b->order[known++] << 3 : b->items[i].frame;
        if (frame >= from && frame < from + bytes) at[n++] = (uint32_t)((offset + frame - from) >> 3);
    }
    return n;
}

#endif
