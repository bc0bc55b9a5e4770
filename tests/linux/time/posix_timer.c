/*
 * POSIX timers.
 */
#include "test.h"

#include <pthread.h>
#include <sys/resource.h>

/* As the kernel has it. */
struct event {
    union sigval value;
    int signo, notify, tid, pad[11];
};

enum { SIGNAL = 0, NONE = 1, THREAD_ID = 4 };

static volatile int seen;
static volatile siginfo_t got;
static volatile pid_t got_tid;

static void note(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    memcpy((void *)&got, info, sizeof got);
    got_tid = (pid_t)syscall(SYS_gettid);
    seen++;
}

static void install(int sig)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};

    CHECK_OK(sigaction(sig, &action, NULL));
}

static int create(int clock, int notify, int sig)
{
    struct event e = {.value.sival_ptr = (void *)0x1122334455667788, .signo = sig, .notify = notify,
                      .tid = (int)syscall(SYS_gettid)};
    int id = -1;

    CHECK_OK(syscall(SYS_timer_create, clock, &e, &id));
    return id;
}

static long settime(int id, int flags, int64_t value_ns, int64_t interval_ns, struct itimerspec *old)
{
    struct itimerspec t = {{interval_ns / 1000000000, interval_ns % 1000000000},
                           {value_ns / 1000000000, value_ns % 1000000000}};

    return syscall(SYS_timer_settime, id, flags, &t, old);
}

static struct itimerspec gettime(int id)
{
    struct itimerspec t;

    CHECK_OK(syscall(SYS_timer_gettime, id, &t));
    return t;
}

static void wait_seen(int n)
{
    for (int i = 0; seen < n && i < 10000; i++)
        test_sleep_ms(1);
    CHECK_GE(seen, n);
}

static void block(int sig)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, sig);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
}

TEST(posix_timer, expires_once_with_its_value)
{
    static const int clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI};

    install(SIGUSR1);
    for (int i = 0; i < 4; i++) {
        int id = create(clocks[i], SIGNAL, SIGUSR1);
        int64_t begin = test_now_ms();

        CHECK_OK(settime(id, 0, 20000000, 0, NULL));
        wait_seen(i + 1);
        CHECK_GE(test_now_ms() - begin, 19);
        CHECK_EQ(got.si_code, SI_TIMER);
        CHECK_EQ((uintptr_t)got.si_value.sival_ptr, 0x1122334455667788);
        CHECK_EQ(got.si_timerid, id);
        CHECK_EQ(got.si_overrun, 0);
        CHECK_EQ(gettime(id).it_value.tv_nsec, 0);
        CHECK_OK(syscall(SYS_timer_delete, id));
    }
    test_sleep_ms(30);
    CHECK_EQ(seen, 4);
}

TEST(posix_timer, repeats)
{
    install(SIGUSR1);
    int id = create(CLOCK_MONOTONIC, SIGNAL, SIGUSR1);
    int64_t begin = test_now_ms();

    CHECK_OK(settime(id, 0, 10000000, 10000000, NULL));
    wait_seen(10);
    CHECK_GE(test_now_ms() - begin, 99);
    CHECK_EQ(gettime(id).it_interval.tv_nsec, 10000000);
    CHECK_OK(syscall(SYS_timer_delete, id));
    int before = seen;
    test_sleep_ms(30);
    CHECK_EQ(seen, before);
}

TEST(posix_timer, absolute_times_on_both_clocks)
{
    struct timespec now;

    install(SIGUSR1);
    for (int clock = 0; clock < 2; clock++) {
        int id = create(clock ? CLOCK_MONOTONIC : CLOCK_REALTIME, SIGNAL, SIGUSR1);
        int64_t begin = test_now_ms();

        clock_gettime(clock ? CLOCK_MONOTONIC : CLOCK_REALTIME, &now);
        CHECK_OK(settime(id, TIMER_ABSTIME, now.tv_sec * 1000000000ll + now.tv_nsec + 30000000, 0,
                         NULL));
        CHECK_LE(gettime(id).it_value.tv_nsec, 30000000);
        wait_seen(2 * clock + 1);
        CHECK_GE(test_now_ms() - begin, 29);
        CHECK_OK(settime(id, TIMER_ABSTIME, now.tv_sec * 1000000000ll, 0, NULL)); /* long past */
        wait_seen(2 * clock + 2);
    }
}

TEST(posix_timer, without_an_event_it_is_sigalrm_with_its_id)
{
    int first = -1, id = -1;

    install(SIGALRM);
    CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &first));
    CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id));
    CHECK_EQ(first, 0);
    CHECK_EQ(id, 1);
    CHECK_OK(settime(id, 0, 1000000, 0, NULL));
    wait_seen(1);
    CHECK_EQ(got.si_signo, SIGALRM);
    CHECK_EQ(got.si_value.sival_int, id);
}

TEST(posix_timer, errors)
{
    struct event e = {.signo = SIGUSR1};
    struct itimerspec t = {.it_value = {.tv_nsec = 1000000000}};
    int id = -1;

    CHECK_ERR(syscall(SYS_timer_create, 99, NULL, &id), EINVAL);
    CHECK_ERR(syscall(SYS_timer_create, CLOCK_MONOTONIC_RAW, NULL, &id), EOPNOTSUPP);
    CHECK_ERR(syscall(SYS_timer_create, CLOCK_REALTIME_COARSE, NULL, &id), EOPNOTSUPP);
    e.signo = 65;
    CHECK_ERR(syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id), EINVAL);
    e.signo = 0;
    CHECK_ERR(syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id), EINVAL);
    e.signo = SIGUSR1;
    e.notify = 77;
    CHECK_ERR(syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id), EINVAL);
    e.notify = THREAD_ID;
    e.tid = 1; /* not ours */
    CHECK_ERR(syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &id), EINVAL);
    CHECK_ERR(syscall(SYS_timer_create, CLOCK_MONOTONIC, (void *)8, &id), EFAULT);
    CHECK_ERR(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, (void *)8), EFAULT);
    id = create(CLOCK_MONOTONIC, SIGNAL, SIGUSR1);
    CHECK_ERR(syscall(SYS_timer_settime, id, 0, &t, NULL), EINVAL);
    CHECK_ERR(syscall(SYS_timer_settime, id, 0, NULL, NULL), EINVAL);
    CHECK_ERR(syscall(SYS_timer_settime, id, 0, (void *)8, NULL), EFAULT);
    CHECK_ERR(syscall(SYS_timer_settime, 77, 0, &(struct itimerspec){0}, NULL), EINVAL);
    CHECK_ERR(syscall(SYS_timer_gettime, 77, &t), EINVAL);
    CHECK_ERR(syscall(SYS_timer_gettime, id, (void *)8), EFAULT);
    CHECK_ERR(syscall(SYS_timer_getoverrun, 77), EINVAL);
    CHECK_ERR(syscall(SYS_timer_delete, 77), EINVAL);
    CHECK_OK(syscall(SYS_timer_delete, id));
    CHECK_ERR(syscall(SYS_timer_delete, id), EINVAL);
}

TEST(posix_timer, overruns_are_counted_while_the_signal_waits)
{
    sigset_t set;

    install(SIGUSR1);
    block(SIGUSR1);
    int id = create(CLOCK_MONOTONIC, SIGNAL, SIGUSR1);
    CHECK_OK(settime(id, 0, 1000000, 1000000, NULL));
    test_sleep_ms(60);
    CHECK_EQ(syscall(SYS_timer_getoverrun, id), 0); /* of the last one taken */
    sigemptyset(&set);
    CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
    CHECK_GE(seen, 1);
    block(SIGUSR1);
    CHECK_GE(got.si_overrun, 0);
    CHECK_OK(syscall(SYS_timer_delete, id));
}

TEST(posix_timer, an_overrun_is_told_in_the_signal_and_by_call)
{
    uint64_t set = 1ull << (SIGUSR1 - 1);
    siginfo_t info;

    block(SIGUSR1);
    int id = create(CLOCK_MONOTONIC, SIGNAL, SIGUSR1);
    CHECK_OK(settime(id, 0, 1000000, 1000000, NULL));
    test_sleep_ms(60);
    CHECK_EQ(syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8), SIGUSR1);
    CHECK_GE(info.si_overrun, 50);
    CHECK_EQ(syscall(SYS_timer_getoverrun, id), info.si_overrun);
    CHECK_EQ(syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8), SIGUSR1); /* it went on */
    CHECK_LE(info.si_overrun, 5000);
    CHECK_OK(settime(id, 0, 0, 0, NULL));
    CHECK_EQ(syscall(SYS_timer_getoverrun, id), 0);
}

TEST(posix_timer, a_nanosecond_interval_starves_nobody)
{
    uint64_t set = 1ull << (SIGUSR1 - 1);
    siginfo_t info;
    int64_t begin = test_now_ms();

    block(SIGUSR1);
    int id = create(CLOCK_MONOTONIC, SIGNAL, SIGUSR1);
    CHECK_OK(settime(id, 0, 1, 1, NULL));
    test_sleep_ms(50);
    CHECK_EQ(syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8), SIGUSR1);
    CHECK_GE(info.si_overrun, 10000000);
    signal(SIGUSR1, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    CHECK_OK(sigprocmask(SIG_SETMASK, &none, NULL));
    test_sleep_ms(50);
    CHECK_LE(test_now_ms() - begin, 5000);
}

TEST(posix_timer, silent_ones_only_tell)
{
    int id = create(CLOCK_MONOTONIC, NONE, 0);
    struct itimerspec old;

    CHECK_OK(settime(id, 0, 5000000, 0, NULL));
    CHECK_GT(gettime(id).it_value.tv_nsec, 0);
    test_sleep_ms(10);
    CHECK_EQ(gettime(id).it_value.tv_nsec, 0);
    CHECK_OK(settime(id, 0, 20000000, 20000000, NULL));
    test_sleep_ms(50);
    CHECK(gettime(id).it_value.tv_nsec > 0 && gettime(id).it_value.tv_nsec <= 20000000);
    CHECK_OK(settime(id, 0, 0, 0, &old));
    CHECK_EQ(old.it_interval.tv_nsec, 20000000);
    CHECK_EQ(gettime(id).it_interval.tv_nsec, 0);
}

static volatile int go_on;
static volatile pid_t thread_tid;

static void *has_a_timer(void *id)
{
    struct event e = {.signo = SIGUSR1, .notify = THREAD_ID, .tid = (int)syscall(SYS_gettid)};

    thread_tid = e.tid;
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, id) < 0)
        return NULL;
    while (!go_on)
        test_sleep_ms(1);
    return NULL;
}

TEST(posix_timer, to_one_thread)
{
    pthread_t thread;
    int id = -1;

    install(SIGUSR1);
    CHECK_OK(pthread_create(&thread, NULL, has_a_timer, &id));
    while (*(volatile int *)&id < 0)
        test_sleep_ms(1);
    CHECK_OK(settime(id, 0, 1000000, 0, NULL));
    wait_seen(1);
    CHECK_EQ(got_tid, thread_tid);
    CHECK_NE(got_tid, getpid());
    CHECK_OK(settime(id, 0, 30000000, 5000000, NULL));
    go_on = 1;
    CHECK_OK(pthread_join(thread, NULL));
    test_sleep_ms(60);
    CHECK_EQ(seen, 1); /* it has gone, and nobody else is bothered */
}

TEST(posix_timer, a_signal_of_a_deleted_timer_still_arrives)
{
    sigset_t set;

    install(SIGUSR1);
    block(SIGUSR1);
    int id = create(CLOCK_MONOTONIC, SIGNAL, SIGUSR1);
    CHECK_OK(settime(id, 0, 1000000, 1000000, NULL));
    test_sleep_ms(10);
    CHECK_OK(syscall(SYS_timer_delete, id));
    sigemptyset(&set);
    CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
    CHECK_EQ(seen, 1);
    test_sleep_ms(10);
    CHECK_EQ(seen, 1);
}

HELPER(no_timer)
{
    sigset_t set;
    struct itimerspec t;

    sigpending(&set);
    return syscall(SYS_timer_gettime, 0, &t) < 0 && errno == EINVAL && !sigismember(&set, SIGUSR1)
               ? 4
               : 1;
}

TEST(posix_timer, gone_after_exec_with_its_signals_and_not_inherited)
{
    struct itimerspec t;

    block(SIGUSR1);
    int id = create(CLOCK_MONOTONIC, SIGNAL, SIGUSR1);
    CHECK_OK(settime(id, 0, 1000000, 0, NULL));
    test_sleep_ms(10);
    CHECK_IN_CHILD(CHECK_ERR(syscall(SYS_timer_gettime, id, &t), EINVAL));
    CHECK_EXIT(CHILD({
                   int mine = create(CLOCK_MONOTONIC, SIGNAL, SIGUSR1);
                   CHECK_EQ(mine, 0);
                   CHECK_OK(settime(mine, 0, 1000000, 0, NULL));
                   test_sleep_ms(10);
                   execl(test_program, test_program, "helper:no_timer", NULL);
               }),
               4);
}

TEST(posix_timer, counts_against_the_limit_of_queued_signals)
{
    struct rlimit limit = {3, 3};
    int id;

    CHECK_IN_CHILD({
        CHECK_OK(setuid(4321));
        CHECK_OK(setrlimit(RLIMIT_SIGPENDING, &limit));
        for (int i = 0; i < 3; i++)
            create(CLOCK_MONOTONIC, SIGNAL, SIGUSR1);
        CHECK_ERR(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id), EAGAIN);
        CHECK_OK(syscall(SYS_timer_delete, 1));
        create(CLOCK_MONOTONIC, SIGNAL, SIGUSR1);
    });
}

static int64_t cpu_ns(int clock)
{
    struct timespec t;

    CHECK_OK(clock_gettime(clock, &t));
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

TEST(posix_timer, on_processor_time)
{
    static const int clocks[] = {CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};

    install(SIGUSR1);
    for (int i = 0; i < 2; i++) {
        int id = create(clocks[i], SIGNAL, SIGUSR1), before = seen;
        int64_t begin = cpu_ns(clocks[i]);

        CHECK_OK(settime(id, 0, 40000000, 0, NULL));
        test_sleep_ms(80);
        CHECK_EQ(seen, before); /* sleep is not processor time */
        while (seen == before && cpu_ns(clocks[i]) - begin < 10000000000ll)
            continue;
        CHECK_EQ(seen, before + 1);
        CHECK_GE(cpu_ns(clocks[i]) - begin, 39000000);
        CHECK_OK(syscall(SYS_timer_delete, id));
    }
}

TEST(posix_timer, on_processor_time_it_repeats_and_can_be_absolute)
{
    install(SIGUSR1);
    int id = create(CLOCK_PROCESS_CPUTIME_ID, SIGNAL, SIGUSR1);
    int64_t begin = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);

    CHECK_OK(settime(id, TIMER_ABSTIME, begin + 20000000, 20000000, NULL));
    while (seen < 4 && cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - begin < 10000000000ll)
        continue;
    CHECK_GE(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - begin, 78000000);
    CHECK_EQ(seen, 4);
    CHECK_OK(settime(id, 0, 0, 0, NULL));
    CHECK_OK(settime(id, TIMER_ABSTIME, 1, 0, NULL)); /* long past */
    begin = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    while (seen < 5 && cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - begin < 10000000000ll)
        continue;
    CHECK_EQ(seen, 5);
}

TEST(posix_timer, a_thousand_of_them)
{
    int ids[1000];
    uint64_t mask = 1ull << 39;

    block(40);
    for (int i = 0; i < 1000; i++) {
        struct event e = {.value.sival_int = i, .signo = 40};

        CHECK_OK(syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, &ids[i]));
        CHECK_OK(settime(ids[i], 0, 1000000 + (i * 7919) % 1000 * 10000, 0, NULL));
    }
    int64_t sum = 0;
    for (int i = 0; i < 1000; i++) {
        siginfo_t info;

        CHECK_EQ(syscall(SYS_rt_sigtimedwait, &mask, &info, &(struct timespec){10, 0}, 8), 40);
        sum += info.si_value.sival_int;
    }
    CHECK_EQ(sum, 999 * 1000 / 2);
}
