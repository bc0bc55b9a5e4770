/*
 * Priorities of input and output, for each thread. Kept and told: no device here has a queue.
 * Source: ioprio_set(2).
 */
#include "sys.h"

#define CLASS_SHIFT 13
#define CLASS_MASK  7
#define LEVEL_MASK  7 /* the bits above are hints */

#define WHO_PROCESS 1 /* then group and user, in the order of PRIO_PROCESS */
enum { CLASS_NONE, CLASS_RT, CLASS_BE, CLASS_IDLE };

static int64_t for_selected(struct task *t, const uint64_t *a, task_visitor each)
{
    return tasks_selected(t, (int)((uint32_t)a[0] - WHO_PROCESS + PRIO_PROCESS), (int)a[1], each, a);
}

static bool set_one(struct task *t, struct task *other, const uint64_t *a, int64_t *result)
{
    const struct cred *c = &t->cred;

    if (other->cred.uid != c->euid && other->cred.uid != c->uid && !cred_capable(c, CAP_SYS_NICE)) {
        *result = -EPERM;
        return false;
    }
    other->sched.ioprio = (uint16_t)a[2];
    *result = 0;
    return true;
}

/* What it counts as among others: without one of its own, as its niceness says. */
static int64_t effective(const struct task *t)
{
    if (t->sched.ioprio >> CLASS_SHIFT)
        return t->sched.ioprio;
    return CLASS_BE << CLASS_SHIFT | (t->sched.nice + 20) / 5;
}

/* The most urgent has the smallest number. */
static bool get_one(struct task *t, struct task *other, const uint64_t *a, int64_t *result)
{
    int64_t value = (int)a[0] == WHO_PROCESS ? other->sched.ioprio : effective(other);

    (void)t;
    if (*result < 0 || value < *result)
        *result = value;
    return true;
}

int64_t sys_ioprio_set(struct task *t, const uint64_t *a)
{
    uint32_t value = (uint32_t)a[2];

    switch (value >> CLASS_SHIFT & CLASS_MASK) {
    case CLASS_RT:
        if (!cred_capable(&t->cred, CAP_SYS_ADMIN) && !cred_capable(&t->cred, CAP_SYS_NICE))
            return -EPERM;
        break;
    case CLASS_NONE:
        if (value & LEVEL_MASK)
            return -EINVAL;
        break;
    case CLASS_BE:
    case CLASS_IDLE:
        break;
    default:
        return -EINVAL;
    }
    return for_selected(t, a, set_one);
}

int64_t sys_ioprio_get(struct task *t, const uint64_t *a)
{
    return for_selected(t, a, get_one);
}
