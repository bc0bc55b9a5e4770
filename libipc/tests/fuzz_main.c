/*
 * Runs a fuzz target without libFuzzer: random inputs, and mutations of the files that are given.
 *
 *   fuzz-x [-runs=N] [-seed=N] [FILE ...]     other options are libFuzzer's and are ignored
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 8192

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 88172645463325252ull;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static size_t load(const char *path, uint8_t *to)
{
    FILE *f = fopen(path, "rb");
    size_t size = f ? fread(to, 1, INPUT_MAX, f) : 0;

    if (f)
        fclose(f);
    return size;
}

static size_t make(uint8_t *to, char **files, int count)
{
    size_t size = count ? load(files[next() % (unsigned)count], to) : 0;

    if (size == 0) {
        size = next() % 512;
        for (size_t i = 0; i < size; i++)
            to[i] = next() % 3 ? (uint8_t)next() : 0;
        return size;
    }
    for (uint64_t n = next() % 8; n > 0; n--)
        to[next() % size] = (uint8_t)next();
    return next() % 4 ? size : next() % size;
}

int main(int argc, char **argv)
{
    static uint8_t input[INPUT_MAX];
    unsigned long runs = 10000;
    int first = 1;

    for (; first < argc && argv[first][0] == '-'; first++) {
        if (strncmp(argv[first], "-runs=", 6) == 0)
            runs = strtoul(argv[first] + 6, NULL, 10);
        else if (strncmp(argv[first], "-seed=", 6) == 0)
            state += strtoul(argv[first] + 6, NULL, 10);
    }
    for (unsigned long i = 0; i < runs; i++)
        LLVMFuzzerTestOneInput(input, make(input, argv + first, argc - first));
    printf("%lu runs\n", runs);
    return 0;
}
