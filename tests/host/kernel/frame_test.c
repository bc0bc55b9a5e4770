/* Frames and accounts: nothing is given twice, contiguous runs are, and charges add up at every level. */
#include "host.h"

#define FRAMES 512u
#define ROUNDS 50000u

static paddr_t taken[FRAMES];
static unsigned owner[FRAMES];
static unsigned count;

static void take(paddr_t pa)
{
    CHECK(pa && !(pa & PAGE_MASK) && pa >> PAGE_SHIFT < FRAMES);
    CHECK(!owner[pa >> PAGE_SHIFT]);
    owner[pa >> PAGE_SHIFT] = 1;
    taken[count++] = pa;
}

static void frames(void)
{
    uint64_t before = frames_free();

    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned n = pick(8) + 1, align = 1u << pick(4);
        paddr_t pa;

        switch (pick(4)) {
        case 0:
            pa = frame_alloc();
            if (pa)
                take(pa);
            break;
        case 1:
            pa = count + 64 < FRAMES ? frame_alloc_contiguous(n, align * PAGE_SIZE) : 0;
            CHECK(!(pa & (align * PAGE_SIZE - 1)));
            for (unsigned i = 0; pa && i < n; i++)
                take(pa + i * PAGE_SIZE);
            break;
        default:
            if (!count)
                break;
            n = pick(count);
            owner[taken[n] >> PAGE_SHIFT] = 0;
            frame_unref(taken[n]);
            taken[n] = taken[--count];
        }
        CHECK(frames_free() == before - count);
    }
    while (count)
        frame_free(taken[--count]);
    CHECK(frames_free() == before);
}

/* parent's use = what each child uses, or has reserved, whichever is more. */
static void accounts(void)
{
    struct account root = {.quota = 1000}, a = {.quota = 700, .parent = &root};
    struct account b = {.quota = 600, .parent = &root}, c = {.quota = 300, .parent = &a};
    struct account *all[] = {&a, &b, &c};

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct account *at = all[pick(3)];
        uint64_t own = at->frames - (at == &a ? MAX(c.frames, c.reserve) : 0);

        switch (pick(3)) {
        case 0:
            account_charge(at, pick(100));
            break;
        case 1:
            account_refund(at, pick((uint32_t)own + 1));
            break;
        default:
            account_reserve(at, pick(200));
        }
        CHECK(root.frames == MAX(a.frames, a.reserve) + MAX(b.frames, b.reserve));
        CHECK(a.frames >= MAX(c.frames, c.reserve));
        CHECK(root.frames <= 1000 && a.frames <= 700 && b.frames <= 600 && c.frames <= 300);
    }
}

int main(void)
{
    host_start(FRAMES);
    frames();
    accounts();
    return 0;
}
