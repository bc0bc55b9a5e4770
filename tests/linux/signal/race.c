/*
 * Races, looped: a signal that arrives just before, in, or just after a wait is never lost and never seen twice.
 */
#include "test.h"

#include <pthread.h>
#include <sys/time.h>

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1

static volatile sig_atomic_t seen;

static void count(int sig)
{
    (void)sig;
    seen++;
}

static void install(int sig, int flags)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = flags};

    CHECK_OK(sigaction(sig, &action, NULL));
}

static void block(int sig)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, sig);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
}

/* A child that kills its parent once for each byte it reads. */
static pid_t killer(int sig, int from)
{
    pid_t self = getpid();

    return CHILD({
        char c;
        while (read(from, &c, 1) == 1)
            kill(self, sig);
    });
}

TEST(race, sigsuspend_against_kill_5000_times)
{
    sigset_t none;
    int p[2];

    sigemptyset(&none);
    block(SIGUSR1);
    install(SIGUSR1, 0);
    CHECK_OK(pipe(p));
    pid_t pid = killer(SIGUSR1, p[0]);
    for (int i = 1; i <= 5000; i++) {
        CHECK_EQ(write(p[1], "x", 1), 1);
        if (i % 3 == 0)
            sched_yield();
        CHECK_ERR(sigsuspend(&none), EINTR);
        CHECK_EQ(seen, i);
    }
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(race, sigtimedwait_against_kill_5000_times)
{
    uint64_t set = 1ull << (SIGUSR1 - 1);
    struct timespec t = {.tv_sec = 10};
    int p[2];

    block(SIGUSR1);
    CHECK_OK(pipe(p));
    pid_t pid = killer(SIGUSR1, p[0]);
    for (int i = 0; i < 5000; i++) {
        siginfo_t info;

        CHECK_EQ(write(p[1], "x", 1), 1);
        if (i % 3 == 0)
            sched_yield();
        CHECK_EQ(syscall(SYS_rt_sigtimedwait, &set, &info, &t, 8), SIGUSR1);
        CHECK_EQ(info.si_pid, pid);
    }
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(race, a_timer_against_blocking_and_unblocking)
{
    struct itimerval t = {.it_interval = {.tv_usec = 300}, .it_value = {.tv_usec = 300}};
    sigset_t set, old;
    int last;

    install(SIGALRM, 0);
    CHECK_OK(setitimer(ITIMER_REAL, &t, NULL));
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    for (int i = 0; i < 3000; i++) {
        CHECK_OK(sigprocmask(SIG_BLOCK, &set, &old));
        last = seen;
        for (volatile int k = 0; k < 50; k++)
            continue;
        CHECK_EQ(seen, last); /* nothing gets in */
        CHECK_OK(sigprocmask(SIG_SETMASK, &old, NULL));
    }
    for (int i = 0; i < 10000 && seen < 20; i++)
        test_sleep_ms(1);
    CHECK_GE(seen, 20);
}

TEST(race, a_pending_alarm_is_taken_by_the_unblocking_call)
{
    sigset_t set;

    install(SIGUSR1, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    for (int i = 1; i <= 3000; i++) {
        CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
        CHECK_OK(kill(getpid(), SIGUSR1));
        CHECK_EQ(seen, i - 1);
        CHECK_OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
        CHECK_EQ(seen, i);
    }
}

static uint32_t word;
static volatile pid_t tid;
static volatile int interrupted, over;

static void *sleeps_on_a_futex(void *unused)
{
    (void)unused;
    tid = (pid_t)syscall(SYS_gettid);
    while (!over)
        if (syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL) < 0 && errno == EINTR)
            interrupted++;
    return NULL;
}

TEST(race, a_signal_to_a_thread_in_a_futex_2000_times)
{
    pthread_t thread;

    install(SIGUSR1, 0);
    CHECK_OK(pthread_create(&thread, NULL, sleeps_on_a_futex, NULL));
    while (!tid)
        sched_yield();
    for (int i = 1; i <= 2000; i++) {
        CHECK_OK(syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
        for (int k = 0; seen < i && k < 2000000; k++)
            sched_yield();
        CHECK_EQ(seen, i);
    }
    over = 1;
    __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
    CHECK_GE(syscall(SYS_futex, &word, FUTEX_WAKE, 1), 0);
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_GE(interrupted, 1);
}

static volatile unsigned long spins;

static __attribute__((noreturn)) void *spins_for_ever(void *unused)
{
    (void)unused;
    tid = (pid_t)syscall(SYS_gettid);
    for (;;)
        spins++;
}

TEST(race, a_spinning_thread_takes_200_signals)
{
    pthread_t thread;

    install(SIGUSR1, 0);
    CHECK_OK(pthread_create(&thread, NULL, spins_for_ever, NULL));
    while (!tid)
        sched_yield();
    for (int i = 1; i <= 200; i++) {
        CHECK_OK(syscall(SYS_tgkill, getpid(), tid, SIGUSR1));
        for (int k = 0; seen < i && k < 2000000; k++)
            sched_yield();
        CHECK_EQ(seen, i);
    }
}

TEST(race, spinning_children_are_killed_at_random_moments)
{
    for (int i = 0; i < 150; i++) {
        pid_t pid = CHILD(for (volatile unsigned long n = 0;; n++) continue);

        for (volatile int k = 0; k < i * 300; k++)
            continue;
        CHECK_OK(kill(pid, i & 1 ? SIGKILL : SIGTERM));
        CHECK_KILLED(pid, i & 1 ? SIGKILL : SIGTERM);
    }
}

TEST(race, spinning_children_stop_and_go_on_at_random_moments)
{
    int status;
    pid_t pid = CHILD(for (volatile unsigned long n = 0;; n++) continue);

    for (int i = 0; i < 150; i++) {
        for (volatile int k = 0; k < i * 200; k++)
            continue;
        CHECK_OK(kill(pid, SIGSTOP));
        CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
        CHECK(WIFSTOPPED(status));
        CHECK_OK(kill(pid, SIGCONT));
        CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
    }
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(race, every_child_is_reaped_by_its_handlers_loop)
{
    enum { N = 300 };
    volatile int reaped = 0;
    sigset_t none;

    install(SIGCHLD, SA_RESTART);
    block(SIGCHLD);
    sigemptyset(&none);
    for (int i = 0; i < N; i++) {
        CHILD(_exit(0));
        while (i - reaped > 5) {
            sigsuspend(&none);
            while (waitpid(-1, NULL, WNOHANG) > 0)
                reaped++;
        }
    }
    while (reaped < N) {
        if (waitpid(-1, NULL, WNOHANG) > 0)
            reaped++;
        else
            sigsuspend(&none);
    }
    CHECK_ERR(waitpid(-1, NULL, WNOHANG), ECHILD);
}

static volatile int jobs;

static void *sender(void *arg)
{
    for (int i = 0; i < 500; i++)
        while (sigqueue(getpid(), 40 + (int)(uintptr_t)arg % 4, (union sigval){.sival_int = i}) < 0)
            sched_yield();
    jobs++;
    return NULL;
}

TEST(race, queued_signals_of_four_threads_each_in_order)
{
    int last[4] = {-1, -1, -1, -1}, total = 0;
    pthread_t thread[4];
    uint64_t set = 0xfull << 39;
    struct timespec t = {.tv_sec = 10};

    for (int i = 0; i < 4; i++)
        block(40 + i);
    for (int i = 0; i < 4; i++)
        CHECK_OK(pthread_create(&thread[i], NULL, sender, (void *)(uintptr_t)i));
    while (total < 2000) {
        siginfo_t info;
        int sig = (int)syscall(SYS_rt_sigtimedwait, &set, &info, &t, 8);

        CHECK_GE(sig, 40);
        CHECK_EQ(info.si_value.sival_int, last[sig - 40] + 1);
        last[sig - 40]++;
        total++;
    }
    for (int i = 0; i < 4; i++)
        CHECK_OK(pthread_join(thread[i], NULL));
}
