/*
 * futex(2) and futex_waitv(2): decoding. The work is in sync/futex*.c.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/time.h>

#include <linux/time.h>

#include <sync/futex.h>
#include <sync/futex_queue.h>

/* A wait with a deadline: a restarted one does not start over. */
static int64_t wait_again(struct task *t)
{
    const uint64_t *args = t->restart_args;
    uint32_t word = (uint32_t)args[1], bitset = (uint32_t)(args[1] >> 32);
    int64_t r = futex_wait(t, args[0], args[2], word, bitset, (jg_time_t)args[3]);

    if (r != -ERESTARTSYS)
        return r;
    t->restart = wait_again;
    return -ERESTART_RESTARTBLOCK;
}

static int64_t wait(struct task *t, const uint64_t *a, bool shared, uint32_t bitset,
                    jg_time_t deadline)
{
    if (deadline == JG_TIME_INFINITE)
        return futex_wait(t, a[0], shared, (uint32_t)a[2], bitset, deadline);
    t->restart_args[0] = a[0];
    t->restart_args[1] = (uint64_t)bitset << 32 | (uint32_t)a[2];
    t->restart_args[2] = shared;
    t->restart_args[3] = (uint64_t)deadline;
    return wait_again(t);
}

/* Which clock a time-out is on, if the operation has one. */
static int64_t read_deadline(struct task *t, const uint64_t *a, uint32_t command, bool wall,
                             jg_time_t *deadline)
{
    jg_time_t ns;
    int64_t err;

    *deadline = JG_TIME_INFINITE;
    if (!a[3] || (command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET &&
                  command != FUTEX_LOCK_PI && command != FUTEX_LOCK_PI2))
        return 0;
    if ((err = time_in(t, a[3], &ns)))
        return err;
    if (command == FUTEX_WAIT)
        *deadline = deadline_after(ns);
    else
        *deadline = wall || command == FUTEX_LOCK_PI ? deadline_at_wall(ns) : ns;
    return 0;
}

int64_t sys_futex(struct task *t, const uint64_t *a)
{
    uint32_t op = (uint32_t)a[1], command = op & (uint32_t)FUTEX_CMD_MASK, last = (uint32_t)a[5];
    bool shared = !(op & FUTEX_PRIVATE_FLAG), wall = op & FUTEX_CLOCK_REALTIME;
    jg_time_t deadline;
    int64_t err = read_deadline(t, a, command, wall, &deadline);
    int count = (int)a[2], count2 = (int)a[3];

    if (err)
        return err;
    if (wall && command != FUTEX_WAIT_BITSET && command != FUTEX_LOCK_PI2)
        return -ENOSYS;
    switch (command) {
    case FUTEX_WAIT:
        return wait(t, a, shared, ~0u, deadline);
    case FUTEX_WAIT_BITSET:
        return wait(t, a, shared, last, deadline);
    case FUTEX_WAKE:
        return futex_wake(t, a[0], shared, count, ~0u);
    case FUTEX_WAKE_BITSET:
        return futex_wake(t, a[0], shared, count, last);
    case FUTEX_REQUEUE:
        return futex_requeue(t, a[0], a[4], shared, count, count2, NULL);
    case FUTEX_CMP_REQUEUE:
        return futex_requeue(t, a[0], a[4], shared, count, count2, &last);
    case FUTEX_WAKE_OP:
        return futex_wake_op(t, a[0], a[4], shared, count, count2, last);
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2:
        return futex_lock_pi(t, a[0], shared, deadline, false);
    case FUTEX_TRYLOCK_PI:
        return futex_lock_pi(t, a[0], shared, deadline, true);
    case FUTEX_UNLOCK_PI:
        return futex_unlock_pi(t, a[0], shared);
    default:
        return -ENOSYS;
    }
}

static int64_t check_waitv(const struct futex_waitv *v, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if ((v[i].flags & ~(FUTEX_32 | FUTEX_PRIVATE_FLAG)) || v[i].__reserved ||
            !(v[i].flags & FUTEX_32))
            return -EINVAL;
    }
    return 0;
}

int64_t sys_futex_waitv(struct task *t, const uint64_t *a)
{
    unsigned count = (unsigned)a[1];
    jg_time_t deadline = JG_TIME_INFINITE;
    struct futex_waitv *v;
    struct sleeper *s;
    int64_t r = 0;

    if (a[2] || !count || count > FUTEX_WAITV_MAX || !a[0])
        return -EINVAL;
    if (a[3]) {
        if (a[4] != CLOCK_MONOTONIC && a[4] != CLOCK_REALTIME)
            return -EINVAL;
        if ((r = time_in(t, a[3], &deadline)))
            return r;
        if (a[4] == CLOCK_REALTIME)
            deadline = deadline_at_wall(deadline);
    }
    v = rt_alloc(count * sizeof *v);
    s = rt_alloc(count * sizeof *s);
    if (!v || !s)
        r = -ENOMEM;
    else if (copy_in(t->mm, v, a[0], count * sizeof *v))
        r = -EFAULT;
    else if (!(r = check_waitv(v, count)))
        r = futex_wait_many(t, v, count, s, deadline);
    rt_free(v);
    rt_free(s);
    return r;
}
