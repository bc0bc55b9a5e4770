/*
 * Sessions, orphaned groups, death signals.
 */
#include "test.h"

#include <pthread.h>
#include <sys/prctl.h>

TEST(groups, ids_of_strangers_are_esrch_and_einval)
{
    CHECK_ERR(getpgid(31999), ESRCH);
    CHECK_ERR(getsid(31999), ESRCH);
    CHECK_ERR(getpgid(-1), ESRCH);
    CHECK_ERR(setpgid(31999, 0), ESRCH);
    CHECK_ERR(setpgid(1, 0), ESRCH);
    CHECK_ERR(setpgid(0, -1), EINVAL);
    CHECK_ERR(setpgid(0, 31999), EPERM);
}

TEST(groups, a_leader_of_a_group_cannot_make_a_session)
{
    CHECK_IN_CHILD({
        CHECK_OK(setpgid(0, 0));
        CHECK_ERR(setsid(), EPERM);
        CHECK_IN_CHILD({
            pid_t me = getpid();

            CHECK_EQ(setsid(), me);
            CHECK_EQ(getsid(0), me);
            CHECK_EQ(getpgrp(), me);
            CHECK_ERR(setsid(), EPERM);
            CHECK_ERR(setpgid(0, 0), EPERM);
        });
    });
}

TEST(groups, a_child_in_another_session_is_not_to_be_moved)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        setsid();
        write(p[1], "x", 1);
        pause();
    });
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_ERR(setpgid(pid, 0), EPERM);
    CHECK_ERR(setpgid(pid, getpgrp()), EPERM);
    kill(pid, SIGKILL);
    CHECK_KILLED(pid, SIGKILL);
}

TEST(groups, a_zombie_keeps_its_group_alive)
{
    siginfo_t info;
    pid_t leader = CHILD(setpgid(0, 0));

    CHECK_OK(waitid(P_PID, (id_t)leader, &info, WEXITED | WNOWAIT));
    CHECK_EQ(getpgid(leader), leader);
    CHECK_IN_CHILD(CHECK_OK(setpgid(0, leader)));
    CHECK_EXIT(leader, 0);
    CHECK_IN_CHILD(CHECK_ERR(setpgid(0, leader), EPERM));
}

static int hups[2];

static void on_hup(int sig)
{
    (void)sig;
    write(hups[1], "h", 1);
}

TEST(groups, stopped_orphans_get_hup_and_cont)
{
    char c = 0;

    CHECK_OK(pipe(hups));
    CHECK_IN_CHILD({
        int ready[2];

        setsid();
        CHECK_OK(pipe(ready));
        CHECK_IN_CHILD({
            pid_t job = CHILD({
                struct sigaction action = {.sa_handler = on_hup};

                CHECK_OK(setpgid(0, 0));
                CHECK_OK(sigaction(SIGHUP, &action, NULL));
                write(ready[1], "r", 1);
                for (;;)
                    pause();
            });
            siginfo_t info;

            CHECK_EQ(read(ready[0], &c, 1), 1);
            CHECK_OK(kill(job, SIGSTOP));
            CHECK_OK(waitid(P_PID, (id_t)job, &info, WSTOPPED));
            /* Our end orphans the group of the stopped job. */
        });
    });
    CHECK_EQ(read(hups[0], &c, 1), 1);
    CHECK_EQ(c, 'h');
}

TEST(groups, running_orphans_are_left_in_peace)
{
    char c = 0;

    CHECK_OK(pipe(hups));
    CHECK_IN_CHILD({
        setsid();
        CHECK_IN_CHILD({
            int ready[2];

            CHECK_OK(pipe(ready));
            CHILD({
                struct sigaction action = {.sa_handler = on_hup};

                setpgid(0, 0);
                sigaction(SIGHUP, &action, NULL);
                write(ready[1], "r", 1);
                test_sleep_ms(80);
                write(hups[1], "e", 1);
            });
            CHECK_EQ(read(ready[0], &c, 1), 1);
        });
    });
    CHECK_EQ(read(hups[0], &c, 1), 1);
    CHECK_EQ(c, 'e');
}

TEST(groups, terminal_stops_do_not_stop_an_orphaned_group)
{
    CHECK_IN_CHILD({
        setsid();
        CHECK_EXIT(CHILD({
                       setsid();
                       CHECK_OK(raise(SIGTSTP));
                       CHECK_OK(raise(SIGTTIN));
                       CHECK_OK(raise(SIGTTOU));
                       _exit(6);
                   }),
                   6);
    });
}

TEST(prctl, pdeathsig_checks_its_number)
{
    int sig = -1;

    CHECK_ERR(prctl(PR_SET_PDEATHSIG, 65), EINVAL);
    CHECK_ERR(prctl(PR_SET_PDEATHSIG, -1), EINVAL);
    CHECK_OK(prctl(PR_SET_PDEATHSIG, 64));
    CHECK_OK(prctl(PR_GET_PDEATHSIG, &sig));
    CHECK_EQ(sig, 64);
    CHECK_IN_CHILD({
        CHECK_OK(prctl(PR_GET_PDEATHSIG, &sig));
        CHECK_EQ(sig, 0);
    });
}

static volatile sig_atomic_t died, died_pid;

static void on_death(int sig, siginfo_t *info, void *context)
{
    (void)context;
    died = sig;
    died_pid = info->si_pid;
}

TEST(prctl, pdeathsig_comes_when_the_thread_that_forked_ends)
{
    int p[2], report[2];
    char c;

    CHECK_OK(pipe(p));
    CHECK_OK(pipe(report));
    pid_t parent = CHILD({
        CHILD({
            struct sigaction action = {.sa_sigaction = on_death, .sa_flags = SA_SIGINFO};

            CHECK_OK(sigaction(SIGUSR1, &action, NULL));
            CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGUSR1));
            write(p[1], "r", 1);
            while (!died)
                test_sleep_ms(1);
            write(report[1], (const void *)&died_pid, sizeof died_pid);
        });
        CHECK_EQ(read(p[0], &c, 1), 1);
        _exit(1);
    });
    sig_atomic_t from = 0;
    CHECK_EXIT(parent, 1);
    CHECK_EQ(read(report[0], &from, sizeof from), (ssize_t)sizeof from);
    CHECK_EQ(from, parent);
}

static int thread_pipe[2];

static void *fork_and_end(void *unused)
{
    char c;

    CHILD({
        CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGTERM));
        write(thread_pipe[1], "r", 1);
        for (;;)
            pause();
    });
    read(thread_pipe[0], &c, 1);
    return unused;
}

TEST(prctl, pdeathsig_comes_at_the_end_of_a_thread_too)
{
    pthread_t thread;
    int status;

    CHECK_OK(pipe(thread_pipe));
    CHECK_OK(pthread_create(&thread, NULL, fork_and_end, NULL));
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_GT(wait(&status), 0);
    CHECK(WIFSIGNALED(status));
    CHECK_EQ(WTERMSIG(status), SIGTERM);
}
