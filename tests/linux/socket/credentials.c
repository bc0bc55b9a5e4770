/*
 * Who sent it: credentials beside the bytes.
 */
#include "control.h"

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
