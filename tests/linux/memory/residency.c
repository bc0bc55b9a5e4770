/*
 * What is in memory, and what must stay there: mincore and the mlock family.
 */
#include "test.h"

#include <sys/mman.h>
#include <sys/resource.h>

enum { PAGE = 4096 };

static char *fresh(size_t pages)
{
    char *p = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    return p;
}

TEST(memory, mincore_tells_touched_pages_from_untouched_ones)
{
    char *p = fresh(4);
    unsigned char in[4];

    p[PAGE] = 1;
    p[3 * PAGE] = 1;
    CHECK_OK(mincore(p, 4 * PAGE, in));
    CHECK_EQ(in[0] & 1, 0);
    CHECK_EQ(in[1] & 1, 1);
    CHECK_EQ(in[2] & 1, 0);
    CHECK_EQ(in[3] & 1, 1);
    CHECK_OK(madvise(p + PAGE, PAGE, MADV_DONTNEED));
    CHECK_OK(mincore(p, 4 * PAGE, in));
    CHECK_EQ(in[1] & 1, 0);
}

TEST(memory, mincore_counts_by_whole_pages_and_refuses_holes)
{
    char *p = fresh(3);
    unsigned char in[3] = {9, 9, 9};

    CHECK_OK(mincore(p, PAGE + 1, in)); /* two */
    CHECK_EQ(in[2], 9);
    CHECK_NE(in[1], 9);
    CHECK_ERR(mincore(p + 1, PAGE, in), EINVAL);
    CHECK_OK(munmap(p + PAGE, PAGE));
    CHECK_ERR(mincore(p, 3 * PAGE, in), ENOMEM);
    CHECK_ERR(mincore(p, PAGE, (unsigned char *)8), EFAULT);
    CHECK_OK(mincore(p, 0, in));
}

TEST(memory, mlock_brings_pages_in)
{
    char *p = fresh(4);
    unsigned char in[4];

    CHECK_OK(mlock(p + 1, PAGE)); /* touches two pages */
    CHECK_OK(mincore(p, 4 * PAGE, in));
    CHECK_EQ(in[0] & 1, 1);
    CHECK_EQ(in[1] & 1, 1);
    CHECK_EQ(in[2] & 1, 0);
    CHECK_OK(munlock(p, 2 * PAGE));
}

TEST(memory, mlock_refuses_holes_and_overflow)
{
    char *p = fresh(3);

    CHECK_OK(munmap(p + PAGE, PAGE));
    CHECK_ERR(mlock(p, 3 * PAGE), ENOMEM);
    CHECK_ERR(munlock(p, 3 * PAGE), ENOMEM);
    CHECK_ERR(mlock(p, (size_t)-PAGE), EINVAL);
    CHECK_OK(mlock(p, 0));
}

TEST(memory, mlock2_onfault_does_not_touch)
{
    char *p = fresh(2);
    unsigned char in[2];

    CHECK_OK(syscall(SYS_mlock2, p, 2 * PAGE, 1 /* MLOCK_ONFAULT */));
    CHECK_OK(mincore(p, 2 * PAGE, in));
    CHECK_EQ(in[0] & 1, 0);
    CHECK_ERR(syscall(SYS_mlock2, p, PAGE, 2), EINVAL);
}

TEST(memory, mlockall_knows_its_flags)
{
    CHECK_ERR(mlockall(0), EINVAL);
    CHECK_ERR(mlockall(8), EINVAL);
    CHECK_ERR(mlockall(4 /* ONFAULT alone */), EINVAL);
    CHECK_OK(mlockall(MCL_CURRENT));
    CHECK_OK(munlockall());
}

TEST(memory, mlockall_future_populates_new_mappings)
{
    unsigned char in[2];
    char *p;

    CHECK_OK(mlockall(MCL_FUTURE));
    p = fresh(2);
    CHECK_OK(mincore(p, 2 * PAGE, in));
    CHECK_EQ(in[0] & 1, 1);
    CHECK_EQ(in[1] & 1, 1);
    CHECK_OK(munlockall());
    p = fresh(2);
    CHECK_OK(mincore(p, 2 * PAGE, in));
    CHECK_EQ(in[0] & 1, 0);
}

#define AS_NOBODY(...)                                                                             \
    CHECK_IN_CHILD({                                                                               \
        CHECK_OK(setgid(65534));                                                                   \
        CHECK_OK(setuid(65534));                                                                   \
        __VA_ARGS__;                                                                               \
    })

TEST(memory, mlock_is_limited_for_a_plain_user)
{
    struct rlimit limit = {2 * PAGE, 2 * PAGE}, none = {0, 0};
    char *p = fresh(4);

    CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &limit));
    AS_NOBODY({
        CHECK_OK(mlock(p, 2 * PAGE));
        CHECK_ERR(mlock(p, 3 * PAGE), ENOMEM);
        CHECK_OK(mlock(p, PAGE)); /* locked already: counts once */
        CHECK_OK(munlock(p, PAGE));
        CHECK_OK(mlock(p + 2 * PAGE, PAGE));
        CHECK_ERR(mlock(p + 3 * PAGE, PAGE), ENOMEM);
    });
    CHECK_OK(mlock(p, 4 * PAGE)); /* CAP_IPC_LOCK */
    AS_NOBODY({
        CHECK_OK(setrlimit(RLIMIT_MEMLOCK, &none));
        CHECK_ERR(mlock(p, PAGE), EPERM);
        CHECK_ERR(mlockall(MCL_CURRENT), EPERM);
    });
}

TEST(memory, locked_memory_is_told_in_status)
{
    char *p = fresh(4), *line;

    CHECK_OK(mlock(p, 3 * PAGE));
    line = strstr(test_read_file("/proc/self/status", NULL), "VmLck:");
    CHECK(line);
    CHECK_EQ(strtol(line + 6, NULL, 10), 12);
}

TEST(memory, a_locked_mapping_refuses_dontneed)
{
    char *p = fresh(2);

    *p = 7;
    CHECK_OK(mlock(p, PAGE));
    CHECK_ERR(madvise(p, PAGE, MADV_DONTNEED), EINVAL);
    CHECK_EQ(*p, 7);
    CHECK_OK(munlock(p, PAGE));
    CHECK_OK(madvise(p, PAGE, MADV_DONTNEED));
    CHECK_EQ(*p, 0);
}

TEST(memory, msync_invalidate_of_locked_memory_is_busy)
{
    char *p = fresh(1);

    CHECK_OK(mlock(p, PAGE));
    CHECK_ERR(msync(p, PAGE, MS_INVALIDATE), EBUSY);
    CHECK_OK(munlock(p, PAGE));
    CHECK_OK(msync(p, PAGE, MS_INVALIDATE));
}

TEST(memory, locks_are_not_inherited)
{
    char *p = fresh(1);

    CHECK_OK(mlock(p, PAGE));
    CHECK_IN_CHILD(CHECK_OK(madvise(p, PAGE, MADV_DONTNEED)));
}
