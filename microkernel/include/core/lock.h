/*
 * The big lock. Taken and dropped only in the entry wrappers of arch/ (arch/x86_64/trap.c) and around the
 * idle wait; everything else in the kernel runs with it held and with interrupts off.
 *
 * A ticket lock, so that bypass is bounded. With one processor configured it is only an assertion.
 */
#pragma once

#include <core/compiler.h>

#define CPUS_MAX 1

#if CPUS_MAX > 1
struct ticket_lock {
    uint32_t next, serving;
};
extern struct ticket_lock big_lock;

/* Takes the big lock; interrupts are off; the caller does not hold it. */
static inline void kernel_lock(void)
{
    uint32_t ticket = __atomic_fetch_add(&big_lock.next, 1, __ATOMIC_RELAXED);

    while (__atomic_load_n(&big_lock.serving, __ATOMIC_ACQUIRE) != ticket)
        __builtin_ia32_pause();
}

/* Drops the big lock, which the caller holds. */
static inline void kernel_unlock(void)
{
    __atomic_store_n(&big_lock.serving, big_lock.serving + 1, __ATOMIC_RELEASE);
}
#else
/* Takes the big lock; interrupts are off; the caller does not hold it. */
static inline void kernel_lock(void)
{
    __asm__ volatile("" ::: "memory");
}

/* Drops the big lock, which the caller holds. */
static inline void kernel_unlock(void)
{
    __asm__ volatile("" ::: "memory");
}
#endif
