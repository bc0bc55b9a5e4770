/*
 * Clocks and sleeping.
 */
#include "test.h"

#include <sys/time.h>
#include <sys/times.h>

static int64_t ns(const struct timespec *t)
{
    return t->tv_sec * 1000000000LL + t->tv_nsec;
}

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;

    CHECK_OK(syscall(SYS_clock_gettime, id, &t));
    CHECK_GE(t.tv_nsec, 0);
    CHECK_LT(t.tv_nsec, 1000000000);
    return ns(&t);
}

TEST(time, monotonic_never_goes_back)
{
    int64_t last = clock_ns(CLOCK_MONOTONIC);

    for (int i = 0; i < 20000; i++) {
        int64_t now = clock_ns(CLOCK_MONOTONIC);
        CHECK_GE(now, last);
        last = now;
    }
}

TEST(time, realtime_is_this_decade_and_agrees_with_time_and_gettimeofday)
{
    struct timeval tv;
    int64_t now = clock_ns(CLOCK_REALTIME) / 1000000000;

    CHECK_GT(now, 1735689600); /* 2025 */
    CHECK_LT(now, 4102444800); /* 2100 */
    CHECK_OK(gettimeofday(&tv, NULL));
    CHECK_GE(tv.tv_sec - now, 0);
    CHECK_LE(tv.tv_sec - now, 1);
    CHECK_LE(time(NULL) - now, 1);
}

TEST(time, clocks_run_at_one_speed)
{
    int64_t m = clock_ns(CLOCK_MONOTONIC), r = clock_ns(CLOCK_REALTIME),
            b = clock_ns(CLOCK_BOOTTIME);
    test_sleep_ms(100);
    m = clock_ns(CLOCK_MONOTONIC) - m;
    r = clock_ns(CLOCK_REALTIME) - r;
    b = clock_ns(CLOCK_BOOTTIME) - b;
    CHECK_GE(m, 99000000);
    CHECK_LT(r - m < 0 ? m - r : r - m, 20000000);
    CHECK_LT(b - m < 0 ? m - b : b - m, 20000000);
}

TEST(time, coarse_and_raw_clocks_are_there)
{
    CHECK_GT(clock_ns(CLOCK_MONOTONIC_COARSE), 0);
    CHECK_GT(clock_ns(CLOCK_MONOTONIC_RAW), 0);
    CHECK_GT(clock_ns(CLOCK_REALTIME_COARSE), 0);
}

TEST(time, cpu_clocks_count_work_and_not_sleep)
{
    int64_t before = clock_ns(CLOCK_PROCESS_CPUTIME_ID), slept, worked;

    test_sleep_ms(80);
    slept = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - before;
    CHECK_LT(slept, 60000000);
    int64_t until = test_now_ms() + 80;
    while (test_now_ms() < until)
        continue;
    worked = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - before - slept;
    CHECK_GT(worked, 20000000);
    CHECK_GT(clock_ns(CLOCK_THREAD_CPUTIME_ID), 0);
}

TEST(time, bad_clocks_and_pointers)
{
    struct timespec t;

    CHECK_ERR(syscall(SYS_clock_gettime, 77, &t), EINVAL);
    CHECK_ERR(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (void *)16), EFAULT);
    CHECK_OK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, &t));
    CHECK_EQ(t.tv_sec, 0);
    CHECK_GT(t.tv_nsec, 0);
}

TEST(time, nanosleep_sleeps_at_least_as_long)
{
    for (int ms = 1; ms < 60; ms = ms * 2 + 1) {
        struct timespec t = {.tv_nsec = ms * 1000000};
        int64_t start = clock_ns(CLOCK_MONOTONIC);
        CHECK_OK(nanosleep(&t, NULL));
        int64_t took = clock_ns(CLOCK_MONOTONIC) - start;
        CHECK_GE(took, ms * 1000000);
        CHECK_LT(took, ms * 1000000 + 500000000);
    }
}

TEST(time, nanosleep_refuses_nonsense)
{
    struct timespec bad = {.tv_nsec = 1000000000}, minus = {.tv_sec = -1};

    CHECK_ERR(nanosleep(&bad, NULL), EINVAL);
    CHECK_ERR(nanosleep(&minus, NULL), EINVAL);
    CHECK_ERR(nanosleep((void *)16, NULL), EFAULT);
}

static void nothing(int number)
{
    (void)number;
}

TEST(time, an_interrupted_sleep_tells_what_is_left)
{
    struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
    struct timespec t = {.tv_sec = 3}, left = {0};
    pid_t self = getpid();

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid_t pid = CHILD({
        test_sleep_ms(50);
        kill(self, SIGUSR1);
    });
    CHECK_ERR(nanosleep(&t, &left), EINTR);
    CHECK_GE(ns(&left), 1000000000);
    CHECK_LT(ns(&left), 2990000000);
    CHECK_EXIT(pid, 0);
}

TEST(time, absolute_sleep_ends_at_its_time)
{
    struct timespec t;

    CHECK_OK(clock_gettime(CLOCK_MONOTONIC, &t));
    int64_t until = ns(&t) + 50000000;
    t = (struct timespec){until / 1000000000, until % 1000000000};
    CHECK_OK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
    CHECK_GE(clock_ns(CLOCK_MONOTONIC), until);
    CHECK_OK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL)); /* it is past */
    CHECK_EQ(clock_nanosleep(77, 0, &t, NULL), EINVAL);
}

TEST(time, sleepers_wake_in_order_of_their_times)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    for (int i = 4; i >= 0; i--)
        CHILD({
            test_sleep_ms(60 + 60 * i);
            c = (char)('0' + i);
            CHECK_EQ(write(p[1], &c, 1), 1);
        });
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(read(p[0], &c, 1), 1);
        CHECK_EQ(c, '0' + i);
    }
}

TEST(time, alarm_and_itimer_deliver_sigalrm)
{
    struct itimerval timer = {.it_value = {.tv_usec = 40000}}, old;

    CHECK_IN_CHILD({
        signal(SIGALRM, nothing);
        CHECK_OK(setitimer(ITIMER_REAL, &timer, NULL));
        CHECK_EQ(pause(), -1);
        CHECK_EQ(alarm(100), 0);
        CHECK_OK(getitimer(ITIMER_REAL, &old));
        CHECK_GE(old.it_value.tv_sec, 98);
        CHECK_GE(alarm(0), 99);
        CHECK_EQ(alarm(0), 0);
    });
    CHECK_KILLED(CHILD({
                     CHECK_OK(setitimer(ITIMER_REAL, &timer, NULL));
                     for (;;)
                         pause();
                 }),
                 SIGALRM);
}

TEST(time, times_counts_in_hundredths)
{
    struct tms t;
    clock_t a = times(&t);

    test_sleep_ms(100);
    clock_t b = times(&t);
    CHECK_GE(b - a, 9);
    CHECK_LT(b - a, 60);
}
