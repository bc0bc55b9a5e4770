/*
 * What the cases of semaphores and message queues share.
 */
#pragma once

#include "test.h"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>

#ifndef GETNCNT
#define GETNCNT 14
#define GETZCNT 15
#endif
#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

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

__attribute__((unused)) static void on_signal(int number)
{
    (void)number;
}

__attribute__((unused)) static void catch_usr1(int flags)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
}
