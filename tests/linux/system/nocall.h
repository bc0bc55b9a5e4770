/*
 * Proof that a function makes no system call: it takes a fraction of the time that the call takes.
 */
#pragma once

#include "test.h"

#include <sys/time.h>

/* The reference guest may have no clock that a program can read. */
static inline bool clock_is_readable(void)
{
    char text[16] = "";
    int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY);

    if (fd < 0)
        return true;
    read(fd, text, sizeof text - 1);
    close(fd);
    return !strncmp(text, "tsc", 3) || !strncmp(text, "kvm", 3);
}

enum { NOCALL_ROUNDS = 40, NOCALL_TIMES = 200 };

/* The shortest of many rounds, so that what else runs does not count. */
#define SHORTEST(call)                                                                             \
    ({                                                                                             \
        uint64_t shortest = UINT64_MAX;                                                            \
        for (int round = 0; round < NOCALL_ROUNDS; round++) {                                      \
            uint64_t start = __builtin_ia32_rdtsc();                                               \
            for (int i = 0; i < NOCALL_TIMES; i++)                                                 \
                (void)(call);                                                                      \
            start = __builtin_ia32_rdtsc() - start;                                                \
            shortest = start < shortest ? start : shortest;                                        \
        }                                                                                          \
        shortest;                                                                                  \
    })

#define CHECK_NO_CALL(function, call)                                                              \
    do {                                                                                           \
        uint64_t without = SHORTEST(function), with = SHORTEST(call);                              \
        if (without * 2 > with)                                                                    \
            FAIL("%s takes %lu, %s %lu", #function, (unsigned long)without, #call,                 \
                 (unsigned long)with);                                                             \
    } while (0)

/* What every libc reads without a call. */
static inline void clocks_make_no_call(void)
{
    struct timespec t;
    struct timeval tv;

    if (!clock_is_readable())
        SKIP("no clock that a program can read");
    CHECK_NO_CALL(clock_gettime(CLOCK_MONOTONIC, &t),
                  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t));
    CHECK_NO_CALL(gettimeofday(&tv, NULL), syscall(SYS_gettimeofday, &tv, NULL));
}
