/* Whether bytes are UTF-8, as Python's strict decoder has it. */
#ifndef IDNODE_UTF8_H
#define IDNODE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool utf8_valid(const uint8_t *s, size_t n) {
    const uint8_t *end = s + n;
    while (s < end) {
        uint64_t word;
        if (end - s >= 8 && (memcpy(&word, s, 8), !(word & UINT64_C(0x8080808080808080)))) { s += 8; continue; }
        uint8_t c = *s;
        if (c < 0x80) { s++; continue; }
        if (c < 0xc2 || c > 0xf4) return false;
        int more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
        if (end - s <= more) return false;
        if ((s[1] & 0xc0) != 0x80) return false;
        if ((c == 0xe0 && s[1] < 0xa0) || (c == 0xed && s[1] > 0x9f) || (c == 0xf0 && s[1] < 0x90) ||
            (c == 0xf4 && s[1] > 0x8f))
            return false;
        for (int i = 2; i <= more; i++)
            if ((s[i] & 0xc0) != 0x80) return false;
        s += more + 1;
    }
    return true;
}

#endif
