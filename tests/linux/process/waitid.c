/*
 * waitid and wait4: every option, what is told of stopped and continued children, rusage, threads,
 * subreapers.
 */
#include "test.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static pid_t sleeper(void)
{
    return CHILD(for (;;) pause());
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    CHECK_KILLED(pid, SIGKILL);
}

/* Of the child there is nothing such to tell. */
static void nothing_of(pid_t pid, int events)
{
    siginfo_t info;

    memset(&info, 0xff, sizeof info);
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, events | WNOHANG));
    CHECK_EQ(info.si_pid, 0);
}

TEST(waitid, options_must_name_an_event)
{
    siginfo_t info;

    CHECK_ERR(waitid(P_ALL, 0, &info, 0), EINVAL);
    CHECK_ERR(waitid(P_ALL, 0, &info, WNOHANG), EINVAL);
    CHECK_ERR(waitid(P_ALL, 0, &info, WEXITED | 0x100), EINVAL);
    CHECK_ERR(waitid(P_PID, 0, &info, WEXITED), EINVAL);
    CHECK_ERR(waitid(P_PID, (id_t)-3, &info, WEXITED), EINVAL);
    CHECK_ERR(waitid(P_PGID, (id_t)-3, &info, WEXITED), EINVAL);
    CHECK_ERR(waitid((idtype_t)7, 0, &info, WEXITED), EINVAL);
    CHECK_ERR(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
}

TEST(waitid, an_exit_is_told_in_full)
{
    siginfo_t info;
    pid_t pid = CHILD({
        syscall(SYS_setresuid, 1234, 0, 0);
        _exit(200);
    });

    memset(&info, 0xff, sizeof info);
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED));
    CHECK_EQ(info.si_signo, SIGCHLD);
    CHECK_EQ(info.si_errno, 0);
    CHECK_EQ(info.si_code, CLD_EXITED);
    CHECK_EQ(info.si_pid, pid);
    CHECK_EQ(info.si_uid, 1234);
    CHECK_EQ(info.si_status, 200);
    CHECK_EQ((unsigned char)((char *)&info)[sizeof info - 1], 0xff);
}

TEST(waitid, a_killed_child_tells_its_signal)
{
    siginfo_t info;
    pid_t pid = sleeper();

    CHECK_OK(kill(pid, SIGUSR2));
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED));
    CHECK_EQ(info.si_code, CLD_KILLED);
    CHECK_EQ(info.si_status, SIGUSR2);
}

TEST(waitid, without_news_the_info_is_zeroed)
{
    siginfo_t info;
    pid_t pid = sleeper();

    memset(&info, 0xff, sizeof info);
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG));
    CHECK_EQ(info.si_signo, 0);
    CHECK_EQ(info.si_pid, 0);
    CHECK_EQ(info.si_code, 0);
    end(pid);
    memset(&info, 0xff, sizeof info);
    CHECK_ERR(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
    CHECK_EQ(info.si_pid, 0);
}

TEST(waitid, null_info_is_fine_and_a_bad_one_efault)
{
    CHECK_OK(waitid(P_PID, (id_t)CHILD(_exit(0)), NULL, WEXITED));
    CHECK_ERR(waitid(P_PID, (id_t)CHILD(_exit(0)), (siginfo_t *)16, WEXITED), EFAULT);
    CHECK_ERR(waitid(P_ALL, 0, NULL, WEXITED), ECHILD);
}

TEST(waitid, wnowait_leaves_the_news_for_ever)
{
    siginfo_t info;
    pid_t pid = CHILD(_exit(2));

    for (int i = 0; i < 3; i++) {
        memset(&info, 0, sizeof info);
        CHECK_OK(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT));
        CHECK_EQ(info.si_pid, pid);
    }
    CHECK_EXIT(pid, 2);
}

TEST(waitid, stop_and_continue_are_told_once_each)
{
    siginfo_t info;
    pid_t pid = sleeper();

    for (int i = 0; i < 20; i++) {
        CHECK_OK(kill(pid, SIGSTOP));
        CHECK_OK(waitid(P_PID, (id_t)pid, &info, WSTOPPED));
        CHECK_EQ(info.si_code, CLD_STOPPED);
        CHECK_EQ(info.si_status, SIGSTOP);
        nothing_of(pid, WSTOPPED);
        CHECK_OK(kill(pid, SIGCONT));
        CHECK_OK(waitid(P_PID, (id_t)pid, &info, WCONTINUED));
        CHECK_EQ(info.si_code, CLD_CONTINUED);
        CHECK_EQ(info.si_status, SIGCONT);
        nothing_of(pid, WCONTINUED);
    }
    end(pid);
}

TEST(waitid, wnowait_keeps_a_stop_for_later)
{
    siginfo_t info;
    pid_t pid = sleeper();

    CHECK_OK(kill(pid, SIGSTOP));
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT));
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT));
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WSTOPPED));
    nothing_of(pid, WSTOPPED);
    end(pid);
}

TEST(waitid, a_continue_takes_the_stop_with_it)
{
    siginfo_t info;
    pid_t pid = sleeper();

    CHECK_OK(kill(pid, SIGSTOP));
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT));
    CHECK_OK(kill(pid, SIGCONT));
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WCONTINUED | WNOWAIT));
    nothing_of(pid, WSTOPPED);
    end(pid);
}

TEST(waitid, only_the_asked_events_wake)
{
    siginfo_t info;
    pid_t pid = sleeper();

    CHECK_OK(kill(pid, SIGSTOP));
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT));
    nothing_of(pid, WEXITED | WCONTINUED);
    kill(pid, SIGKILL);
    CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED));
    CHECK_EQ(info.si_code, CLD_KILLED);
}

TEST(waitid, pgid_zero_is_ones_own_group)
{
    siginfo_t info;
    pid_t other = CHILD(setpgid(0, 0)), pid;

    CHECK_OK(waitid(P_PID, (id_t)other, &info, WEXITED | WNOWAIT));
    pid = CHILD(_exit(1));
    CHECK_OK(waitid(P_PGID, 0, &info, WEXITED));
    CHECK_EQ(info.si_pid, pid);
    CHECK_ERR(waitid(P_PGID, 0, &info, WEXITED | WNOHANG), ECHILD);
    CHECK_OK(waitid(P_PGID, (id_t)other, &info, WEXITED));
}

TEST(waitid, rusage_comes_with_the_raw_call)
{
    struct rusage usage;
    siginfo_t info;
    pid_t pid = CHILD({
        int64_t until = test_now_ms() + 60;

        while (test_now_ms() < until)
            continue;
    });

    memset(&usage, 0xff, sizeof usage);
    CHECK_OK(syscall(SYS_waitid, P_PID, pid, &info, WEXITED, &usage));
    CHECK_GE(usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
             20000);
    CHECK_GT(usage.ru_minflt, 0);
    CHECK_GT(usage.ru_maxrss, 0);
    CHECK_LT(usage.ru_maxrss, 100000);
    CHECK_EQ(usage.ru_nsignals, 0);
}

TEST(wait, usage_of_grandchildren_comes_with_the_child)
{
    struct rusage usage;
    pid_t pid = CHILD({
        CHECK_IN_CHILD({
            int64_t until = test_now_ms() + 120;

            while (test_now_ms() < until)
                continue;
        });
    });
    int status;

    CHECK_EQ(wait4(pid, &status, 0, &usage), pid);
    CHECK_EQ(status, 0);
    CHECK_GE(usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
             50000);
    CHECK_OK(getrusage(RUSAGE_CHILDREN, &usage));
    CHECK_GE(usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec,
             50000);
}

TEST(wait, children_that_are_not_waited_for_do_not_count)
{
    struct rusage usage;

    signal(SIGCHLD, SIG_IGN);
    pid_t pid = CHILD({
        int64_t until = test_now_ms() + 100;

        while (test_now_ms() < until)
            continue;
    });
    CHECK_ERR(waitpid(pid, NULL, 0), ECHILD);
    CHECK_OK(getrusage(RUSAGE_CHILDREN, &usage));
    CHECK_EQ(usage.ru_utime.tv_sec + usage.ru_utime.tv_usec, 0);
}

/* Linux adds what each processor has counted up only every 64 pages. */
enum { LEAST_KB = (16 << 10) - 256 };

TEST(wait, maxrss_of_the_largest_child_is_kept)
{
    struct rusage usage;
    size_t size = 16 << 20;

    CHECK_IN_CHILD({
        char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        memset(p, 1, size);
        getrusage(RUSAGE_SELF, &usage);
        CHECK_GE(usage.ru_maxrss, LEAST_KB);
        CHECK_OK(munmap(p, size));
        getrusage(RUSAGE_SELF, &usage);
        CHECK_GE(usage.ru_maxrss, LEAST_KB);
    });
    CHECK_IN_CHILD(_exit(0));
    CHECK_OK(getrusage(RUSAGE_CHILDREN, &usage));
    CHECK_GE(usage.ru_maxrss, LEAST_KB);
    CHECK_LT(usage.ru_maxrss, 64 << 10);
}

TEST(wait, int_min_is_esrch)
{
    CHECK_ERR(waitpid((pid_t)INT32_MIN, NULL, 0), ESRCH);
}

TEST(wait, statuses_are_written_only_with_news)
{
    pid_t pid = sleeper();
    struct rusage usage;
    int status = 77;

    memset(&usage, 0x55, sizeof usage);
    CHECK_EQ(wait4(pid, &status, WNOHANG, &usage), 0);
    CHECK_EQ(status, 77);
    CHECK_EQ(usage.ru_utime.tv_sec, 0x5555555555555555);
    end(pid);
}

static void *fork_in_thread(void *result)
{
    *(pid_t *)result = CHILD(_exit(3));
    /* A sibling's child is seen without the flag only. */
    return NULL;
}

static void *wait_in_thread(void *pid)
{
    int status;

    if (waitpid(*(pid_t *)pid, &status, __WNOTHREAD) != -1 || errno != ECHILD)
        return (void *)1;
    if (waitpid(*(pid_t *)pid, &status, 0) != *(pid_t *)pid)
        return (void *)2;
    return NULL;
}

TEST(wait, a_thread_sees_its_siblings_children_unless_told_not_to)
{
    pid_t pid = CHILD(_exit(1));
    pthread_t thread;
    void *result;

    CHECK_OK(pthread_create(&thread, NULL, wait_in_thread, &pid));
    CHECK_OK(pthread_join(thread, &result));
    CHECK_EQ((intptr_t)result, 0);
}

TEST(wait, children_of_a_thread_that_has_gone_belong_to_the_others)
{
    pid_t pid = 0;
    pthread_t thread;
    int status = 0;

    CHECK_OK(pthread_create(&thread, NULL, fork_in_thread, &pid));
    CHECK_OK(pthread_join(thread, NULL));
    test_sleep_ms(20); /* pthread_join may be a little before the thread's end */
    CHECK_EQ(waitpid(pid, &status, __WNOTHREAD), pid);
    CHECK_EQ(WEXITSTATUS(status), 3);
}

TEST(wait, a_subreaper_gets_the_orphans)
{
    int p[2], status;
    pid_t me = getpid(), child, orphan;

    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    CHECK_OK(pipe(p));
    child = CHILD({
        pid_t pid = CHILD({
            while (getppid() != me)
                test_sleep_ms(1);
            _exit(44);
        });

        write(p[1], &pid, sizeof pid);
    });
    CHECK_EQ(read(p[0], &orphan, sizeof orphan), (ssize_t)sizeof orphan);
    CHECK_EXIT(child, 0);
    CHECK_EQ(waitpid(orphan, &status, 0), orphan);
    CHECK_EQ(WEXITSTATUS(status), 44);
}

TEST(wait, the_nearest_subreaper_is_chosen_and_not_inherited)
{
    int value = -1;

    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &value));
    CHECK_EQ(value, 1);
    CHECK_IN_CHILD({
        int p[2];
        pid_t orphan;

        CHECK_OK(prctl(PR_GET_CHILD_SUBREAPER, &value));
        CHECK_EQ(value, 0);
        CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
        CHECK_OK(pipe(p));
        CHECK_IN_CHILD({
            pid_t pid = CHILD(test_sleep_ms(20));

            write(p[1], &pid, sizeof pid);
        });
        CHECK_EQ(read(p[0], &orphan, sizeof orphan), (ssize_t)sizeof orphan);
        CHECK_EXIT(orphan, 0);
    });
    CHECK_ERR(waitpid(-1, NULL, 0), ECHILD);
}

TEST(wait, a_zombie_orphan_is_handed_on_too)
{
    int p[2];
    siginfo_t info;
    pid_t orphan, child;

    CHECK_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    CHECK_OK(pipe(p));
    child = CHILD({
        pid_t pid = CHILD(_exit(9));

        CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
        write(p[1], &pid, sizeof pid);
    });
    CHECK_EQ(read(p[0], &orphan, sizeof orphan), (ssize_t)sizeof orphan);
    CHECK_EXIT(child, 0);
    CHECK_EXIT(orphan, 9);
}

static volatile sig_atomic_t children_seen;

static void on_child(int sig)
{
    (void)sig;
    children_seen++;
}

TEST(wait, nocldwait_reaps_at_once_but_still_tells)
{
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_NOCLDWAIT | SA_RESTART};

    CHECK_OK(sigaction(SIGCHLD, &action, NULL));
    pid_t pid = CHILD(_exit(0));
    CHECK_ERR(waitpid(pid, NULL, 0), ECHILD);
    CHECK_EQ(children_seen, 1);
}

static void *sleep_and_end(void *unused)
{
    test_sleep_ms(50);
    return unused;
}

HELPER(leader_goes_first)
{
    pthread_t thread;

    CHECK_OK(pthread_create(&thread, NULL, sleep_and_end, NULL));
    pthread_exit(NULL);
}

TEST(wait, a_process_whose_leader_has_gone_lives_on)
{
    int64_t start = test_now_ms();
    int status;
    pid_t pid = CHILD(execl(test_program, test_program, "helper:leader_goes_first", NULL));

    CHECK_EQ(waitpid(pid, &status, 0), pid);
    CHECK_EQ(status, 0);
    CHECK_GE(test_now_ms() - start, 40);
}

TEST(wait, exit_group_by_a_thread_decides_for_all)
{
    for (int i = 0; i < 20; i++)
        CHECK_EXIT(CHILD({
                       pthread_t thread;

                       CHECK_OK(pthread_create(&thread, NULL, sleep_and_end, NULL));
                       _exit(i);
                   }),
                   i);
}
