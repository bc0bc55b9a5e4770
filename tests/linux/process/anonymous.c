/*
 * What /proc says of descriptors without a file.
 */
#include "test.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static void link_is(int fd, const char *wanted)
{
    char path[64], text[64] = "";

    CHECK_GE(fd, 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK_GT(readlink(path, text, sizeof text - 1), 0);
    CHECK_STR(text, wanted);
    CHECK_OK(close(fd));
}

TEST(anonymous, links_name_the_kind)
{
    sigset_t set;

    sigemptyset(&set);
    link_is(eventfd(0, 0), "anon_inode:[eventfd]");
    link_is(epoll_create1(0), "anon_inode:[eventpoll]");
    link_is(timerfd_create(CLOCK_MONOTONIC, 0), "anon_inode:[timerfd]");
    link_is(signalfd(-1, &set, 0), "anon_inode:[signalfd]");
    link_is((int)syscall(SYS_pidfd_open, getpid(), 0), "anon_inode:[pidfd]");
}

TEST(anonymous, all_are_one_node)
{
    struct stat first, st;
    sigset_t set;
    int fd[5];

    sigemptyset(&set);
    fd[0] = eventfd(0, 0);
    fd[1] = epoll_create1(0);
    fd[2] = timerfd_create(CLOCK_MONOTONIC, 0);
    fd[3] = signalfd(-1, &set, 0);
    fd[4] = (int)syscall(SYS_pidfd_open, getpid(), 0);
    CHECK_OK(fstat(fd[0], &first));
    for (int i = 1; i < 5; i++) {
        CHECK_OK(fstat(fd[i], &st));
        CHECK_EQ(st.st_dev, first.st_dev);
        CHECK_EQ(st.st_ino, first.st_ino);
        CHECK_EQ(st.st_mode, 0600);
    }
}
