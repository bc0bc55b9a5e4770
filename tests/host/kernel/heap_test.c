/* The heap: blocks never overlap, keep their contents, are aligned, and all pages come back. */
#include "host.h"

#define SLOTS 400u
#define ROUNDS 200000u

static struct {
    unsigned char *at;
    size_t size;
    unsigned char fill;
} slots[SLOTS];

static void release(unsigned i)
{
    for (size_t k = 0; k < slots[i].size; k++)
        CHECK(slots[i].at[k] == slots[i].fill);
    heap_free(slots[i].at);
    slots[i].at = NULL;
}

int main(void)
{
    uint64_t before;

    host_start(1024);
    before = frames_free();
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned i = pick(SLOTS);

        if (slots[i].at) {
            release(i);
            continue;
        }
        slots[i].size = pick(16) ? pick(600) + 1 : pick(20000) + 1;
        slots[i].fill = (unsigned char)round;
        slots[i].at = heap_alloc(slots[i].size);
        if (!slots[i].at)
            continue; /* exhausted: an answer, not an accident */
        CHECK(((uintptr_t)slots[i].at & 15) == 0);
        memset(slots[i].at, slots[i].fill, slots[i].size);
    }
    for (unsigned i = 0; i < SLOTS; i++)
        if (slots[i].at)
            release(i);
    CHECK(frames_free() + heap_pages() == before);
    CHECK(heap_pages() <= 32); /* at most one empty page for each class */

    /* Exhaustion: everything can be taken, then NULL, then given back. */
    void *chain = NULL, *block;

    while ((block = heap_alloc(3000))) {
        *(void **)block = chain;
        chain = block;
    }
    CHECK(frames_free() == 0);
    while (chain) {
        block = *(void **)chain;
        heap_free(chain);
        chain = block;
    }
    CHECK(frames_free() + heap_pages() == before);
    return 0;
}
