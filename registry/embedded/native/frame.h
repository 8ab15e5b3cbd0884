/* A batch under way: its items, and the log records framed for the good ones.
 *
 * 1. A reader (msgpack.h, ndjson.h) goes through a request and frames a record for every item that it recognises.
 *    What it does not recognise is left unrecognised, with its place in the request, for somebody more patient to judge.
 * 2. `frame_record` takes in what was judged to be good after all.
 * 3. `batch_admit` (admit.h) decides the records against the table and each other.
 */
#ifndef IDNODE_FRAME_H
#define IDNODE_FRAME_H

#include "slots.h"
#include "sorting.h"
#include "utf8.h"

enum {
    VALUES_MAX = 4096,
    TYPE_BYTES_MAX = 1024,
    VALUE_FIXED = 18,     /* index, timestamp, ttl type, ttl, permissions, length of the type */
    VALUE_OVERHEAD = 26,  /* the same, and the lengths of data and references */
    INDEXES_ROOM = 8192,  /* at least twice VALUES_MAX, a power of two */
    INDEXES_SHIFT = 19,   /* leaves as many bits of a hash as INDEXES_ROOM has numbers */
};
_Static_assert(UINT32_C(1) << (32 - INDEXES_SHIFT) == INDEXES_ROOM, "a hash leads into the room");
_Static_assert(INDEXES_ROOM >= 2 * VALUES_MAX, "half of the room stays free");

typedef enum {
    ITEM_GOOD = 0,
    ITEM_ODD,             /* not recognised, and not judged yet */
    ITEM_REFUSED,         /* judged and refused; the judge knows why */
    ITEM_PREFIX_REFUSED,
    ITEM_EXISTS,
    ITEM_ABORTED,         /* all or nothing, and another one failed */
    ITEM_WHOLE_TOO_LARGE, /* all or nothing, and too many bytes together */
} item_state;

typedef struct {
    uint64_t hash;
    uint64_t frame;        /* offset of its record in the frame; once refused, of its handle among the names */
    uint32_t frame_bytes;  /* padding included */
    uint32_t prefix;       /* number in batch.prefixes */
    uint32_t start, end;   /* where an unrecognised one stands in the request */
    uint16_t handle_bytes;
    uint8_t state;
    bool replaced;
} batch_item;

typedef struct {
    uint64_t hash;
    uint32_t item;         /* the first that has it */
    uint32_t accepted;
    uint16_t bytes;        /* of the handle */
    bool refused;
} batch_prefix;

typedef struct {
    const uint8_t *request;
    size_t request_bytes;
    batch_item *items;
    uint32_t count, items_room;
    uint8_t *frame;
    size_t frame_bytes, frame_room;
    uint64_t value_bytes;  /* of the good items */
    batch_prefix *prefixes;
    uint32_t prefix_count, prefix_room;
    uint32_t *prefix_slots; /* open addressing: number + 1; prefix_room * 2 of them */
    uint32_t failed, accepted, replaced;
    bool shuffled;         /* records do not stand in the order of the items */
    bool descends;         /* handles do not ascend from record to record */
    uint64_t last;         /* where the record framed last begins */
    uint32_t frame_records;
    uint32_t *order;       /* where they begin, in the order of their handles, if that is another one */
    uint8_t *names;        /* handles of refused items, once the frame has moved over them */
    size_t names_bytes;
    uint32_t *seen;        /* accepted items by handle: open addressing, position + 1 */
    uint32_t seen_room;    /* a power of two, or 0: none were accepted */
    uint32_t index_epoch, indexes[INDEXES_ROOM], index_epochs[INDEXES_ROOM];
} batch;

/* ---- bytes ---- */

static inline uint8_t *put4(uint8_t *p, uint32_t v) {
    p[0] = (uint8_t)(v >> 24); p[1] = (uint8_t)(v >> 16); p[2] = (uint8_t)(v >> 8); p[3] = (uint8_t)v;
    return p + 4;
}

static inline uint32_t take4(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline bool frame_room(batch *b, size_t more) {
    if (b->frame_room - b->frame_bytes >= more) return true;
    size_t room = b->frame_room ? b->frame_room * 2 : 65536;
    while (room - b->frame_bytes < more) room *= 2;
    uint8_t *frame = realloc(b->frame, room);
    if (!frame) return false;
    b->frame = frame;
    b->frame_room = room;
    return true;
}

/* ---- one record ---- */

/* What may be stored, and resolved again (registry/handle/names.py: check). An empty suffix is left to that. */
static inline bool handle_fits(const uint8_t *handle, size_t bytes) {
    if (!bytes || bytes > HANDLE_BYTES_MAX) return false;
    const uint8_t *slash = memchr(handle, '/', bytes);
    return slash && slash != handle && slash != handle + bytes - 1 && utf8_valid(handle, bytes);
}

/* Begin a record: its header is filled in later, its handle comes next. */
static inline bool frame_open(batch *b, batch_item *item) {
    if (!frame_room(b, RECORD_HEADER)) return false;
    item->frame = b->frame_bytes;
    memset(b->frame + b->frame_bytes, 0, RECORD_HEADER);
    b->frame_bytes += RECORD_HEADER;
    return true;
}

/* Start to look for values that share an index. */
static inline void indexes_forget(batch *b) {
    if (!++b->index_epoch) {
        memset(b->index_epochs, 0, sizeof b->index_epochs);
        b->index_epoch = 1;
    }
}

/* Note an index; false when it was noted before. */
static inline bool indexes_note(batch *b, uint32_t index) {
    uint32_t at = index * UINT32_C(2654435761) >> INDEXES_SHIFT;
    for (; b->index_epochs[at] == b->index_epoch; at = (at + 1) & (INDEXES_ROOM - 1))
        if (b->indexes[at] == index) return false;
    b->index_epochs[at] = b->index_epoch;
    b->indexes[at] = index;
    return true;
}

/* Whether an index is new among the values from `first` on, of which it would be the next. They mostly ascend;
 * `ascending` (true at the first value) tells whether they did so far, and `last` is the one before. */
static inline bool index_is_new(batch *b, size_t first, uint32_t index, uint32_t *last, bool *ascending) {
    if (*ascending && index > *last) { *last = index; return true; }
    if (*ascending) {
        *ascending = false;
        indexes_forget(b);
        for (size_t at = first; at < b->frame_bytes;) {
            const uint8_t *v = b->frame + at;
            uint32_t type_bytes = take4(v + 14);
            indexes_note(b, take4(v));
            at += VALUE_OVERHEAD + type_bytes + take4(v + VALUE_FIXED + type_bytes);
        }
    }
    return indexes_note(b, index);
}

static inline uint64_t prefix_bytes(const uint8_t *handle, uint16_t bytes) {
    const uint8_t *slash = memchr(handle, '/', bytes);
    uint64_t length = slash ? (uint64_t)(slash - handle) : bytes;
    static const uint8_t prefixes[4] = "0.NA";
    if (length != sizeof prefixes) return length;
    for (size_t i = 0; i < sizeof prefixes; i++)
        if (fold_byte(handle[i]) != prefixes[i]) return length;
    return bytes; /* rights on prefix handles are decided one by one: each is a prefix of its own */
}

static inline bool prefixes_double(batch *b) {
    uint32_t room = b->prefix_room ? b->prefix_room * 2 : 64;
    batch_prefix *prefixes = realloc(b->prefixes, room * sizeof *prefixes);
    if (prefixes) b->prefixes = prefixes;
    uint32_t *slots = calloc(room * 2, sizeof *slots);
    if (!prefixes || !slots) { free(slots); return false; }
    for (uint32_t i = 0; i < b->prefix_count; i++) {
        uint32_t at = (uint32_t)prefixes[i].hash & (room * 2 - 1);
        while (slots[at]) at = (at + 1) & (room * 2 - 1);
        slots[at] = i + 1;
    }
    free(b->prefix_slots);
    b->prefix_slots = slots;
    b->prefix_room = room;
    return true;
}

static inline const uint8_t *item_handle(const batch *b, const batch_item *item) {
    return b->frame + item->frame + RECORD_HEADER;
}

/* The handle of an item that was framed, also once it was refused. */
static inline const uint8_t *item_name(const batch *b, const batch_item *item) {
    return item->state > ITEM_REFUSED && b->names ? b->names + item->frame : item_handle(b, item);
}

/* Whether the prefix of this number is the first `bytes` of a folded handle. */
static inline bool prefix_is(const batch *b, uint32_t number, const uint8_t *folded, uint64_t bytes) {
    const batch_prefix *p = &b->prefixes[number];
    if (p->bytes != bytes) return false;
    const uint8_t *other = item_handle(b, &b->items[p->item]);
    for (uint64_t i = 0; i < bytes; i++)
        if (fold_byte(other[i]) != folded[i]) return false;
    return true;
}

/* Number the prefix of an item whose record is framed; `folded` is its handle. */
static inline bool batch_number_prefix(batch *b, const slot_table *t, batch_item *item, const uint8_t *folded) {
    uint64_t bytes = prefix_bytes(folded, item->handle_bytes);
    if (b->prefix_count && prefix_is(b, b->prefix_count - 1, folded, bytes)) {
        item->prefix = b->prefix_count - 1;
        return true;
    }
    if (b->prefix_count == b->prefix_room && !prefixes_double(b)) return false;
    uint64_t hash = slots_hash(t, folded, bytes);
    uint32_t mask = b->prefix_room * 2 - 1, at = (uint32_t)hash & mask;
    for (; b->prefix_slots[at]; at = (at + 1) & mask) {
        uint32_t number = b->prefix_slots[at] - 1;
        if (b->prefixes[number].hash == hash && prefix_is(b, number, folded, bytes)) {
            item->prefix = number;
            return true;
        }
    }
    b->prefixes[b->prefix_count] =
        (batch_prefix){.hash = hash, .item = (uint32_t)(item - b->items), .bytes = (uint16_t)bytes};
    item->prefix = b->prefix_count++;
    b->prefix_slots[at] = b->prefix_count;
    return true;
}

/* Whether a folded handle sorts before that of the record framed before it. */
static inline bool frame_descends(const batch *b, const uint8_t *folded, uint16_t handle_bytes) {
    const uint8_t *before = b->frame + b->last;
    return b->frame_records && handle_compare(before + RECORD_HEADER, record_handle_bytes(before), folded, handle_bytes) > 0;
}

/* Finish a record whose handle and values stand in the frame. */
static inline bool frame_close(batch *b, const slot_table *t, batch_item *item, uint16_t handle_bytes) {
    if (!handle_bytes) return false;
    uint32_t bytes = (uint32_t)(b->frame_bytes - item->frame), padding = -bytes & 7;
    if (!frame_room(b, padding)) return false;
    memset(b->frame + b->frame_bytes, 0, padding);
    b->frame_bytes += padding;
    uint8_t *record = b->frame + item->frame;
    memcpy(record + 4, &bytes, 4);
    record[16] = RECORD_PUT;
    memcpy(record + 18, &handle_bytes, 2);
    item->frame_bytes = bytes + padding;
    item->handle_bytes = handle_bytes;
    uint8_t key[HANDLE_BYTES_MAX];
    fold(key, record + RECORD_HEADER, handle_bytes);
    item->hash = slots_hash(t, key, handle_bytes);
    if (!batch_number_prefix(b, t, item, key)) return false;
    b->descends |= frame_descends(b, key, handle_bytes);
    b->last = item->frame;
    b->frame_records++;
    item->state = ITEM_GOOD;
    b->value_bytes += bytes - RECORD_HEADER - handle_bytes;
    return true;
}

/* Take in the record of an unrecognised item that was judged to be good. Returns false without memory. */
static inline bool frame_record(batch *b, const slot_table *t, uint32_t position, const uint8_t *handle,
                                uint16_t handle_bytes, const uint8_t *values, uint32_t values_bytes,
                                bool restricted) {
    batch_item *item = &b->items[position];
    if (!frame_open(b, item) || !frame_room(b, (size_t)handle_bytes + values_bytes)) return false;
    memcpy(b->frame + b->frame_bytes, handle, handle_bytes);
    memcpy(b->frame + b->frame_bytes + handle_bytes, values, values_bytes);
    b->frame_bytes += (size_t)handle_bytes + values_bytes;
    b->frame[item->frame + 17] = restricted ? FLAG_RESTRICTED : 0;
    b->shuffled = true;
    return frame_close(b, t, item, handle_bytes);
}

/* ---- items ---- */

/* The next item, unrecognised until shown otherwise; NULL without memory. */
static inline batch_item *batch_next_item(batch *b) {
    if (b->count == b->items_room) {
        uint32_t room = b->items_room ? b->items_room * 2 : 1024;
        batch_item *items = realloc(b->items, room * sizeof *items);
        if (!items) return NULL;
        b->items = items;
        b->items_room = room;
    }
    batch_item *item = &b->items[b->count++];
    *item = (batch_item){.state = ITEM_ODD};
    return item;
}

/* Once a request is read: sort its records, unless they ascend. Returns false without memory. */
static inline bool batch_sort(batch *b) {
    if (!b->descends) return true;
    b->order = malloc(b->frame_records * sizeof *b->order);
    if (!b->order) return false;
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->count; i++)
        if (b->items[i].state == ITEM_GOOD) b->order[n++] = (uint32_t)(b->items[i].frame >> 3);
    order_sort s = order_sorting(b->frame, b->frame_bytes);
    return order_sort_all(&s, b->order, n);
}

/* Whether the order of the records is known: none was added later, and no gap was closed since they were sorted. */
static inline bool batch_ordered(const batch *b) {
    return !b->shuffled && (!b->descends || (b->order && !b->failed));
}

static inline void batch_free(batch *b) {
    if (!b) return;
    free(b->items);
    free(b->frame);
    free(b->prefixes);
    free(b->prefix_slots);
    free(b->names);
    free(b->seen);
    free(b->order);
    free(b);
}

#endif
