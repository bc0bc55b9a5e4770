/*
 * timerfd.
 */
#include "test.h"

#include <poll.h>
#include <sys/timerfd.h>

static int create(int clock, int flags)
{
    return CHECK_FD(timerfd_create(clock, flags));
}

static void set(int fd, int flags, int64_t value_ns, int64_t interval_ns)
{
    struct itimerspec t = {{interval_ns / 1000000000, interval_ns % 1000000000},
                           {value_ns / 1000000000, value_ns % 1000000000}};

    CHECK_OK(timerfd_settime(fd, flags, &t, NULL));
}

static int64_t now(int clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static short ready(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

    CHECK_GE(poll(&p, 1, ms), 0);
    return p.revents;
}

TEST(timerfd, a_read_waits_for_it)
{
    static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME};
    uint64_t n;

    for (int i = 0; i < 3; i++) {
        int fd = create(clocks[i], 0);
        int64_t begin = now(CLOCK_MONOTONIC);

        set(fd, 0, 30000000, 0);
        CHECK_EQ(read(fd, &n, 8), 8);
        CHECK_EQ(n, 1);
        CHECK_GE(now(CLOCK_MONOTONIC) - begin, 30000000);
        CHECK_EQ(ready(fd, 0), 0);
        close(fd);
    }
}

TEST(timerfd, poll_waits_for_it_and_only_reads)
{
    int fd = create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    uint64_t n;

    CHECK_ERR(read(fd, &n, 8), EAGAIN);
    CHECK_EQ(ready(fd, 0), 0);
    set(fd, 0, 20000000, 0);
    CHECK_ERR(read(fd, &n, 8), EAGAIN);
    CHECK_EQ(ready(fd, 10000), POLLIN);
    CHECK_EQ(ready(fd, 0), POLLIN);
    CHECK_EQ(read(fd, &n, 8), 8);
    CHECK_ERR(read(fd, &n, 8), EAGAIN);
    CHECK_ERR(write(fd, &n, 8), EINVAL);
}

TEST(timerfd, counts_expirations_between_reads)
{
    int fd = create(CLOCK_MONOTONIC, 0);
    int64_t begin = now(CLOCK_MONOTONIC);
    uint64_t n, sum = 0;

    set(fd, 0, 1000000, 1000000);
    test_sleep_ms(50);
    CHECK_EQ(read(fd, &n, 8), 8);
    CHECK_GE(n, 49);
    sum = n;
    CHECK_EQ(read(fd, &n, 8), 8);
    CHECK_GE(n, 1);
    sum += n;
    CHECK_LE(sum, (uint64_t)(now(CLOCK_MONOTONIC) - begin) / 1000000);
}

TEST(timerfd, a_nanosecond_interval_starves_nobody)
{
    int fd = create(CLOCK_MONOTONIC, 0);
    uint64_t n;

    set(fd, 0, 1, 1);
    test_sleep_ms(20);
    CHECK_EQ(read(fd, &n, 8), 8);
    CHECK_GE(n, 10000000);
    for (int i = 0; i < 100; i++)
        CHECK_EQ(read(fd, &n, 8), 8);
}

TEST(timerfd, absolute_times)
{
    int fd = create(CLOCK_REALTIME, 0);
    uint64_t n;
    int64_t begin = now(CLOCK_MONOTONIC);

    set(fd, TFD_TIMER_ABSTIME, now(CLOCK_REALTIME) + 30000000, 0);
    CHECK_EQ(read(fd, &n, 8), 8);
    CHECK_GE(now(CLOCK_MONOTONIC) - begin, 29000000);
    set(fd, TFD_TIMER_ABSTIME, 1000000000, 0); /* 1970 */
    CHECK_EQ(read(fd, &n, 8), 8);
    CHECK_EQ(n, 1);
    set(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, now(CLOCK_REALTIME) + 10000000, 0);
    CHECK_EQ(read(fd, &n, 8), 8);
}

TEST(timerfd, gettime_and_the_old_setting)
{
    int fd = create(CLOCK_MONOTONIC, 0);
    struct itimerspec t, off = {0};

    CHECK_OK(timerfd_gettime(fd, &t));
    CHECK_EQ(t.it_value.tv_sec, 0);
    set(fd, 0, 100000000000, 5000000);
    CHECK_OK(timerfd_gettime(fd, &t));
    CHECK(t.it_value.tv_sec >= 90 && t.it_value.tv_sec < 100);
    CHECK_EQ(t.it_interval.tv_nsec, 5000000);
    CHECK_OK(timerfd_settime(fd, 0, &off, &t));
    CHECK(t.it_value.tv_sec >= 90 && t.it_value.tv_sec < 100);
    CHECK_EQ(t.it_interval.tv_nsec, 5000000);
    CHECK_OK(timerfd_gettime(fd, &t));
    CHECK_EQ(t.it_value.tv_sec, 0);
    set(fd, 0, 1000000, 500000000);
    test_sleep_ms(20);
    CHECK_OK(timerfd_gettime(fd, &t)); /* until the next one, though this one was not read */
    CHECK_GT(t.it_value.tv_nsec, 100000000);
}

TEST(timerfd, a_new_setting_forgets_what_was_counted)
{
    int fd = create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    uint64_t n;

    set(fd, 0, 1000000, 1000000);
    CHECK_EQ(ready(fd, 10000), POLLIN);
    set(fd, 0, 100000000000, 0);
    CHECK_EQ(ready(fd, 0), 0);
    CHECK_ERR(read(fd, &n, 8), EAGAIN);
    set(fd, 0, 0, 0);
    CHECK_ERR(read(fd, &n, 8), EAGAIN);
}

TEST(timerfd, errors)
{
    struct itimerspec t = {.it_value = {.tv_nsec = 1000000000}}, ok = {.it_value = {.tv_sec = 1}};
    int fd = create(CLOCK_MONOTONIC, TFD_CLOEXEC), p[2];
    uint64_t n;

    CHECK_OK(pipe(p));
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_ERR(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
    CHECK_ERR(timerfd_create(99, 0), EINVAL);
    CHECK_ERR(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
    CHECK_ERR(timerfd_create(CLOCK_MONOTONIC_COARSE, 0), EINVAL);
    CHECK_ERR(timerfd_settime(fd, 0, &t, NULL), EINVAL);
    CHECK_ERR(timerfd_settime(fd, 4, &ok, NULL), EINVAL);
    CHECK_ERR(timerfd_settime(p[0], 0, &ok, NULL), EINVAL);
    CHECK_ERR(timerfd_settime(99, 0, &ok, NULL), EBADF);
    CHECK_ERR(timerfd_gettime(99, &t), EBADF);
    CHECK_ERR(timerfd_gettime(p[0], &t), EINVAL);
    CHECK_ERR(syscall(SYS_timerfd_settime, fd, 0, (void *)8, NULL), EFAULT);
    CHECK_ERR(syscall(SYS_timerfd_gettime, fd, (void *)8), EFAULT);
    CHECK_ERR(read(fd, &n, 7), EINVAL);
    CHECK_IN_CHILD({
        CHECK_OK(setuid(65534));
        CHECK_ERR(timerfd_create(CLOCK_REALTIME_ALARM, 0), EPERM);
    });
}

TEST(timerfd, shared_after_fork)
{
    int fd = create(CLOCK_MONOTONIC, 0);
    uint64_t n;

    set(fd, 0, 20000000, 0);
    pid_t pid = CHILD({
        CHECK_EQ(read(fd, &n, 8), 8);
        _exit(3);
    });
    CHECK_EXIT(pid, 3);
    CHECK_EQ(ready(fd, 0), 0);
}
