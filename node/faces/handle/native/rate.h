/* Answers a second to one network of sources (/24, /56), counted in buckets that networks share by hash.
 *
 * The table never grows and is never searched; a network that shares a bucket with a flood is limited with it, and
 * goes on over TCP. Loopback is not counted: nobody can be flooded there but the machine itself. */
#ifndef IDNODE_RATE_H
#define IDNODE_RATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { RATE_BUCKETS = 16384 }; /* a power of two */

typedef struct {
    uint32_t second, answers;
} rate_bucket;

typedef struct {
    rate_bucket bucket[RATE_BUCKETS];
} rate_table;

/* The network of a source as a number, 0 on loopback. */
static inline uint64_t rate_network(const struct sockaddr_in6 *from) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    const uint8_t *at = from->sin6_addr.s6_addr;
    if (from->sin6_family == AF_INET) at = (const uint8_t *)&((const struct sockaddr_in *)from)->sin_addr;
    else if (IN6_IS_ADDR_LOOPBACK(&from->sin6_addr)) return 0;
    else if (!memcmp(at, mapped, sizeof mapped)) at += sizeof mapped;
    else {
        uint64_t network = 1;
        for (int i = 0; i < 7; i++) network = network << 8 | at[i];
        return network;
    }
    return at[0] == 127 ? 0 : (uint64_t)1 << 32 | (uint64_t)at[0] << 16 | (uint64_t)at[1] << 8 | at[2];
}

/* Count one answer; returns by how many the network is over its rate in this second. */
static inline uint32_t rate_over(rate_table *t, uint64_t secret, uint32_t per_second, const struct sockaddr_in6 *from,
                                 uint32_t second) {
    uint64_t network = per_second ? rate_network(from) : 0;
    if (!network) return 0;
    uint64_t hash = (network ^ secret) * 0x9e3779b97f4a7c15u;
    rate_bucket *b = &t->bucket[(hash ^ hash >> 32) & (RATE_BUCKETS - 1)];
    if (b->second != second) *b = (rate_bucket){second, 0};
    b->answers++;
    return b->answers > per_second ? b->answers - per_second : 0;
}

#endif
