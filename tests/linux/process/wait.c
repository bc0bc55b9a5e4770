/*
 * wait4 and its options, exit statuses, zombies and orphans.
 */
#include "test.h"

#include <sys/prctl.h>
#include <sys/resource.h>

TEST(wait, exit_codes_are_eight_bits)
{
    CHECK_EXIT(CHILD(_exit(0)), 0);
    CHECK_EXIT(CHILD(_exit(255)), 255);
    CHECK_EXIT(CHILD(_exit(256)), 0);
    CHECK_EXIT(CHILD(_exit(-1)), 255);
    CHECK_EXIT(CHILD(syscall(SYS_exit, 0x1234)), 0x34);
}

TEST(wait, no_children_is_echild)
{
    CHECK_ERR(wait(NULL), ECHILD);
    CHECK_ERR(waitpid(-1, NULL, WNOHANG), ECHILD);
    CHECK_ERR(waitpid(1, NULL, 0), ECHILD);
    CHECK_ERR(waitpid(getpid(), NULL, 0), ECHILD);
    CHECK_ERR(waitpid(-getpid() - 5, NULL, 0), ECHILD);
}

TEST(wait, a_child_is_reaped_only_once)
{
    pid_t pid = CHILD(_exit(3));

    CHECK_EXIT(pid, 3);
    CHECK_ERR(waitpid(pid, NULL, 0), ECHILD);
}

TEST(wait, bad_options_are_einval)
{
    pid_t pid = CHILD(_exit(0));

    CHECK_ERR(waitpid(pid, NULL, 0x40), EINVAL);
    CHECK_EXIT(pid, 0);
}

TEST(wait, wnohang_gives_zero_while_it_runs)
{
    int p[2], status = 0x55;
    char c;

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        close(p[1]);
        read(p[0], &c, 1);
    });
    for (int i = 0; i < 10; i++)
        CHECK_EQ(waitpid(-1, &status, WNOHANG), 0);
    CHECK_EQ(status, 0x55);
    close(p[1]);
    CHECK_EXIT(pid, 0);
}

TEST(wait, wnohang_reaps_a_zombie)
{
    int status;
    pid_t pid = CHILD(_exit(9)), got;

    while ((got = waitpid(-1, &status, WNOHANG)) == 0)
        test_sleep_ms(1);
    CHECK_EQ(got, pid);
    CHECK_EQ(WEXITSTATUS(status), 9);
}

TEST(wait, a_specific_pid_leaves_the_others)
{
    int status;
    pid_t a = CHILD(_exit(1)), b = CHILD(_exit(2)), c = CHILD(_exit(3));

    CHECK_EXIT(b, 2);
    CHECK_EXIT(c, 3);
    CHECK_EQ(wait(&status), a);
    CHECK_EQ(WEXITSTATUS(status), 1);
}

TEST(wait, process_groups_select_children)
{
    int p[2], status;
    char c;

    CHECK_OK(pipe(p));
    pid_t mine = CHILD(_exit(1));
    pid_t other = CHILD({
        setpgid(0, 0);
        close(p[1]);
        read(p[0], &c, 1);
        _exit(2);
    });
    setpgid(other, other);
    CHECK_EQ(waitpid(0, &status, 0), mine);
    CHECK_EQ(WEXITSTATUS(status), 1);
    CHECK_ERR(waitpid(0, &status, 0), ECHILD);
    CHECK_EQ(waitpid(-other, &status, WNOHANG), 0);
    close(p[1]);
    CHECK_EQ(waitpid(-other, &status, 0), other);
    CHECK_EQ(WEXITSTATUS(status), 2);
}

TEST(wait, stopped_and_continued_children_are_told)
{
    int status;
    pid_t pid = CHILD(for (;;) pause());

    CHECK_OK(kill(pid, SIGSTOP));
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK(WIFSTOPPED(status));
    CHECK_EQ(WSTOPSIG(status), SIGSTOP);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED | WNOHANG), 0); /* told once */
    CHECK_OK(kill(pid, SIGCONT));
    CHECK_EQ(waitpid(pid, &status, WCONTINUED), pid);
    CHECK(WIFCONTINUED(status));
    CHECK_EQ(waitpid(pid, &status, WCONTINUED | WNOHANG), 0);
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

TEST(wait, without_wuntraced_a_stop_is_not_told)
{
    int status;
    pid_t pid = CHILD(for (;;) pause());

    CHECK_OK(kill(pid, SIGSTOP));
    test_sleep_ms(30);
    CHECK_EQ(waitpid(pid, &status, WNOHANG), 0);
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK_OK(kill(pid, SIGKILL)); /* a stopped process dies of SIGKILL */
    CHECK_KILLED(pid, SIGKILL);
}

TEST(wait, a_stopped_process_does_not_run)
{
    int p[2];
    char c;

    CHECK_OK(pipe2(p, O_NONBLOCK));
    pid_t pid = CHILD({
        raise(SIGSTOP);
        CHECK_EQ(write(p[1], "x", 1), 1);
    });
    int status;
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK(WIFSTOPPED(status));
    test_sleep_ms(30);
    CHECK_ERR(read(p[0], &c, 1), EAGAIN);
    CHECK_OK(kill(pid, SIGCONT));
    CHECK_EXIT(pid, 0);
    CHECK_EQ(read(p[0], &c, 1), 1);
}

TEST(wait, orphans_go_to_pid_1)
{
    int p[2], q[2];
    char c;
    pid_t seen;

    CHECK_OK(pipe(p));
    CHECK_OK(pipe(q));
    pid_t pid = CHILD({
        CHILD({
            close(p[1]);
            read(p[0], &c, 1); /* until the parent is gone and reaped */
            pid_t parent = getppid();
            CHECK_EQ(write(q[1], &parent, sizeof parent), sizeof parent);
        });
    });
    CHECK_EXIT(pid, 0);
    close(p[1]);
    CHECK_EQ(read(q[0], &seen, sizeof seen), sizeof seen);
    CHECK_EQ(seen, 1);
    CHECK_ERR(wait(NULL), ECHILD);
}

TEST(wait, ignored_sigchld_leaves_no_zombies)
{
    signal(SIGCHLD, SIG_IGN);
    pid_t pid = CHILD(_exit(1));
    CHECK_ERR(waitpid(pid, NULL, 0), ECHILD); /* after it has ended */
    CHECK_ERR(kill(pid, 0), ESRCH);
}

TEST(wait, a_zombie_can_be_signalled_until_it_is_reaped)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    pid_t pid = CHILD(_exit(6));
    close(p[1]);
    CHECK_EQ(read(p[0], &c, 1), 0); /* it is gone */
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_EXIT(pid, 6);
    CHECK_ERR(kill(pid, 0), ESRCH);
}

TEST(wait, efault_does_not_lose_the_caller)
{
    CHILD(_exit(1));
    CHECK_ERR(waitpid(-1, (int *)16, 0), EFAULT);
}

TEST(wait, rusage_is_filled)
{
    struct rusage usage;
    int status;
    pid_t pid = CHILD({
        volatile long x = 0;
        for (long i = 0; i < 3000000; i++)
            x += i;
    });

    memset(&usage, 0xff, sizeof usage);
    CHECK_EQ(wait4(pid, &status, 0, &usage), pid);
    CHECK_GE(usage.ru_utime.tv_sec, 0);
    CHECK_LT(usage.ru_utime.tv_sec, 60);
    CHECK_GE(usage.ru_utime.tv_usec, 0);
    CHECK_LT(usage.ru_utime.tv_usec, 1000000);
}

static volatile int signals;

static void count(int number)
{
    (void)number;
    signals++;
}

TEST(wait, a_signal_interrupts_it)
{
    struct sigaction action = {.sa_handler = count};
    pid_t parent = getpid();

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid_t pid = CHILD({
        test_sleep_ms(50);
        kill(parent, SIGUSR1);
        test_sleep_ms(100);
    });
    CHECK_ERR(waitpid(pid, NULL, 0), EINTR);
    CHECK_EQ(signals, 1);
    CHECK_EXIT(pid, 0);
}

/* The classic lost wake-up: the child ends between the parent's look and its sleep. */
TEST(wait, no_wakeup_is_lost)
{
    for (int i = 0; i < 1500; i++) {
        int spin = i % 97 * 40;
        pid_t pid = CHILD({
            for (volatile int n = 0; n < spin; n++)
                continue;
            _exit(1);
        });
        for (volatile int n = 0; n < (i * 7 % 89) * 40; n++)
            continue;
        CHECK_EXIT(pid, 1);
    }
}

TEST(wait, waitid_tells_without_reaping)
{
    siginfo_t info;
    pid_t pid = CHILD(_exit(12));

    memset(&info, 0, sizeof info);
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
    CHECK_EQ(info.si_pid, pid);
    CHECK_EQ(info.si_status, 12);
    CHECK_EQ(info.si_code, CLD_EXITED);
    CHECK_EQ(info.si_signo, SIGCHLD);
    CHECK_EXIT(pid, 12);
    CHECK_ERR(waitid(P_PID, (id_t)pid, &info, WEXITED), ECHILD);
}
