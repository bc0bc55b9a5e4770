/*
 * Waiting for signals, and masks that hold for one call.
 */
#include "test.h"

#include <poll.h>
#include <sys/select.h>
#include <sys/time.h>

static volatile sig_atomic_t handled;

static void count(int number)
{
    (void)number;
    handled++;
}

static sigset_t only(int number)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    return set;
}

TEST(signal, sigtimedwait_takes_one_sent_to_the_process_while_it_sleeps)
{
    struct timespec limit = {.tv_sec = 5};
    sigset_t set = only(SIGUSR1);
    siginfo_t info;
    pid_t child;

    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    child = CHILD(test_sleep_ms(50); CHECK_OK(kill(getppid(), SIGUSR1)));
    CHECK_EQ(sigtimedwait(&set, &info, &limit), SIGUSR1);
    CHECK_EQ(info.si_pid, child);
    CHECK_EQ(info.si_code, SI_USER);
    CHECK_EXIT(child, 0);
}

TEST(signal, sigtimedwait_ends_with_eagain_and_eintr)
{
    struct timespec limit = {.tv_nsec = 20000000}, longer = {.tv_sec = 5};
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigset_t set = only(SIGUSR1);
    pid_t child;

    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_ERR(sigtimedwait(&set, NULL, &limit), EAGAIN);
    CHECK_OK(sigaction(SIGUSR2, &action, NULL));
    child = CHILD(test_sleep_ms(50); CHECK_OK(kill(getppid(), SIGUSR2)));
    CHECK_ERR(syscall(SYS_rt_sigtimedwait, &set, NULL, &longer, 8), EINTR); /* the library would go on */
    CHECK_EQ(handled, 1);
    CHECK_EXIT(child, 0);
}

TEST(signal, a_ready_pselect_leaves_pending_what_only_its_mask_let_in)
{
    struct sigaction action = {.sa_handler = count};
    sigset_t set = only(SIGUSR1), none;
    struct pollfd entry;
    fd_set in;
    int p[2];

    sigemptyset(&none);
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK_OK(pipe(p));
    CHECK_EQ(write(p[1], "x", 1), 1);
    FD_ZERO(&in);
    FD_SET(p[0], &in);
    CHECK_EQ(pselect(p[0] + 1, &in, NULL, NULL, NULL, &none), 1);
    CHECK_EQ(handled, 0);
    entry = (struct pollfd){.fd = p[0], .events = POLLIN};
    CHECK_EQ(ppoll(&entry, 1, NULL, &none), 1);
    CHECK_EQ(handled, 0);
    CHECK_OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
    CHECK_EQ(handled, 1);
}

TEST(signal, interval_timers_of_every_length)
{
    struct itimerval now, shortest = {{0, 1}, {0, 1}}, longest = {{INT64_MAX, 0}, {INT64_MAX, 999999}}, off = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = count};

    CHECK_OK(sigaction(SIGALRM, &action, NULL));
    CHECK_OK(setitimer(ITIMER_REAL, &longest, NULL));
    CHECK_OK(getitimer(ITIMER_REAL, &now));
    CHECK_GT(now.it_value.tv_sec, 1000000000);
    CHECK_EQ(handled, 0);
    CHECK_OK(setitimer(ITIMER_REAL, &shortest, NULL));
    while (handled < 50)
        continue;
    CHECK_OK(setitimer(ITIMER_REAL, &off, NULL));
}

/* A group that was an orphan all along is not hung up when one of its members ends. */
TEST(signal, a_stopped_member_of_an_orphaned_group_is_left_alone)
{
    CHECK_IN_CHILD({
        int status;
        pid_t stopped;

        CHECK_GT(setsid(), 0);
        stopped = CHILD(CHECK_OK(raise(SIGSTOP)));
        CHECK_EQ(waitpid(stopped, &status, WUNTRACED), stopped);
        CHECK(WIFSTOPPED(status));
        CHECK_IN_CHILD();
        CHECK_EQ(waitpid(stopped, &status, WUNTRACED | WCONTINUED | WNOHANG), 0);
        CHECK_OK(kill(stopped, SIGCONT));
        CHECK_EXIT(stopped, 0);
    });
}

/* The other way round: the last link goes while a member is stopped. */
TEST(signal, a_group_that_becomes_an_orphan_with_a_stopped_member_gets_hup_and_cont)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    CHECK_IN_CHILD({
        CHECK_GT(setsid(), 0);
        CHECK_IN_CHILD({
            int status;
            pid_t stopped = CHILD({
                struct sigaction action = {.sa_handler = count};

                CHECK_OK(setpgid(0, 0));
                CHECK_OK(sigaction(SIGHUP, &action, NULL));
                CHECK_OK(raise(SIGSTOP));
                CHECK_EQ(handled, 1);
                CHECK_EQ(write(p[1], "h", 1), 1);
            });

            CHECK_EQ(waitpid(stopped, &status, WUNTRACED), stopped);
            CHECK(WIFSTOPPED(status));
        });
    });
    close(p[1]);
    CHECK_EQ(read(p[0], &c, 1), 1);
}
