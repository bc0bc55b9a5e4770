/*
 * Niceness. It is kept for each thread and told; the processor is shared alike.
 */
#include "sys.h"

#define NICE_MIN (-20)
#define NICE_MAX 19

/* One of the threads that getpriority and setpriority mean? tasks_lock is held. */
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

/* What is done with each; *result begins as -ESRCH. */
typedef void (*visit)(struct task *t, struct task *other, int nice, int64_t *result);

static int64_t for_selected(struct task *t, const uint64_t *a, visit each)
{
    int which = (int)a[0], nice = (int)a[2];
    int64_t result = -ESRCH;

    if (which != PRIO_PROCESS && which != PRIO_PGRP && which != PRIO_USER)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        LIST_FOR_EACH(at, &p->tasks)
        {
            struct task *other = LIST_ENTRY(at, struct task, link);

            if (selected(t, other, which, (int)a[1]))
                each(t, other, nice, &result);
        }
    }
    mutex_unlock(&tasks_lock);
    return result;
}

/* The most favoured of them, as 20 - nice: a result is never negative. */
static void take_best(struct task *t, struct task *other, int nice, int64_t *result)
{
    int64_t value = NICE_MAX + 1 - other->sched.nice;

    (void)t, (void)nice;
    if (value > *result)
        *result = value;
}

int64_t sys_getpriority(struct task *t, const uint64_t *a)
{
    return for_selected(t, a, take_best);
}

bool may_favour(const struct task *t, const struct task *other, int nice)
{
    uint64_t limit = other->process->limits.limit[RLIMIT_NICE].rlim_cur;

    return (uint64_t)(NICE_MAX + 1 - nice) <= limit || cred_capable(&t->cred, CAP_SYS_NICE);
}

static void renice(struct task *t, struct task *other, int nice, int64_t *result)
{
    const struct cred *a = &t->cred, *b = &other->cred;

    nice = nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice;
    if (b->uid != a->euid && b->euid != a->euid && !cred_capable(a, CAP_SYS_NICE)) {
        *result = -EPERM;
        return;
    }
    if (nice < other->sched.nice && !may_favour(t, other, nice)) {
        *result = -EACCES;
        return;
    }
    other->sched.nice = nice;
    if (*result == -ESRCH)
        *result = 0;
}

int64_t sys_setpriority(struct task *t, const uint64_t *a)
{
    return for_selected(t, a, renice);
}
