/* BLAKE2b-512 without a key, of at most one block of 128 bytes (RFC 7693). */
#ifndef IDNODE_BLAKE2B_H
#define IDNODE_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static const uint64_t BLAKE2B_START[8] = {
    UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b),
    UINT64_C(0xa54ff53a5f1d36f1), UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
    UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179),
};

static const uint8_t BLAKE2B_ORDER[12][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
};

static inline uint64_t blake2b_rotated(uint64_t x, int bits) { return x >> bits | x << (64 - bits); }

#define BLAKE2B_MIX(a, b, c, d, x, y)                    \
    do {                                                 \
        v[a] += v[b] + (x);                              \
        v[d] = blake2b_rotated(v[d] ^ v[a], 32);         \
        v[c] += v[d];                                    \
        v[b] = blake2b_rotated(v[b] ^ v[c], 24);         \
        v[a] += v[b] + (y);                              \
        v[d] = blake2b_rotated(v[d] ^ v[a], 16);         \
        v[c] += v[d];                                    \
        v[b] = blake2b_rotated(v[b] ^ v[c], 63);         \
    } while (0)

/* The digest of n <= 128 bytes, as eight little-endian words. */
static inline void blake2b_block(const uint8_t *data, size_t n, uint64_t digest[8]) {
    uint64_t m[16] = {0}, v[16], h[8];
    memcpy(m, data, n); /* little-endian machines only, as all of this core */
    memcpy(h, BLAKE2B_START, sizeof h);
    h[0] ^= UINT64_C(0x01010040);
    memcpy(v, h, sizeof h);
    memcpy(v + 8, BLAKE2B_START, sizeof h);
    v[12] ^= n;
    v[14] = ~v[14];
#pragma GCC unroll 12 /* then the order of the words is known to the compiler */
    for (int round = 0; round < 12; round++) {
        const uint8_t *s = BLAKE2B_ORDER[round];
        BLAKE2B_MIX(0, 4, 8, 12, m[s[0]], m[s[1]]);
        BLAKE2B_MIX(1, 5, 9, 13, m[s[2]], m[s[3]]);
        BLAKE2B_MIX(2, 6, 10, 14, m[s[4]], m[s[5]]);
        BLAKE2B_MIX(3, 7, 11, 15, m[s[6]], m[s[7]]);
        BLAKE2B_MIX(0, 5, 10, 15, m[s[8]], m[s[9]]);
        BLAKE2B_MIX(1, 6, 11, 12, m[s[10]], m[s[11]]);
        BLAKE2B_MIX(2, 7, 8, 13, m[s[12]], m[s[13]]);
        BLAKE2B_MIX(3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; i++) digest[i] = h[i] ^ v[i] ^ v[i + 8];
}

#endif
