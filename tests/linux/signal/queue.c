/*
 * Queues: standard signals once, real-time signals in order, with their values, within a limit.
 */
#include "test.h"

#include <pthread.h>
#include <sys/resource.h>

static void block_all(void)
{
    sigset_t all;

    sigfillset(&all);
    CHECK_OK(sigprocmask(SIG_BLOCK, &all, NULL));
}

/* The next pending signal, or 0. */
static int next(siginfo_t *info)
{
    static const struct timespec now;
    uint64_t all = ~0ull;
    long sig = syscall(SYS_rt_sigtimedwait, &all, info, &now, 8);

    if (sig < 0)
        CHECK_EQ(errno, EAGAIN);
    return sig < 0 ? 0 : (int)sig;
}

static int queue(int sig, int value)
{
    return sigqueue(getpid(), sig, (union sigval){.sival_int = value});
}

TEST(sigqueue, standard_signals_are_pending_once_and_tell_of_the_first)
{
    siginfo_t info;

    block_all();
    for (int i = 1; i <= 3; i++)
        CHECK_OK(queue(SIGUSR1, i));
    CHECK_OK(kill(getpid(), SIGUSR1));
    CHECK_EQ(next(&info), SIGUSR1);
    CHECK_EQ(info.si_value.sival_int, 1);
    CHECK_EQ(info.si_code, SI_QUEUE);
    CHECK_EQ(next(&info), 0);
}

TEST(sigqueue, realtime_signals_come_in_order_with_values)
{
    siginfo_t info;

    block_all();
    for (int i = 0; i < 300; i++)
        CHECK_OK(queue(SIGRTMIN + i % 3, i));
    for (int sig = 0; sig < 3; sig++)
        for (int i = sig; i < 300; i += 3) {
            CHECK_EQ(next(&info), SIGRTMIN + sig);
            CHECK_EQ(info.si_value.sival_int, i);
            CHECK_EQ(info.si_pid, getpid());
            CHECK_EQ(info.si_uid, 0);
        }
    CHECK_EQ(next(&info), 0);
}

TEST(sigqueue, lower_numbers_first_but_faults_before_all)
{
    static const int sent[] = {64, 40, SIGUSR2, SIGSEGV, SIGHUP, SIGFPE, SIGTERM, 35};
    static const int wanted[] = {SIGFPE, SIGSEGV, SIGHUP, SIGUSR2, SIGTERM, 35, 40, 64};
    siginfo_t info;

    block_all();
    for (size_t i = 0; i < 8; i++)
        CHECK_OK(kill(getpid(), sent[i]));
    for (size_t i = 0; i < 8; i++)
        CHECK_EQ(next(&info), wanted[i]);
}

TEST(sigqueue, a_threads_own_come_before_the_process)
{
    siginfo_t info;

    block_all();
    CHECK_OK(kill(getpid(), SIGHUP));
    CHECK_OK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGTERM));
    CHECK_EQ(next(&info), SIGTERM);
    CHECK_EQ(info.si_code, SI_TKILL);
    CHECK_EQ(next(&info), SIGHUP);
    CHECK_EQ(info.si_code, SI_USER);
    CHECK_EQ(info.si_pid, getpid());
}

static int order[8];
static volatile int used;

static void note(int sig)
{
    order[used++] = sig;
}

TEST(sigqueue, handlers_of_several_pending_signals_nest_from_the_first_taken)
{
    struct sigaction action = {.sa_handler = note};
    sigset_t set;

    block_all();
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(sigaction(SIGUSR2, &action, NULL));
    CHECK_OK(sigaction(40, &action, NULL));
    CHECK_OK(kill(getpid(), 40));
    CHECK_OK(kill(getpid(), SIGUSR2));
    CHECK_OK(kill(getpid(), SIGUSR1));
    sigfillset(&set);
    CHECK_OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
    CHECK_EQ(used, 3);
    /* The frame of the first is made first, so its handler runs last. */
    CHECK_EQ(order[0], 40);
    CHECK_EQ(order[1], SIGUSR2);
    CHECK_EQ(order[2], SIGUSR1);
}

static void limit(rlim_t n)
{
    struct rlimit r = {n, n};

    CHECK_OK(setrlimit(RLIMIT_SIGPENDING, &r));
}

TEST(sigqueue, realtime_signals_beyond_the_limit_are_refused)
{
    siginfo_t info;

    block_all();
    limit(5);
    for (int i = 0; i < 5; i++)
        CHECK_OK(queue(40, i));
    CHECK_ERR(queue(40, 5), EAGAIN);
    CHECK_ERR(queue(41, 6), EAGAIN);
    CHECK_EQ(next(&info), 40);
    CHECK_OK(queue(41, 7));
    for (int i = 1; i < 5; i++) {
        CHECK_EQ(next(&info), 40);
        CHECK_EQ(info.si_value.sival_int, i);
    }
    CHECK_EQ(next(&info), 41);
    CHECK_EQ(info.si_value.sival_int, 7);
}

TEST(sigqueue, beyond_the_limit_kill_still_arrives)
{
    siginfo_t info;

    block_all();
    limit(0);
    CHECK_OK(kill(getpid(), SIGUSR1)); /* has room in any case */
    CHECK_OK(kill(getpid(), 50));      /* arrives without saying from whom */
    CHECK_ERR(queue(51, 1), EAGAIN);
    CHECK_OK(queue(SIGUSR2, 1));
    CHECK_EQ(next(&info), SIGUSR1);
    CHECK_EQ(info.si_pid, getpid());
    CHECK_EQ(next(&info), SIGUSR2);
    CHECK_EQ(info.si_code, SI_USER);
    CHECK_EQ(info.si_pid, 0);
    CHECK_EQ(next(&info), 50);
    CHECK_EQ(info.si_code, SI_USER);
    CHECK_EQ(info.si_pid, 0);
    CHECK_EQ(next(&info), 0);
}

TEST(sigqueue, the_limit_counts_for_the_user_in_all_processes)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    CHECK_IN_CHILD({
        CHECK_OK(setuid(12345));
        block_all();
        limit(4);
        pid_t other = CHILD({
            CHECK_OK(queue(40, 1));
            CHECK_OK(queue(40, 2));
            CHECK_OK(queue(40, 3));
            CHECK_EQ(write(p[1], "x", 1), 1);
            for (;;)
                pause();
        });
        CHECK_EQ(read(p[0], &c, 1), 1);
        CHECK_OK(queue(40, 1));
        CHECK_ERR(queue(40, 2), EAGAIN);
        CHECK_OK(kill(other, SIGKILL));
        CHECK_KILLED(other, SIGKILL);
        CHECK_OK(queue(40, 3)); /* what it had queued went with it; its SIGCHLD counts, too */
        CHECK_OK(queue(40, 4));
        CHECK_ERR(queue(40, 5), EAGAIN);
    });
}

TEST(sigqueue, a_stop_drops_continues_and_the_reverse)
{
    siginfo_t info;

    block_all();
    CHECK_OK(kill(getpid(), SIGCONT));
    CHECK_OK(kill(getpid(), SIGTSTP));
    CHECK_EQ(next(&info), SIGTSTP);
    CHECK_EQ(next(&info), 0);
    CHECK_OK(kill(getpid(), SIGTSTP));
    CHECK_OK(kill(getpid(), SIGTTIN));
    CHECK_OK(kill(getpid(), SIGTTOU));
    CHECK_OK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGTTOU));
    CHECK_OK(kill(getpid(), SIGCONT));
    CHECK_EQ(next(&info), SIGCONT);
    CHECK_EQ(next(&info), 0);
}

TEST(sigqueue, sigtimedwait_errors_and_timeout)
{
    struct timespec t = {.tv_nsec = 30000000}, bad = {.tv_nsec = 1000000000};
    uint64_t set = 1ull << (SIGUSR1 - 1);
    int64_t before = test_now_ms();

    block_all();
    CHECK_ERR(syscall(SYS_rt_sigtimedwait, &set, NULL, &t, 8), EAGAIN);
    CHECK_GE(test_now_ms() - before, 29);
    CHECK_ERR(syscall(SYS_rt_sigtimedwait, &set, NULL, &bad, 8), EINVAL);
    CHECK_ERR(syscall(SYS_rt_sigtimedwait, &set, NULL, &t, 4), EINVAL);
    CHECK_ERR(syscall(SYS_rt_sigtimedwait, (void *)8, NULL, &t, 8), EFAULT);
    CHECK_ERR(syscall(SYS_rt_sigtimedwait, &set, NULL, (void *)8, 8), EFAULT);
    CHECK_OK(raise(SIGUSR1));
    CHECK_ERR(syscall(SYS_rt_sigtimedwait, &set, (void *)8, &t, 8), EFAULT); /* and it is gone */
    CHECK_ERR(syscall(SYS_rt_sigtimedwait, &set, NULL, &t, 8), EAGAIN);
}

TEST(sigqueue, sigtimedwait_takes_default_ignored_signals_that_are_blocked)
{
    siginfo_t info;

    block_all();
    pid_t pid = CHILD(_exit(3));
    uint64_t set = 1ull << (SIGCHLD - 1);
    CHECK_EQ(syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8), SIGCHLD);
    CHECK_EQ(info.si_pid, pid);
    CHECK_EQ(info.si_status, 3);
    CHECK_EXIT(pid, 3);
}

static void *waits(void *result)
{
    siginfo_t info;
    uint64_t set = 1ull << 44;

    /* Linux wakes one and lets another take it: EINTR, and again. */
    while (syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8) != 45)
        if (errno != EINTR)
            return NULL;
    *(int *)result = info.si_value.sival_int;
    return NULL;
}

TEST(sigqueue, each_of_several_waiting_threads_takes_one)
{
    enum { N = 8 };
    pthread_t thread[N];
    int got[N] = {0}, sum = 0;

    block_all();
    for (int i = 0; i < N; i++)
        CHECK_OK(pthread_create(&thread[i], NULL, waits, &got[i]));
    for (int i = 0; i < N; i++)
        CHECK_OK(queue(45, 1 << i));
    for (int i = 0; i < N; i++) {
        CHECK_OK(pthread_join(thread[i], NULL));
        sum += got[i];
    }
    CHECK_EQ(sum, (1 << N) - 1);
}
