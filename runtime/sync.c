/*
 * Mutexes and condition variables.
 *
 * In:    see the header, which has what a mutex does while no two threads meet.
 * Locks: the mutex's own word; a condition's words are atomics.
 */
#include <jg/rt/sync.h>
#include <jg/stubs.h>

/*
 * No wake-up is lost: a thread sleeps only while the word is CONTENDED, which the kernel checks
 * again under its own lock, and whoever takes CONTENDED out of the word wakes one sleeper. The
 * woken thread puts CONTENDED back when it takes the mutex, so that those who still sleep are woken
 * in their turn.
 */
__attribute__((cold)) void mutex_lock_contended(struct mutex *m)
{
    while (__atomic_exchange_n(&m->state, MUTEX_CONTENDED, __ATOMIC_ACQUIRE) != MUTEX_FREE)
        jg_futex_wait(&m->state, MUTEX_CONTENDED, JG_TIME_INFINITE);
}

__attribute__((cold)) void mutex_wake(struct mutex *m)
{
    jg_futex_wake(&m->state, 1);
}

/*
 * No wake-up is lost: the waiter registers and reads `sequence` while it holds the mutex. Who
 * changes what it waits for holds the mutex for that, hence either did so before (then the waiter's
 * own check saw it and it does not come here) or does so after the waiter gave the mutex up; then
 * it sees `waiters` not zero and changes `sequence` before it wakes. The kernel compares `sequence`
 * under its own lock, so the waiter either finds it changed and does not sleep, or is asleep when
 * the wake comes.
 */
jg_status_t condition_wait_until(struct condition *c, struct mutex *m, jg_time_t deadline)
{
    uint32_t sequence;
    int64_t status;

    __atomic_fetch_add(&c->waiters, 1, __ATOMIC_SEQ_CST);
    sequence = __atomic_load_n(&c->sequence, __ATOMIC_SEQ_CST);
    mutex_unlock(m);
    status = jg_futex_wait(&c->sequence, sequence, deadline);
    mutex_lock(m);
    __atomic_fetch_sub(&c->waiters, 1, __ATOMIC_SEQ_CST);
    return status == JG_ERR_TIMED_OUT ? JG_ERR_TIMED_OUT : JG_OK;
}

void condition_wait(struct condition *c, struct mutex *m)
{
    condition_wait_until(c, m, JG_TIME_INFINITE);
}

static void wake(struct condition *c, uint32_t count)
{
    if (!__atomic_load_n(&c->waiters, __ATOMIC_SEQ_CST))
        return;
    __atomic_fetch_add(&c->sequence, 1, __ATOMIC_SEQ_CST);
    jg_futex_wake(&c->sequence, count);
}

void condition_signal(struct condition *c)
{
    wake(c, 1);
}

void condition_broadcast(struct condition *c)
{
    wake(c, UINT32_MAX);
}
