/*
 * eventfd.
 */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

static short ready(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT};

    CHECK_GE(poll(&p, 1, 0), 0);
    return p.revents;
}

static void add(int fd, uint64_t n)
{
    CHECK_EQ(write(fd, &n, 8), 8);
}

static uint64_t take(int fd)
{
    uint64_t n = 0;

    CHECK_EQ(read(fd, &n, 8), 8);
    return n;
}

TEST(eventfd, a_read_takes_all)
{
    int fd = CHECK_FD(eventfd(3, EFD_NONBLOCK));
    uint64_t n;

    CHECK_EQ(ready(fd), POLLIN | POLLOUT);
    add(fd, 4);
    CHECK_EQ(take(fd), 7);
    CHECK_EQ(ready(fd), POLLOUT);
    CHECK_ERR(read(fd, &n, 8), EAGAIN);
}

TEST(eventfd, a_semaphore_gives_one_each_time)
{
    int fd = CHECK_FD(eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE));
    uint64_t n;

    add(fd, 3);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(take(fd), 1);
    CHECK_ERR(read(fd, &n, 8), EAGAIN);
}

TEST(eventfd, full_at_the_greatest_number_but_one)
{
    int fd = CHECK_FD(eventfd(0, EFD_NONBLOCK));
    uint64_t n = UINT64_MAX;

    CHECK_ERR(write(fd, &n, 8), EINVAL);
    add(fd, UINT64_MAX - 1);
    CHECK_EQ(ready(fd), POLLIN);
    n = 1;
    CHECK_ERR(write(fd, &n, 8), EAGAIN);
    add(fd, 0);
    CHECK_EQ(take(fd), UINT64_MAX - 1);
    add(fd, UINT64_MAX - 3);
    CHECK_EQ(ready(fd), POLLIN | POLLOUT);
}

TEST(eventfd, errors)
{
    char small[7] = {0}, large[16] = {1};
    int fd = CHECK_FD(eventfd(1, EFD_CLOEXEC));

    CHECK_ERR(eventfd(0, 2), EINVAL);
    CHECK_ERR(read(fd, small, 7), EINVAL);
    CHECK_ERR(write(fd, small, 7), EINVAL);
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(write(fd, large, 16), 8);
    CHECK_EQ(read(fd, large, 16), 8);
    add(fd, 1);
    CHECK_ERR(read(fd, (void *)8, 8), EFAULT);
}

static int one, two;

static void *echoes(void *unused)
{
    (void)unused;
    for (int i = 0; i < 3000; i++)
        add(two, take(one));
    return NULL;
}

TEST(eventfd, two_threads_pass_a_number_3000_times)
{
    pthread_t thread;

    one = CHECK_FD(eventfd(0, 0));
    two = CHECK_FD(eventfd(0, 0));
    CHECK_OK(pthread_create(&thread, NULL, echoes, NULL));
    for (uint64_t i = 1; i <= 3000; i++) {
        add(one, i);
        CHECK_EQ(take(two), i);
    }
    CHECK_OK(pthread_join(thread, NULL));
}

TEST(eventfd, a_full_writer_waits_for_a_reader)
{
    int fd = CHECK_FD(eventfd(0, 0));

    add(fd, UINT64_MAX - 1);
    pid_t pid = CHILD({
        add(fd, 5);
        _exit(2);
    });
    test_sleep_ms(20);
    CHECK_EQ(waitpid(pid, NULL, WNOHANG), 0);
    CHECK_EQ(take(fd), UINT64_MAX - 1);
    CHECK_EXIT(pid, 2);
    CHECK_EQ(take(fd), 5);
}

TEST(eventfd, poll_is_woken_by_a_write)
{
    int fd = CHECK_FD(eventfd(0, 0));
    struct pollfd p = {.fd = fd, .events = POLLIN};
    pid_t pid = CHILD({
        test_sleep_ms(20);
        add(fd, 1);
    });

    CHECK_EQ(poll(&p, 1, 10000), 1);
    CHECK_EXIT(pid, 0);
}

TEST(eventfd, the_old_call_has_no_flags)
{
    int fd = CHECK_FD((int)syscall(SYS_eventfd, 9));

    CHECK_EQ(take(fd), 9);
    CHECK_EQ(fcntl(fd, F_GETFD), 0);
    CHECK_EQ(lseek(fd, 3, SEEK_SET), 0);
}
