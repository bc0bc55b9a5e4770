/*
 * Niceness, of each thread.
 */
#include "sys.h"

#define NICE_MIN (-20)
#define NICE_MAX 19

/* tasks_lock is held. */
static bool selected(const struct task *t, const struct task *other, int which, int who)
{
    switch (which) {
    case PRIO_PROCESS:
        return who ? other->tid == who : other == t;
    case PRIO_PGRP:
        return other->process->pgid == (who ? who : t->process->pgid);
    default:
        return other->cred.uid == (who ? (uint32_t)who : t->cred.uid);
    }
}

int64_t tasks_selected(struct task *t, int which, int who, task_visitor each, const uint64_t *a)
{
    int64_t result = -ESRCH;
    bool more = true;

    if (which != PRIO_PROCESS && which != PRIO_PGRP && which != PRIO_USER)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        LIST_FOR_EACH(at, &p->tasks)
        {
            struct task *other = LIST_ENTRY(at, struct task, link);

            if (more && selected(t, other, which, who))
                more = each(t, other, a, &result);
        }
    }
    mutex_unlock(&tasks_lock);
    return result;
}

/* The most favoured of them, as 20 - nice: a result is never negative. */
static bool take_best(struct task *t, struct task *other, const uint64_t *a, int64_t *result)
{
    int64_t value = NICE_MAX + 1 - other->sched.nice;

    (void)t, (void)a;
    if (value > *result)
        *result = value;
    return true;
}

int64_t sys_getpriority(struct task *t, const uint64_t *a)
{
    return tasks_selected(t, (int)a[0], (int)a[1], take_best, a);
}

bool may_favour(const struct task *t, const struct task *other, int nice)
{
    uint64_t limit = other->process->limits.limit[RLIMIT_NICE].rlim_cur;

    return (uint64_t)(NICE_MAX + 1 - nice) <= limit || cred_capable(&t->cred, CAP_SYS_NICE);
}

static bool renice(struct task *t, struct task *other, const uint64_t *a, int64_t *result)
{
    const struct cred *mine = &t->cred, *its = &other->cred;
    int nice = (int)a[2];

    nice = nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice;
    if (its->uid != mine->euid && its->euid != mine->euid && !cred_capable(mine, CAP_SYS_NICE)) {
        *result = -EPERM;
        return true;
    }
    if (nice < other->sched.nice && !may_favour(t, other, nice)) {
        *result = -EACCES;
        return true;
    }
    other->sched.nice = nice;
    sched_tell(other);
    if (*result == -ESRCH)
        *result = 0;
    return true;
}

int64_t sys_setpriority(struct task *t, const uint64_t *a)
{
    return tasks_selected(t, (int)a[0], (int)a[1], renice, a);
}
