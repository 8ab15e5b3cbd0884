/* DNS over UDP, as much as a name server needs to be asked and its answers told apart: TXT queries. */
#ifndef IDNODE_DNS_H
#define IDNODE_DNS_H

#include "load.h"

enum { DNS_HEADER = 12, DNS_TXT = 16, DNS_IN = 1, DNS_NXDOMAIN = 3 };

/* A TXT query for a name with dots; the id is the slot's number. */
static inline unsigned dns_request(uint8_t *out, const struct handle *name, uint32_t id) {
    static const uint8_t header[DNS_HEADER] = {0, 0, 1, 0, 0, 1};
    uint8_t *at = out + DNS_HEADER;
    memcpy(out, header, DNS_HEADER);
    out[0] = (uint8_t)(id >> 8), out[1] = (uint8_t)id;
    for (unsigned from = 0; from < name->bytes;) {
        const char *label = name->text + from, *dot = memchr(label, '.', name->bytes - from);
        unsigned bytes = dot ? (unsigned)(dot - label) : name->bytes - from;
        *at++ = (uint8_t)bytes;
        memcpy(at, label, bytes);
        at += bytes;
        from += bytes + 1;
    }
    *at++ = 0;
    *at++ = 0, *at++ = DNS_TXT, *at++ = 0, *at++ = DNS_IN;
    return (unsigned)(at - out);
}

static inline uint32_t dns_id(const uint8_t *data, size_t bytes) {
    return bytes < DNS_HEADER ? 0xffff : (uint32_t)data[0] << 8 | data[1];
}

/* The code of an answer to this name as the Handle protocol would put it; 0 when it answers something else. */
static inline uint32_t dns_code(const uint8_t *data, size_t bytes, const struct handle *name) {
    uint8_t asked[REQUEST_BYTES_MAX + DNS_HEADER];
    unsigned length = dns_request(asked, name, 0);
    if (bytes < length || memcmp(data + DNS_HEADER, asked + DNS_HEADER, length - DNS_HEADER)) return 0;
    if ((data[3] & 15) == DNS_NXDOMAIN) return 100;
    return (data[3] & 15) == 0 && (data[6] || data[7]) ? 1 : 0;
}

#endif
