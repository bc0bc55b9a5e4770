/*
 * Sending and receiving with control messages.
 */
#pragma once

#include "sockets.h"

__attribute__((unused)) static char control[2048] __attribute__((aligned(8)));
__attribute__((unused)) static struct msghdr got;

/* Sends `text` with descriptors. */
__attribute__((unused)) static ssize_t send_fds(int socket, const char *text, const int *fds,
                                                unsigned count)
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
__attribute__((unused)) static ssize_t receive(int socket, char *buf, size_t size, size_t room,
                                               int flags)
{
    static struct iovec v;

    v = (struct iovec){buf, size};
    memset(control, 0x55, sizeof control);
    got = (struct msghdr){
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room};
    return recvmsg(socket, &got, flags);
}

__attribute__((unused)) static int fd_of(unsigned i)
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
