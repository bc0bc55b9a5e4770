/*
 * Default actions, kill's addressing and permissions, restart.
 */
#include "test.h"

#include <sys/prctl.h>
#include <sys/resource.h>

static volatile int seen;

static void count(int number)
{
    (void)number;
    seen++;
}

TEST(kill, default_actions_end_the_process)
{
    static const int ends[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGILL,  SIGTRAP,   SIGABRT,
                               SIGBUS,  SIGFPE,  SIGKILL, SIGUSR1, SIGSEGV,   SIGUSR2,
                               SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ,   SIGVTALRM,
                               SIGPROF, SIGIO,   SIGPWR,  SIGSYS,  SIGSTKFLT, 34};
    struct rlimit none = {0, 0};

    CHECK_OK(setrlimit(RLIMIT_CORE, &none));
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        CHECK_KILLED(CHILD({
                         kill(getpid(), ends[i]);
                         FAIL("survived %d", ends[i]);
                     }),
                     ends[i]);
}

TEST(kill, some_are_ignored_by_default)
{
    static const int ignored[] = {SIGCHLD, SIGURG, SIGWINCH, SIGCONT};

    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        CHECK_OK(kill(getpid(), ignored[i]));
}

TEST(kill, the_parent_kills_a_sleeping_and_a_spinning_child)
{
    pid_t sleeping = CHILD(for (;;) pause()), spinning = CHILD(for (;;) continue);

    test_sleep_ms(20);
    CHECK_OK(kill(sleeping, SIGTERM));
    CHECK_OK(kill(spinning, SIGTERM));
    CHECK_KILLED(sleeping, SIGTERM);
    CHECK_KILLED(spinning, SIGTERM);
}

TEST(kill, a_blocked_reader_and_a_blocked_waiter_die_at_once)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    pid_t reader = CHILD(read(p[0], &c, 1));
    pid_t waiter = CHILD({
        CHILD(for (;;) pause());
        wait(NULL);
    });
    test_sleep_ms(30);
    CHECK_OK(kill(reader, SIGKILL));
    CHECK_OK(kill(waiter, SIGKILL));
    CHECK_KILLED(reader, SIGKILL);
    CHECK_KILLED(waiter, SIGKILL);
}

TEST(kill, errors)
{
    CHECK_ERR(kill(99999, SIGTERM), ESRCH);
    CHECK_ERR(kill(getpid(), 65), EINVAL);
    CHECK_ERR(kill(getpid(), -1), EINVAL);
    CHECK_OK(kill(getpid(), 0));
    CHECK_OK(kill(1, 0));
}

TEST(kill, needs_permission_between_users)
{
    pid_t self = getpid();

    CHECK_IN_CHILD({
        CHECK_OK(setuid(65534));
        CHECK_ERR(kill(self, SIGTERM), EPERM);
        CHECK_ERR(kill(1, SIGTERM), EPERM);
        CHECK_OK(kill(getpid(), 0));
    });
}

TEST(kill, minus_one_spares_the_caller_and_pid_1)
{
    pid_t a = CHILD(for (;;) pause());

    CHECK_IN_CHILD({
        signal(SIGUSR1, count);
        CHECK_OK(setuid(65534));
        CHECK_OK(kill(-1, SIGUSR1)); /* Linux: 0 even when it may kill nobody */
        CHECK_EQ(seen, 0);
    });
    CHECK_OK(kill(a, SIGKILL));
    CHECK_KILLED(a, SIGKILL);
}

TEST(kill, tgkill_addresses_a_thread_of_a_process)
{
    signal(SIGUSR1, count);
    CHECK_OK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1));
    CHECK_EQ(seen, 1);
    CHECK_OK(syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR1));
    CHECK_EQ(seen, 2);
    CHECK_ERR(syscall(SYS_tgkill, 1, syscall(SYS_gettid), SIGUSR1), ESRCH);
    CHECK_ERR(syscall(SYS_tgkill, -1, 1, SIGUSR1), EINVAL);
}

TEST(kill, sigcont_continues_even_when_it_is_blocked_or_ignored)
{
    int status;
    pid_t pid = CHILD({
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, NULL);
        signal(SIGCONT, SIG_IGN);
        raise(SIGSTOP);
    });

    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK(WIFSTOPPED(status));
    CHECK_OK(kill(pid, SIGCONT));
    CHECK_EXIT(pid, 0);
}

/* wait4 under fire: restarted each time, its PC moved back by exactly one instruction. */
TEST(restart, wait_is_restarted_and_never_fails)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    pid_t self = getpid();
    int status;

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid_t pid = CHILD({
        for (int i = 0; i < 500; i++)
            kill(self, SIGUSR1);
        test_sleep_ms(10);
        _exit(7);
    });
    CHECK_EQ(wait4(pid, &status, 0, NULL), pid);
    CHECK_EQ(WEXITSTATUS(status), 7);
    CHECK_GE(seen, 1);
}

TEST(restart, ignored_and_default_ignored_signals_do_not_interrupt_a_read)
{
    int p[2];
    char c;
    pid_t self = getpid();

    CHECK_OK(pipe(p));
    signal(SIGUSR1, SIG_IGN);
    pid_t pid = CHILD({
        for (int i = 0; i < 20; i++) {
            kill(self, SIGUSR1);
            kill(self, SIGWINCH);
            test_sleep_ms(1);
        }
        CHECK_EQ(write(p[1], "x", 1), 1);
    });
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_EXIT(pid, 0);
}

TEST(restart, stop_and_continue_do_not_interrupt_a_read)
{
    int p[2], status;
    char c;

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        CHECK_EQ(read(p[0], &c, 1), 1);
        _exit(c);
    });
    for (int i = 0; i < 20; i++) {
        CHECK_OK(kill(pid, SIGSTOP));
        CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
        CHECK_OK(kill(pid, SIGCONT));
    }
    CHECK_EQ(write(p[1], "\x05", 1), 1);
    CHECK_EXIT(pid, 5);
}

TEST(restart, arguments_are_intact_after_a_restart)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    static char data[100000], in[100000];
    pid_t self = getpid();
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)(i * 13 >> 2);
    pid_t pid = CHILD({
        size_t got = 0;
        while (got < sizeof in) {
            kill(self, SIGUSR1);
            ssize_t n = read(p[0], in + got, 999 < sizeof in - got ? 999 : sizeof in - got);
            CHECK_GT(n, 0);
            got += (size_t)n;
        }
        CHECK_MEM(in, data, sizeof in);
    });
    for (size_t done = 0; done < sizeof data;) {
        ssize_t n = write(p[1], data + done, sizeof data - done);
        CHECK_GT(n, 0);
        done += (size_t)n;
    }
    CHECK_EXIT(pid, 0);
}
