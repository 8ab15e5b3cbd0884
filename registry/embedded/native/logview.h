/* The log as native readers see it: the mapped segments, and the record at a place.
 *
 * Layout of a record (little-endian): u4 crc32c, u4 length, u8 sequence, u1 kind, u1 flags, u2 handle length,
 * handle, packed values, zero padding to 8 bytes. A place counts units of 8 bytes: segment slot * SPAN + offset.
 *
 * Any number of readers beside one thread that maps and unmaps. The memory of a mapping that was replaced or
 * taken away stays where it is until no reader can hold it; that is its owner's duty.
 */
#ifndef IDNODE_LOGVIEW_H
#define IDNODE_LOGVIEW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crc32c.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "records are read in place");

enum {
    SEGMENTS_MAX = 8192,
    SPAN_BITS = 27,
    RECORD_HEADER = 20,
    RECORD_PUT = 1,
    RECORD_DELETE = 2,
    FLAG_CONTINUES = 1,
    FLAG_FIRST = 2,
    FLAG_RESTRICTED = 4,
    HANDLE_BYTES_MAX = 4096,
    RECORD_BYTES_MAX = 256000,
    RECORD_LENGTH_MAX = RECORD_HEADER + HANDLE_BYTES_MAX + RECORD_BYTES_MAX,
};
#define SPAN_MASK ((UINT64_C(1) << SPAN_BITS) - 1)

typedef struct {
    _Atomic(const uint8_t *) base[SEGMENTS_MAX];
    _Atomic uint64_t bytes[SEGMENTS_MAX];
    _Atomic uint64_t total; /* bytes of all of them */
} log_view;

/* The bytes at an offset of a segment, and how many follow; NULL where no record can lie. */
static inline const uint8_t *log_segment(const log_view *log, uint64_t slot, uint64_t offset, uint64_t *room) {
    if (slot >= SEGMENTS_MAX) return NULL;
    log_view *v = (log_view *)log; /* C11 atomics are not loaded through const */
    for (;;) {
        const uint8_t *base = atomic_load_explicit(&v->base[slot], memory_order_acquire);
        uint64_t bytes = atomic_load_explicit(&v->bytes[slot], memory_order_acquire);
        if (atomic_load_explicit(&v->base[slot], memory_order_acquire) != base) continue;
        if (!base || bytes < RECORD_HEADER || offset > bytes - RECORD_HEADER) return NULL;
        *room = bytes - offset;
        return base + offset;
    }
}

static inline const uint8_t *log_at(const log_view *log, uint64_t place, uint64_t *room) {
    return log_segment(log, place >> SPAN_BITS, (place & SPAN_MASK) << 3, room);
}

/* Show (or with bytes 0 hide) a segment. At no moment does a reader see more bytes than its base has. */
static inline void log_map(log_view *log, uint32_t slot, const uint8_t *base, uint64_t bytes) {
    if (slot >= SEGMENTS_MAX) return;
    atomic_fetch_add(&log->total, bytes - atomic_load(&log->bytes[slot]));
    if (bytes < atomic_load(&log->bytes[slot])) atomic_store(&log->bytes[slot], bytes);
    atomic_store(&log->base[slot], bytes ? base : NULL);
    atomic_store(&log->bytes[slot], bytes);
}

/* Whether the log may not fit into memory, beside what else is there. */
static inline bool log_is_large(const log_view *log) {
    uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    return atomic_load_explicit(&((log_view *)log)->total, memory_order_relaxed) > memory / 2;
}

/* Have the disk read the page of a record, unless it is in memory; does not wait for it. */
static inline void log_want(const log_view *log, uint64_t place) {
    uint64_t room;
    const uint8_t *record = log_at(log, place, &room);
    if (!record) return;
    uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
    void *page = (void *)((uintptr_t)record & ~(size - 1));
    unsigned char there = 1;
    if (!mincore(page, size, &there) && !(there & 1)) madvise(page, size, MADV_WILLNEED);
}

static inline uint8_t fold_byte(uint8_t c) { return (uint8_t)(c - 'a') < 26 ? c - 32 : c; }

static inline void fold(uint8_t *out, const uint8_t *in, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = fold_byte(in[i]);
}

/* Less than, equal to or greater than 0, as the one folded handle sorts before, with or behind the other. */
static inline int handle_compare(const uint8_t *a, uint32_t a_bytes, const uint8_t *b, uint32_t b_bytes) {
    uint32_t n = a_bytes < b_bytes ? a_bytes : b_bytes, i = 0;
    while (i < n) {
        uint64_t x, y;
        if (n - i >= 8 && (memcpy(&x, a + i, 8), memcpy(&y, b + i, 8), x == y)) { i += 8; continue; }
        uint8_t c = fold_byte(a[i]), d = fold_byte(b[i]);
        if (c != d) return c < d ? -1 : 1;
        i++;
    }
    return a_bytes == b_bytes ? 0 : a_bytes < b_bytes ? -1 : 1;
}

static inline uint32_t record_length(const uint8_t *record) {
    uint32_t length;
    memcpy(&length, record + 4, 4);
    return length;
}

static inline uint64_t record_sequence(const uint8_t *record) {
    uint64_t sequence;
    memcpy(&sequence, record + 8, 8);
    return sequence;
}

static inline uint16_t record_handle_bytes(const uint8_t *record) {
    uint16_t bytes;
    memcpy(&bytes, record + 18, 2);
    return bytes;
}

/* Bytes on disk of a record of this length. */
static inline uint32_t record_size(uint32_t length) { return (length + 7) & ~UINT32_C(7); }

/* Whether kind, lengths and padding can be those of a record that has `room` bytes; nothing else is looked at. */
static inline bool record_shaped(const uint8_t *record, uint64_t room) {
    uint32_t length = record_length(record);
    uint16_t handle_bytes = record_handle_bytes(record);
    if (length > RECORD_LENGTH_MAX || length < RECORD_HEADER + 1 || record_size(length) > room) return false;
    if (!handle_bytes || RECORD_HEADER + (uint32_t)handle_bytes > length) return false;
    return record[16] == RECORD_PUT || record[16] == RECORD_DELETE;
}

/* Whether a whole, unaltered record lies here. */
static inline bool record_intact(const uint8_t *record, uint64_t room) {
    if (!record_shaped(record, room)) return false;
    uint32_t length = record_length(record), crc;
    memcpy(&crc, record, 4);
    if (crc32c(record + 4, length - 4) != crc) return false;
    for (uint32_t i = length; i < record_size(length); i++)
        if (record[i]) return false;
    return true;
}

/* Whether the record at a place carries this folded key. One that is damaged might: it is taken for a
 * match, so that whoever reads it is told, and whoever replaces it heals it. */
static inline bool log_key_equals(const log_view *log, uint64_t place, const uint8_t *key, size_t length) {
    uint64_t room;
    const uint8_t *record = log_at(log, place, &room);
    if (!record) return false;
    const uint8_t *handle = record + RECORD_HEADER;
    if (record_handle_bytes(record) == length && RECORD_HEADER + (uint64_t)length <= room) {
        if (!memcmp(handle, key, length)) return true;
        size_t i = 0;
        while (i < length && fold_byte(handle[i]) == key[i]) i++;
        if (i == length) return true;
    }
    return !record_intact(record, room);
}

#endif
