/*
 * Connected sockets: streams and packets, ends, signals, waiting.
 */
#include "sockets.h"

#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

TEST(socket, only_known_kinds_are_made)
{
    CHECK_ERR(socket(AF_UNIX, 99, 0), EINVAL);
    CHECK_ERR(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
    CHECK_ERR(socket(AF_UNIX, SOCK_STREAM, 5), EPROTONOSUPPORT);
    CHECK_ERR(socket(AF_UNIX, SOCK_STREAM | 0x100, 0), EINVAL);
    CHECK_ERR(socket(999, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_ERR(socket(-1, SOCK_STREAM, 0), EAFNOSUPPORT);
    CHECK_FD(socket(AF_UNIX, SOCK_STREAM, AF_UNIX));
    CHECK_FD(socket(AF_UNIX, SOCK_RAW, 0));
    int fd = CHECK_FD(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));

    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
    CHECK_ERR(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8), EFAULT);
}

TEST(socket, a_descriptor_that_is_none_is_told)
{
    char c;

    CHECK_ERR(listen(0, 1), ENOTSOCK);
    CHECK_ERR(listen(-1, 1), EBADF);
    CHECK_ERR(recv(0, &c, 1, 0), ENOTSOCK);
    CHECK_ERR(listen(open(".", O_PATH), 1), EBADF);
}

TEST(socket, stat_tells_a_socket)
{
    struct stat a, b;
    char text[64] = "", path[40];

    make_pair(SOCK_STREAM);
    CHECK_OK(fstat(pair[0], &a));
    CHECK_OK(fstat(pair[1], &b));
    CHECK(S_ISSOCK(a.st_mode));
    CHECK_EQ(a.st_mode & 07777, 0777);
    CHECK_NE(a.st_ino, b.st_ino);
    snprintf(path, sizeof path, "/proc/self/fd/%d", pair[0]);
    text[readlink(path, text, sizeof text - 1)] = 0;
    CHECK(!strncmp(text, "socket:[", 8));
    CHECK_ERR(lseek(pair[0], 0, SEEK_SET), ESPIPE);
}

TEST(socket, a_stream_has_no_boundaries)
{
    make_pair(SOCK_STREAM);
    put(pair[0], "ab");
    put(pair[0], "cd");
    put(pair[1], "x");
    CHECK_GET(pair[1], "abcd");
    CHECK_GET(pair[0], "x");
}

TEST(socket, packets_keep_their_boundaries)
{
    for (int i = 0; i < 2; i++) {
        make_pair(i ? SOCK_DGRAM : SOCK_SEQPACKET);
        put(pair[0], "ab");
        put(pair[0], "cde");
        CHECK_GET(pair[1], "ab");
        CHECK_GET(pair[1], "cde");
    }
}

TEST(socket, a_short_read_of_a_stream_leaves_the_rest)
{
    char c[8];

    make_pair(SOCK_STREAM);
    put(pair[0], "abcdef");
    CHECK_EQ(read(pair[1], c, 2), 2);
    CHECK_EQ(read(pair[1], c, 2), 2);
    CHECK_MEM(c, "cd", 2);
    CHECK_GET(pair[1], "ef");
}

TEST(socket, a_short_read_of_a_packet_loses_the_rest)
{
    char c[8];

    make_pair(SOCK_SEQPACKET);
    put(pair[0], "abcdef");
    put(pair[0], "g");
    CHECK_EQ(recv(pair[1], c, 2, MSG_TRUNC), 6);
    CHECK_GET(pair[1], "g");
}

TEST(socket, peeking_takes_nothing)
{
    char c[8];

    make_pair(SOCK_STREAM);
    put(pair[0], "ab");
    put(pair[0], "cd");
    CHECK_EQ(recv(pair[1], c, 8, MSG_PEEK), 4);
    CHECK_MEM(c, "abcd", 4);
    CHECK_EQ(recv(pair[1], c, 3, MSG_PEEK), 3);
    CHECK_GET(pair[1], "abcd");
    make_pair(SOCK_DGRAM);
    put(pair[0], "ab");
    CHECK_EQ(recv(pair[1], c, 1, MSG_PEEK | MSG_TRUNC), 2);
    CHECK_GET(pair[1], "ab");
}

TEST(socket, wait_all_waits_for_all)
{
    char c[8];
    pid_t child;

    make_pair(SOCK_STREAM);
    child = CHILD({
        put(pair[0], "ab");
        test_sleep_ms(20);
        put(pair[0], "cd");
        test_sleep_ms(20);
        put(pair[0], "ef");
    });
    CHECK_EQ(recv(pair[1], c, 6, MSG_WAITALL), 6);
    CHECK_MEM(c, "abcdef", 6);
    CHECK_EXIT(child, 0);
    put(pair[0], "gh");
    close(pair[0]);
    CHECK_EQ(recv(pair[1], c, 6, MSG_WAITALL), 2);
}

TEST(socket, an_empty_socket_is_not_waited_for_if_so_wished)
{
    char c;

    make_pair(SOCK_STREAM);
    CHECK_ERR(recv(pair[0], &c, 1, MSG_DONTWAIT), EAGAIN);
    CHECK_OK(fcntl(pair[0], F_SETFL, O_NONBLOCK));
    CHECK_ERR(read(pair[0], &c, 1), EAGAIN);
    make_pair(SOCK_DGRAM);
    CHECK_ERR(recv(pair[0], &c, 1, MSG_DONTWAIT), EAGAIN);
}

TEST(socket, a_read_waits_for_a_write)
{
    for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
        make_pair(type);
        for (int i = 0; i < 30; i++) {
            pid_t child = CHILD(if (i % 2) test_sleep_ms(1); put(pair[0], "x"));

            CHECK_GET(pair[1], "x");
            CHECK_EXIT(child, 0);
        }
    }
}

TEST(socket, the_end_is_read_after_the_data)
{
    char c;

    make_pair(SOCK_STREAM);
    put(pair[0], "ab");
    close(pair[0]);
    CHECK_GET(pair[1], "ab");
    CHECK_EQ(read(pair[1], &c, 1), 0);
    CHECK_EQ(read(pair[1], &c, 1), 0);
    make_pair(SOCK_SEQPACKET);
    close(pair[0]);
    CHECK_EQ(read(pair[1], &c, 1), 0);
}

TEST(socket, a_write_to_nobody_is_a_broken_pipe)
{
    make_pair(SOCK_STREAM);
    close(pair[0]);
    CHECK_KILLED(CHILD(write(pair[1], "x", 1)), SIGPIPE);
    CHECK_IN_CHILD(CHECK_ERR(send(pair[1], "x", 1, MSG_NOSIGNAL), EPIPE));
    signal(SIGPIPE, SIG_IGN);
    CHECK_ERR(write(pair[1], "x", 1), EPIPE);
    signal(SIGPIPE, SIG_DFL);
    make_pair(SOCK_SEQPACKET);
    close(pair[0]);
    CHECK_ERR(write(pair[1], "x", 1), EPIPE); /* no signal for packets */
    make_pair(SOCK_DGRAM);
    close(pair[0]);
    CHECK_ERR(write(pair[1], "x", 1), ECONNREFUSED);
    CHECK_ERR(write(pair[1], "x", 1), ENOTCONN);
}

TEST(socket, unread_data_at_a_close_resets_the_peer)
{
    char c;
    int error;
    socklen_t length = sizeof error;

    make_pair(SOCK_STREAM);
    put(pair[0], "unread");
    close(pair[1]);
    CHECK_ERR(read(pair[0], &c, 1), ECONNRESET);
    CHECK_EQ(read(pair[0], &c, 1), 0);
    make_pair(SOCK_STREAM);
    put(pair[0], "unread");
    close(pair[1]);
    CHECK_OK(getsockopt(pair[0], SOL_SOCKET, SO_ERROR, &error, &length));
    CHECK_EQ(error, ECONNRESET);
    CHECK_OK(getsockopt(pair[0], SOL_SOCKET, SO_ERROR, &error, &length));
    CHECK_EQ(error, 0);
}

TEST(socket, shutdown_closes_one_direction)
{
    char c;

    make_pair(SOCK_STREAM);
    put(pair[0], "a");
    CHECK_OK(shutdown(pair[0], SHUT_WR));
    CHECK_GET(pair[1], "a");
    CHECK_EQ(read(pair[1], &c, 1), 0);
    CHECK_ERR(send(pair[0], "x", 1, MSG_NOSIGNAL), EPIPE);
    put(pair[1], "b");
    CHECK_GET(pair[0], "b");
    CHECK_OK(shutdown(pair[0], SHUT_RD));
    CHECK_EQ(read(pair[0], &c, 1), 0);
    CHECK_ERR(send(pair[1], "x", 1, MSG_NOSIGNAL), EPIPE);
    CHECK_ERR(shutdown(pair[0], 3), EINVAL);
    CHECK_ERR(shutdown(pair[0], -1), EINVAL);
    CHECK_OK(shutdown(unix_socket(SOCK_STREAM), SHUT_RDWR));
}

static void *shut_later(void *unused)
{
    test_sleep_ms(20);
    CHECK_OK(shutdown(pair[0], SHUT_RDWR));
    return unused;
}

TEST(socket, shutdown_ends_a_read_that_waits)
{
    pthread_t t;
    char c;

    make_pair(SOCK_STREAM);
    CHECK_OK(pthread_create(&t, NULL, shut_later, NULL));
    CHECK_EQ(read(pair[0], &c, 1), 0);
    CHECK_OK(pthread_join(t, NULL));
}

TEST(socket, poll_tells_each_state)
{
    struct pollfd p;

    make_pair(SOCK_STREAM);
    p = (struct pollfd){.fd = pair[0], .events = POLLIN | POLLOUT | POLLRDHUP};
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLOUT);
    put(pair[1], "x");
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLIN | POLLOUT);
    CHECK_GET(pair[0], "x");
    CHECK_OK(shutdown(pair[1], SHUT_WR));
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLIN | POLLOUT | POLLRDHUP);
    close(pair[1]);
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
    p.fd = unix_socket(SOCK_STREAM);
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLOUT | POLLHUP);
    p.fd = unix_socket(SOCK_DGRAM);
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLOUT);
    make_pair(SOCK_STREAM);
    put(pair[0], "unread");
    close(pair[1]);
    p.fd = pair[0];
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
}

static long fill(int fd, size_t piece)
{
    static char block[65536];
    long total = 0, n;

    CHECK_OK(fcntl(fd, F_SETFL, O_NONBLOCK));
    while ((n = write(fd, block, piece)) > 0)
        total += n;
    CHECK_EQ(n, -1);
    CHECK_EQ(errno, EAGAIN);
    CHECK_OK(fcntl(fd, F_SETFL, 0));
    return total;
}

TEST(socket, what_can_wait_in_a_socket_is_bounded)
{
    struct pollfd p;
    long total;

    make_pair(SOCK_STREAM);
    total = fill(pair[0], 4096);
    CHECK_GT(total, 65536);
    CHECK_LE(total, 512 * 1024);
    p = (struct pollfd){.fd = pair[0], .events = POLLOUT};
    CHECK_EQ(poll(&p, 1, 0), 0);
    make_pair(SOCK_STREAM);
    CHECK_LE(fill(pair[0], 1), 65536); /* small ones cost more than their bytes */
}

TEST(socket, a_full_socket_makes_the_writer_wait)
{
    static char block[300000];
    size_t got = 0;
    pid_t child;

    make_pair(SOCK_STREAM);
    fill(pair[0], 4096);
    child = CHILD({
        close(pair[1]);
        memset(block, 7, sizeof block);
        CHECK_EQ(write(pair[0], block, sizeof block), sizeof block);
    });
    close(pair[0]);
    test_sleep_ms(20);
    for (;;) {
        ssize_t n = read(pair[1], block, sizeof block);

        if (n <= 0)
            break;
        got += (size_t)n;
    }
    CHECK_GE(got, sizeof block);
    CHECK_EQ(block[0], 7);
    CHECK_EXIT(child, 0);
}

static void *drain_later(void *unused)
{
    static char block[65536];

    test_sleep_ms(20);
    while (recv(pair[1], block, sizeof block, MSG_DONTWAIT) > 0)
        continue;
    return unused;
}

TEST(socket, room_ends_a_poll_for_writing)
{
    struct pollfd p;
    pthread_t t;

    make_pair(SOCK_STREAM);
    fill(pair[0], 4096);
    p = (struct pollfd){.fd = pair[0], .events = POLLOUT};
    CHECK_OK(pthread_create(&t, NULL, drain_later, NULL));
    CHECK_EQ(poll(&p, 1, 5000), 1);
    CHECK_OK(pthread_join(t, NULL));
}

TEST(socket, vectors_are_one_packet)
{
    static char big[20000];
    struct iovec v[3] = {{"ab", 2}, {"", 0}, {"cde", 3}}, out[2];
    char x[4], y[20];

    make_pair(SOCK_SEQPACKET);
    CHECK_EQ(writev(pair[0], v, 3), 5);
    out[0] = (struct iovec){x, 2};
    out[1] = (struct iovec){y, 20};
    CHECK_EQ(readv(pair[1], out, 2), 5);
    CHECK_MEM(x, "ab", 2);
    CHECK_MEM(y, "cde", 3);
    v[0] = (struct iovec){big, 9000};
    v[1] = (struct iovec){big, 9000};
    CHECK_EQ(writev(pair[0], v, 2), 18000);
    CHECK_EQ(recv(pair[1], big, sizeof big, 0), 18000);
}

TEST(socket, an_empty_packet_is_one)
{
    char c;

    make_pair(SOCK_DGRAM);
    CHECK_EQ(send(pair[0], "", 0, 0), 0);
    put(pair[0], "a");
    CHECK_EQ(recv(pair[1], &c, 1, 0), 0);
    CHECK_GET(pair[1], "a");
    make_pair(SOCK_STREAM);
    CHECK_EQ(send(pair[0], "", 0, 0), 0);
    CHECK_ERR(recv(pair[1], &c, 1, MSG_DONTWAIT), EAGAIN);
    CHECK_EQ(read(pair[1], &c, 0), 0);
}

TEST(socket, ioctl_tells_what_waits)
{
    int n = -1;

    make_pair(SOCK_STREAM);
    put(pair[0], "abc");
    put(pair[0], "de");
    CHECK_OK(ioctl(pair[1], FIONREAD, &n));
    CHECK_EQ(n, 5);
    CHECK_OK(ioctl(pair[0], TIOCOUTQ, &n));
    CHECK_GT(n, 5);
    CHECK_GET(pair[1], "abcde");
    CHECK_OK(ioctl(pair[0], TIOCOUTQ, &n));
    CHECK_EQ(n, 0);
    make_pair(SOCK_DGRAM);
    put(pair[0], "abc");
    put(pair[0], "de");
    CHECK_OK(ioctl(pair[1], FIONREAD, &n));
    CHECK_EQ(n, 3);
    CHECK_ERR(ioctl(pair[1], TCGETS, &n), ENOTTY);
}

TEST(socket, a_bad_buffer_is_a_fault_and_takes_nothing)
{
    make_pair(SOCK_STREAM);
    put(pair[0], "abc");
    CHECK_ERR(read(pair[1], (void *)8, 3), EFAULT);
    CHECK_GET(pair[1], "abc");
    CHECK_ERR(write(pair[0], (void *)8, 3), EFAULT);
}

TEST(socket, forks_share_a_pair)
{
    pid_t child;

    make_pair(SOCK_STREAM);
    child = CHILD({
        close(pair[0]);
        CHECK_GET(pair[1], "question");
        put(pair[1], "answer");
    });
    put(pair[0], "question");
    CHECK_GET(pair[0], "answer");
    CHECK_EXIT(child, 0);
}

static void *echo(void *unused)
{
    char buf[64];
    ssize_t n;

    while ((n = read(pair[1], buf, sizeof buf)) > 0)
        CHECK_EQ(write(pair[1], buf, (size_t)n), n);
    return unused;
}

TEST(socket, a_thousand_round_trips)
{
    pthread_t t;

    make_pair(SOCK_STREAM);
    CHECK_OK(pthread_create(&t, NULL, echo, NULL));
    for (int i = 0; i < 1000; i++) {
        put(pair[0], "ping");
        CHECK_GET(pair[0], "ping");
    }
    CHECK_OK(shutdown(pair[0], SHUT_WR));
    CHECK_OK(pthread_join(t, NULL));
}
