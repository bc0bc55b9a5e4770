/*
 * What goes beside the bytes: descriptors and credentials; and options.
 */
#include "sockets.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>

static char control[2048] __attribute__((aligned(8)));
static struct msghdr got;

/* Sends `text` with descriptors. */
static ssize_t send_fds(int socket, const char *text, const int *fds, unsigned count)
{
    static char space[2048] __attribute__((aligned(8)));
    struct iovec v = {(void *)text, strlen(text)};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = space};
    struct cmsghdr *c = (struct cmsghdr *)space;

    m.msg_controllen = CMSG_SPACE(count * sizeof(int));
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(c), fds, count * sizeof(int));
    return syscall(SYS_sendmsg, socket, &m, 0); /* musl takes no long control messages */
}

/* Receives into `got` with `room` bytes for control messages. */
static ssize_t receive(int socket, char *buf, size_t size, size_t room, int flags)
{
    static struct iovec v;

    v = (struct iovec){buf, size};
    memset(control, 0x55, sizeof control);
    got = (struct msghdr){
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
    return recvmsg(socket, &got, flags);
}

static int fd_of(unsigned i)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(&got);
    int fd;

    CHECK(c != NULL);
    CHECK_EQ(c->cmsg_level, SOL_SOCKET);
    CHECK_EQ(c->cmsg_type, SCM_RIGHTS);
    CHECK_GE(c->cmsg_len, CMSG_LEN((i + 1) * sizeof(int)));
    memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof fd);
    return fd;
}

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

static struct ucred *cred_of(void)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(&got);

    CHECK(c != NULL);
    CHECK_EQ(c->cmsg_type, SCM_CREDENTIALS);
    CHECK_EQ(c->cmsg_len, CMSG_LEN(sizeof(struct ucred)));
    return (struct ucred *)CMSG_DATA(c);
}

TEST(socket, credentials_come_if_they_are_wished)
{
    int on = 1;
    char buf[4];

    make_pair(SOCK_STREAM);
    CHECK_OK(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    CHECK_IN_CHILD(CHECK_OK(setgid(5)); CHECK_OK(setuid(6)); put(pair[0], "x"));
    CHECK_EQ(receive(pair[1], buf, 4, sizeof control, 0), 1);
    CHECK_NE(cred_of()->pid, getpid());
    CHECK_EQ(cred_of()->uid, 6);
    CHECK_EQ(cred_of()->gid, 5);
}

TEST(socket, credentials_of_before_the_wish_are_unknown)
{
    int on = 1;
    char buf[4];

    make_pair(SOCK_STREAM);
    put(pair[0], "x");
    CHECK_OK(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    CHECK_EQ(receive(pair[1], buf, 4, sizeof control, 0), 1);
    CHECK_EQ(cred_of()->pid, 0);
    CHECK_EQ(cred_of()->uid, 65534);
}

static ssize_t send_cred(int socket, pid_t pid, uid_t uid, gid_t gid)
{
    char space[CMSG_SPACE(sizeof(struct ucred))] __attribute__((aligned(8))) = {0};
    struct iovec v = {"x", 1};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *c = (struct cmsghdr *)space;
    struct ucred u = {.pid = pid, .uid = uid, .gid = gid};

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_CREDENTIALS;
    c->cmsg_len = CMSG_LEN(sizeof u);
    memcpy(CMSG_DATA(c), &u, sizeof u);
    return sendmsg(socket, &m, 0);
}

TEST(socket, credentials_are_said_truly_or_with_power)
{
    int on = 1;
    char buf[4];

    make_pair(SOCK_STREAM);
    CHECK_OK(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    CHECK_EQ(send_cred(pair[0], 1, 44, 55), 1);
    CHECK_EQ(receive(pair[1], buf, 4, sizeof control, 0), 1);
    CHECK_EQ(cred_of()->pid, 1);
    CHECK_EQ(cred_of()->uid, 44);
    CHECK_EQ(cred_of()->gid, 55);
    CHECK_ERR(send_cred(pair[0], 0x3ffffff, 0, 0), ESRCH);
    CHECK_IN_CHILD({
        CHECK_OK(setgid(7));
        CHECK_OK(setuid(7));
        CHECK_EQ(send_cred(pair[0], getpid(), 7, 7), 1);
        CHECK_ERR(send_cred(pair[0], getpid(), 0, 7), EPERM);
        CHECK_ERR(send_cred(pair[0], getpid(), 7, 0), EPERM);
        CHECK_ERR(send_cred(pair[0], 1, 7, 7), EPERM);
    });
}

TEST(socket, a_stream_is_not_read_across_senders)
{
    int on = 1;
    char buf[8];

    make_pair(SOCK_STREAM);
    CHECK_OK(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
    put(pair[0], "ab");
    put(pair[0], "cd");
    CHECK_IN_CHILD(put(pair[0], "ef"));
    CHECK_EQ(receive(pair[1], buf, 8, sizeof control, 0), 4);
    CHECK_EQ(receive(pair[1], buf, 8, sizeof control, 0), 2);
}

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
