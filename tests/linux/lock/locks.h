/*
 * What the cases of locks share: setting, asking, and waiting until a child waits.
 */
#pragma once

#include "test.h"

#include <sys/file.h>

#ifndef F_OFD_GETLK
#define F_OFD_GETLK  36
#define F_OFD_SETLK  37
#define F_OFD_SETLKW 38
#endif

__attribute__((unused)) static struct flock range(int type, off_t start, off_t length)
{
    return (struct flock){
        .l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

__attribute__((unused)) static int set(int fd, int cmd, int type, off_t start, off_t length)
{
    struct flock l = range(type, start, length);

    return fcntl(fd, cmd, &l);
}

/* What is in the way of an exclusive lock of another process; asks in a child. */
__attribute__((unused)) static struct flock in_the_way_of(int fd, int type, off_t start,
                                                          off_t length)
{
    struct flock l = range(type, start, length);
    int channel[2];

    CHECK_OK(pipe(channel));
    CHECK_IN_CHILD({
        CHECK_OK(fcntl(fd, F_GETLK, &l));
        CHECK_EQ(write(channel[1], &l, sizeof l), (ssize_t)sizeof l);
    });
    CHECK_EQ(read(channel[0], &l, sizeof l), (ssize_t)sizeof l);
    close(channel[0]);
    close(channel[1]);
    return l;
}

/* Checks what another process meets from `start` on. A length of -1: nothing. */
#define CHECK_MEETS(fd, start, type, at, length)                                                   \
    do {                                                                                           \
        struct flock met = in_the_way_of(fd, F_WRLCK, start, 0);                                   \
        CHECK_EQ(met.l_type, type);                                                                \
        if ((type) != F_UNLCK) {                                                                   \
            CHECK_EQ(met.l_start, at);                                                             \
            CHECK_EQ(met.l_len, length);                                                           \
        }                                                                                          \
    } while (0)

/* Waits until the process sleeps in the kernel. */
__attribute__((unused)) static void until_asleep(pid_t pid)
{
    char path[64], *state;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    for (int i = 0; i < 2000; i++) {
        state = strrchr(test_read_file(path, NULL), ')');
        if (state && state[2] == 'S')
            return;
        test_sleep_ms(1);
    }
    FAIL("process %d never sleeps", pid);
}

__attribute__((unused)) static void on_alarm(int number)
{
    (void)number;
}

/* SIGUSR1 is caught from now on. */
__attribute__((unused)) static void catch_usr1(int flags)
{
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
}
