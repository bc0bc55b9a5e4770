/*
 * Calls that wait, each a row with what signal(7) says of it.
 *
 * Life:  who includes this makes the pipes, sockets and files that they wait for, before the first call.
 */
#pragma once

#include "test.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>

#define FUTEX_WAIT 0

static int in[2], out[2], lock_fd;
static char fifo[] = "fifo", big[1 << 20];
static uint32_t word;

/* The calls. Each blocks; returns a value and errno. */
static long do_read(void)
{
    char c;

    return read(in[0], &c, 1);
}

static long do_readv(void)
{
    char c;
    struct {
        void *p;
        size_t n;
    } v = {&c, 1};

    return syscall(SYS_readv, in[0], &v, 1);
}

static long do_full_write(void)
{
    return write(out[1], "x", 1);
}

static long do_wait(void)
{
    return waitpid(-1, NULL, 0) > 0 ? 1 : -1;
}

static long do_waitid(void)
{
    siginfo_t info;

    return waitid(P_ALL, 0, &info, WEXITED) == 0 ? 1 : -1;
}

static long do_open_fifo(void)
{
    int fd = open(fifo, O_RDONLY);

    return fd >= 0 ? 1 : -1;
}

static long do_flock(void)
{
    int fd = open("lock", O_RDWR);

    return flock(fd, LOCK_EX) == 0 ? 1 : -1;
}

static long do_fcntl_lock(void)
{
    struct flock l = {.l_type = F_WRLCK};

    return fcntl(lock_fd, F_SETLKW, &l) == 0 ? 1 : -1;
}

static long do_futex(void)
{
    return syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL) == 0 ? 1 : -1;
}

static long do_futex_timed(void)
{
    struct timespec t = {.tv_sec = 30};

    return syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t) == 0 ? 1 : -1;
}

static int event_fd, timer_fd, signal_fd;

static long do_eventfd(void)
{
    uint64_t n;

    return read(event_fd, &n, 8) == 8 ? 1 : -1;
}

static long do_timerfd(void)
{
    uint64_t n;

    return read(timer_fd, &n, 8) == 8 ? 1 : -1;
}

static long do_signalfd(void)
{
    struct signalfd_siginfo info;

    return read(signal_fd, &info, sizeof info) == sizeof info ? 1 : -1;
}

static long do_poll(void)
{
    struct pollfd p = {.fd = in[0], .events = POLLIN};

    return poll(&p, 1, -1);
}

static long do_ppoll(void)
{
    struct pollfd p = {.fd = in[0], .events = POLLIN};

    return ppoll(&p, 1, NULL, NULL);
}

static long do_select(void)
{
    fd_set set;

    FD_ZERO(&set);
    FD_SET(in[0], &set);
    return select(in[0] + 1, &set, NULL, NULL, NULL);
}

static long do_pause(void)
{
    return pause();
}

static long do_sigsuspend(void)
{
    sigset_t none;

    sigemptyset(&none);
    return sigsuspend(&none);
}

static long do_sigtimedwait(void)
{
    uint64_t set = 1ull << (SIGUSR2 - 1);
    struct timespec t = {.tv_sec = 30};

    return syscall(SYS_rt_sigtimedwait, &set, NULL, &t, 8);
}

static long do_nanosleep(void)
{
    struct timespec t = {.tv_sec = 30};

    return nanosleep(&t, NULL);
}

static long do_clock_nanosleep(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += 30;
    return syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static int pair[2], listener, epoll_fd;
static struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};

static long do_recv(void)
{
    char c;

    return recv(pair[0], &c, 1, 0);
}

static long do_recv_timed(void)
{
    struct timeval t = {.tv_sec = 30};
    char c;

    CHECK_OK(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
    return recv(pair[0], &c, 1, 0);
}

static long do_accept(void)
{
    return accept(listener, NULL, NULL) >= 0 ? 1 : -1;
}

static long do_epoll(void)
{
    struct epoll_event e;

    return epoll_wait(epoll_fd, &e, 1, -1);
}

static long do_epoll_pwait(void)
{
    struct epoll_event e;
    sigset_t none;

    sigemptyset(&none);
    return epoll_pwait(epoll_fd, &e, 1, -1, &none);
}

enum { RESTARTED = 1, NEVER };

static const struct row {
    const char *name;
    long (*call)(void);
    int class;
} rows[] = {
    {"read of a pipe", do_read, RESTARTED},
    {"readv", do_readv, RESTARTED},
    {"write to a full pipe", do_full_write, RESTARTED},
    {"wait4", do_wait, RESTARTED},
    {"waitid", do_waitid, RESTARTED},
    {"open of a FIFO", do_open_fifo, RESTARTED},
    {"flock", do_flock, RESTARTED},
    {"fcntl F_SETLKW", do_fcntl_lock, RESTARTED},
    {"futex WAIT", do_futex, RESTARTED},
    {"read of an eventfd", do_eventfd, RESTARTED},
    {"read of a timerfd", do_timerfd, RESTARTED},
    {"read of a signalfd", do_signalfd, RESTARTED},
    {"recv of a socket", do_recv, RESTARTED},
    {"accept", do_accept, RESTARTED},
    {"recv with a time", do_recv_timed, NEVER},
    {"epoll_wait", do_epoll, NEVER},
    {"epoll_pwait", do_epoll_pwait, NEVER},
    {"futex WAIT with a time", do_futex_timed, NEVER},
    {"poll", do_poll, NEVER},
    {"ppoll", do_ppoll, NEVER},
    {"select", do_select, NEVER},
    {"pause", do_pause, NEVER},
    {"sigsuspend", do_sigsuspend, NEVER},
    {"sigtimedwait", do_sigtimedwait, NEVER},
    {"nanosleep", do_nanosleep, NEVER},
    {"clock_nanosleep", do_clock_nanosleep, NEVER},
};
