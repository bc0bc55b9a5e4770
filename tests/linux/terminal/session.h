/*
 * Sessions on a pty: their leader, groups in the background, the signals that come.
 */
#pragma once

#include "pty.h"

/* In a child: a session of its own on the slave, whose leader runs the block. */
#define SESSION(p, ...)                                                                            \
    CHECK_IN_CHILD({                                                                               \
        pty_login(p);                                                                              \
        __VA_ARGS__;                                                                               \
    })

/* A background group in the caller's session that runs the block; its pid. */
#define BACKGROUND(...)                                                                            \
    ({                                                                                             \
        pid_t bg = CHILD({                                                                         \
            setpgid(0, 0);                                                                         \
            __VA_ARGS__;                                                                           \
        });                                                                                        \
        setpgid(bg, bg);                                                                           \
        bg;                                                                                        \
    })

__attribute__((unused)) static volatile sig_atomic_t seen[65];

__attribute__((unused)) static void note(int sig)
{
    seen[sig]++;
}

__attribute__((unused)) static void catch_signal(int sig)
{
    struct sigaction action = {.sa_handler = note};

    CHECK_OK(sigaction(sig, &action, NULL));
}

__attribute__((unused)) static int foreground(int fd)
{
    int group = -1;

    CHECK_OK(ioctl(fd, TIOCGPGRP, &group));
    return group;
}
