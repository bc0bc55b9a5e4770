/*
 * For tests of futexes: the call itself, words that children share, and waiting until somebody sleeps.
 */
#pragma once

#include "test.h"

#include <sched.h>
#include <sys/mman.h>

#define WAITERS    0x80000000u
#define OWNER_DIED 0x40000000u
#define TID_MASK   0x3fffffffu

enum {
    FUTEX_WAIT,
    FUTEX_WAKE,
    FUTEX_FD,
    FUTEX_REQUEUE,
    FUTEX_CMP_REQUEUE,
    FUTEX_WAKE_OP,
    FUTEX_LOCK_PI,
    FUTEX_UNLOCK_PI,
    FUTEX_TRYLOCK_PI,
    FUTEX_WAIT_BITSET,
    FUTEX_WAKE_BITSET,
    FUTEX_LOCK_PI2 = 13,
    FUTEX_PRIVATE = 128,
    FUTEX_REALTIME = 256,
};

/* FUTEX_WAKE_OP's operations and comparisons. */
enum { OP_SET, OP_ADD, OP_OR, OP_ANDN, OP_XOR, OP_SHIFT = 8 };
enum { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE };

__attribute__((unused)) static uint32_t operation(uint32_t op, uint32_t argument, uint32_t compare,
                                                  uint32_t with)
{
    return op << 28 | compare << 24 | (argument & 0xfff) << 12 | (with & 0xfff);
}

__attribute__((unused)) static long futex(volatile uint32_t *word, int op, uint32_t value,
                                          uintptr_t timeout, volatile uint32_t *word2,
                                          uint32_t value3)
{
    return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

/* A page of zeros that children share. */
__attribute__((unused)) static volatile uint32_t *shared_words(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    return p;
}

__attribute__((unused)) static char *private_page(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    return p;
}

/* Waits until a thread of a process sleeps in its call. */
__attribute__((unused)) static void until_thread_asleep(pid_t pid, pid_t tid)
{
    char path[60], state = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", pid, tid);
    for (int i = 0; i < 4000; i++) {
        sscanf(strrchr(test_read_file(path, NULL), ')'), ") %c", &state);
        if (state == 'S')
            return;
        test_sleep_ms(1);
    }
    FAIL("task %d is in state %c", tid, state);
}

/* ... or a process of one thread. */
__attribute__((unused)) static void until_asleep(pid_t pid)
{
    until_thread_asleep(pid, pid);
}

/* A clock's time in `ms` from now. */
__attribute__((unused)) static struct timespec at_ms(clockid_t clock, long ms)
{
    struct timespec t;

    clock_gettime(clock, &t);
    t.tv_nsec += ms % 1000 * 1000000;
    t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000;
    t.tv_nsec %= 1000000000;
    return t;
}
