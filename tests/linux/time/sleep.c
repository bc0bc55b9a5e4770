/*
 * nanosleep, clock_nanosleep, restart_syscall; clocks of processor time.
 */
#include "test.h"

#include <pthread.h>
#include <sys/resource.h>

static volatile int seen;

static void count(int sig)
{
    (void)sig;
    seen++;
}

static int64_t ns_of(int clock)
{
    struct timespec t;

    CHECK_OK(syscall(SYS_clock_gettime, clock, &t));
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static pid_t kill_later(int ms, int sig)
{
    pid_t self = getpid();

    return CHILD({
        test_sleep_ms(ms);
        kill(self, sig);
    });
}

static long nap(int clock, int flags, int64_t ns, struct timespec *left)
{
    struct timespec t = {ns / 1000000000, ns % 1000000000};

    return syscall(SYS_clock_nanosleep, clock, flags, &t, left);
}

TEST(sleep, a_handler_ends_it_and_the_rest_is_told)
{
    struct timespec t = {.tv_sec = 20}, left = {0};

    signal(SIGUSR1, count);
    pid_t pid = kill_later(30, SIGUSR1);
    CHECK_ERR(nanosleep(&t, &left), EINTR);
    CHECK_EQ(seen, 1);
    CHECK_GE(left.tv_sec, 10);
    CHECK_LE(left.tv_sec, 19);
    CHECK_EXIT(pid, 0);
    left.tv_sec = 77;
    pid = kill_later(30, SIGUSR1);
    CHECK_ERR(nap(CLOCK_REALTIME, 0, 20000000000, &left), EINTR);
    CHECK(left.tv_sec >= 10 && left.tv_sec <= 19);
    CHECK_EXIT(pid, 0);
}

TEST(sleep, an_absolute_one_tells_no_rest)
{
    struct timespec left = {77, 77};

    signal(SIGUSR1, count);
    pid_t pid = kill_later(30, SIGUSR1);
    CHECK_ERR(nap(CLOCK_MONOTONIC, TIMER_ABSTIME, ns_of(CLOCK_MONOTONIC) + 20000000000, &left),
              EINTR);
    CHECK_EQ(left.tv_sec, 77);
    CHECK_EXIT(pid, 0);
}

TEST(sleep, stop_and_continue_do_not_shorten_or_lengthen_it)
{
    int status;
    pid_t pid = CHILD({
        int64_t begin = ns_of(CLOCK_MONOTONIC);
        struct timespec t = {.tv_nsec = 300000000};

        CHECK_OK(nanosleep(&t, NULL));
        CHECK_GE(ns_of(CLOCK_MONOTONIC) - begin, 300000000);
        CHECK_LE(ns_of(CLOCK_MONOTONIC) - begin, 5000000000);
    });

    for (int i = 0; i < 4; i++) {
        test_sleep_ms(20);
        CHECK_OK(kill(pid, SIGSTOP));
        CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
        CHECK_OK(kill(pid, SIGCONT));
    }
    CHECK_EXIT(pid, 0);
}

TEST(sleep, ignored_signals_do_not_end_it)
{
    int64_t begin = ns_of(CLOCK_MONOTONIC);

    signal(SIGUSR1, SIG_IGN);
    pid_t pid = kill_later(10, SIGUSR1);
    CHECK_OK(nap(CLOCK_MONOTONIC, 0, 100000000, NULL)); /* nor does SIGCHLD */
    CHECK_GE(ns_of(CLOCK_MONOTONIC) - begin, 100000000);
    CHECK_EXIT(pid, 0);
}

TEST(sleep, errors)
{
    struct timespec t = {.tv_nsec = 1000000000};

    CHECK_ERR(syscall(SYS_nanosleep, &t, NULL), EINVAL);
    t = (struct timespec){.tv_nsec = -1};
    CHECK_ERR(syscall(SYS_nanosleep, &t, NULL), EINVAL);
    t = (struct timespec){.tv_sec = -1};
    CHECK_ERR(syscall(SYS_nanosleep, &t, NULL), EINVAL);
    CHECK_ERR(syscall(SYS_nanosleep, (void *)8, NULL), EFAULT);
    CHECK_ERR(nap(99, 0, 1, NULL), EINVAL);
    CHECK_ERR(nap(CLOCK_MONOTONIC_RAW, 0, 1, NULL), EOPNOTSUPP);
    CHECK_ERR(nap(CLOCK_REALTIME_COARSE, 0, 1, NULL), EOPNOTSUPP);
    CHECK_ERR(nap(CLOCK_THREAD_CPUTIME_ID, 0, 1, NULL), EOPNOTSUPP);
    CHECK_ERR(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (void *)8, NULL), EFAULT);
    CHECK_OK(nap(CLOCK_BOOTTIME, 0, 1, NULL));
    CHECK_OK(nap(CLOCK_TAI, 0, 1, NULL));
    CHECK_OK(nap(CLOCK_REALTIME, TIMER_ABSTIME, 1, NULL)); /* long past */
    CHECK_OK(nap(CLOCK_MONOTONIC, 0, 0, NULL));
}

TEST(sleep, a_bad_place_for_the_rest_is_efault)
{
    struct timespec t = {.tv_sec = 20};

    signal(SIGUSR1, count);
    pid_t pid = kill_later(30, SIGUSR1);
    CHECK_ERR(syscall(SYS_nanosleep, &t, (void *)8), EFAULT);
    CHECK_EXIT(pid, 0);
}

TEST(sleep, restart_syscall_without_anything_to_restart)
{
    CHECK_ERR(syscall(SYS_restart_syscall), EINTR);
}

static volatile int stop;

static void *spins(void *unused)
{
    (void)unused;
    while (!stop)
        continue;
    return NULL;
}

TEST(sleep, on_the_processs_processor_time)
{
    pthread_t thread;
    int64_t begin;

    CHECK_OK(pthread_create(&thread, NULL, spins, NULL));
    begin = ns_of(CLOCK_PROCESS_CPUTIME_ID);
    CHECK_OK(nap(CLOCK_PROCESS_CPUTIME_ID, 0, 50000000, NULL));
    CHECK_GE(ns_of(CLOCK_PROCESS_CPUTIME_ID) - begin, 49000000);
    begin = ns_of(CLOCK_PROCESS_CPUTIME_ID);
    CHECK_OK(nap(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, begin + 30000000, NULL));
    CHECK_GE(ns_of(CLOCK_PROCESS_CPUTIME_ID) - begin, 29000000);
    stop = 1;
    CHECK_OK(pthread_join(thread, NULL));
}

TEST(sleep, on_processor_time_it_is_interrupted_with_a_rest)
{
    struct timespec left = {0};

    signal(SIGUSR1, count);
    pid_t pid = kill_later(30, SIGUSR1);
    CHECK_ERR(nap(CLOCK_PROCESS_CPUTIME_ID, 0, 5000000000, &left), EINTR);
    CHECK(left.tv_sec == 4 || (left.tv_sec == 5 && left.tv_nsec == 0)); /* all but what it used */
    CHECK_EXIT(pid, 0);
}

TEST(clock, of_a_process_and_of_a_thread_by_id)
{
    clockid_t clock;
    struct timespec a, b;
    pid_t pid = CHILD(for (;;) pause());

    CHECK_OK(clock_getcpuclockid(pid, &clock));
    CHECK_LT(clock, 0);
    CHECK_OK(clock_gettime(clock, &a));
    test_sleep_ms(50);
    CHECK_OK(clock_gettime(clock, &b));
    CHECK_LE((b.tv_sec - a.tv_sec) * 1000000000ll + b.tv_nsec - a.tv_nsec, 20000000);
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
    CHECK_ERR(syscall(SYS_clock_gettime, clock, &a), EINVAL);
    CHECK_OK(pthread_getcpuclockid(pthread_self(), &clock));
    CHECK_OK(clock_gettime(clock, &a));
    for (volatile int i = 0; i < 3000000; i++)
        continue;
    CHECK_OK(clock_gettime(clock, &b));
    CHECK(b.tv_sec > a.tv_sec || b.tv_nsec > a.tv_nsec);
    CHECK_ERR(syscall(SYS_clock_gettime, -100000 * 8 + 2, &a), EINVAL);
    CHECK_ERR(syscall(SYS_clock_gettime, -2 * 8 + 6, &a), EINVAL); /* a thread that is not ours */
    CHECK_ERR(syscall(SYS_clock_gettime, 12345, &a), EINVAL);
}

TEST(clock, process_time_is_the_sum_of_its_threads)
{
    pthread_t thread[3];
    clockid_t clock;
    struct timespec t;
    int64_t sum, whole;

    for (int i = 0; i < 3; i++)
        CHECK_OK(pthread_create(&thread[i], NULL, spins, NULL));
    while (ns_of(CLOCK_PROCESS_CPUTIME_ID) < 150000000)
        continue;
    sum = ns_of(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(pthread_getcpuclockid(thread[i], &clock));
        CHECK_OK(clock_gettime(clock, &t));
        CHECK_GT(t.tv_nsec, 1000000);
        sum += t.tv_sec * 1000000000ll + t.tv_nsec;
    }
    whole = ns_of(CLOCK_PROCESS_CPUTIME_ID);
    CHECK_LE(sum, whole);
    CHECK_GE(sum, whole - whole / 2);
    stop = 1;
    for (int i = 0; i < 3; i++)
        CHECK_OK(pthread_join(thread[i], NULL));
    CHECK_GE(ns_of(CLOCK_PROCESS_CPUTIME_ID), whole); /* what ended still counts */
}
