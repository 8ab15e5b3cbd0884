/* The protocols the TCP generator speaks: one request out, one answer cut from the stream. */
#ifndef IDNODE_DIALECTS_H
#define IDNODE_DIALECTS_H

#include "load.h"

struct answer {
    size_t bytes;  /* length in the stream; 0: not all there yet */
    uint32_t code; /* response code, HTTP status, or 1 / 100 for Redis found / nil */
    uint32_t id;   /* request id; 0: answers come in order */
    bool wrong;
    const uint8_t *message; /* Handle only: what follows the envelope */
    size_t message_bytes;
};

struct dialect {
    const char *name;
    unsigned (*request)(uint8_t *out, const struct handle *handle, uint32_t id);
    struct answer (*answer)(const uint8_t *at, size_t bytes);
};

enum { REQUEST_ROOM = 2048 };
static const char *http_host = "", *http_path = "/api/handles/", *http_headers = "";

static struct answer handle_answer(const uint8_t *at, size_t bytes) {
    struct answer answer = {0};
    if (bytes < ENVELOPE_BYTES) return answer;
    uint32_t length = get4(at + 16);
    if (length < HEADER_BYTES || length > 262144) {
        answer.wrong = true;
        return answer;
    }
    if (bytes < (size_t)ENVELOPE_BYTES + length) return answer;
    answer.bytes = (size_t)ENVELOPE_BYTES + length;
    answer.id = get4(at + 8);
    answer.message = at + ENVELOPE_BYTES;
    answer.message_bytes = length;
    answer.code = get4(answer.message + 4);
    return answer;
}

static unsigned redis_get(uint8_t *out, const struct handle *handle, uint32_t id) {
    (void)id;
    return (unsigned)snprintf((char *)out, REQUEST_ROOM, "*2\r\n$3\r\nGET\r\n$%u\r\n%.*s\r\n",
                              handle->bytes, handle->bytes, handle->text);
}

static struct answer redis_answer(const uint8_t *at, size_t bytes) {
    struct answer answer = {.code = 1};
    const uint8_t *line = memchr(at, '\n', bytes);
    if (!line) return answer;
    size_t head = (size_t)(line - at) + 1;
    if (at[0] == '$') {
        long length = atol((const char *)at + 1);
        if (length < 0) {
            answer.code = 100;
            answer.bytes = head;
        } else if (bytes >= head + (size_t)length + 2) {
            answer.bytes = head + (size_t)length + 2;
        }
    } else {
        answer.wrong = true;
        answer.bytes = head;
    }
    return answer;
}

/* A handle's characters as they may stand in a path; everything else as %XX. */
static unsigned escaped(char *out, const struct handle *handle) {
    static const char plain[] = "-._~/:@!$&'()*+,;=";
    unsigned used = 0;
    for (unsigned i = 0; i < handle->bytes; i++) {
        unsigned char c = (unsigned char)handle->text[i];
        bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || (c && strchr(plain, c)))
            out[used++] = (char)c;
        else
            used += (unsigned)sprintf(out + used, "%%%02X", c);
    }
    return used;
}

static unsigned http_get(uint8_t *out, const struct handle *handle, uint32_t id) {
    char path[HANDLE_BYTES_MAX * 3 + 1];
    (void)id;
    unsigned bytes = escaped(path, handle);
    return (unsigned)snprintf((char *)out, REQUEST_ROOM, "GET %s%.*s HTTP/1.1\r\nHost: %s\r\n%s\r\n",
                              http_path, (int)bytes, path, http_host, http_headers);
}

/* Content-Length only: what a server of small JSON answers with keep-alive sends. */
static struct answer http_answer(const uint8_t *at, size_t bytes) {
    struct answer answer = {0};
    const char *text = (const char *)at, *end = memmem(at, bytes, "\r\n\r\n", 4);
    if (!end) return answer;
    size_t head = (size_t)(end - text) + 4;
    for (const char *line = text; line < end;) {
        if (!strncasecmp(line, "content-length:", 15)) {
            size_t length = strtoul(line + 15, NULL, 10);
            if (bytes >= head + length) answer.bytes = head + length;
            answer.code = (uint32_t)atoi(text + 9);
            return answer;
        }
        line = (const char *)memchr(line, '\n', (size_t)(end - line) + 2) + 1;
    }
    answer.wrong = true;
    return answer;
}

static const struct dialect dialects[] = {
    {"handle", resolution_request, handle_answer},
    {"redis", redis_get, redis_answer},
    {"http", http_get, http_answer},
};

static inline const struct dialect *dialect_named(const char *name) {
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (!strcmp(dialects[i].name, name)) return &dialects[i];
    return NULL;
}

#endif
