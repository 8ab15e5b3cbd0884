/* Admission of a batch: decided against the table and each other, numbered and checksummed.
 *
 * Only the register's writer calls this, when nothing else is under way. Afterwards the frame holds what is to be
 * written, and nothing else; once it is on the disk, apply.h makes it visible.
 */
#ifndef IDNODE_ADMIT_H
#define IDNODE_ADMIT_H

#include "frame.h"

enum { ADMIT_AHEAD = 12, ADMIT_WANT_AHEAD = 512 };

static inline bool same_key(const batch *b, const batch_item *a, const batch *d, const batch_item *c) {
    if (a->hash != c->hash || a->handle_bytes != c->handle_bytes) return false;
    const uint8_t *x = item_handle(b, a), *y = item_handle(d, c);
    for (uint32_t i = 0; i < a->handle_bytes; i++)
        if (fold_byte(x[i]) != fold_byte(y[i])) return false;
    return true;
}

/* The handle of an item, as a key of the table. */
typedef struct {
    const log_view *log;
    const batch *b;
    const batch_item *item;
} item_key;

static inline bool item_match(const void *key, uint64_t place) {
    const item_key *k = key;
    uint8_t folded[HANDLE_BYTES_MAX];
    fold(folded, item_handle(k->b, k->item), k->item->handle_bytes);
    return log_key_equals(k->log, place, folded, k->item->handle_bytes);
}

/* Where in `e` the handle of an item of `b` was accepted, or would be noted. */
static inline uint32_t seen_slot(const batch *e, const batch *b, const batch_item *item) {
    uint32_t at = (uint32_t)item->hash & (e->seen_room - 1);
    while (e->seen[at] && !same_key(e, &e->items[e->seen[at] - 1], b, item)) at = (at + 1) & (e->seen_room - 1);
    return at;
}

static inline bool seen_earlier(batch *const *earlier, uint32_t count, const batch *b, const batch_item *item) {
    for (uint32_t i = 0; i < count; i++)
        if (earlier[i]->seen_room && earlier[i]->seen[seen_slot(earlier[i], b, item)]) return true;
    return false;
}

static inline void batch_fail(batch *b, batch_item *item, item_state state) {
    item->state = (uint8_t)state;
    b->failed++;
}

/* Turn every good item into a failed one. */
static inline void batch_fail_all(batch *b, item_state state) {
    for (uint32_t i = 0; i < b->count; i++)
        if (b->items[i].state == ITEM_GOOD) batch_fail(b, &b->items[i], state);
}

/* Take the items of refused prefixes out. */
static inline void batch_refuse_prefixes(batch *b) {
    for (uint32_t i = 0; i < b->count; i++)
        if (b->items[i].state == ITEM_GOOD && b->prefixes[b->items[i].prefix].refused)
            batch_fail(b, &b->items[i], ITEM_PREFIX_REFUSED);
}

/* Have what deciding later items takes on its way from the disk. */
static inline void admit_want(const batch *b, const slot_table *t, const log_view *log, uint32_t i) {
    if (i + ADMIT_AHEAD < b->count) slots_prefetch(t, b->items[i + ADMIT_AHEAD].hash);
    if (i < b->count) slots_want(t, log, b->items[i].hash);
}

/* Have what deciding the next items takes on its way into the cache. */
static inline void admit_look_ahead(const batch *b, const slot_table *t, const log_view *log, uint32_t i) {
    if (i + ADMIT_AHEAD < b->count) {
        slots_prefetch(t, b->items[i + ADMIT_AHEAD].hash);
        __builtin_prefetch(&b->seen[(uint32_t)b->items[i + ADMIT_AHEAD].hash & (b->seen_room - 1)], 1);
    }
    if (i + ADMIT_AHEAD / 2 >= b->count) return;
    uint64_t room, place = slots_guess(t, b->items[i + ADMIT_AHEAD / 2].hash);
    const uint8_t *record = place ? log_at(log, place, &room) : NULL;
    if (record) __builtin_prefetch(record);
}

/* Decide each good item: does its handle exist, in the table, by an earlier batch of the same commit group, or by
 * an earlier item? Returns false without memory. */
static inline bool admit_decide(batch *b, const slot_table *t, const log_view *log, batch *const *earlier,
                                uint32_t earlier_count, bool overwrite) {
    b->seen_room = 16;
    while (b->seen_room < b->count * 2) b->seen_room *= 2;
    b->seen = calloc(b->seen_room, sizeof *b->seen);
    if (!b->seen) return false;
    bool large = log_is_large(log);
    for (uint32_t i = 0; large && i < ADMIT_WANT_AHEAD; i++) admit_want(b, t, log, i);
    for (uint32_t i = 0; i < b->count; i++) {
        if (large) admit_want(b, t, log, i + ADMIT_WANT_AHEAD);
        admit_look_ahead(b, t, log, i);
        batch_item *item = &b->items[i];
        if (item->state != ITEM_GOOD) continue;
        uint32_t at = seen_slot(b, b, item);
        item_key key = {log, b, item};
        item->replaced = b->seen[at] || seen_earlier(earlier, earlier_count, b, item) ||
                         slots_get_matching(t, log, item->hash, item_match, &key);
        if (item->replaced && !overwrite) batch_fail(b, item, ITEM_EXISTS);
        else b->seen[at] = i + 1;
    }
    return true;
}

/* Bytes that the group of the good items counts for (registry/embedded/group.py). */
static inline uint64_t admit_group_bytes(const batch *b) {
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < b->count; i++)
        if (b->items[i].state == ITEM_GOOD)
            bytes += record_length(b->frame + b->items[i].frame) + 7;
    return bytes;
}

/* All of it is too much at once, whatever else is wrong with some. */
static inline void admit_refuse_whole(batch *b) {
    batch_fail_all(b, ITEM_WHOLE_TOO_LARGE);
    for (uint32_t i = 0; i < b->count; i++)
        if (b->items[i].state == ITEM_EXISTS) b->items[i].state = ITEM_WHOLE_TOO_LARGE;
}

/* Keep the handles of items that were refused after they were framed; returns false without memory. */
static inline bool admit_keep_names(batch *b) {
    size_t bytes = 0;
    for (uint32_t i = 0; i < b->count; i++)
        if (b->items[i].state > ITEM_REFUSED) bytes += b->items[i].handle_bytes;
    b->names = malloc(bytes ? bytes : 1);
    if (!b->names) return false;
    for (uint32_t i = 0; i < b->count; i++) {
        batch_item *item = &b->items[i];
        if (item->state <= ITEM_REFUSED) continue;
        memcpy(b->names + b->names_bytes, item_handle(b, item), item->handle_bytes);
        item->frame = b->names_bytes;
        b->names_bytes += item->handle_bytes;
    }
    return true;
}

/* Number and checksum a record; `continues`: it is bound to the next one. */
static inline void admit_seal(uint8_t *record, uint64_t sequence, bool first, bool continues) {
    uint32_t length = record_length(record);
    memcpy(record + 8, &sequence, 8);
    record[17] |= (first ? FLAG_FIRST : 0) | (continues ? FLAG_CONTINUES : 0);
    uint32_t crc = crc32c(record + 4, length - 4);
    memcpy(record, &crc, 4);
}

/* Close the gaps between the records of good items, put them in the order of the items, and seal them; `first` flags
 * the first one as the first since a sync. Returns false without memory. */
static inline bool admit_gather(batch *b, uint64_t sequence, bool first, bool all_or_nothing) {
    if (!b->frame) return true; /* there never was anything */
    uint8_t *into = b->shuffled ? malloc(b->frame_room) : b->frame;
    if (!into) return false;
    size_t out = 0;
    uint32_t left = b->accepted;
    for (uint32_t i = 0; i < b->count; i++) {
        batch_item *item = &b->items[i];
        if (item->state != ITEM_GOOD) continue;
        if (into + out != b->frame + item->frame) memmove(into + out, b->frame + item->frame, item->frame_bytes);
        admit_seal(into + out, sequence++, first, all_or_nothing && --left);
        first = false;
        item->frame = out;
        out += item->frame_bytes;
    }
    if (into != b->frame) {
        free(b->frame);
        b->frame = into;
    }
    b->frame_bytes = out;
    return true;
}

/* Decide the batch, behind the `earlier` ones of its commit group. With `all_or_nothing` all are accepted or none, and
 * together they may have `whole_bytes_max`. Returns false without memory. */
static inline bool batch_admit(batch *b, const slot_table *t, const log_view *log, batch *const *earlier,
                               uint32_t earlier_count, bool overwrite, bool all_or_nothing, uint64_t whole_bytes_max,
                               uint64_t sequence, bool first) {
    if (!admit_decide(b, t, log, earlier, earlier_count, overwrite)) return false;
    if (all_or_nothing && admit_group_bytes(b) > whole_bytes_max) admit_refuse_whole(b);
    if (all_or_nothing && b->failed) {
        batch_fail_all(b, ITEM_ABORTED);
        b->seen_room = 0;
    }
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->items[i].state != ITEM_GOOD) continue;
        b->prefixes[b->items[i].prefix].accepted++;
        b->accepted++;
        b->replaced += b->items[i].replaced;
    }
    if (b->failed && !admit_keep_names(b)) return false;
    return admit_gather(b, sequence, first, all_or_nothing);
}

#endif
