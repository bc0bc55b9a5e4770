/*
 * MAP_GROWSDOWN, the stack's guard gap, and placement: MAP_32BIT, FIXED_NOREPLACE, hints.
 */
#include "test.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096ul
#define GAP  (256 * PAGE)
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* A free range of that size: its start. */
static char *free_range(size_t size)
{
    char *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    CHECK_OK(munmap(p, size));
    return p;
}

static char *at(char *where, size_t size, int prot, int flags)
{
    char *p =
        mmap(where, size, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | flags, -1, 0);

    CHECK(p == where);
    return p;
}

static bool mapped(char *p)
{
    unsigned char there;

    return mincore(p, PAGE, &there) == 0;
}

/* What becomes of a child that writes there: 0, or the signal. */
static int touch(char *p)
{
    int status;
    pid_t child = CHILD({ *(volatile char *)p = 1; });

    CHECK_EQ(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(growsdown, grows_to_what_is_touched_below)
{
    char *base = free_range(2048 * PAGE) + 1024 * PAGE;
    char *p = at(base, PAGE, PROT_READ | PROT_WRITE, MAP_GROWSDOWN);

    p[0] = 1;
    CHECK(!mapped(p - PAGE));
    p[-1] = 2;
    CHECK(mapped(p - PAGE));
    CHECK(!mapped(p - 2 * PAGE));
    p[-100 * (long)PAGE] = 3;
    CHECK(mapped(p - 50 * PAGE));
    CHECK_EQ(p[-50 * (long)PAGE], 0);
    CHECK_EQ(p[0], 1);
}

TEST(growsdown, reads_grow_it_too)
{
    char *p =
        at(free_range(2048 * PAGE) + 1024 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_GROWSDOWN);

    CHECK_EQ(p[-5 * (long)PAGE], 0);
    CHECK(mapped(p - 5 * PAGE));
}

TEST(growsdown, the_kernel_grows_it_too)
{
    char *p =
        at(free_range(2048 * PAGE) + 1024 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_GROWSDOWN);
    int fd = CHECK_FD(open("/dev/zero", O_RDONLY));

    CHECK_EQ(read(fd, p - 3 * PAGE, 100), 100);
    CHECK(mapped(p - 3 * PAGE));
}

TEST(growsdown, keeps_a_gap_to_what_is_below)
{
    char *base = free_range(2048 * PAGE);
    char *below = at(base, PAGE, PROT_READ | PROT_WRITE, 0);
    char *p = at(base + PAGE + GAP + 10 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_GROWSDOWN);

    CHECK_EQ(touch(p - 10 * PAGE), 0);
    CHECK_EQ(touch(p - 10 * PAGE - 1), SIGSEGV);
    CHECK_EQ(touch(p - 9 * PAGE), 0);
    CHECK_EQ(touch(below), 0);
}

TEST(growsdown, keeps_none_to_what_cannot_be_touched)
{
    char *base = free_range(2048 * PAGE);
    char *p;

    at(base, PAGE, PROT_NONE, 0);
    p = at(base + 20 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_GROWSDOWN);
    CHECK_EQ(touch(p - 19 * PAGE), 0);
    CHECK_EQ(touch(p - 19 * PAGE - 1), SIGSEGV);
}

TEST(growsdown, does_not_grow_past_the_stack_limit)
{
    struct rlimit limit = {64 * PAGE, RLIM_INFINITY};
    char *p =
        at(free_range(2048 * PAGE) + 1024 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_GROWSDOWN);

    CHECK_OK(setrlimit(RLIMIT_STACK, &limit));
    CHECK_EQ(touch(p - 63 * PAGE), 0);
    CHECK_EQ(touch(p - 64 * PAGE), SIGSEGV);
}

TEST(growsdown, grows_with_its_own_protection)
{
    char *p = at(free_range(2048 * PAGE) + 1024 * PAGE, PAGE, PROT_READ, MAP_GROWSDOWN);

    CHECK_EQ(touch(p - PAGE), SIGSEGV);
    CHECK_EQ(p[-(long)PAGE], 0);
}

TEST(growsdown, is_not_for_files_nor_shared_memory)
{
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));

    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0) ==
          MAP_FAILED);
    CHECK_EQ(errno, EINVAL);
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0) == MAP_FAILED);
    CHECK_EQ(errno, EINVAL);
}

TEST(growsdown, mprotect_growsdown_goes_down_to_its_start)
{
    char *p =
        at(free_range(2048 * PAGE) + 1024 * PAGE, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_GROWSDOWN);

    CHECK_OK(mprotect(p + 2 * PAGE, PAGE, PROT_READ | PROT_GROWSDOWN));
    CHECK_EQ(touch(p), SIGSEGV);
    CHECK_EQ(touch(p + PAGE), SIGSEGV);
}

TEST(growsdown, a_hint_keeps_away_from_its_gap)
{
    char *base = free_range(2048 * PAGE);
    char *p, *q;

    p = at(base + 1024 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_GROWSDOWN);
    q = mmap(p - GAP - PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(q == p - GAP - PAGE);
    CHECK_OK(munmap(q, PAGE));
    q = mmap(p - GAP, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(q != p - GAP);
    CHECK(mmap(p - 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
          p - 2 * PAGE);
}

TEST(place, map_32bit_lies_below_two_gigabytes)
{
    for (int i = 0; i < 50; i++) {
        char *p = mmap(NULL, 7 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

        CHECK(p != MAP_FAILED);
        CHECK_LE((uintptr_t)p + 7 * PAGE, 1ul << 31);
        CHECK_GE((uintptr_t)p, 1ul << 30);
        p[0] = 1;
    }
}

TEST(place, map_32bit_has_no_room_for_two_gigabytes)
{
    CHECK(mmap(NULL, 1ul << 31, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0) ==
          MAP_FAILED);
    CHECK_EQ(errno, ENOMEM);
}

TEST(place, noreplace_refuses_any_overlap)
{
    char *p = at(free_range(8 * PAGE), 4 * PAGE, PROT_READ | PROT_WRITE, 0);

    p[0] = 7;
    CHECK(mmap(p + 3 * PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
               -1, 0) == MAP_FAILED);
    CHECK_EQ(errno, EEXIST);
    CHECK_EQ(p[0], 7);
    at(p + 4 * PAGE, PAGE, PROT_READ, 0);
}

TEST(place, a_taken_hint_goes_elsewhere)
{
    char *p = at(free_range(8 * PAGE), 4 * PAGE, PROT_READ | PROT_WRITE, 0);
    char *q = mmap(p + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(q != MAP_FAILED && (q >= p + 4 * PAGE || q + PAGE <= p));
}

TEST(place, a_hint_is_rounded_down)
{
    char *p = free_range(8 * PAGE);

    CHECK(mmap(p + 100, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == p);
}

TEST(place, a_low_hint_is_raised_to_the_least_address)
{
    CHECK(mmap((void *)0x1000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
          (void *)0x10000);
}

TEST(place, the_lowest_page_is_for_the_privileged)
{
    int status;
    pid_t child;

    CHECK(mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == 0);
    CHECK_OK(munmap(0, PAGE));
    child = CHILD({
        CHECK_OK(setuid(1000));
        CHECK(mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
              MAP_FAILED);
        CHECK_EQ(errno, EPERM);
        CHECK(mmap((void *)0xf000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                   0) == MAP_FAILED);
        CHECK_EQ(errno, EPERM);
        CHECK(mmap((void *)0x10000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
                   0) == (void *)0x10000);
    });
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
}

TEST(place, reservations_cost_nothing)
{
    for (int i = 0; i < 1000; i++)
        CHECK(mmap(NULL, 128ul << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                   0) != MAP_FAILED);
}

TEST(place, stack_and_huge_flags)
{
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0) !=
          MAP_FAILED);
    CHECK(mmap(NULL, 2ul << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
               -1, 0) == MAP_FAILED);
    CHECK_EQ(errno, ENOMEM);
}

TEST(place, there_is_a_limit_of_mappings)
{
    size_t count = 70000;
    char *p =
        mmap(NULL, count * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    size_t i = 1, done = 0;

    CHECK(p != MAP_FAILED);
    while (i < count && mprotect(p + i * PAGE, PAGE, PROT_READ) == 0)
        i += 2, done++;
    CHECK_EQ(errno, ENOMEM);
    CHECK_GT(done, 32000);
    CHECK_LT(done, 32768);
    CHECK_ERR(munmap(p + (count - 2) * PAGE, PAGE), ENOMEM);
    CHECK_ERR(mlock(p + (count - 2) * PAGE, PAGE), ENOMEM);
    CHECK_OK(munmap(p, count * PAGE));
}
