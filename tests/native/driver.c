/* Feeds a fuzz target with mutations of a corpus, the same ones for the same seed.
 *
 * driver CORPUS RUNS SEED: the corpus has one input in hex on each line. A target is what libFuzzer takes, so a
 * machine with clang may link it with -fsanitize=fuzzer instead of this file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 16, CORPUS_MAX = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    uint8_t *data;
    size_t size;
} input;

static input corpus[CORPUS_MAX];
static size_t corpus_count;
static uint64_t state;

static uint64_t chance(void) { /* splitmix64 */
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t below(size_t bound) { return bound ? (size_t)(chance() % bound) : 0; }

static void corpus_read(const char *path) {
    static char line[2 * INPUT_MAX + 2];
    FILE *file = fopen(path, "r");
    if (!file) { perror(path); exit(2); }
    while (corpus_count < CORPUS_MAX && fgets(line, sizeof line, file)) {
        size_t size = strcspn(line, "\n") / 2;
        uint8_t *data = malloc(size + 1);
        for (size_t i = 0; i < size; i++) {
            unsigned byte;
            if (!data || sscanf(line + 2 * i, "%2x", &byte) != 1) { fprintf(stderr, "%s: no hex\n", path); exit(2); }
            data[i] = (uint8_t)byte;
        }
        corpus[corpus_count++] = (input){data, size};
    }
    fclose(file);
    if (!corpus_count) { fprintf(stderr, "%s: empty\n", path); exit(2); }
}

static void put_number(uint8_t *at) {
    static const uint32_t odd[] = {0, 1, 2, 4, 7, 8, 15, 16, 17, 127, 128, 255, 256, 2047, 2048, 2049, 4096, 65535,
                                   0x7fffffff, 0x80000000, 0xfffffff0, 0xfffffffc, 0xffffffff};
    uint32_t value = odd[below(sizeof odd / sizeof *odd)];
    for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Change an input once; returns its new size. */
static size_t mutate(uint8_t *data, size_t size) {
    size_t at = below(size), bytes;
    const input *other = &corpus[below(corpus_count)];
    switch (below(8)) {
    case 0: if (size) data[at] ^= (uint8_t)(1u << below(8)); break;
    case 1: if (size) data[at] = (uint8_t)chance(); break;
    case 2: case 3: if (size - at >= 4) put_number(data + at); break;
    case 4: if (size) { size_t i = below(size / 4 + 1) * 4; if (size - i >= 4) put_number(data + i); } break;
    case 5: /* cut out */
        bytes = below(size - at) + (size > at);
        memmove(data + at, data + at + bytes, size - at - bytes);
        return size - bytes;
    case 6: /* put in, from another one */
        bytes = below(other->size < 64 ? other->size : 64);
        if (size + bytes > INPUT_MAX) break;
        memmove(data + at + bytes, data + at, size - at);
        memcpy(data + at, other->data + below(other->size - bytes), bytes);
        return size + bytes;
    default: return below(8) ? size : at;
    }
    return size;
}

int main(int argc, char **argv) {
    static uint8_t data[2 * INPUT_MAX];
    if (argc != 4) { fprintf(stderr, "%s CORPUS RUNS SEED\n", argv[0]); return 2; }
    corpus_read(argv[1]);
    unsigned long runs = strtoul(argv[2], NULL, 10);
    state = strtoull(argv[3], NULL, 10);
    for (size_t i = 0; i < corpus_count; i++) LLVMFuzzerTestOneInput(corpus[i].data, corpus[i].size);
    for (unsigned long run = 0; run < runs; run++) {
        const input *base = &corpus[below(corpus_count)];
        size_t size = base->size;
        memcpy(data, base->data, size);
        for (size_t changes = 1 + below(4); changes; changes--) size = mutate(data, size);
        uint8_t *exact = malloc(size + !size); /* so that a read one byte too far is seen */
        if (!exact) return 2;
        memcpy(exact, data, size);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
    }
    printf("%zu inputs and %lu mutations of them\n", corpus_count, runs);
    return 0;
}
