/*
 * Interval timers on real and on processor time; alarm.
 */
#include "test.h"

#include <sys/time.h>

static volatile int seen;
static volatile siginfo_t got;

static void note(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    memcpy((void *)&got, info, sizeof got);
    seen++;
}

static void install(int sig)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};

    CHECK_OK(sigaction(sig, &action, NULL));
}

static int64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000ll + t.tv_nsec / 1000;
}

static void set(int which, long value_us, long interval_us)
{
    struct itimerval t = {{interval_us / 1000000, interval_us % 1000000},
                          {value_us / 1000000, value_us % 1000000}};

    CHECK_OK(setitimer(which, &t, NULL));
}

/* Uses the processor until `n` were seen, at most for 10 s of it. */
static void spin_until(int n)
{
    int64_t begin = cpu_us();

    while (seen < n && cpu_us() - begin < 10000000)
        for (volatile int i = 0; i < 1000; i++)
            continue;
    CHECK_GE(seen, n);
}

TEST(itimer, prof_counts_processor_time)
{
    int64_t begin;

    install(SIGPROF);
    begin = cpu_us();
    set(ITIMER_PROF, 50000, 0);
    spin_until(1);
    CHECK_GE(cpu_us() - begin, 48000);
    CHECK_EQ(got.si_code, SI_KERNEL);
    begin = cpu_us();
    while (cpu_us() - begin < 80000)
        continue;
    CHECK_EQ(seen, 1); /* once */
}

TEST(itimer, virtual_counts_user_time_with_an_interval)
{
    install(SIGVTALRM);
    set(ITIMER_VIRTUAL, 20000, 20000);
    spin_until(5);
    set(ITIMER_VIRTUAL, 0, 0);
    int before = seen;
    for (volatile int i = 0; i < 10000000; i++)
        continue;
    CHECK_EQ(seen, before);
}

TEST(itimer, processor_timers_stand_still_in_sleep)
{
    struct itimerval t;

    install(SIGPROF);
    install(SIGVTALRM);
    set(ITIMER_PROF, 100000, 0);
    set(ITIMER_VIRTUAL, 100000, 0);
    test_sleep_ms(300);
    CHECK_EQ(seen, 0);
    CHECK_OK(getitimer(ITIMER_PROF, &t));
    CHECK_GT(t.it_value.tv_usec, 20000);
    CHECK_EQ(t.it_value.tv_sec, 0);
    spin_until(2); /* and go on afterwards */
}

TEST(itimer, they_are_three)
{
    struct itimerval t;

    set(ITIMER_REAL, 100000000, 1000000);
    set(ITIMER_VIRTUAL, 200000000, 2000000);
    set(ITIMER_PROF, 300000000, 3000000);
    for (int which = 0; which < 3; which++) {
        CHECK_OK(getitimer(which, &t));
        CHECK_EQ(t.it_interval.tv_sec, which + 1);
        CHECK_GE(t.it_value.tv_sec, (which + 1) * 100 - 3);
        CHECK_LE(t.it_value.tv_sec, (which + 1) * 100);
    }
    CHECK_IN_CHILD({
        for (int which = 0; which < 3; which++) {
            CHECK_OK(getitimer(which, &t)); /* not inherited */
            CHECK_EQ(t.it_value.tv_sec, 0);
            CHECK_EQ(t.it_interval.tv_sec, 0);
        }
    });
}

HELPER(real_left)
{
    struct itimerval t;

    getitimer(ITIMER_REAL, &t);
    return t.it_value.tv_sec > 90 && t.it_interval.tv_sec == 1 ? 3 : 1;
}

TEST(itimer, survives_exec)
{
    CHECK_EXIT(CHILD({
                   set(ITIMER_REAL, 100000000, 1000000);
                   execl(test_program, test_program, "helper:real_left", NULL);
               }),
               3);
}

TEST(itimer, errors)
{
    struct itimerval t = {.it_value = {.tv_usec = 1000000}}, old;

    CHECK_ERR(setitimer(ITIMER_REAL, &t, NULL), EINVAL);
    t.it_value = (struct timeval){.tv_sec = -1};
    CHECK_ERR(setitimer(ITIMER_REAL, &t, NULL), EINVAL);
    t.it_value = (struct timeval){.tv_sec = 1};
    t.it_interval.tv_usec = -1;
    CHECK_ERR(setitimer(ITIMER_REAL, &t, NULL), EINVAL);
    CHECK_ERR(setitimer(3, &(struct itimerval){0}, NULL), EINVAL);
    CHECK_ERR(getitimer(3, &old), EINVAL);
    CHECK_ERR(getitimer(-1, &old), EINVAL);
    CHECK_ERR(syscall(SYS_getitimer, ITIMER_REAL, (void *)8), EFAULT);
    CHECK_ERR(syscall(SYS_setitimer, ITIMER_REAL, (void *)8, NULL), EFAULT);
}

TEST(itimer, real_repeats_and_tells_what_was_left)
{
    struct itimerval old;
    struct itimerval off = {0};

    install(SIGALRM);
    set(ITIMER_REAL, 5000, 5000);
    for (int i = 0; i < 10000 && seen < 10; i++)
        test_sleep_ms(1);
    CHECK_GE(seen, 10);
    CHECK_OK(setitimer(ITIMER_REAL, &off, &old));
    CHECK_EQ(old.it_interval.tv_usec, 5000);
    CHECK(old.it_value.tv_usec > 0 && old.it_value.tv_usec <= 5000);
    int before = seen;
    test_sleep_ms(30);
    CHECK_EQ(seen, before);
}

TEST(itimer, a_tiny_interval_with_the_signal_blocked_or_ignored_starves_nobody)
{
    sigset_t set_alrm;
    int64_t begin;

    sigemptyset(&set_alrm);
    sigaddset(&set_alrm, SIGALRM);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set_alrm, NULL));
    set(ITIMER_REAL, 1, 1);
    begin = test_now_ms();
    test_sleep_ms(50);
    CHECK_IN_CHILD(_exit(0));
    CHECK_LE(test_now_ms() - begin, 5000);
    signal(SIGALRM, SIG_IGN);
    CHECK_OK(sigprocmask(SIG_UNBLOCK, &set_alrm, NULL));
    test_sleep_ms(50);
}

/* musl makes it of setitimer, and rounds otherwise. */
static long alarm_call(unsigned seconds)
{
    return syscall(SYS_alarm, seconds);
}

TEST(itimer, alarm_rounds_and_replaces)
{
    CHECK_EQ(alarm_call(10), 0);
    CHECK_EQ(alarm_call(100), 10);
    CHECK_EQ(alarm_call(0), 100);
    CHECK_EQ(alarm_call(0), 0);
    set(ITIMER_REAL, 1400000, 0);
    CHECK_EQ(alarm_call(0), 1);
    set(ITIMER_REAL, 400000, 0);
    CHECK_EQ(alarm_call(0), 1);
    CHECK_IN_CHILD(CHECK_EQ(alarm_call(5), 0));
}
