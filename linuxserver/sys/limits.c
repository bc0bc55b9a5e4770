/*
 * Limits, usage, priorities, scheduling: mostly bookkeeping.
 */
#include "sys.h"

#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <linux/sysinfo.h>
#include <mm.h>

/* tasks_lock is held. */
static int64_t set_limit(struct task *t, struct process *p, uint32_t which,
                         const struct rlimit64 *new)
{
    struct rlimit64 *slot = &p->limits.limit[which];
    struct task *any;

    if (new->rlim_cur > new->rlim_max)
        return -EINVAL;
    if (new->rlim_max > slot->rlim_max && !cred_capable(&t->cred, CAP_SYS_RESOURCE))
        return -EPERM;
    if (which == RLIMIT_NOFILE && new->rlim_max > 1 << 20)
        return -EPERM;
    *slot = *new;
    any = process_any_task(p);
    if (which == RLIMIT_STACK && any && any->mm)
        any->mm->stack_limit = new->rlim_cur;
    return 0;
}

static int64_t limit(struct task *t, int pid, uint64_t which, const struct rlimit64 *new,
                     struct rlimit64 *old)
{
    struct process *p = t->process;
    struct task *other;
    int64_t err = 0;

    if (which >= RLIM_NLIMITS)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    if (pid) {
        other = task_find(pid);
        p = other ? other->process : NULL;
        if (!p)
            err = -ESRCH;
        else if (p != t->process && other->cred.uid != t->cred.uid &&
                 !cred_capable(&t->cred, CAP_SYS_RESOURCE))
            err = -EPERM;
    }
    if (!err) {
        *old = p->limits.limit[which];
        if (new)
            err = set_limit(t, p, (uint32_t)which, new);
    }
    mutex_unlock(&tasks_lock);
    return err;
}

int64_t sys_prlimit64(struct task *t, const uint64_t *a)
{
    struct rlimit64 new, old;
    int64_t err;

    if (a[2] && copy_in(t->mm, &new, a[2], sizeof new))
        return -EFAULT;
    err = limit(t, (int)a[0], a[1], a[2] ? &new : NULL, &old);
    return err || !a[3] ? err : copy_out(t->mm, a[3], &old, sizeof old);
}

int64_t sys_getrlimit(struct task *t, const uint64_t *a)
{
    struct rlimit64 old;
    int64_t err = limit(t, 0, a[0], NULL, &old);

    return err ? err : copy_out(t->mm, a[1], &old, sizeof old);
}

int64_t sys_setrlimit(struct task *t, const uint64_t *a)
{
    struct rlimit64 new, old;

    return copy_in(t->mm, &new, a[1], sizeof new) ? -EFAULT : limit(t, 0, a[0], &new, &old);
}

int64_t sys_getrusage(struct task *t, const uint64_t *a)
{
    struct process *p = t->process;
    struct mm_usage usage;
    uint64_t user, system, rss;
    int64_t ru[18] = {0};
    int who = (int)a[0];

    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
        return -EINVAL;
    mm_usage(t->mm, &usage);
    rss = t->mm->max_rss_pages;
    mutex_lock(&tasks_lock);
    if (who == RUSAGE_THREAD) {
        task_times(t, &user, &system);
    } else if (who == RUSAGE_SELF) {
        process_times(p, &user, &system);
    } else {
        user = p->child_user_ns;
        system = p->child_system_ns;
        rss = p->child_max_rss;
    }
    mutex_unlock(&tasks_lock);
    ru[0] = (int64_t)(user / NS_PER_SEC);
    ru[1] = (int64_t)(user % NS_PER_SEC / 1000);
    ru[2] = (int64_t)(system / NS_PER_SEC);
    ru[3] = (int64_t)(system % NS_PER_SEC / 1000);
    ru[4] = (int64_t)rss * 4;
    return copy_out(t->mm, a[1], ru, sizeof ru);
}

int64_t sys_sysinfo(struct task *t, const uint64_t *a)
{
    struct jg_info_system info;
    struct sysinfo out;

    if (jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) < 0)
        return -EIO;
    memset(&out, 0, sizeof out);
    out.uptime = time_monotonic() / NS_PER_SEC;
    out.totalram = info.total_frames * PAGE_SIZE;
    out.freeram = info.free_frames * PAGE_SIZE;
    mutex_lock(&tasks_lock);
    out.procs = (uint16_t)task_total();
    mutex_unlock(&tasks_lock);
    out.mem_unit = 1;
    return copy_out(t->mm, a[0], &out, sizeof out);
}

/* getpriority's and setpriority's targets. tasks_lock is held. */
static bool selected(struct task *t, const struct process *p, int which, int who)
{
    struct task *any;

    switch (which) {
    case PRIO_PROCESS:
        return who ? p->pid == who : p == t->process;
    case PRIO_PGRP:
        return p->pgid == (who ? who : t->process->pgid);
    default:
        any = process_any_task((struct process *)(uintptr_t)p);
        return any && any->cred.uid == (who ? (uint32_t)who : t->cred.uid);
    }
}

int64_t sys_getpriority(struct task *t, const uint64_t *a)
{
    int64_t best = -ESRCH;

    if (a[0] > 2)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        if (selected(t, p, (int)a[0], (int)a[1]) && 20 - p->nice > best)
            best = 20 - p->nice;
    }
    mutex_unlock(&tasks_lock);
    return best;
}

static bool may_renice(const struct task *t, struct process *p)
{
    const struct task *any = process_any_task(p);

    return cred_capable(&t->cred, CAP_SYS_NICE) || !any || any->cred.uid == t->cred.euid ||
           any->cred.euid == t->cred.euid;
}

int64_t sys_setpriority(struct task *t, const uint64_t *a)
{
    int nice = (int)a[2];
    int64_t err = -ESRCH;

    if (a[0] > 2)
        return -EINVAL;
    nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
    mutex_lock(&tasks_lock);
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        if (!selected(t, p, (int)a[0], (int)a[1]))
            continue;
        if (!may_renice(t, p)) {
            err = -EPERM;
            continue;
        }
        if (nice < p->nice && !cred_capable(&t->cred, CAP_SYS_NICE)) {
            err = -EACCES;
            continue;
        }
        p->nice = nice;
        err = err == -ESRCH ? 0 : err;
    }
    mutex_unlock(&tasks_lock);
    return err;
}

int64_t sys_sched_yield(struct task *t, const uint64_t *a)
{
    (void)t, (void)a;
    jg_yield();
    return 0;
}

static int64_t task_exists(struct task *t, int tid)
{
    bool found;

    if (tid < 0)
        return -EINVAL;
    if (!tid)
        return 0;
    (void)t;
    mutex_lock(&tasks_lock);
    found = task_find(tid);
    mutex_unlock(&tasks_lock);
    return found ? 0 : -ESRCH;
}

int64_t sys_sched_getaffinity(struct task *t, const uint64_t *a)
{
    uint64_t mask = 1;
    int64_t err = task_exists(t, (int)a[0]);

    if (a[1] < 8 || a[1] % 8)
        return -EINVAL;
    return err ? err : copy_out(t->mm, a[2], &mask, sizeof mask) ? -EFAULT : 8;
}

int64_t sys_sched_setaffinity(struct task *t, const uint64_t *a)
{
    uint64_t mask = 0;
    int64_t err = task_exists(t, (int)a[0]);

    if (err)
        return err;
    if (copy_in(t->mm, &mask, a[2], a[1] < 8 ? a[1] : 8))
        return -EFAULT;
    return mask & 1 ? 0 : -EINVAL;
}

int64_t sys_sched_getscheduler(struct task *t, const uint64_t *a)
{
    return task_exists(t, (int)a[0]);
}

int64_t sys_sched_setscheduler(struct task *t, const uint64_t *a)
{
    int64_t err = task_exists(t, (int)a[0]);
    int32_t priority;
    int policy = (int)a[1] & ~SCHED_RESET_ON_FORK;

    if (err)
        return err;
    if (copy_in(t->mm, &priority, a[2], sizeof priority))
        return -EFAULT;
    if (policy == SCHED_FIFO || policy == SCHED_RR)
        return priority < 1 || priority > 99 ? -EINVAL : -EPERM;
    return (policy == SCHED_NORMAL || policy == SCHED_BATCH || policy == SCHED_IDLE) && !priority
               ? 0
               : -EINVAL;
}

int64_t sys_sched_getparam(struct task *t, const uint64_t *a)
{
    int64_t err = task_exists(t, (int)a[0]);
    int32_t priority = 0;

    return err ? err : !a[1] ? -EINVAL : copy_out(t->mm, a[1], &priority, sizeof priority);
}

int64_t sys_sched_setparam(struct task *t, const uint64_t *a)
{
    int64_t err = task_exists(t, (int)a[0]);
    int32_t priority;

    if (err || !a[1])
        return err ? err : -EINVAL;
    if (copy_in(t->mm, &priority, a[1], sizeof priority))
        return -EFAULT;
    return priority ? -EINVAL : 0;
}

int64_t sys_sched_priority_max(struct task *t, const uint64_t *a)
{
    (void)t;
    return a[0] == SCHED_FIFO || a[0] == SCHED_RR ? 99
           : a[0] <= SCHED_IDLE && a[0] != 4      ? 0
                                                  : -EINVAL;
}

int64_t sys_sched_priority_min(struct task *t, const uint64_t *a)
{
    (void)t;
    return a[0] == SCHED_FIFO || a[0] == SCHED_RR ? 1
           : a[0] <= SCHED_IDLE && a[0] != 4      ? 0
                                                  : -EINVAL;
}

int64_t sys_getcpu(struct task *t, const uint64_t *a)
{
    uint32_t zero = 0;

    if ((a[0] && copy_out(t->mm, a[0], &zero, 4)) || (a[1] && copy_out(t->mm, a[1], &zero, 4)))
        return -EFAULT;
    return 0;
}

int64_t sys_membarrier(struct task *t, const uint64_t *a)
{
    (void)t;
    if (a[1])
        return -EINVAL;
    switch (a[0]) {
    case 0: /* QUERY: GLOBAL and the private expedited pair */
        return 1 | 8 | 16;
    case 1:
    case 8:
    case 16:
        return 0;
    default:
        return -EINVAL;
    }
}
