/*
 * futex(2): decoding. The work is in sync/futex.c.
 */
#include "sys.h"

#include <jg/rt/time.h>

#include <sync/futex.h>

/* FUTEX_WAIT with its deadline: a restarted one does not start over. */
static int64_t wait_again(struct task *t)
{
    const uint64_t *args = t->restart_args;
    int64_t r =
        futex_wait(t, args[0], args[1] & 1, (uint32_t)(args[1] >> 32), ~0u, (jg_time_t)args[2]);

    if (r != -ERESTARTSYS)
        return r;
    t->restart = wait_again;
    return -ERESTART_RESTARTBLOCK;
}

static int64_t wait_relative(struct task *t, const uint64_t *a, bool shared)
{
    jg_time_t ns;
    int64_t r;

    if (!a[3])
        return futex_wait(t, a[0], shared, (uint32_t)a[2], ~0u, JG_TIME_INFINITE);
    r = time_in(t, a[3], &ns);
    if (r)
        return r;
    t->restart_args[0] = a[0];
    t->restart_args[1] = a[2] << 32 | shared;
    t->restart_args[2] = (uint64_t)deadline_after(ns);
    return wait_again(t);
}

static int64_t wait_absolute(struct task *t, const uint64_t *a, bool shared, bool wall)
{
    jg_time_t deadline = JG_TIME_INFINITE;
    int64_t r = a[3] ? time_in(t, a[3], &deadline) : 0;

    if (r)
        return r;
    if (wall && deadline != JG_TIME_INFINITE)
        deadline = deadline - time_wall() + time_monotonic();
    return futex_wait(t, a[0], shared, (uint32_t)a[2], (uint32_t)a[5], deadline);
}

int64_t sys_futex(struct task *t, const uint64_t *a)
{
    uint32_t op = (uint32_t)a[1], expected = (uint32_t)a[5];
    bool shared = !(op & FUTEX_PRIVATE_FLAG), wall = op & FUTEX_CLOCK_REALTIME;

    switch (op & (uint32_t)FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
        return wall ? -ENOSYS : wait_relative(t, a, shared);
    case FUTEX_WAIT_BITSET:
        return wait_absolute(t, a, shared, wall);
    case FUTEX_WAKE:
        return futex_wake(t, a[0], shared, (uint32_t)a[2], ~0u);
    case FUTEX_WAKE_BITSET:
        return futex_wake(t, a[0], shared, (uint32_t)a[2], (uint32_t)a[5]);
    case FUTEX_REQUEUE:
        return futex_requeue(t, a[0], a[4], shared, (uint32_t)a[2], (uint32_t)a[3], NULL);
    case FUTEX_CMP_REQUEUE:
        return futex_requeue(t, a[0], a[4], shared, (uint32_t)a[2], (uint32_t)a[3], &expected);
    case FUTEX_WAKE_OP:
        return futex_wake_op(t, a[0], a[4], shared, (uint32_t)a[2], (uint32_t)a[3], (uint32_t)a[5]);
    default:
        return -ENOSYS;
    }
}
