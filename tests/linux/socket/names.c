/*
 * Names: paths, abstract ones, those that nobody chose; listening, connecting, accepting.
 */
#include "sockets.h"

#include <poll.h>
#include <sys/ioctl.h>

static struct sockaddr_un found;
static socklen_t found_length;

static void own_name(int fd)
{
    found_length = sizeof found;
    memset(&found, 0x55, sizeof found);
    CHECK_OK(getsockname(fd, (struct sockaddr *)&found, &found_length));
}

TEST(socket, a_path_becomes_a_socket_file)
{
    struct stat st;
    int fd = unix_socket(SOCK_STREAM);

    umask(027);
    CHECK_OK(bind_to(fd, "here"));
    CHECK_OK(stat("here", &st));
    CHECK(S_ISSOCK(st.st_mode));
    CHECK_EQ(st.st_mode & 07777, 0750);
    own_name(fd);
    CHECK_EQ(found_length, 2 + 5);
    CHECK_EQ(found.sun_family, AF_UNIX);
    CHECK_STR(found.sun_path, "here");
    CHECK_ERR(open("here", O_RDWR), ENXIO);
}

TEST(socket, bind_refuses_what_it_must)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = unix_socket(SOCK_STREAM);

    CHECK_OK(bind_to(fd, "here"));
    CHECK_ERR(bind_to(unix_socket(SOCK_STREAM), "here"), EADDRINUSE);
    CHECK_ERR(bind_to(fd, "there"), EINVAL);
    fd = unix_socket(SOCK_STREAM);
    CHECK_ERR(bind_to(fd, "none/there"), ENOENT);
    CHECK_ERR(bind_to(fd, "here/there"), ENOTDIR);
    close(test_file("file", "x", 1));
    CHECK_ERR(bind_to(fd, "file"), EADDRINUSE);
    a.sun_family = AF_INET;
    CHECK_ERR(bind(fd, (struct sockaddr *)&a, sizeof a), EINVAL);
    a.sun_family = AF_UNIX;
    CHECK_ERR(bind(fd, (struct sockaddr *)&a, 1), EINVAL);
    CHECK_ERR(bind(fd, (struct sockaddr *)&a, sizeof a + 1), EINVAL);
    CHECK_ERR(bind(fd, (struct sockaddr *)8, sizeof a), EFAULT);
}

TEST(socket, a_path_may_fill_its_place)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct stat st;
    char path[109] = {0};
    int fd = unix_socket(SOCK_STREAM);

    memset(a.sun_path, 'x', sizeof a.sun_path);
    memset(path, 'x', 108);
    CHECK_OK(bind(fd, (struct sockaddr *)&a, sizeof a));
    CHECK_OK(stat(path, &st));
    own_name(fd);
    CHECK_EQ(found_length, sizeof a + 1);
}

TEST(socket, abstract_names_are_bytes)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "\0one\0two"};
    int fd = unix_socket(SOCK_STREAM), other = unix_socket(SOCK_STREAM);

    CHECK_OK(bind(fd, (struct sockaddr *)&a, 2 + 8));
    own_name(fd);
    CHECK_EQ(found_length, 10);
    CHECK_MEM(found.sun_path, "\0one\0two", 8);
    CHECK_ERR(bind(other, (struct sockaddr *)&a, 2 + 8), EADDRINUSE);
    CHECK_OK(bind(other, (struct sockaddr *)&a, 2 + 7)); /* another one */
    close(fd);
    CHECK_OK(bind(unix_socket(SOCK_STREAM), (struct sockaddr *)&a, 2 + 8)); /* free again */
}

TEST(socket, a_name_is_found_for_who_has_none)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = unix_socket(SOCK_DGRAM);

    own_name(fd);
    CHECK_EQ(found_length, 2);
    CHECK_EQ(found.sun_family, AF_UNIX);
    CHECK_OK(bind(fd, (struct sockaddr *)&a, 2));
    own_name(fd);
    CHECK_EQ(found_length, 2 + 6);
    CHECK_EQ(found.sun_path[0], 0);
    for (int i = 1; i < 6; i++)
        CHECK(strchr("0123456789abcdef", found.sun_path[i]) != NULL);
}

TEST(socket, a_name_is_cut_to_the_room)
{
    struct sockaddr_un a;
    socklen_t length = 4;
    int fd = unix_socket(SOCK_STREAM);

    CHECK_OK(bind_to(fd, "@name"));
    memset(&a, 0x55, sizeof a);
    CHECK_OK(getsockname(fd, (struct sockaddr *)&a, &length));
    CHECK_EQ(length, 7);
    CHECK_EQ(a.sun_path[1], 'n');
    CHECK_EQ(a.sun_path[2], 0x55);
    length = (socklen_t)-1;
    CHECK_ERR(getsockname(fd, (struct sockaddr *)&a, &length), EINVAL);
}

TEST(socket, a_connection_is_made_accepted_and_named)
{
    int l = listener(SOCK_STREAM, "@server", 5), c = unix_socket(SOCK_STREAM), s;
    struct sockaddr_un a;
    socklen_t length = sizeof a;

    CHECK_OK(bind_to(c, "@client"));
    CHECK_OK(connect_to(c, "@server"));
    put(c, "before accept");
    s = CHECK_FD(accept(l, (struct sockaddr *)&a, &length));
    CHECK_EQ(length, 2 + 7);
    CHECK_MEM(a.sun_path, "\0client", 7);
    CHECK_GET(s, "before accept");
    put(s, "answer");
    CHECK_GET(c, "answer");
    own_name(s);
    CHECK_MEM(found.sun_path, "\0server", 7);
    length = sizeof a;
    CHECK_OK(getpeername(c, (struct sockaddr *)&a, &length));
    CHECK_MEM(a.sun_path, "\0server", 7);
    CHECK_ERR(getpeername(l, (struct sockaddr *)&a, &length), ENOTCONN);
}

TEST(socket, accept4_sets_flags)
{
    int l = listener(SOCK_STREAM, "@server", 5), c = unix_socket(SOCK_STREAM), s;

    CHECK_OK(connect_to(c, "@server"));
    CHECK_ERR(syscall(SYS_accept4, l, NULL, NULL, 1), EINVAL);
    s = CHECK_FD(accept4(l, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
    CHECK_EQ(fcntl(s, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(s, F_GETFL), O_RDWR | O_NONBLOCK);
    CHECK_OK(fcntl(l, F_SETFL, O_NONBLOCK));
    CHECK_ERR(accept(l, NULL, NULL), EAGAIN);
}

TEST(socket, listening_wants_a_name_and_the_right_kind)
{
    char c;
    int l = unix_socket(SOCK_STREAM);

    CHECK_ERR(listen(l, 1), EINVAL);
    CHECK_ERR(accept(l, NULL, NULL), EINVAL);
    CHECK_OK(bind_to(l, "@x"));
    CHECK_OK(listen(l, 1));
    CHECK_OK(listen(l, 2));
    CHECK_ERR(connect_to(l, "@x"), EINVAL);
    CHECK_ERR(read(l, &c, 1), EINVAL);
    CHECK_ERR(write(l, &c, 1), ENOTCONN);
    CHECK_ERR(listen(unix_socket(SOCK_DGRAM), 1), EOPNOTSUPP);
    CHECK_ERR(accept(unix_socket(SOCK_DGRAM), NULL, NULL), EOPNOTSUPP);
    make_pair(SOCK_STREAM);
    CHECK_ERR(listen(pair[0], 1), EINVAL);
}

TEST(socket, connect_refuses_what_it_must)
{
    int l = listener(SOCK_STREAM, "here", 5), c = unix_socket(SOCK_STREAM);

    close(test_file("file", "x", 1));
    CHECK_ERR(connect_to(c, "none"), ENOENT);
    CHECK_ERR(connect_to(c, "@none"), ECONNREFUSED);
    CHECK_ERR(connect_to(c, "file"), ECONNREFUSED);
    CHECK_ERR(connect_to(c, "."), ECONNREFUSED);
    CHECK_ERR(connect_to(unix_socket(SOCK_SEQPACKET), "here"), EPROTOTYPE);
    CHECK_ERR(connect_to(unix_socket(SOCK_DGRAM), "here"), EPROTOTYPE);
    CHECK_OK(connect_to(c, "here"));
    CHECK_ERR(connect_to(c, "here"), EISCONN);
    CHECK_OK(bind_to(unix_socket(SOCK_STREAM), "idle"));
    CHECK_ERR(connect_to(unix_socket(SOCK_STREAM), "idle"), ECONNREFUSED);
    close(l);
    CHECK_ERR(connect_to(unix_socket(SOCK_STREAM), "here"), ECONNREFUSED); /* stale */
}

TEST(socket, a_path_follows_its_inode)
{
    int l = listener(SOCK_STREAM, "here", 5);

    CHECK_OK(rename("here", "there"));
    CHECK_OK(connect_to(unix_socket(SOCK_STREAM), "there"));
    CHECK_OK(symlink("there", "link"));
    CHECK_OK(connect_to(unix_socket(SOCK_STREAM), "link"));
    CHECK_OK(unlink("there"));
    CHECK_ERR(connect_to(unix_socket(SOCK_STREAM), "there"), ENOENT);
    CHECK_OK(bind_to(unix_socket(SOCK_STREAM), "there"));
    CHECK_ERR(connect_to(unix_socket(SOCK_STREAM), "there"), ECONNREFUSED);
    close(l);
}

TEST(socket, a_path_is_connected_to_with_permission_to_write)
{
    int l = listener(SOCK_STREAM, "here", 5);

    CHECK_OK(chmod(".", 0755));
    CHECK_OK(chmod("here", 0755));
    CHECK_IN_CHILD({
        CHECK_OK(setuid(1000));
        CHECK_ERR(connect_to(unix_socket(SOCK_STREAM), "here"), EACCES);
        CHECK_ERR(bind_to(unix_socket(SOCK_STREAM), "mine"), EACCES);
    });
    CHECK_OK(chmod("here", 0722));
    CHECK_IN_CHILD({
        CHECK_OK(setuid(1000));
        CHECK_OK(connect_to(unix_socket(SOCK_STREAM), "here"));
    });
    close(l);
}

TEST(socket, the_backlog_bounds_those_who_wait)
{
    int l = listener(SOCK_STREAM, "@server", 1);
    int c[4];

    for (int i = 0; i < 2; i++)
        CHECK_OK(connect_to(c[i] = unix_socket(SOCK_STREAM), "@server"));
    c[2] = unix_socket(SOCK_STREAM | SOCK_NONBLOCK);
    CHECK_ERR(connect_to(c[2], "@server"), EAGAIN);
    CHECK_FD(accept(l, NULL, NULL));
    CHECK_OK(connect_to(c[2], "@server"));
}

TEST(socket, a_full_backlog_makes_the_caller_wait)
{
    int l = listener(SOCK_STREAM, "@server", 0);
    pid_t child;

    CHECK_OK(connect_to(unix_socket(SOCK_STREAM), "@server"));
    child = CHILD(CHECK_OK(connect_to(unix_socket(SOCK_STREAM), "@server")));
    test_sleep_ms(20);
    CHECK_FD(accept(l, NULL, NULL));
    CHECK_EXIT(child, 0);
    CHECK_FD(accept(l, NULL, NULL));
    CHECK_OK(connect_to(unix_socket(SOCK_STREAM), "@server"));
    child = CHILD({
        close(l);
        CHECK_ERR(connect_to(unix_socket(SOCK_STREAM), "@server"), ECONNREFUSED);
    });
    test_sleep_ms(20);
    close(l);
    CHECK_EXIT(child, 0);
}

TEST(socket, accept_waits_for_a_connection)
{
    int l = listener(SOCK_SEQPACKET, "@server", 5);

    for (int i = 0; i < 20; i++) {
        pid_t child = CHILD({
            int c = unix_socket(SOCK_SEQPACKET);

            if (i % 2)
                test_sleep_ms(1);
            CHECK_OK(connect_to(c, "@server"));
            CHECK_GET(c, "hello");
        });
        int s = CHECK_FD(accept(l, NULL, NULL));

        put(s, "hello");
        CHECK_EXIT(child, 0);
        close(s);
    }
}

TEST(socket, a_listener_polls_readable)
{
    int l = listener(SOCK_STREAM, "@server", 5);
    struct pollfd p = {.fd = l, .events = POLLIN | POLLOUT};
    int n;

    CHECK_EQ(poll(&p, 1, 0), 0);
    CHECK_OK(connect_to(unix_socket(SOCK_STREAM), "@server"));
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLIN);
    CHECK_ERR(ioctl(l, FIONREAD, &n), EINVAL);
}

TEST(socket, an_unaccepted_connection_is_reset_with_its_listener)
{
    int l = listener(SOCK_STREAM, "@server", 5), c = unix_socket(SOCK_STREAM);
    char x;

    CHECK_OK(connect_to(c, "@server"));
    close(l);
    CHECK_ERR(read(c, &x, 1), ECONNRESET);
    CHECK_EQ(read(c, &x, 1), 0);
    CHECK_ERR(send(c, &x, 1, MSG_NOSIGNAL), EPIPE);
}

TEST(socket, peers_are_told_who_they_are)
{
    struct ucred u;
    socklen_t length = sizeof u;
    int l, s, c = unix_socket(SOCK_STREAM);
    pid_t child;

    make_pair(SOCK_STREAM);
    CHECK_OK(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &u, &length));
    CHECK_EQ(u.pid, getpid());
    CHECK_EQ(u.uid, 0);
    CHECK_OK(getsockopt(c, SOL_SOCKET, SO_PEERCRED, &u, &length));
    CHECK_EQ(u.pid, 0);
    CHECK_EQ(u.uid, (uid_t)-1);
    l = listener(SOCK_STREAM, "@server", 5);
    child = CHILD({
        CHECK_OK(setgid(77));
        CHECK_OK(setuid(88));
        CHECK_OK(connect_to(c, "@server"));
        CHECK_OK(getsockopt(c, SOL_SOCKET, SO_PEERCRED, &u, &length));
        CHECK_EQ(u.pid, getppid());
        CHECK_EQ(u.uid, 0);
    });
    s = CHECK_FD(accept(l, NULL, NULL));
    CHECK_OK(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &length));
    CHECK_EQ(u.pid, child);
    CHECK_EQ(u.uid, 88);
    CHECK_EQ(u.gid, 77);
    CHECK_EXIT(child, 0);
}

TEST(socket, unconnected_sockets_say_so)
{
    struct sockaddr_un a;
    socklen_t length = sizeof a;
    char c;
    int s = unix_socket(SOCK_STREAM);

    CHECK_ERR(read(s, &c, 1), EINVAL);
    CHECK_ERR(write(s, &c, 1), ENOTCONN);
    CHECK_ERR(getpeername(s, (struct sockaddr *)&a, &length), ENOTCONN);
    s = unix_socket(SOCK_SEQPACKET);
    CHECK_ERR(read(s, &c, 1), ENOTCONN);
    CHECK_ERR(write(s, &c, 1), ENOTCONN);
    s = unix_socket(SOCK_DGRAM);
    CHECK_ERR(write(s, &c, 1), ENOTCONN);
    CHECK_ERR(recv(s, &c, 1, MSG_DONTWAIT), EAGAIN);
}
