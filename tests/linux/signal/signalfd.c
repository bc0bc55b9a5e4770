/*
 * signalfd: records of pending signals.
 */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>

static sigset_t set_of(int a, int b)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, a);
    if (b)
        sigaddset(&set, b);
    return set;
}

static int blocked_fd(int a, int b, int flags)
{
    sigset_t set = set_of(a, b);

    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    return CHECK_FD(signalfd(-1, &set, flags));
}

static short ready(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

    CHECK_GE(poll(&p, 1, 0), 0);
    return p.revents;
}

TEST(signalfd, reads_who_sent_what)
{
    struct signalfd_siginfo s;
    int fd = blocked_fd(SIGUSR1, 0, 0);

    CHECK_EQ(ready(fd), 0);
    CHECK_OK(kill(getpid(), SIGUSR1));
    CHECK_EQ(ready(fd), POLLIN);
    CHECK_EQ(read(fd, &s, sizeof s), sizeof s);
    CHECK_EQ(s.ssi_signo, SIGUSR1);
    CHECK_EQ(s.ssi_code, SI_USER);
    CHECK_EQ(s.ssi_pid, getpid());
    CHECK_EQ(s.ssi_uid, 0);
    CHECK_EQ(ready(fd), 0);
}

TEST(signalfd, several_records_at_once_and_whole_ones_only)
{
    struct signalfd_siginfo s[4];
    int fd = blocked_fd(40, SIGUSR1, SFD_NONBLOCK);

    for (int i = 0; i < 3; i++)
        CHECK_OK(sigqueue(getpid(), 40, (union sigval){.sival_int = i}));
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(read(fd, s, sizeof s[0] * 2 + 5), 2 * sizeof s[0]);
    CHECK_EQ(s[0].ssi_signo, SIGUSR1);
    CHECK_EQ(s[1].ssi_signo, 40);
    CHECK_EQ(s[1].ssi_int, 0);
    CHECK_EQ(s[1].ssi_code, SI_QUEUE);
    CHECK_EQ(read(fd, s, sizeof s), 2 * sizeof s[0]);
    CHECK_EQ(s[1].ssi_int, 2);
    CHECK_ERR(read(fd, s, sizeof s), EAGAIN);
    CHECK_ERR(read(fd, s, sizeof s[0] - 1), EINVAL);
}

TEST(signalfd, a_new_mask_for_an_old_descriptor)
{
    struct signalfd_siginfo s;
    sigset_t set = set_of(SIGUSR2, 0);
    int fd = blocked_fd(SIGUSR1, SIGUSR2, SFD_NONBLOCK);

    CHECK_EQ(signalfd(fd, &set, 0), fd);
    CHECK_OK(raise(SIGUSR1));
    CHECK_ERR(read(fd, &s, sizeof s), EAGAIN);
    CHECK_OK(raise(SIGUSR2));
    CHECK_EQ(read(fd, &s, sizeof s), sizeof s);
    CHECK_EQ(s.ssi_signo, SIGUSR2);
}

TEST(signalfd, errors)
{
    sigset_t set = set_of(SIGUSR1, 0);
    int p[2], fd;

    CHECK_OK(pipe(p));
    CHECK_ERR(signalfd(-1, &set, 1), EINVAL);
    CHECK_ERR(signalfd(99, &set, 0), EBADF);
    CHECK_ERR(signalfd(p[0], &set, 0), EINVAL);
    CHECK_ERR(syscall(SYS_signalfd4, -1, &set, 4, 0), EINVAL);
    CHECK_ERR(syscall(SYS_signalfd4, -1, (void *)8, 8, 0), EFAULT);
    fd = CHECK_FD(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_ERR(write(fd, "x", 1), EINVAL);
    CHECK_EQ(lseek(fd, 5, SEEK_SET), 0); /* allowed, without effect */
}

TEST(signalfd, kill_and_stop_are_left_out)
{
    sigset_t set;
    struct signalfd_siginfo s;
    int fd;

    sigfillset(&set);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    fd = CHECK_FD(signalfd(-1, &set, SFD_NONBLOCK));
    CHECK_KILLED(CHILD({
                     kill(getpid(), SIGKILL);
                     read(fd, &s, sizeof s);
                 }),
                 SIGKILL);
    CHECK_EQ(read(fd, &s, sizeof s), sizeof s);
    CHECK_EQ(s.ssi_signo, SIGCHLD);
    CHECK_EQ(s.ssi_code, CLD_KILLED);
    CHECK_EQ(s.ssi_status, SIGKILL);
}

TEST(signalfd, sigchld_tells_pid_and_status)
{
    struct signalfd_siginfo s;
    int fd = blocked_fd(SIGCHLD, 0, 0);
    pid_t pid = CHILD(_exit(42));

    CHECK_EQ(read(fd, &s, sizeof s), sizeof s);
    CHECK_EQ(s.ssi_signo, SIGCHLD);
    CHECK_EQ(s.ssi_code, CLD_EXITED);
    CHECK_EQ(s.ssi_pid, pid);
    CHECK_EQ(s.ssi_status, 42);
    CHECK_EXIT(pid, 42);
}

TEST(signalfd, a_blocked_read_is_woken)
{
    struct signalfd_siginfo s;
    int fd = blocked_fd(SIGUSR1, 0, 0);
    pid_t self = getpid();
    int go[2];
    char c = 'x';

    CHECK_OK(pipe(go));
    pid_t pid = CHILD({
        for (int i = 0; i < 500; i++) {
            kill(self, SIGUSR1);
            CHECK_EQ(read(go[0], &c, 1), 1);
        }
    });
    for (int i = 0; i < 500; i++) {
        CHECK_EQ(read(fd, &s, sizeof s), sizeof s);
        CHECK_EQ(s.ssi_pid, pid);
        CHECK_EQ(write(go[1], &c, 1), 1);
    }
    CHECK_EXIT(pid, 0);
}

TEST(signalfd, poll_waits_for_it)
{
    int fd = blocked_fd(SIGUSR1, 0, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    pid_t self = getpid();
    pid_t pid = CHILD({
        test_sleep_ms(20);
        kill(self, SIGUSR1);
    });

    CHECK_EQ(poll(&p, 1, 10000), 1);
    CHECK_EQ(p.revents, POLLIN);
    CHECK_EXIT(pid, 0);
}

TEST(signalfd, belongs_to_the_reader_not_to_who_made_it)
{
    int fd = blocked_fd(SIGUSR1, 0, SFD_NONBLOCK);

    CHECK_OK(raise(SIGUSR1));
    CHECK_IN_CHILD({
        struct signalfd_siginfo s;

        CHECK_EQ(ready(fd), 0); /* the parent's are not the child's */
        CHECK_ERR(read(fd, &s, sizeof s), EAGAIN);
        CHECK_OK(raise(SIGUSR1));
        CHECK_EQ(read(fd, &s, sizeof s), sizeof s);
        CHECK_EQ(s.ssi_pid, getpid());
    });
    CHECK_EQ(ready(fd), POLLIN);
}

static int thread_fd;

static void *reads(void *out)
{
    struct signalfd_siginfo s;

    *(int *)out = read(thread_fd, &s, sizeof s) == sizeof s ? (int)s.ssi_signo : -1;
    return NULL;
}

TEST(signalfd, any_thread_may_read_what_is_for_the_process)
{
    pthread_t thread;
    int sig = 0;

    thread_fd = blocked_fd(SIGUSR1, 0, 0);
    CHECK_OK(pthread_create(&thread, NULL, reads, &sig));
    test_sleep_ms(10);
    CHECK_OK(kill(getpid(), SIGUSR1));
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_EQ(sig, SIGUSR1);
}
