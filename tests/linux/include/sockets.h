/*
 * For tests of AF_UNIX sockets: names, pairs, small sends and receives.
 */
#pragma once

#include "test.h"

#include <sys/socket.h>
#include <sys/un.h>

/* A path's name, or an abstract one where text begins with '@'. */
__attribute__((unused)) static socklen_t name_of(struct sockaddr_un *a, const char *text)
{
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    strcpy(a->sun_path, text);
    if (text[0] != '@')
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text) + 1);
    a->sun_path[0] = 0;
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(text));
}

__attribute__((unused)) static int bind_to(int fd, const char *text)
{
    struct sockaddr_un a;
    socklen_t length = name_of(&a, text);

    return bind(fd, (struct sockaddr *)&a, length);
}

__attribute__((unused)) static int connect_to(int fd, const char *text)
{
    struct sockaddr_un a;
    socklen_t length = name_of(&a, text);

    return connect(fd, (struct sockaddr *)&a, length);
}

__attribute__((unused)) static int unix_socket(int type)
{
    return CHECK_FD(socket(AF_UNIX, type, 0));
}

__attribute__((unused)) static int listener(int type, const char *text, int backlog)
{
    int fd = unix_socket(type);

    CHECK_OK(bind_to(fd, text));
    CHECK_OK(listen(fd, backlog));
    return fd;
}

static int pair[2];

__attribute__((unused)) static void make_pair(int type)
{
    CHECK_OK(socketpair(AF_UNIX, type, 0, pair));
}

__attribute__((unused)) static void put(int fd, const char *text)
{
    CHECK_EQ(write(fd, text, strlen(text)), strlen(text));
}

/* What one recv gives must be this. */
#define CHECK_GET(fd, text)                                                                        \
    do {                                                                                           \
        char test_buf[256] = {0};                                                                  \
        CHECK_EQ(recv(fd, test_buf, sizeof test_buf - 1, 0), strlen(text));                        \
        CHECK_STR(test_buf, text);                                                                 \
    } while (0)
