/*
 * Periodic timers that began before the machine started: each expiration since then counts, and the phase stays.
 */
#include "test.h"

#include <limits.h>
#include <poll.h>
#include <sys/timerfd.h>

#define SECOND 1000000000ll

static int64_t now_ns(clockid_t clock)
{
    struct timespec t;

    CHECK_OK(clock_gettime(clock, &t));
    return t.tv_sec * SECOND + t.tv_nsec;
}

static timer_t timer_on(clockid_t clock, int sig)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig};
    timer_t timer;

    CHECK_OK(timer_create(clock, &event, &timer));
    return timer;
}

static sigset_t block(int sig)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, sig);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    return set;
}

/* Is `left` what is missing at some time from `from` to `to` until the next whole second and `part`? */
static void check_phase(int64_t left, int64_t from, int64_t to, int64_t part)
{
    int64_t soonest = (from + left - part) % SECOND, latest = soonest + (to - from);

    CHECK(soonest == 0 || latest >= SECOND);
}

TEST(time, a_posix_timer_from_long_ago_counts_what_was_missed)
{
    struct itimerspec v = {.it_value = {1, 250000000}, .it_interval = {1, 0}}, left;
    timer_t timer = timer_on(CLOCK_REALTIME, SIGUSR1);
    sigset_t set = block(SIGUSR1);
    int64_t before = now_ns(CLOCK_REALTIME), after, overrun;
    siginfo_t info;

    CHECK_OK(timer_settime(timer, TIMER_ABSTIME, &v, NULL));
    CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
    after = now_ns(CLOCK_REALTIME);
    overrun = info.si_overrun;
    CHECK_EQ(timer_getoverrun(timer), overrun);
    CHECK_GE(overrun, (before - 1250000000) / SECOND);
    CHECK_LE(overrun, (after - 1250000000) / SECOND);
    before = now_ns(CLOCK_REALTIME);
    CHECK_OK(timer_gettime(timer, &left));
    after = now_ns(CLOCK_REALTIME);
    check_phase(left.it_value.tv_sec * SECOND + left.it_value.tv_nsec, before, after, 250000000);
    CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
    CHECK_LE(info.si_overrun, 2); /* it goes on */
    CHECK_OK(timer_delete(timer));
}

TEST(time, more_overruns_than_fit_are_the_most)
{
    struct itimerspec v = {.it_value = {1, 0}, .it_interval = {0, 1000}};
    timer_t timer = timer_on(CLOCK_REALTIME, SIGUSR1);
    sigset_t set = block(SIGUSR1);
    siginfo_t info;

    CHECK_OK(timer_settime(timer, TIMER_ABSTIME, &v, NULL));
    CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
    CHECK_EQ(info.si_overrun, INT_MAX);
    CHECK_EQ(timer_getoverrun(timer), INT_MAX);
    CHECK_OK(timer_delete(timer));
}

TEST(time, one_shot_from_long_ago_fires_once_at_once)
{
    struct itimerspec v = {.it_value = {1, 0}}, left;
    timer_t timer = timer_on(CLOCK_REALTIME, SIGUSR1);
    struct timespec short_time = {0, 30000000}, some = {1, 0};
    sigset_t set = block(SIGUSR1);
    siginfo_t info;

    CHECK_OK(timer_settime(timer, TIMER_ABSTIME, &v, NULL));
    CHECK_EQ(sigtimedwait(&set, &info, &some), SIGUSR1);
    CHECK_EQ(info.si_overrun, 0);
    CHECK_OK(timer_gettime(timer, &left));
    CHECK_EQ(left.it_value.tv_sec, 0);
    CHECK_EQ(left.it_value.tv_nsec, 0);
    CHECK_ERR(sigtimedwait(&set, &info, &short_time), EAGAIN);
}

TEST(time, an_interval_longer_than_the_past_comes_once)
{
    struct itimerspec v = {.it_value = {1, 0}, .it_interval = {4000000000, 0}}, left;
    timer_t timer = timer_on(CLOCK_REALTIME, SIGUSR1);
    sigset_t set = block(SIGUSR1);
    siginfo_t info;

    CHECK_OK(timer_settime(timer, TIMER_ABSTIME, &v, NULL));
    CHECK_EQ(sigwaitinfo(&set, &info), SIGUSR1);
    CHECK_EQ(info.si_overrun, 0);
    CHECK_OK(timer_gettime(timer, &left));
    CHECK_GE(left.it_value.tv_sec, 4000000000 - now_ns(CLOCK_REALTIME) / SECOND - 2);
    CHECK_LE(left.it_value.tv_sec, 4000000000 - now_ns(CLOCK_REALTIME) / SECOND + 1);
}

TEST(time, a_timerfd_from_long_ago_counts_what_was_missed)
{
    struct itimerspec v = {.it_value = {1, 250000000}, .it_interval = {1, 0}}, left;
    int fd = CHECK_FD(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int64_t before = now_ns(CLOCK_REALTIME), after;
    uint64_t n;

    CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &v, NULL));
    CHECK_EQ(poll(&p, 1, 1000), 1);
    CHECK_EQ(read(fd, &n, sizeof n), sizeof n);
    after = now_ns(CLOCK_REALTIME);
    CHECK_GE(n, (before - 1250000000) / SECOND + 1);
    CHECK_LE(n, (after - 1250000000) / SECOND + 1);
    before = now_ns(CLOCK_REALTIME);
    CHECK_OK(timerfd_gettime(fd, &left));
    after = now_ns(CLOCK_REALTIME);
    check_phase(left.it_value.tv_sec * SECOND + left.it_value.tv_nsec, before, after, 250000000);
    CHECK_EQ(poll(&p, 1, 3000), 1);
    CHECK_EQ(read(fd, &n, sizeof n), sizeof n);
    CHECK_LE(n, 3);
    v = (struct itimerspec){0};
    CHECK_OK(timerfd_settime(fd, 0, &v, NULL));
    CHECK_ERR(read(fd, &n, sizeof n), EAGAIN);
}

TEST(time, a_timerfd_of_one_shot_from_long_ago_is_read_once)
{
    struct itimerspec v = {.it_value = {0, 1}}, left;
    int fd = CHECK_FD(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
    uint64_t n;

    CHECK_OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &v, NULL));
    test_sleep_ms(20);
    CHECK_EQ(read(fd, &n, sizeof n), sizeof n);
    CHECK_EQ(n, 1);
    CHECK_ERR(read(fd, &n, sizeof n), EAGAIN);
    CHECK_OK(timerfd_gettime(fd, &left));
    CHECK_EQ(left.it_value.tv_sec + left.it_value.tv_nsec, 0);
}
