/*
 * close_range(2), and eventfd2(2) by its number.
 */
#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>

#define UNSHARE 2u
#define CLOEXEC 4u

static long close_range_(unsigned first, unsigned last, unsigned flags)
{
    return syscall(SYS_close_range, first, last, flags);
}

/* /dev/null at each of these descriptors. */
static void fill(int first, int last)
{
    int fd = CHECK_FD(open("/dev/null", O_RDWR));

    for (int i = first; i <= last; i++)
        CHECK_EQ(dup2(fd, i), i);
    if (fd < first || fd > last)
        CHECK_OK(close(fd));
}

static bool open_at(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

TEST(process, close_range_closes_what_lies_in_it)
{
    fill(10, 20);
    CHECK_OK(close(14));
    CHECK_OK(close_range_(12, 16, 0));
    for (int fd = 10; fd <= 20; fd++)
        CHECK_EQ(open_at(fd), fd < 12 || fd > 16);
    CHECK_OK(close_range_(12, 16, 0)); /* there is nothing */
    CHECK_OK(close_range_(18, ~0u, 0));
    CHECK(open_at(17) && !open_at(18) && !open_at(20));
    CHECK_OK(close_range_(17, 17, 0));
    CHECK(!open_at(17));
    CHECK_OK(close_range_(1u << 31, ~0u, 0));
    CHECK_ERR(close_range_(5, 4, 0), EINVAL);
    CHECK_ERR(close_range_(10, 11, 1), EINVAL);
    CHECK_ERR(close_range_(10, 11, 8), EINVAL);
    CHECK(open_at(10) && open_at(11));
}

TEST(process, close_range_marks_for_exec_instead)
{
    fill(10, 14);
    CHECK_OK(close_range_(11, 13, CLOEXEC));
    for (int fd = 10; fd <= 14; fd++)
        CHECK_EQ(fcntl(fd, F_GETFD), fd > 10 && fd < 14 ? FD_CLOEXEC : 0);
}

static int shares_files(void *flags)
{
    CHECK_OK(close_range_(10, 14, (unsigned)(uintptr_t)flags));
    CHECK(!open_at(12));
    CHECK_EQ(open_at(15), true);
    return 0;
}

/* What the others see of it when the table is shared. */
static void in_shared(unsigned flags, bool stay)
{
    static char stack[65536] __attribute__((aligned(16)));
    pid_t pid;

    fill(10, 15);
    pid = CHECK_FD(clone(shares_files, stack + sizeof stack, CLONE_FILES | SIGCHLD, (void *)(uintptr_t)flags));
    CHECK_EXIT(pid, 0);
    for (int fd = 10; fd <= 14; fd++)
        CHECK_EQ(open_at(fd), stay);
    CHECK(open_at(15));
}

TEST(process, close_range_closes_for_all_who_share)
{
    in_shared(0, false);
}

TEST(process, close_range_may_leave_the_others_alone)
{
    in_shared(UNSHARE, true);
}

TEST(process, close_range_tells_the_other_end)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    CHECK_EQ(dup2(p[1], 30), 30);
    CHECK_OK(close(p[1]));
    CHECK_OK(close_range_(30, 31, 0));
    CHECK_EQ(read(p[0], &c, 1), 0);
}

TEST(process, eventfd2_by_number_has_flags)
{
    uint64_t n = 0;
    int fd = CHECK_FD((int)syscall(SYS_eventfd2, 5, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE));

    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(read(fd, &n, 8), 8);
        CHECK_EQ(n, 1);
    }
    CHECK_ERR(read(fd, &n, 8), EAGAIN);
    CHECK_ERR(syscall(SYS_eventfd2, 0, 0x10), EINVAL);
}
