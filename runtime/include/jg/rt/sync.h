/*
 * Mutexes and condition variables, built on jg_futex_wait and jg_futex_wake.
 *
 * Both are plain memory: no kernel object, nothing to destroy, all zeros is the initial state.
 * They synchronise the threads of one process only. A mutex that nobody else wants is taken and given
 * back in place: a call and a return cost more than the work, under emulation many times more.
 */
#pragma once

#include <jg/types.h>

/* 0 free, 1 held, 2 held and perhaps waited for. */
struct mutex {
    uint32_t state;
};
#define MUTEX_INIT {0}

struct condition {
    uint32_t sequence; /* changes with every signal */
    uint32_t waiters;  /* threads between their registration and their return */
};
#define CONDITION_INIT {0, 0}

enum { MUTEX_FREE = 0, MUTEX_HELD = 1, MUTEX_CONTENDED = 2 };

/* What the two below do when threads meet: waits for the mutex and takes it; wakes one that waits. Of no other use. */
void mutex_lock_contended(struct mutex *m);
void mutex_wake(struct mutex *m);

/* Takes the mutex if it is free. Never waits. Returns whether it was taken. */
static inline bool mutex_trylock(struct mutex *m)
{
    uint32_t expected = MUTEX_FREE;

    return __atomic_compare_exchange_n(&m->state, &expected, MUTEX_HELD, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

/*
 * Takes the mutex, waiting as long as it must. Not recursive: a thread that holds it waits forever.
 */
static inline void mutex_lock(struct mutex *m)
{
    if (__builtin_expect(!mutex_trylock(m), 0))
        mutex_lock_contended(m);
}

/* Gives the mutex back. The caller holds it. Never waits. */
static inline void mutex_unlock(struct mutex *m)
{
    if (__builtin_expect(__atomic_exchange_n(&m->state, MUTEX_FREE, __ATOMIC_RELEASE) == MUTEX_CONTENDED, 0))
        mutex_wake(m);
}

/*
 * Gives `m` back, sleeps until a signal, takes `m` again. The caller holds `m` and has just found
 * that what it waits for is not so. May return without a signal: check in a loop.
 */
void condition_wait(struct condition *c, struct mutex *m);

/*
 * As condition_wait(), but sleeps no longer than until `deadline` (monotonic).
 * Returns JG_OK or JG_ERR_TIMED_OUT, with `m` held either way.
 */
jg_status_t condition_wait_until(struct condition *c, struct mutex *m, jg_time_t deadline);

/*
 * Wakes one waiter, if there is one. The caller holds the mutex, or has held it since it changed
 * what is waited for. Never waits.
 */
void condition_signal(struct condition *c);

/* As condition_signal(), but wakes all waiters. */
void condition_broadcast(struct condition *c);
