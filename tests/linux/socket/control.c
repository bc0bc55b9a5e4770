/*
 * Descriptors that go beside the bytes, and what becomes of those that nobody takes.
 */
#include "control.h"

#include <sys/resource.h>

TEST(socket, descriptors_travel)
{
    int file = test_file("file", "content", 7);
    char buf[16];

    make_pair(SOCK_STREAM);
    CHECK_EQ(send_fds(pair[0], "x", &file, 1), 1);
    close(file);
    CHECK_EQ(receive(pair[1], buf, 16, sizeof control, 0), 1);
    CHECK_EQ(got.msg_controllen, CMSG_SPACE(sizeof(int)));
    CHECK_EQ(got.msg_flags, 0);
    CHECK_EQ(read(fd_of(0), buf, 16), 7);
    CHECK_EQ(fcntl(fd_of(0), F_GETFD), 0);
}

TEST(socket, received_descriptors_may_close_on_exec)
{
    char buf[4];
    int fd = dup(0);

    make_pair(SOCK_DGRAM);
    CHECK_EQ(send_fds(pair[0], "x", &fd, 1), 1);
    CHECK_EQ(receive(pair[1], buf, 4, sizeof control, MSG_CMSG_CLOEXEC), 1);
    CHECK_EQ(fcntl(fd_of(0), F_GETFD), FD_CLOEXEC);
    CHECK_EQ(got.msg_flags & MSG_CMSG_CLOEXEC, MSG_CMSG_CLOEXEC);
}

TEST(socket, descriptors_stop_a_read_of_a_stream)
{
    int zero = 0;
    char buf[16];

    make_pair(SOCK_STREAM);
    put(pair[0], "ab");
    CHECK_EQ(send_fds(pair[0], "cd", &zero, 1), 2);
    put(pair[0], "ef");
    CHECK_EQ(receive(pair[1], buf, 16, sizeof control, 0), 4);
    CHECK_EQ(got.msg_controllen, CMSG_SPACE(sizeof(int)));
    close(fd_of(0));
    CHECK_EQ(receive(pair[1], buf, 16, sizeof control, 0), 2);
    CHECK_EQ(got.msg_controllen, 0);
}

TEST(socket, descriptors_without_room_are_closed_and_told)
{
    int p[2], fds[3];
    char buf[4];

    CHECK_OK(pipe(p));
    make_pair(SOCK_STREAM);
    fds[0] = fds[1] = fds[2] = p[1];
    CHECK_EQ(send_fds(pair[0], "x", fds, 3), 1);
    close(p[1]);
    CHECK_EQ(receive(pair[1], buf, 4, CMSG_LEN(2 * sizeof(int)), 0), 1);
    CHECK_EQ(got.msg_flags, MSG_CTRUNC);
    CHECK_EQ(got.msg_controllen, CMSG_LEN(2 * sizeof(int)));
    close(fd_of(0));
    close(fd_of(1));
    CHECK_EQ(read(p[0], buf, 1), 0); /* nobody holds the third */
    fds[0] = dup(0);
    CHECK_EQ(send_fds(pair[0], "x", fds, 1), 1);
    CHECK_EQ(receive(pair[1], buf, 4, 0, 0), 1);
    CHECK_EQ(got.msg_flags, MSG_CTRUNC);
}

TEST(socket, a_plain_read_drops_descriptors)
{
    int p[2];
    char buf[4];

    CHECK_OK(pipe(p));
    make_pair(SOCK_STREAM);
    CHECK_EQ(send_fds(pair[0], "x", &p[1], 1), 1);
    close(p[1]);
    CHECK_EQ(read(pair[1], buf, 4), 1);
    CHECK_EQ(read(p[0], buf, 1), 0);
}

TEST(socket, a_peek_gives_descriptors_of_its_own)
{
    int zero = 0, first;
    char buf[4];

    make_pair(SOCK_STREAM);
    CHECK_EQ(send_fds(pair[0], "x", &zero, 1), 1);
    CHECK_EQ(receive(pair[1], buf, 4, sizeof control, MSG_PEEK), 1);
    first = fd_of(0);
    CHECK_EQ(receive(pair[1], buf, 4, sizeof control, 0), 1);
    CHECK_NE(fd_of(0), first);
    CHECK_OK(close(first));
    CHECK_OK(close(fd_of(0)));
}

TEST(socket, bad_control_messages_are_refused)
{
    struct iovec v = {"x", 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = control};
    struct cmsghdr *c = (struct cmsghdr *)control;
    int many[254], bad = 99;

    make_pair(SOCK_STREAM);
    CHECK_ERR(send_fds(pair[0], "x", &bad, 1), EBADF);
    for (int i = 0; i < 254; i++)
        many[i] = 0;
    CHECK_ERR(send_fds(pair[0], "x", many, 254), EINVAL);
    CHECK_EQ(send_fds(pair[0], "x", many, 253), 1);
    m.msg_controllen = CMSG_SPACE(4);
    *c = (struct cmsghdr){.cmsg_len = 5, .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    CHECK_ERR(syscall(SYS_sendmsg, pair[0], &m, 0), EINVAL);
    c->cmsg_len = 500;
    CHECK_ERR(syscall(SYS_sendmsg, pair[0], &m, 0), EINVAL);
    c->cmsg_len = CMSG_LEN(4);
    c->cmsg_type = 77;
    CHECK_ERR(syscall(SYS_sendmsg, pair[0], &m, 0), EINVAL);
    c->cmsg_level = 77;
    CHECK_EQ(syscall(SYS_sendmsg, pair[0], &m, 0), 1); /* another level's is not ours */
    m.msg_control = (void *)8;
    CHECK_ERR(syscall(SYS_sendmsg, pair[0], &m, 0), EFAULT);
    m.msg_control = NULL;
    m.msg_controllen = 0;
    m.msg_iovlen = 1025;
    CHECK_ERR(syscall(SYS_sendmsg, pair[0], &m, 0), EMSGSIZE);
    CHECK_ERR(syscall(SYS_sendmsg, pair[0], (void *)8, 0), EFAULT);
}

TEST(socket, received_descriptors_end_at_the_limit)
{
    struct rlimit limit;
    int fds[3] = {0, 0, 0};
    char buf[4];

    make_pair(SOCK_STREAM);
    CHECK_EQ(send_fds(pair[0], "x", fds, 3), 1);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)(pair[1] > pair[0] ? pair[1] : pair[0]) + 2;
    CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
    CHECK_EQ(receive(pair[1], buf, 4, sizeof control, 0), 1);
    CHECK_EQ(got.msg_flags, MSG_CTRUNC);
    CHECK_EQ(got.msg_controllen, CMSG_SPACE(sizeof(int)));
}

TEST(socket, sockets_that_hold_each_other_go_away)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    for (int i = 0; i < 50; i++) {
        int fds[3];

        make_pair(SOCK_STREAM);
        fds[0] = pair[0];
        fds[1] = pair[1];
        fds[2] = p[1];
        CHECK_EQ(send_fds(pair[0], "x", fds, 3), 1);
        CHECK_EQ(send_fds(pair[1], "x", fds, 3), 1);
        close(pair[0]);
        close(pair[1]);
    }
    close(p[1]);
    close(unix_socket(SOCK_STREAM)); /* any socket's end lets the garbage go */
    CHECK_OK(fcntl(p[0], F_SETFL, O_NONBLOCK));
    for (int i = 0; i < 200 && read(p[0], &c, 1) < 0; i++)
        test_sleep_ms(5);
    CHECK_EQ(read(p[0], &c, 1), 0);
}

TEST(socket, garbage_without_end_is_made)
{
    for (int i = 0; i < 2000; i++) {
        make_pair(SOCK_STREAM);
        CHECK_EQ(send_fds(pair[0], "x", pair, 2), 1);
        CHECK_EQ(send_fds(pair[1], "x", pair, 2), 1);
        close(pair[0]);
        close(pair[1]);
    }
}

TEST(socket, a_socket_on_its_way_to_somebody_stays)
{
    int inner[2];
    char buf[4];

    make_pair(SOCK_STREAM);
    CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, inner));
    CHECK_EQ(send_fds(inner[0], "y", &inner[0], 1), 1);
    CHECK_EQ(send_fds(pair[0], "x", &inner[1], 1), 1);
    close(inner[0]);
    close(inner[1]);
    close(unix_socket(SOCK_STREAM));
    CHECK_EQ(receive(pair[1], buf, 4, sizeof control, 0), 1);
    CHECK_EQ(receive(fd_of(0), buf, 4, sizeof control, 0), 1);
    CHECK_EQ(buf[0], 'y');
    CHECK_OK(fcntl(fd_of(0), F_GETFD));
}

/* Each end of a socket looks for garbage: along a chain that must not cost its length squared. */
TEST(socket, a_long_chain_of_sockets_goes_away)
{
    int hold, p[2];
    char c;

    CHECK_OK(pipe(p));
    hold = p[1];
    for (int i = 0; i < 1500; i++) {
        make_pair(SOCK_STREAM);
        CHECK_EQ(send_fds(pair[0], "x", &hold, 1), 1);
        close(hold);
        close(pair[0]);
        hold = pair[1];
    }
    close(hold);
    CHECK_OK(fcntl(p[0], F_SETFL, O_NONBLOCK));
    for (int i = 0; i < 400 && read(p[0], &c, 1) < 0; i++)
        test_sleep_ms(5);
    CHECK_EQ(read(p[0], &c, 1), 0);
}
