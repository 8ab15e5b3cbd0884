/* The log as readers see it: the mapped segments, and the key of the record at a place.
 * Layout of a record (little-endian): u4 crc32c, u4 length, u8 sequence, u1 kind, u1 flags, u2 handle length,
 * handle, packed values, zero padding to 8 bytes. A place counts units of 8 bytes: segment slot * SPAN + offset. */
#ifndef IDNODE_LOGVIEW_H
#define IDNODE_LOGVIEW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { SEGMENTS_MAX = 8192, SPAN_BITS = 27, RECORD_HEADER = 20 };

typedef struct {
    const uint8_t *volatile base[SEGMENTS_MAX];
    volatile uint64_t bytes[SEGMENTS_MAX];
} log_view;

static inline const uint8_t *log_at(const log_view *log, uint64_t place, uint64_t *room) {
    uint64_t segment = place >> SPAN_BITS, offset = (place & ((UINT64_C(1) << SPAN_BITS) - 1)) << 3;
    if (segment >= SEGMENTS_MAX) return NULL;
    uint64_t bytes = log->bytes[segment];
    atomic_thread_fence(memory_order_acquire);
    const uint8_t *base = log->base[segment];
    if (!base || offset + RECORD_HEADER > bytes) return NULL;
    *room = bytes - offset;
    return base + offset;
}

/* Show (or with bytes 0 hide) a segment; readers see its length only with its address. */
static inline void log_map(log_view *log, uint32_t slot, const uint8_t *base, uint64_t bytes) {
    if (slot >= SEGMENTS_MAX) return;
    log->bytes[slot] = 0;
    __sync_synchronize();
    log->base[slot] = base;
    __sync_synchronize();
    log->bytes[slot] = bytes;
}

static inline uint8_t fold_byte(uint8_t c) { return (uint8_t)(c - 'a') < 26 ? c - 32 : c; }

/* Whether the record at a place carries this folded key. */
static inline bool log_key_equals(const log_view *log, uint64_t place, const uint8_t *key, size_t length) {
    uint64_t room;
    const uint8_t *record = log_at(log, place, &room);
    if (!record) return false;
    uint16_t handle_length;
    memcpy(&handle_length, record + 18, 2);
    if (handle_length != length || RECORD_HEADER + (uint64_t)length > room) return false;
    const uint8_t *handle = record + RECORD_HEADER;
    if (!memcmp(handle, key, length)) return true;
    for (size_t i = 0; i < length; i++)
        if (fold_byte(handle[i]) != key[i]) return false;
    return true;
}

#endif
