/*
 * Options of sockets: what they tell, limits of time and size, marks.
 */
#include "sockets.h"

#include <sys/epoll.h>
#include <sys/time.h>

static int option(int fd, int name)
{
    int value = -77;
    socklen_t length = sizeof value;

    CHECK_OK(getsockopt(fd, SOL_SOCKET, name, &value, &length));
    CHECK_EQ(length, sizeof value);
    return value;
}

TEST(socket, options_tell_what_it_is)
{
    int l = listener(SOCK_SEQPACKET, "@x", 1);

    CHECK_EQ(option(l, SO_TYPE), SOCK_SEQPACKET);
    CHECK_EQ(option(l, SO_DOMAIN), AF_UNIX);
    CHECK_EQ(option(l, SO_PROTOCOL), 0);
    CHECK_EQ(option(l, SO_ACCEPTCONN), 1);
    CHECK_EQ(option(l, SO_ERROR), 0);
    CHECK_EQ(option(unix_socket(SOCK_RAW), SO_TYPE), SOCK_DGRAM);
    CHECK_EQ(option(unix_socket(SOCK_STREAM), SO_ACCEPTCONN), 0);
    CHECK_EQ(option(l, SO_RCVLOWAT), 1);
    CHECK_EQ(option(l, SO_SNDBUF), 212992);
    CHECK_EQ(option(l, SO_RCVBUF), 212992);
}

TEST(socket, options_refuse_what_they_must)
{
    int fd = unix_socket(SOCK_STREAM), value = 1;
    socklen_t length = sizeof value;

    CHECK_ERR(setsockopt(fd, SOL_SOCKET, SO_TYPE, &value, sizeof value), ENOPROTOOPT);
    CHECK_ERR(setsockopt(fd, SOL_SOCKET, 9999, &value, sizeof value), ENOPROTOOPT);
    CHECK_ERR(getsockopt(fd, SOL_SOCKET, 9999, &value, &length), ENOPROTOOPT);
    CHECK_ERR(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, 3), EINVAL);
    CHECK_ERR(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, (void *)8, 4), EFAULT);
    CHECK_ERR(setsockopt(fd, 6, 1, &value, sizeof value), EOPNOTSUPP);
    CHECK_ERR(getsockopt(fd, 6, 1, &value, &length), EOPNOTSUPP);
    length = (socklen_t)-1;
    CHECK_ERR(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length), EINVAL);
    length = 1;
    value = 0;
    CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &length));
    CHECK_EQ(length, 1);
    CHECK_EQ(value, SOCK_STREAM);
}

TEST(socket, buffer_sizes_are_doubled_and_bounded)
{
    int fd = unix_socket(SOCK_STREAM), value = 10000;

    CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, sizeof value));
    CHECK_EQ(option(fd, SO_SNDBUF), 20000);
    value = 1 << 30;
    CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, sizeof value));
    CHECK_EQ(option(fd, SO_SNDBUF), 2 * 212992);
    value = 1;
    CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, sizeof value));
    CHECK_EQ(option(fd, SO_SNDBUF), 4608);
    CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, sizeof value));
    CHECK_EQ(option(fd, SO_RCVBUF), 2304);
}

TEST(socket, other_options_are_kept)
{
    int names[] = {SO_REUSEADDR, SO_KEEPALIVE, SO_BROADCAST, SO_OOBINLINE, SO_PASSCRED};
    int fd = unix_socket(SOCK_STREAM);

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        int value = 5;

        CHECK_EQ(option(fd, names[i]), 0);
        CHECK_OK(setsockopt(fd, SOL_SOCKET, names[i], &value, sizeof value));
        CHECK_EQ(option(fd, names[i]), 1);
    }
    struct linger l = {.l_onoff = 1, .l_linger = 7}, back;
    socklen_t length = sizeof back;

    CHECK_OK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l));
    CHECK_OK(getsockopt(fd, SOL_SOCKET, SO_LINGER, &back, &length));
    CHECK_EQ(back.l_onoff, 1);
    CHECK_EQ(back.l_linger, 7);
}

TEST(socket, waits_have_time_limits)
{
    struct timeval t = {.tv_usec = 40000}, back;
    socklen_t length = sizeof back;
    int64_t start;
    char c;

    make_pair(SOCK_STREAM);
    CHECK_OK(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
    CHECK_OK(getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &back, &length));
    CHECK_EQ(back.tv_usec, 40000);
    start = test_now_ms();
    CHECK_ERR(read(pair[0], &c, 1), EAGAIN);
    CHECK_GE(test_now_ms() - start, 39);
    t.tv_usec = 1000000;
    CHECK_ERR(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t), EDOM);
    t.tv_usec = 20000;
    CHECK_OK(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t));
    for (;;) {
        static char block[8192];

        if (write(pair[0], block, sizeof block) < (ssize_t)sizeof block)
            break;
    }
    CHECK_ERR(write(pair[0], &c, 1), EAGAIN);
}

static void nothing(int number)
{
    (void)number;
}

TEST(socket, a_restarting_handler_restarts_but_not_with_a_limit)
{
    struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
    struct timeval t = {.tv_sec = 10};
    pid_t parent = getpid(), child;
    char c;

    make_pair(SOCK_STREAM);
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    child = CHILD(test_sleep_ms(20); kill(parent, SIGUSR1); test_sleep_ms(20); put(pair[1], "x"));
    CHECK_EQ(read(pair[0], &c, 1), 1);
    CHECK_EXIT(child, 0);
    CHECK_OK(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
    child = CHILD(test_sleep_ms(20); kill(parent, SIGUSR1));
    CHECK_ERR(read(pair[0], &c, 1), EINTR);
    CHECK_EXIT(child, 0);
}

TEST(socket, low_water_makes_a_read_wait_for_more)
{
    int low = 4;
    char buf[8];
    pid_t child;

    make_pair(SOCK_STREAM);
    CHECK_OK(setsockopt(pair[1], SOL_SOCKET, SO_RCVLOWAT, &low, sizeof low));
    put(pair[0], "ab");
    child = CHILD(test_sleep_ms(20); put(pair[0], "cde"));
    CHECK_EQ(read(pair[1], buf, 8), 5);
    CHECK_EXIT(child, 0);
}

TEST(socket, epoll_tells_edges_of_a_socket)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    int ep = CHECK_FD(epoll_create1(0));

    make_pair(SOCK_STREAM);
    CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, pair[0], &e));
    CHECK_EQ(epoll_wait(ep, &e, 1, 0), 1);
    CHECK_EQ(e.events, EPOLLOUT);
    CHECK_EQ(epoll_wait(ep, &e, 1, 0), 0);
    put(pair[1], "x");
    CHECK_EQ(epoll_wait(ep, &e, 1, 0), 1);
    CHECK_EQ(e.events, EPOLLIN | EPOLLOUT);
    CHECK_EQ(epoll_wait(ep, &e, 1, 0), 0);
    put(pair[1], "y");
    CHECK_EQ(epoll_wait(ep, &e, 1, 0), 1);
    close(pair[1]);
    CHECK_EQ(epoll_wait(ep, &e, 1, 0), 1);
    CHECK_EQ(e.events, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP);
}
