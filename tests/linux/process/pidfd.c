/*
 * Pidfds: opening, polling, signalling, waiting, fetching descriptors.
 */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif
#define PIDFD_NONBLOCK O_NONBLOCK

static int pidfd_open(pid_t pid, unsigned flags)
{
    return (int)syscall(SYS_pidfd_open, pid, flags);
}

static int pidfd_send(int fd, int sig, siginfo_t *info, unsigned flags)
{
    return (int)syscall(SYS_pidfd_send_signal, fd, sig, info, flags);
}

static int pidfd_getfd(int fd, int target, unsigned flags)
{
    return (int)syscall(SYS_pidfd_getfd, fd, target, flags);
}

static pid_t sleeper(void)
{
    return CHILD(for (;;) pause());
}

static void end(pid_t pid)
{
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

static void drop_to(uid_t uid)
{
    CHECK_OK(setresgid(uid, uid, uid));
    CHECK_OK(setresuid(uid, uid, uid));
}

TEST(pidfd, open_refuses_what_is_no_process)
{
    CHECK_ERR(pidfd_open(0, 0), EINVAL);
    CHECK_ERR(pidfd_open(-1, 0), EINVAL);
    CHECK_ERR(pidfd_open(getpid(), 1), EINVAL);
    CHECK_ERR(pidfd_open(31999, 0), ESRCH);
}

TEST(pidfd, is_close_on_exec_and_read_write)
{
    int fd = CHECK_FD(pidfd_open(getpid(), 0));

    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
    CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    CHECK_EQ(fcntl(CHECK_FD(pidfd_open(getpid(), PIDFD_NONBLOCK)), F_GETFL) & O_NONBLOCK,
             O_NONBLOCK);
}

TEST(pidfd, can_neither_be_read_nor_written)
{
    int fd = CHECK_FD(pidfd_open(getpid(), 0));
    char c;

    CHECK_ERR(read(fd, &c, 1), EINVAL);
    CHECK_ERR(write(fd, &c, 1), EINVAL);
}

TEST(pidfd, the_link_in_proc_says_what_it_is)
{
    int fd = CHECK_FD(pidfd_open(getpid(), 0));
    char path[64], text[64] = "";

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK_GT(readlink(path, text, sizeof text - 1), 0);
    CHECK_STR(text, "anon_inode:[pidfd]");
}

TEST(pidfd, fdinfo_tells_the_pid_until_it_is_reaped)
{
    pid_t pid = sleeper();
    int fd = CHECK_FD(pidfd_open(pid, 0));
    char path[64], line[32];

    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    snprintf(line, sizeof line, "\nPid:\t%d\n", pid);
    CHECK(strstr(test_read_file(path, NULL), line));
    end(pid);
    CHECK(strstr(test_read_file(path, NULL), "\nPid:\t-1\n"));
}

TEST(pidfd, poll_tells_the_end_and_nothing_before)
{
    pid_t pid = sleeper();
    int fd = CHECK_FD(pidfd_open(pid, 0));
    struct pollfd p = {.fd = fd, .events = POLLIN};

    CHECK_EQ(poll(&p, 1, 0), 0);
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_EQ(poll(&p, 1, 10000), 1);
    CHECK_EQ(p.revents, POLLIN);
    CHECK_KILLED(pid, SIGKILL);
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents & POLLIN, POLLIN);
}

TEST(pidfd, poll_wakes_two_hundred_times)
{
    for (int i = 0; i < 200; i++) {
        pid_t pid = CHILD(if (i % 2) sched_yield());
        int fd = CHECK_FD(pidfd_open(pid, 0));
        struct pollfd p = {.fd = fd, .events = POLLIN};

        CHECK_EQ(poll(&p, 1, 10000), 1);
        CHECK_EXIT(pid, 0);
        close(fd);
    }
}

static void *sit(void *fd)
{
    char c;

    read(*(int *)fd, &c, 1);
    return NULL;
}

static void *sit_and_exit_with_nine(void *fd)
{
    sit(fd);
    syscall(SYS_exit, 9); /* this thread alone */
    return NULL;
}

TEST(pidfd, the_end_is_that_of_the_last_thread)
{
    int p[2];
    struct pollfd poller;
    pthread_t thread;

    CHECK_OK(pipe(p));
    pid_t pid = CHILD({
        close(p[1]);
        CHECK_OK(pthread_create(&thread, NULL, sit_and_exit_with_nine, &p[0]));
        syscall(SYS_exit, 5); /* the leader alone; the status is that of the last */
    });
    close(p[0]);
    poller = (struct pollfd){.fd = CHECK_FD(pidfd_open(pid, 0)), .events = POLLIN};
    CHECK_EQ(poll(&poller, 1, 50), 0);
    CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
    close(p[1]);
    CHECK_EQ(poll(&poller, 1, 10000), 1);
    CHECK_EXIT(pid, 9);
}

TEST(pidfd, signals_are_sent_through_it)
{
    pid_t pid = sleeper();
    int fd = CHECK_FD(pidfd_open(pid, 0));

    CHECK_OK(pidfd_send(fd, 0, NULL, 0));
    CHECK_OK(pidfd_send(fd, SIGTERM, NULL, 0));
    CHECK_KILLED(pid, SIGTERM);
}

TEST(pidfd, a_zombie_can_be_signalled_and_a_reaped_one_not)
{
    pid_t pid = CHILD(_exit(0));
    int fd = CHECK_FD(pidfd_open(pid, 0));
    struct pollfd p = {.fd = fd, .events = POLLIN};

    CHECK_EQ(poll(&p, 1, 10000), 1);
    CHECK_OK(pidfd_send(fd, SIGTERM, NULL, 0));
    CHECK_EXIT(pid, 0);
    CHECK_ERR(pidfd_send(fd, SIGTERM, NULL, 0), ESRCH);
    CHECK_ERR(pidfd_send(fd, 0, NULL, 0), ESRCH);
}

TEST(pidfd, send_signal_refuses_bad_arguments)
{
    int fd = CHECK_FD(pidfd_open(getpid(), 0));

    CHECK_ERR(pidfd_send(fd, SIGTERM, NULL, 1), EINVAL);
    CHECK_ERR(pidfd_send(fd, 65, NULL, 0), EINVAL);
    CHECK_ERR(pidfd_send(fd, -1, NULL, 0), EINVAL);
    CHECK_ERR(pidfd_send(99, SIGTERM, NULL, 0), EBADF);
    CHECK_ERR(pidfd_send(0, SIGTERM, NULL, 0), EBADF);
    CHECK_ERR(pidfd_send(fd, SIGTERM, (siginfo_t *)16, 0), EFAULT);
}

TEST(pidfd, siginfo_is_passed_but_no_lies)
{
    pid_t pid = sleeper();
    int fd = CHECK_FD(pidfd_open(pid, 0));
    siginfo_t info;

    memset(&info, 0, sizeof info);
    info.si_signo = SIGUSR1;
    info.si_code = SI_QUEUE;
    CHECK_ERR(pidfd_send(fd, SIGUSR2, &info, 0), EINVAL);
    info.si_code = SI_USER;
    CHECK_ERR(pidfd_send(fd, SIGUSR1, &info, 0), EPERM);
    info.si_code = SI_TKILL;
    CHECK_ERR(pidfd_send(fd, SIGUSR1, &info, 0), EPERM);
    info.si_code = SI_QUEUE;
    CHECK_OK(pidfd_send(fd, SIGUSR1, &info, 0));
    CHECK_KILLED(pid, SIGUSR1);
}

TEST(pidfd, siginfo_arrives_with_its_value)
{
    int fd = CHECK_FD(pidfd_open(getpid(), 0));
    siginfo_t info, got;
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    memset(&info, 0, sizeof info);
    info.si_signo = SIGRTMIN;
    info.si_code = SI_QUEUE;
    info.si_pid = 1234;
    info.si_value.sival_int = 4321;
    CHECK_OK(pidfd_send(fd, SIGRTMIN, &info, 0));
    CHECK_EQ(sigwaitinfo(&set, &got), SIGRTMIN);
    CHECK_EQ(got.si_code, SI_QUEUE);
    CHECK_EQ(got.si_pid, 1234);
    CHECK_EQ(got.si_value.sival_int, 4321);
}

TEST(pidfd, a_plain_user_may_not_signal_others)
{
    pid_t pid = sleeper();
    int fd = CHECK_FD(pidfd_open(pid, 0));

    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_ERR(pidfd_send(fd, SIGTERM, NULL, 0), EPERM);
        CHECK_ERR(pidfd_send(fd, 0, NULL, 0), EPERM);
    });
    end(pid);
}

TEST(pidfd, waitid_waits_for_it)
{
    pid_t other = sleeper(), pid = CHILD(_exit(17));
    int fd = CHECK_FD(pidfd_open(pid, 0));
    siginfo_t info;

    memset(&info, 0xff, sizeof info);
    CHECK_OK(waitid((idtype_t)P_PIDFD, (id_t)fd, &info, WEXITED | WNOWAIT));
    CHECK_EQ(info.si_pid, pid);
    CHECK_EQ(info.si_status, 17);
    CHECK_EQ(info.si_code, CLD_EXITED);
    CHECK_OK(waitid((idtype_t)P_PIDFD, (id_t)fd, &info, WEXITED));
    CHECK_ERR(waitid((idtype_t)P_PIDFD, (id_t)fd, &info, WEXITED), ECHILD);
    end(other);
}

TEST(pidfd, waitid_refuses_what_is_no_pidfd)
{
    siginfo_t info;

    CHECK_ERR(waitid((idtype_t)P_PIDFD, 0, &info, WEXITED), EBADF);
    CHECK_ERR(waitid((idtype_t)P_PIDFD, 99, &info, WEXITED), EBADF);
    CHECK_ERR(waitid((idtype_t)P_PIDFD, (id_t)-1, &info, WEXITED), EINVAL);
    CHECK_ERR(waitid((idtype_t)4, 1, &info, WEXITED), EINVAL);
    CHECK_ERR(waitid((idtype_t)P_PIDFD, (id_t)CHECK_FD(pidfd_open(getpid(), 0)), &info, WEXITED),
              ECHILD);
}

TEST(pidfd, waitid_on_one_that_does_not_block_is_eagain)
{
    pid_t pid = sleeper();
    int fd = CHECK_FD(pidfd_open(pid, PIDFD_NONBLOCK));
    siginfo_t info;

    CHECK_ERR(waitid((idtype_t)P_PIDFD, (id_t)fd, &info, WEXITED), EAGAIN);
    memset(&info, 0xff, sizeof info);
    CHECK_OK(waitid((idtype_t)P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG));
    CHECK_EQ(info.si_pid, 0);
    end(pid);
}

TEST(pidfd, getfd_fetches_the_same_open_file)
{
    int p[2], hold[2], fd, got;
    char c;

    CHECK_OK(pipe(p));
    CHECK_OK(pipe(hold));
    pid_t pid = CHILD({
        close(hold[1]);
        dup2(p[1], 55);
        write(p[1], "r", 1);
        read(hold[0], &c, 1);
    });
    CHECK_EQ(read(p[0], &c, 1), 1);
    fd = CHECK_FD(pidfd_open(pid, 0));
    got = CHECK_FD(pidfd_getfd(fd, 55, 0));
    CHECK_EQ(fcntl(got, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(write(got, "x", 1), 1);
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_EQ(c, 'x');
    CHECK_ERR(pidfd_getfd(fd, 56, 0), EBADF);
    CHECK_ERR(pidfd_getfd(fd, 55, 1), EINVAL);
    CHECK_ERR(pidfd_getfd(0, 55, 0), EBADF);
    close(hold[1]);
    CHECK_EXIT(pid, 0);
    CHECK_ERR(pidfd_getfd(fd, 55, 0), ESRCH);
}

TEST(pidfd, getfd_needs_the_right_to_look)
{
    pid_t pid = sleeper();
    int fd = CHECK_FD(pidfd_open(pid, 0));

    CHECK_IN_CHILD({
        drop_to(1000);
        CHECK_ERR(pidfd_getfd(fd, 0, 0), EPERM);
    });
    end(pid);
}

TEST(pidfd, a_thread_that_leads_no_process_has_none)
{
    static int p[2];
    pthread_t thread;
    pid_t tid = 0;

    CHECK_OK(pipe(p));
    CHECK_OK(pthread_create(&thread, NULL, sit, &p[0]));
    for (pid_t id = getpid() + 1; id < getpid() + 50 && !tid; id++)
        if (!syscall(SYS_tgkill, getpid(), id, 0))
            tid = id;
    CHECK_NE(tid, 0);
    CHECK_ERR(pidfd_open(tid, 0), EINVAL);
    close(p[1]);
    CHECK_OK(pthread_join(thread, NULL));
}
