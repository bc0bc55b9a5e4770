/*
 * futex(2): decoding. The work is in sync/futex.c.
 */
#include "sys.h"

#include <jg/rt/time.h>

#include <sync/futex.h>

static int64_t do_wait(struct task *t, const uint64_t *a, bool shared, uint32_t bitset, bool absolute, bool wall)
{
    jg_time_t deadline = JG_TIME_INFINITE, ns;
    int64_t r;

    if (a[3]) {
        r = time_in(t, a[3], &ns);
        if (r)
            return r;
        if (!absolute)
            deadline = deadline_after(ns);
        else if (ns != JG_TIME_INFINITE)
            deadline = wall ? ns - time_wall() + time_monotonic() : ns;
    }
    r = futex_wait(t, a[0], shared, (uint32_t)a[2], bitset, deadline);
    /* An absolute time-out can simply be restarted; a relative one would start over. */
    return r == -ERESTARTSYS && a[3] && !absolute ? -EINTR : r;
}

int64_t sys_futex(struct task *t, const uint64_t *a)
{
    uint32_t op = (uint32_t)a[1], expected = (uint32_t)a[5];
    bool shared = !(op & FUTEX_PRIVATE_FLAG), wall = op & FUTEX_CLOCK_REALTIME;

    switch (op & (uint32_t)FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
        return wall ? -ENOSYS : do_wait(t, a, shared, ~0u, false, false);
    case FUTEX_WAIT_BITSET:
        return do_wait(t, a, shared, (uint32_t)a[5], true, wall);
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
