/*
 * Datagrams: addresses, full queues, connecting, several at once.
 */
#include "sockets.h"

#include <poll.h>
#include <sys/epoll.h>

static int bound(const char *name)
{
    int fd = unix_socket(SOCK_DGRAM);

    CHECK_OK(bind_to(fd, name));
    return fd;
}

static ssize_t send_to(int fd, const char *text, const char *name, int flags)
{
    struct sockaddr_un a;
    socklen_t length = name_of(&a, name);

    return sendto(fd, text, strlen(text), flags, (struct sockaddr *)&a, length);
}

TEST(socket, a_datagram_tells_its_sender)
{
    int a = bound("@a"), b = bound("@b"), none = unix_socket(SOCK_DGRAM);
    struct sockaddr_un from;
    socklen_t length = sizeof from;
    char buf[8];

    CHECK_EQ(send_to(a, "hi", "@b", 0), 2);
    CHECK_EQ(recvfrom(b, buf, 8, 0, (struct sockaddr *)&from, &length), 2);
    CHECK_EQ(length, 2 + 2);
    CHECK_MEM(from.sun_path, "\0a", 2);
    CHECK_EQ(send_to(none, "hi", "@b", 0), 2);
    length = sizeof from;
    CHECK_EQ(recvfrom(b, buf, 8, 0, (struct sockaddr *)&from, &length), 2);
    CHECK_EQ(length, 0);
}

TEST(socket, a_datagram_needs_somebody_to_go_to)
{
    int a = bound("@a");

    CHECK_ERR(send_to(a, "x", "@none", 0), ECONNREFUSED);
    CHECK_ERR(send_to(a, "x", "none", 0), ENOENT);
    listener(SOCK_STREAM, "@stream", 1);
    CHECK_ERR(send_to(a, "x", "@stream", 0), ECONNREFUSED); /* names are of a kind */
    listener(SOCK_STREAM, "stream", 1);
    CHECK_ERR(send_to(a, "x", "stream", 0), EPROTOTYPE);
    CHECK_EQ(send_to(a, "x", "@a", 0), 1); /* to oneself */
    CHECK_GET(a, "x");
}

TEST(socket, a_stream_takes_no_address)
{
    listener(SOCK_STREAM, "@server", 1);
    CHECK_ERR(send_to(unix_socket(SOCK_STREAM), "x", "@server", 0), EOPNOTSUPP);
    make_pair(SOCK_STREAM);
    CHECK_ERR(send_to(pair[0], "x", "@server", 0), EISCONN);
    make_pair(SOCK_SEQPACKET);
    CHECK_EQ(send_to(pair[0], "x", "@server", 0), 1); /* ignored */
    CHECK_GET(pair[1], "x");
}

TEST(socket, a_queue_of_datagrams_is_bounded)
{
    int a = unix_socket(SOCK_DGRAM), b = bound("@b"), n = 0;
    struct pollfd p;

    CHECK_OK(connect_to(a, "@b"));
    while (send(a, "x", 1, MSG_DONTWAIT) == 1)
        n++;
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(n, 11);
    p = (struct pollfd){.fd = a, .events = POLLOUT};
    CHECK_EQ(poll(&p, 1, 0), 0);
    CHECK_GET(b, "x");
    CHECK_EQ(poll(&p, 1, 1000), 1);
    CHECK_EQ(send(a, "x", 1, MSG_DONTWAIT), 1);
}

static int watched(int fd)
{
    struct epoll_event e = {.events = EPOLLOUT | EPOLLET};
    int ep = epoll_create1(0);

    CHECK_GE(ep, 0);
    CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e));
    CHECK_EQ(epoll_wait(ep, &e, 1, 0), 1);
    return ep;
}

TEST(socket, epoll_tells_room_at_a_peer_that_came_later)
{
    int a = unix_socket(SOCK_DGRAM), b = bound("@b"), other = unix_socket(SOCK_DGRAM), ep = watched(a);
    struct epoll_event e;

    while (send_to(other, "x", "@b", MSG_DONTWAIT) == 1)
        ;
    CHECK_OK(connect_to(a, "@b"));
    while (epoll_wait(ep, &e, 1, 0))
        ;
    CHECK_ERR(send(a, "x", 1, MSG_DONTWAIT), EAGAIN);
    for (int i = 0; i < 11; i++)
        CHECK_GET(b, "x");
    CHECK_EQ(epoll_wait(ep, &e, 1, 1000), 1);
    CHECK(e.events & EPOLLOUT);
    put(a, "x");
}

TEST(socket, epoll_tells_room_when_a_full_peer_closes)
{
    int a = unix_socket(SOCK_DGRAM), b = bound("@b"), ep = watched(a);
    struct epoll_event e;

    CHECK_OK(connect_to(a, "@b"));
    while (send(a, "x", 1, MSG_DONTWAIT) == 1)
        ;
    while (epoll_wait(ep, &e, 1, 0))
        ;
    close(b);
    CHECK_EQ(epoll_wait(ep, &e, 1, 1000), 1);
    CHECK_ERR(send(a, "x", 1, MSG_DONTWAIT), ECONNREFUSED);
}

TEST(socket, a_full_queue_makes_the_sender_wait)
{
    int a = unix_socket(SOCK_DGRAM), b = bound("@b");
    pid_t child;

    CHECK_OK(connect_to(a, "@b"));
    for (int i = 0; i < 11; i++)
        put(a, "x");
    child = CHILD(put(a, "last"));
    test_sleep_ms(20);
    for (int i = 0; i < 11; i++)
        CHECK_GET(b, "x");
    CHECK_GET(b, "last");
    CHECK_EXIT(child, 0);
}

TEST(socket, a_closed_receiver_refuses_those_who_wait)
{
    int a = unix_socket(SOCK_DGRAM), b = bound("@b");
    pid_t child;

    CHECK_OK(connect_to(a, "@b"));
    for (int i = 0; i < 11; i++)
        put(a, "x");
    child = CHILD(close(b); CHECK_ERR(send(a, "x", 1, 0), ECONNREFUSED));
    test_sleep_ms(20);
    close(b);
    CHECK_EXIT(child, 0);
}

TEST(socket, a_datagram_too_long_is_refused)
{
    static char block[300000];

    make_pair(SOCK_DGRAM);
    CHECK_ERR(send(pair[0], block, sizeof block, 0), EMSGSIZE);
    CHECK_EQ(send(pair[0], block, 100000, 0), 100000);
    CHECK_EQ(recv(pair[1], block, sizeof block, 0), 100000);
    make_pair(SOCK_SEQPACKET);
    CHECK_ERR(send(pair[0], block, sizeof block, 0), EMSGSIZE);
}

TEST(socket, only_its_peer_may_send_to_a_connected_one)
{
    int a = bound("@a"), b = bound("@b"), c = bound("@c");

    CHECK_OK(connect_to(a, "@b"));
    CHECK_ERR(send_to(c, "x", "@a", 0), EPERM);
    CHECK_ERR(connect_to(c, "@a"), EPERM);
    CHECK_EQ(send_to(b, "x", "@a", 0), 1);
    CHECK_GET(a, "x");
    CHECK_EQ(send_to(a, "y", "@c", 0), 1); /* an address goes before the peer */
    CHECK_GET(c, "y");
}

TEST(socket, connecting_anew_changes_or_ends_it)
{
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    int a = bound("@a"), b = bound("@b"), c = bound("@c");

    CHECK_OK(connect_to(a, "@b"));
    put(a, "1");
    CHECK_OK(connect_to(a, "@c"));
    put(a, "2");
    CHECK_GET(b, "1");
    CHECK_GET(c, "2");
    CHECK_OK(connect(a, &none, sizeof none));
    CHECK_ERR(send(a, "3", 1, 0), ENOTCONN);
    CHECK_ERR(connect(unix_socket(SOCK_STREAM), &none, sizeof none), EINVAL);
}

TEST(socket, shutdown_of_a_datagram_socket)
{
    char c;

    make_pair(SOCK_DGRAM);
    CHECK_OK(shutdown(pair[0], SHUT_RD));
    CHECK_EQ(recv(pair[0], &c, 1, 0), 0);
    CHECK_ERR(send(pair[1], "x", 1, 0), EPIPE);
    put(pair[0], "a");
    CHECK_GET(pair[1], "a");
    CHECK_OK(shutdown(pair[0], SHUT_WR));
    CHECK_ERR(send(pair[0], "x", 1, 0), EPIPE);
}

TEST(socket, many_messages_go_in_one_call)
{
    struct mmsghdr m[4] = {0};
    struct iovec v[4];
    char text[4][8] = {"a", "bb", "ccc", "dddd"}, got[4][8];

    make_pair(SOCK_DGRAM);
    for (int i = 0; i < 4; i++) {
        v[i] = (struct iovec){text[i], (size_t)i + 1};
        m[i].msg_hdr.msg_iov = &v[i];
        m[i].msg_hdr.msg_iovlen = 1;
    }
    CHECK_EQ(sendmmsg(pair[0], m, 4, 0), 4);
    CHECK_EQ(m[3].msg_len, 4);
    for (int i = 0; i < 4; i++) {
        v[i] = (struct iovec){got[i], 8};
        m[i].msg_len = 0;
    }
    CHECK_EQ(recvmmsg(pair[1], m, 2, 0, NULL), 2);
    CHECK_EQ(m[1].msg_len, 2);
    CHECK_MEM(got[1], "bb", 2);
    CHECK_EQ(recvmmsg(pair[1], m, 4, MSG_WAITFORONE, NULL), 2);
    CHECK_EQ(m[0].msg_len, 3);
    CHECK_EQ(m[1].msg_len, 4);
    CHECK_ERR(recvmmsg(pair[1], m, 4, MSG_DONTWAIT, NULL), EAGAIN);
}

TEST(socket, recvmmsg_looks_at_the_time_between_messages)
{
    struct timespec t = {.tv_nsec = 1000000}, bad = {.tv_nsec = -1};
    struct mmsghdr m[2] = {0};
    struct iovec v[2];
    char buf[2][8];

    make_pair(SOCK_DGRAM);
    for (int i = 0; i < 2; i++) {
        v[i] = (struct iovec){buf[i], 8};
        m[i].msg_hdr.msg_iov = &v[i];
        m[i].msg_hdr.msg_iovlen = 1;
    }
    CHECK_ERR(recvmmsg(pair[1], m, 2, 0, &bad), EINVAL);
    pid_t child = CHILD(test_sleep_ms(30); put(pair[0], "x"));

    CHECK_EQ(recvmmsg(pair[1], m, 2, 0, &t), 1);
    CHECK_EXIT(child, 0);
}

TEST(socket, order_is_kept_among_many_senders)
{
    int b = bound("@b"), last[4] = {0};
    pid_t child[4];

    for (int i = 0; i < 4; i++) {
        child[i] = CHILD({
            int s = unix_socket(SOCK_DGRAM);

            CHECK_OK(connect_to(s, "@b"));
            for (int n = 1; n <= 50; n++) {
                int words[2] = {i, n};

                CHECK_EQ(write(s, words, sizeof words), sizeof words);
            }
        });
    }
    for (int i = 0; i < 200; i++) {
        int words[2];

        CHECK_EQ(read(b, words, sizeof words), sizeof words);
        CHECK_EQ(words[1], last[words[0]] + 1);
        last[words[0]] = words[1];
    }
    for (int i = 0; i < 4; i++)
        CHECK_EXIT(child[i], 0);
}
