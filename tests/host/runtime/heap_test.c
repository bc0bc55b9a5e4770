/*
 * Proves that the heap hands out disjoint aligned blocks, keeps their bytes, reports exhaustion
 * with NULL, and gives memory back. Pages that it did not commit are inaccessible (host_pages.c).
 */
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "host_pages.h"
#include <jg/rt/heap.h>

enum { SLOTS = 2000 };
static struct {
    unsigned char *at;
    size_t size;
    unsigned char fill;
} slot[SLOTS];

static uint32_t random_state = 12345;

static uint32_t random_next(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

static size_t random_size(void)
{
    switch (random_next() % 16) {
    case 0:
        return random_next() % 200000;
    case 1:
        return random_next() % 20000;
    case 2:
        return random_next() % 64 ? 0 : 1100000 + random_next() % 3000000;
    default:
        return random_next() % 600;
    }
}

static void check_slot(unsigned i)
{
    for (size_t j = 0; j < slot[i].size; j++)
        CHECK(slot[i].at[j] == slot[i].fill);
}

static void fill_slot(unsigned i, void *at, size_t size)
{
    CHECK(at && ((uintptr_t)at & 15) == 0);
    slot[i].at = at;
    slot[i].size = size;
    slot[i].fill = (unsigned char)random_next();
    memset(at, slot[i].fill, size);
}

static void churn(unsigned rounds)
{
    for (unsigned n = 0; n < rounds; n++) {
        unsigned i = random_next() % SLOTS;
        size_t size = random_size();

        check_slot(i);
        if (!slot[i].at) {
            fill_slot(i, rt_alloc(size), size);
        } else if (random_next() % 4 == 0) {
            size_t kept = size < slot[i].size ? size : slot[i].size;
            unsigned char *at = rt_realloc(slot[i].at, size);

            for (size_t j = 0; j < kept; j++)
                CHECK(at[j] == slot[i].fill);
            fill_slot(i, at, size);
        } else {
            rt_free(slot[i].at);
            slot[i].at = NULL;
            slot[i].size = 0;
        }
    }
}

static void free_all(void)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        check_slot(i);
        rt_free(slot[i].at);
        slot[i].at = NULL;
        slot[i].size = 0;
    }
}

static void memory_comes_back(void)
{
    struct heap_stats s;

    free_all();
    heap_stats(&s);
    CHECK(s.used_bytes == 0);
    CHECK(s.arenas <= 1);
    CHECK(s.committed_bytes <= 40 * 4096);
    CHECK(host_pages_reserved <= 1 << 20);
}

static void zeros(void)
{
    for (size_t size = 1; size < 100000; size = size * 2 + 1) {
        unsigned char *at = rt_zalloc(size);

        for (size_t j = 0; j < size; j++)
            CHECK(at[j] == 0);
        memset(at, 0xff, size);
        rt_free(at);
    }
}

static void exhaustion(void)
{
    volatile size_t huge = SIZE_MAX - 4096;
    void *held[64];
    unsigned n = 0;

    host_pages_limit = 256 * 1024;
    while (n < 64 && (held[n] = rt_alloc(16000)))
        n++;
    CHECK(n > 8 && n < 64);
    CHECK(!rt_alloc(5000000) && !rt_alloc(SIZE_MAX / 2) && !rt_alloc(huge));
    CHECK(!rt_realloc(held[0], 400000));
    while (n)
        rt_free(held[--n]);
    host_pages_limit = SIZE_MAX;
    rt_free(rt_alloc(400000));
}

int main(void)
{
    rt_free(NULL);
    zeros();
    churn(15000);
    memory_comes_back();
    exhaustion();
    churn(5000);
    memory_comes_back();
    return 0;
}
