/*
 * One ChaCha20 pool. Every request takes a fresh key from the stream first (fast key erasure), so that the
 * pool's later state tells nothing of earlier output.
 */
#include <arch/cpu.h>
#include <core/random.h>
#include <core/string.h>

#define WORDS 16u
#define KEY_WORDS 8u

static uint32_t key[KEY_WORDS];
static uint64_t nonce;
static bool seeded;

static uint32_t rotate(uint32_t v, unsigned by)
{
    return v << by | v >> (32 - by);
}

static void quarter(uint32_t *x, unsigned a, unsigned b, unsigned c, unsigned d)
{
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 7);
}

static void block(uint64_t counter, uint32_t out[WORDS])
{
    uint32_t in[WORDS] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

    memcpy(in + 4, key, sizeof key);
    in[12] = (uint32_t)counter;
    in[13] = (uint32_t)(counter >> 32);
    in[14] = (uint32_t)nonce;
    in[15] = (uint32_t)(nonce >> 32);
    memcpy(out, in, sizeof in);
    for (unsigned round = 0; round < 10; round++) {
        quarter(out, 0, 4, 8, 12);
        quarter(out, 1, 5, 9, 13);
        quarter(out, 2, 6, 10, 14);
        quarter(out, 3, 7, 11, 15);
        quarter(out, 0, 5, 10, 15);
        quarter(out, 1, 6, 11, 12);
        quarter(out, 2, 7, 8, 13);
        quarter(out, 3, 4, 9, 14);
    }
    for (unsigned i = 0; i < WORDS; i++)
        out[i] += in[i];
}

static void rekey(void)
{
    uint32_t out[WORDS];

    nonce++;
    block(0, out);
    memcpy(key, out, sizeof key);
}

void random_stir(const void *bytes, size_t size)
{
    const uint8_t *b = bytes;

    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)key)[i % sizeof key] ^= b[i];
        if (i % sizeof key == sizeof key - 1)
            rekey();
    }
    rekey();
}

static void seed(void)
{
    uint64_t entropy[8];

    for (unsigned i = 0; i < ARRAY_SIZE(entropy); i++)
        entropy[i] = arch_entropy();
    seeded = true;
    random_stir(entropy, sizeof entropy);
}

void random_bytes(void *buffer, size_t size)
{
    uint8_t *to = buffer;
    uint32_t out[WORDS];
    uint64_t now = arch_counter();

    if (!seeded)
        seed();
    key[0] ^= (uint32_t)now; /* cheap, and it cannot make things worse */
    rekey();
    for (uint64_t counter = 1; size; counter++) {
        size_t n = MIN(size, sizeof out);

        block(counter, out);
        memcpy(to, out, n);
        to += n;
        size -= n;
    }
    rekey();
}

uint64_t random_u64(void)
{
    uint64_t v;

    random_bytes(&v, sizeof v);
    return v;
}
