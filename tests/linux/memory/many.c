/*
 * Many mappings: each where nothing else is, found quickly, and gone as a whole.
 */
#include "test.h"

#include <sys/mman.h>

enum { PAGE = 4096, MANY = 40000, LIVE = 300, STEPS = 6000 };

static char *map(size_t length, int prot)
{
    return mmap(NULL, length, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

TEST(memory, forty_thousand_mappings_are_made_and_removed_in_seconds)
{
    char *low = (char *)UINTPTR_MAX, *high = NULL;
    int64_t start = test_now_ms();

    /* Neighbours differ, so that none can be one with the next. */
    for (int i = 0; i < MANY; i++) {
        char *m = map(PAGE, i & 1 ? PROT_READ : PROT_READ | PROT_WRITE);

        CHECK(m != MAP_FAILED);
        low = m < low ? m : low;
        high = m > high ? m : high;
    }
    CHECK_LT(test_now_ms() - start, 20000);
    start = test_now_ms();
    for (char *m = high; m > high - 1000 * PAGE; m -= 2 * PAGE)
        CHECK_OK(munmap(m, PAGE));
    /* The highest hole that is large enough is taken again. */
    CHECK_EQ((uintptr_t)map(PAGE, PROT_READ), (uintptr_t)high);
    if (high - low == (MANY - 1) * (ptrdiff_t)PAGE)
        CHECK_OK(munmap(low, (size_t)(high - low) + PAGE));
    CHECK_LT(test_now_ms() - start, 5000);
}

/* Against a list of what is there: nothing overlaps, and everything keeps what was written to it. */
TEST(memory, mappings_come_and_go_at_random)
{
    static struct {
        char *at;
        size_t length;
        char mark;
    } live[LIVE];
    unsigned seed = 99;

    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1103515245 + 12345;
        unsigned i = (seed >> 16) % LIVE;

        if (live[i].at) {
            CHECK_EQ(live[i].at[0], live[i].mark);
            CHECK_EQ(live[i].at[live[i].length - 1], live[i].mark);
            CHECK_OK(munmap(live[i].at, live[i].length));
            live[i].at = NULL;
            continue;
        }
        size_t length = PAGE << (seed >> 8) % 6;
        char *m = map(length, PROT_READ | PROT_WRITE);
        CHECK(m != MAP_FAILED);
        for (int k = 0; k < LIVE; k++)
            if (live[k].at)
                CHECK(m + length <= live[k].at || m >= live[k].at + live[k].length);
        live[i].at = m;
        live[i].length = length;
        live[i].mark = (char)(1 + seed % 100);
        CHECK_EQ(m[0], 0);
        CHECK_EQ(m[length - 1], 0);
        m[0] = m[length - 1] = live[i].mark;
        if (step % 7 == 0)
            CHECK_OK(mprotect(m, PAGE, PROT_READ));
    }
}
