/* Numbers in as few bytes as they take: seven bits a byte, the lowest first, the top bit set in all but the last. */
#ifndef IDNODE_VARINT_H
#define IDNODE_VARINT_H

#include <stddef.h>
#include <stdint.h>

enum { VARINT_BYTES_MAX = 5 }; /* of 32 bits */

static inline uint8_t *varint_put(uint8_t *out, uint32_t number) {
    for (; number >= 0x80; number >>= 7) *out++ = (uint8_t)(number | 0x80);
    *out++ = (uint8_t)number;
    return out;
}

/* Read a number; returns where it ends, NULL where there is none. */
static inline const uint8_t *varint_take(const uint8_t *in, const uint8_t *end, uint32_t *number) {
    uint64_t found = 0;
    for (int shift = 0; shift < 7 * VARINT_BYTES_MAX; shift += 7) {
        if (in == end) return NULL;
        found |= (uint64_t)(*in & 0x7f) << shift;
        if (!(*in++ & 0x80)) {
            *number = (uint32_t)found;
            return found <= UINT32_MAX ? in : NULL;
        }
    }
    return NULL;
}

#endif
