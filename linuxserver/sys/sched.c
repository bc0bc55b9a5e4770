/*
 * Scheduling policies and processors; task/turn.c says what they mean.
 * Source: sched(7), sched_setattr(2).
 */
#include "sys.h"

#include <jg/rt/string.h>

#include <linux/sched/types.h>

#define PRIORITY_MAX  99
#define RR_SLICE_NS   100000000l
#define FAIR_SLICE_NS 4000000l
#define POLICY_SAME   (-1) /* as it is: sched_setparam, SCHED_FLAG_KEEP_POLICY */
#define FLAGS_KNOWN                                                                                \
    (SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_RECLAIM | SCHED_FLAG_DL_OVERRUN | SCHED_FLAG_KEEP_ALL)

/* The task that a call means; NULL: none. tasks_lock is held. */
static struct task *target(struct task *t, int tid)
{
    return tid ? task_find(tid) : t;
}

static bool real_time(int policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

/* What the sched_* calls want of a task. */
struct wanted {
    int policy; /* POLICY_SAME: as it is */
    int priority, nice;
    bool keep_nice, keep_priority, reset_on_fork, keep_reset;
};

static bool same_owner(const struct task *t, const struct task *other)
{
    return t->cred.euid == other->cred.euid || t->cred.euid == other->cred.uid;
}

/* Source: sched(7), "Privileges and resource limits". */
static bool needs_privilege(const struct task *t, const struct task *other, const struct sched *new)
{
    const struct sched *old = &other->sched;
    uint64_t highest = other->process->limits.limit[RLIMIT_RTPRIO].rlim_cur;

    if (!real_time(new->policy) && new->nice < old->nice && !may_favour(t, other, new->nice))
        return true;
    if (real_time(new->policy) &&
        ((new->policy != old->policy && !highest) ||
         (new->priority > old->priority && (uint64_t) new->priority > highest)))
        return true;
    if (old->policy == SCHED_IDLE && new->policy != SCHED_IDLE && !may_favour(t, other, old->nice))
        return true;
    return !same_owner(t, other) || (old->reset_on_fork && !new->reset_on_fork);
}

/* tasks_lock is held. */
static int64_t apply(struct task *t, struct task *other, const struct wanted *w)
{
    struct sched new = other->sched;

    if (w->policy != POLICY_SAME)
        new.policy = w->policy;
    if (!w->keep_reset)
        new.reset_on_fork = w->reset_on_fork;
    if (!w->keep_priority)
        new.priority = w->priority;
    if (!w->keep_nice && !real_time(new.policy))
        new.nice = w->nice;
    if (new.policy != SCHED_NORMAL &&new.policy != SCHED_BATCH &&new.policy != SCHED_IDLE &&
        !real_time(new.policy))
        return -EINVAL;
    if (new.priority < 0 || new.priority > PRIORITY_MAX ||
        real_time(new.policy) != (new.priority != 0))
        return -EINVAL;
    if (needs_privilege(t, other, &new) && !cred_capable(&t->cred, CAP_SYS_NICE))
        return -EPERM;
    other->sched = new;
    sched_tell(other);
    return 0;
}

static int64_t set(struct task *t, int tid, const struct wanted *w)
{
    struct task *other;
    int64_t err = -ESRCH;

    mutex_lock(&tasks_lock);
    other = target(t, tid);
    if (other)
        err = apply(t, other, w);
    mutex_unlock(&tasks_lock);
    return err;
}

static int64_t get(struct task *t, int tid, struct sched *out)
{
    struct task *other;

    if (tid < 0)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    other = target(t, tid);
    if (other)
        *out = other->sched;
    mutex_unlock(&tasks_lock);
    return other ? 0 : -ESRCH;
}

static int64_t set_policy(struct task *t, int tid, int policy, uint64_t param)
{
    struct wanted w = {.policy = policy, .keep_nice = true, .keep_reset = policy == POLICY_SAME};
    int32_t priority;

    if (!param || tid < 0)
        return -EINVAL;
    if (copy_in(t->mm, &priority, param, sizeof priority))
        return -EFAULT;
    if (policy != POLICY_SAME) {
        w.policy = policy & ~SCHED_RESET_ON_FORK;
        w.reset_on_fork = policy & SCHED_RESET_ON_FORK;
    }
    w.priority = priority;
    return set(t, tid, &w);
}

int64_t sys_sched_setscheduler(struct task *t, const uint64_t *a)
{
    return (int)a[1] < 0 ? -EINVAL : set_policy(t, (int)a[0], (int)a[1], a[2]);
}

int64_t sys_sched_setparam(struct task *t, const uint64_t *a)
{
    return set_policy(t, (int)a[0], POLICY_SAME, a[1]);
}

int64_t sys_sched_getscheduler(struct task *t, const uint64_t *a)
{
    struct sched s;
    int64_t err = get(t, (int)a[0], &s);

    return err ? err : s.policy | (s.reset_on_fork ? SCHED_RESET_ON_FORK : 0);
}

int64_t sys_sched_getparam(struct task *t, const uint64_t *a)
{
    struct sched s;
    int64_t err = a[1] ? get(t, (int)a[0], &s) : -EINVAL;
    int32_t priority;

    if (err)
        return err;
    priority = s.priority;
    return copy_out(t->mm, a[1], &priority, sizeof priority);
}

/* The struct may be older or newer than ours. -E2BIG tells our size. */
static int64_t attr_in(struct task *t, uint64_t va, struct sched_attr *attr)
{
    uint32_t size, ours = sizeof *attr;
    uint8_t more;

    memset(attr, 0, sizeof *attr);
    if (copy_in(t->mm, &size, va, sizeof size))
        return -EFAULT;
    size = size ? size : SCHED_ATTR_SIZE_VER0;
    if (size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE)
        goto too_big;
    if (copy_in(t->mm, attr, va, size < ours ? size : ours))
        return -EFAULT;
    for (uint32_t at = ours; at < size; at++) {
        if (copy_in(t->mm, &more, va + at, 1))
            return -EFAULT;
        if (more)
            goto too_big;
    }
    return 0;
too_big:
    copy_out(t->mm, va, &ours, sizeof ours);
    return -E2BIG;
}

int64_t sys_sched_setattr(struct task *t, const uint64_t *a)
{
    struct sched_attr attr;
    struct wanted w = {0};
    int64_t err;

    if (!a[1] || (int)a[0] < 0 || (uint32_t)a[2])
        return -EINVAL;
    err = attr_in(t, a[1], &attr);
    if (err)
        return err;
    if ((int32_t)attr.sched_policy < 0)
        return -EINVAL;
    if (attr.sched_flags & SCHED_FLAG_UTIL_CLAMP)
        return -EOPNOTSUPP;
    if (attr.sched_flags & ~(uint64_t)FLAGS_KNOWN)
        return -EINVAL;
    w.policy = attr.sched_flags & SCHED_FLAG_KEEP_POLICY ? POLICY_SAME : (int)attr.sched_policy;
    w.priority = attr.sched_priority > INT32_MAX ? -1 : (int)attr.sched_priority;
    w.nice = attr.sched_nice < -20 ? -20 : attr.sched_nice > 19 ? 19 : attr.sched_nice;
    w.keep_nice = w.keep_priority = attr.sched_flags & SCHED_FLAG_KEEP_PARAMS;
    w.reset_on_fork = attr.sched_flags & SCHED_FLAG_RESET_ON_FORK;
    return set(t, (int)a[0], &w);
}

int64_t sys_sched_getattr(struct task *t, const uint64_t *a)
{
    struct sched_attr attr = {0};
    uint32_t size = (uint32_t)a[2];
    struct sched s;
    int64_t err;

    if (!a[1] || size < SCHED_ATTR_SIZE_VER0 || size > PAGE_SIZE || (uint32_t)a[3])
        return -EINVAL;
    err = get(t, (int)a[0], &s);
    if (err)
        return err;
    attr.size = size < sizeof attr ? size : sizeof attr;
    attr.sched_policy = (uint32_t)s.policy;
    attr.sched_flags = s.reset_on_fork ? SCHED_FLAG_RESET_ON_FORK : 0;
    attr.sched_priority = (uint32_t)s.priority;
    attr.sched_nice = real_time(s.policy) ? 0 : s.nice;
    return copy_out(t->mm, a[1], &attr, attr.size);
}

int64_t sys_sched_priority_max(struct task *t, const uint64_t *a)
{
    (void)t;
    return real_time((int)a[0]) ? PRIORITY_MAX : a[0] <= SCHED_DEADLINE && a[0] != 4 ? 0 : -EINVAL;
}

int64_t sys_sched_priority_min(struct task *t, const uint64_t *a)
{
    (void)t;
    return real_time((int)a[0]) ? 1 : a[0] <= SCHED_DEADLINE && a[0] != 4 ? 0 : -EINVAL;
}

int64_t sys_sched_rr_get_interval(struct task *t, const uint64_t *a)
{
    struct sched s;
    int64_t err = get(t, (int)a[0], &s);

    if (err)
        return err;
    return time_out(t, a[1],
                    s.policy == SCHED_RR     ? RR_SLICE_NS
                    : s.policy == SCHED_FIFO ? 0
                                             : FAIR_SLICE_NS);
}

int64_t sys_sched_getaffinity(struct task *t, const uint64_t *a)
{
    uint64_t mask = 1;
    uint32_t size = (uint32_t)a[1];
    struct sched s;
    int64_t err;

    if (!size || size % sizeof mask)
        return -EINVAL;
    err = get(t, (int)a[0], &s);
    if (err)
        return err == -EINVAL ? -ESRCH : err;
    return copy_out(t->mm, a[2], &mask, sizeof mask) ? -EFAULT : (int64_t)sizeof mask;
}

int64_t sys_sched_setaffinity(struct task *t, const uint64_t *a)
{
    uint64_t mask = 0;
    uint32_t size = (uint32_t)a[1];
    struct task *other;
    int64_t err = -ESRCH;

    if (copy_in(t->mm, &mask, a[2], size < sizeof mask ? size : sizeof mask))
        return -EFAULT;
    mutex_lock(&tasks_lock);
    other = target(t, (int)a[0]);
    if (other)
        err = same_owner(t, other) || cred_capable(&t->cred, CAP_SYS_NICE) ? 0 : -EPERM;
    mutex_unlock(&tasks_lock);
    return err ? err : mask & 1 ? 0 : -EINVAL;
}

int64_t sys_getcpu(struct task *t, const uint64_t *a)
{
    uint32_t zero = 0;

    if ((a[0] && copy_out(t->mm, a[0], &zero, 4)) || (a[1] && copy_out(t->mm, a[1], &zero, 4)))
        return -EFAULT;
    return 0;
}
