/*
 * poll, ppoll and select: what is ready, how long they wait, and what ends the wait.
 */
#include "test.h"

#include <poll.h>
#include <sys/select.h>

static int p[2], q[2];

static void two_pipes(void)
{
    CHECK_OK(pipe(p));
    CHECK_OK(pipe(q));
}

TEST(poll, counts_descriptors_not_events)
{
    struct pollfd fds[1];
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));

    fds[0] = (struct pollfd){.fd = fd, .events = POLLIN | POLLOUT};
    CHECK_EQ(poll(fds, 1, 0), 1);
    CHECK_EQ(fds[0].revents, POLLIN | POLLOUT);
}

TEST(poll, revents_are_written_for_every_descriptor)
{
    two_pipes();
    CHECK_EQ(write(q[1], "x", 1), 1);
    struct pollfd fds[4] = {
        {.fd = p[0], .events = POLLIN, .revents = 0x7fff},
        {.fd = q[0], .events = POLLIN, .revents = 0x7fff},
        {.fd = -1, .events = POLLIN, .revents = 0x7fff},
        {.fd = 88, .events = POLLIN, .revents = 0x7fff},
    };
    CHECK_EQ(poll(fds, 4, -1), 2);
    CHECK_EQ(fds[0].revents, 0);
    CHECK_EQ(fds[1].revents, POLLIN);
    CHECK_EQ(fds[2].revents, 0);
    CHECK_EQ(fds[3].revents, POLLNVAL);
}

TEST(poll, revents_are_cleared_at_a_timeout)
{
    two_pipes();
    struct pollfd fds[1] = {{.fd = p[0], .events = POLLIN, .revents = POLLIN}};

    CHECK_EQ(poll(fds, 1, 10), 0);
    CHECK_EQ(fds[0].revents, 0);
}

TEST(poll, hangup_and_error_are_always_on)
{
    two_pipes();
    struct pollfd fds[2] = {{.fd = p[0]}, {.fd = q[1]}};

    CHECK_EQ(poll(fds, 2, 0), 0);
    CHECK_OK(close(p[1]));
    CHECK_OK(close(q[0]));
    CHECK_EQ(poll(fds, 2, -1), 2);
    CHECK_EQ(fds[0].revents, POLLHUP);
    CHECK_EQ(fds[1].revents, POLLERR);
}

TEST(poll, data_and_hangup_come_together)
{
    two_pipes();
    CHECK_EQ(write(p[1], "x", 1), 1);
    CHECK_OK(close(p[1]));
    struct pollfd fds[1] = {{.fd = p[0], .events = POLLIN}};
    CHECK_EQ(poll(fds, 1, -1), 1);
    CHECK_EQ(fds[0].revents, POLLIN | POLLHUP);
}

TEST(poll, full_pipe_is_not_writable_until_it_is_read)
{
    static char data[65536];

    two_pipes();
    struct pollfd fds[1] = {{.fd = p[1], .events = POLLOUT}};
    CHECK_EQ(poll(fds, 1, 0), 1);
    CHECK_EQ(write(p[1], data, sizeof data), sizeof data);
    CHECK_EQ(poll(fds, 1, 0), 0);
    pid_t pid = CHILD({
        test_sleep_ms(30);
        CHECK_EQ(read(p[0], data, 8192), 8192);
    });
    CHECK_EQ(poll(fds, 1, -1), 1);
    CHECK_EQ(fds[0].revents, POLLOUT);
    CHECK_EXIT(pid, 0);
}

TEST(poll, wakes_when_another_process_writes)
{
    two_pipes();
    struct pollfd fds[2] = {{.fd = p[0], .events = POLLIN}, {.fd = q[0], .events = POLLIN}};
    pid_t pid = CHILD({
        test_sleep_ms(50);
        CHECK_EQ(write(q[1], "x", 1), 1);
        test_sleep_ms(50);
    });
    int64_t start = test_now_ms();

    CHECK_EQ(poll(fds, 2, -1), 1);
    CHECK_GE(test_now_ms() - start, 30);
    CHECK_EQ(fds[0].revents, 0);
    CHECK_EQ(fds[1].revents, POLLIN);
    CHECK_EXIT(pid, 0);
}

TEST(poll, timeouts_are_not_early_and_not_very_late)
{
    static const int ms[] = {0, 1, 20, 120};

    for (size_t i = 0; i < 4; i++) {
        struct timespec a, b;
        clock_gettime(CLOCK_MONOTONIC, &a);
        CHECK_EQ(poll(NULL, 0, ms[i]), 0);
        clock_gettime(CLOCK_MONOTONIC, &b);
        int64_t us = (b.tv_sec - a.tv_sec) * 1000000LL + (b.tv_nsec - a.tv_nsec) / 1000;
        CHECK_GE(us, ms[i] * 1000);
        CHECK_LT(us, ms[i] * 1000 + 500000);
    }
}

static volatile int seen;

static void count(int number)
{
    seen += number;
}

static pid_t signal_later(int ms, int number)
{
    pid_t self = getpid();

    return CHILD({
        test_sleep_ms(ms);
        kill(self, number);
    });
}

TEST(poll, minus_one_really_sleeps_and_a_signal_ends_it)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid_t pid = signal_later(80, SIGUSR1);
    int64_t start = test_now_ms();
    CHECK_ERR(poll(NULL, 0, -1), EINTR); /* never restarted */
    CHECK_GE(test_now_ms() - start, 50);
    CHECK_EQ(seen, SIGUSR1);
    CHECK_EXIT(pid, 0);
}

TEST(poll, ignored_signals_do_not_end_it)
{
    int64_t start = test_now_ms();

    signal(SIGUSR1, SIG_IGN);
    pid_t pid = signal_later(20, SIGUSR1); /* and its SIGCHLD is ignored by default */
    CHECK_EQ(poll(NULL, 0, 150), 0);
    CHECK_GE(test_now_ms() - start, 150);
    CHECK_EXIT(pid, 0);
}

TEST(poll, ppoll_unblocks_its_mask_atomically)
{
    struct sigaction action = {.sa_handler = count};
    struct timespec limit = {.tv_sec = 5};
    sigset_t block, none, now;

    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(sigprocmask(SIG_BLOCK, &block, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(seen, 0);
    CHECK_ERR(ppoll(NULL, 0, &limit, &none), EINTR);
    CHECK_EQ(seen, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &now));
    CHECK(sigismember(&now, SIGUSR1));
}

TEST(poll, bad_arguments)
{
    struct timespec bad = {.tv_nsec = 2000000000};

    CHECK_ERR(poll((struct pollfd *)16, 1, 0), EFAULT);
    CHECK_ERR(poll(NULL, 100000, 0), EINVAL);
    CHECK_ERR(ppoll(NULL, 0, &bad, NULL), EINVAL);
}

TEST(poll, regular_files_and_null_are_always_ready)
{
    int fd = test_file("f", "", 0), null = CHECK_FD(open("/dev/null", O_RDWR));
    struct pollfd fds[2] = {{.fd = fd, .events = POLLIN | POLLOUT},
                            {.fd = null, .events = POLLIN | POLLOUT}};

    CHECK_EQ(poll(fds, 2, -1), 2);
    CHECK_EQ(fds[0].revents, POLLIN | POLLOUT);
    CHECK_EQ(fds[1].revents, POLLIN | POLLOUT);
}

TEST(poll, no_wakeup_is_lost_in_three_thousand_tries)
{
    char c;

    two_pipes();
    pid_t pid = CHILD({
        close(p[1]);
        while (read(p[0], &c, 1) == 1) {
            for (volatile int i = 0; i < c * 17; i++)
                continue;
            CHECK_EQ(write(q[1], &c, 1), 1);
        }
    });
    struct pollfd fds[1] = {{.fd = q[0], .events = POLLIN}};
    for (int i = 0; i < 3000; i++) {
        c = (char)(i % 100);
        CHECK_EQ(write(p[1], &c, 1), 1);
        for (volatile int n = 0; n < i % 50 * 20; n++)
            continue;
        CHECK_EQ(poll(fds, 1, 5000), 1);
        CHECK_EQ(read(q[0], &c, 1), 1);
    }
    close(p[1]);
    CHECK_EXIT(pid, 0);
}

TEST(select, sets_are_replaced_and_bits_counted)
{
    fd_set in, out;

    two_pipes();
    CHECK_EQ(write(p[1], "x", 1), 1);
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(p[0], &in);
    FD_SET(q[0], &in);
    FD_SET(q[1], &out);
    CHECK_EQ(select(q[1] + 1, &in, &out, NULL, NULL), 2);
    CHECK(FD_ISSET(p[0], &in));
    CHECK(!FD_ISSET(q[0], &in));
    CHECK(FD_ISSET(q[1], &out));
}

TEST(select, timeout_clears_the_sets_and_the_time_left)
{
    struct timeval limit = {.tv_usec = 30000};
    fd_set in;

    two_pipes();
    FD_ZERO(&in);
    FD_SET(p[0], &in);
    CHECK_EQ(syscall(SYS_select, p[0] + 1, &in, NULL, NULL, &limit), 0); /* musl copies it */
    CHECK(!FD_ISSET(p[0], &in));
    CHECK_EQ(limit.tv_sec, 0);
    CHECK_EQ(limit.tv_usec, 0);
}

TEST(select, end_of_file_is_readable_and_a_broken_pipe_writable)
{
    fd_set in, out;

    two_pipes();
    CHECK_OK(close(p[1]));
    CHECK_OK(close(q[0]));
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(p[0], &in);
    FD_SET(q[1], &out);
    CHECK_EQ(select(q[1] + 1, &in, &out, NULL, NULL), 2);
}

TEST(select, errors)
{
    struct timeval bad = {.tv_sec = -1};
    fd_set in;

    FD_ZERO(&in);
    FD_SET(50, &in); /* inside the table: bits beyond it are ignored */
    CHECK_ERR(select(51, &in, NULL, NULL, NULL), EBADF);
    CHECK_ERR(select(-1, NULL, NULL, NULL, NULL), EINVAL);
    CHECK_ERR(select(0, NULL, NULL, NULL, &bad), EINVAL);
}

TEST(select, a_signal_ends_it)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid_t pid = signal_later(40, SIGUSR1);
    CHECK_ERR(select(0, NULL, NULL, NULL, NULL), EINTR);
    CHECK_EXIT(pid, 0);
}
