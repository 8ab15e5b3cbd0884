/* Slots as the image keeps them: the step from the tag before in as few bytes as it takes, then the place in five.
 *
 * In a register of a hundred million that is six bytes a slot, for the tags of a group lie close to each other.
 */
#ifndef IDNODE_PACKED_H
#define IDNODE_PACKED_H

#include "slots.h"

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

#endif
