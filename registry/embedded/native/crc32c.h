/* CRC-32C (Castagnoli), by the processor's instruction where there is one. */
#ifndef IDNODE_CRC32C_H
#define IDNODE_CRC32C_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static uint32_t crc32c_table[256];

__attribute__((constructor)) static void crc32c_fill_table(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++) c = c & 1 ? 0x82f63b78u ^ (c >> 1) : c >> 1;
        crc32c_table[i] = c;
    }
}

static inline uint32_t crc32c_software(uint32_t crc, const uint8_t *data, size_t length) {
    while (length--) crc = crc32c_table[(crc ^ *data++) & 0xff] ^ (crc >> 8);
    return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>
__attribute__((target("sse4.2"))) static inline uint32_t crc32c_hardware(uint32_t crc, const uint8_t *data,
                                                                         size_t length) {
    uint64_t c = crc, word;
    for (; length >= 8; length -= 8, data += 8) {
        memcpy(&word, data, 8);
        c = _mm_crc32_u64(c, word);
    }
    crc = (uint32_t)c;
    while (length--) crc = _mm_crc32_u8(crc, *data++);
    return crc;
}
static inline uint32_t crc32c(const uint8_t *data, size_t length) {
    return ~(__builtin_cpu_supports("sse4.2") ? crc32c_hardware(~0u, data, length)
                                              : crc32c_software(~0u, data, length));
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
static inline uint32_t crc32c(const uint8_t *data, size_t length) {
    uint32_t crc = ~0u;
    uint64_t word;
    for (; length >= 8; length -= 8, data += 8) {
        memcpy(&word, data, 8);
        crc = __crc32cd(crc, word);
    }
    while (length--) crc = __crc32cb(crc, *data++);
    return ~crc;
}
#else
static inline uint32_t crc32c(const uint8_t *data, size_t length) {
    return ~crc32c_software(~0u, data, length);
}
#endif

#endif
