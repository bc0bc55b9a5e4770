/*
 * Limits, usage, and the system's memory and load.
 */
#include "sys.h"

#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <linux/sysinfo.h>
#include <task/load.h>
#include <mm.h>
#include <task/rlimit.h>

#define DESCRIPTORS_MAX (1ul << 20) /* /proc/sys/fs/nr_open */

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
    if (which == RLIMIT_NOFILE && new->rlim_max > DESCRIPTORS_MAX)
        return -EPERM;
    *slot = *new;
    any = process_any_task(p);
    if (which == RLIMIT_STACK && any && any->mm)
        any->mm->stack_limit = new->rlim_cur;
    if (which == RLIMIT_CPU)
        rlimit_cpu_arm(p);
    return 0;
}

/* Whose limits others may see and set. Source: prlimit(2), "EPERM". */
static bool may_limit(const struct task *t, const struct task *other)
{
    const struct cred *a = &t->cred, *b = &other->cred;

    return t->process == other->process || cred_capable(a, CAP_SYS_RESOURCE) ||
           (a->uid == b->uid && a->uid == b->euid && a->uid == b->suid && a->gid == b->gid &&
            a->gid == b->egid && a->gid == b->sgid);
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
        else if (!may_limit(t, other))
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
    err = limit(t, (int)a[0], (uint32_t)a[1], a[2] ? &new : NULL, &old);
    return err || !a[3] ? err : copy_out(t->mm, a[3], &old, sizeof old);
}

int64_t sys_getrlimit(struct task *t, const uint64_t *a)
{
    struct rlimit64 old;
    int64_t err = limit(t, 0, (uint32_t)a[0], NULL, &old);

    return err ? err : copy_out(t->mm, a[1], &old, sizeof old);
}

int64_t sys_setrlimit(struct task *t, const uint64_t *a)
{
    struct rlimit64 new, old;

    return copy_in(t->mm, &new, a[1], sizeof new) ? -EFAULT
                                                  : limit(t, 0, (uint32_t)a[0], &new, &old);
}

int64_t sys_getrusage(struct task *t, const uint64_t *a)
{
    struct mm_usage memory;
    struct usage usage;
    int who = (int)a[0];

    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
        return -EINVAL;
    mm_usage(t->mm, &memory);
    mutex_lock(&tasks_lock);
    if (who == RUSAGE_CHILDREN)
        children_usage(t->process, &usage);
    else if (who == RUSAGE_THREAD)
        task_usage(t, &usage);
    else
        process_usage(t->process, &usage);
    mutex_unlock(&tasks_lock);
    if (who != RUSAGE_CHILDREN && memory.resident_peak > usage.max_rss)
        usage.max_rss = memory.resident_peak;
    return usage_out(t, a[1], &usage);
}

int64_t sys_sysinfo(struct task *t, const uint64_t *a)
{
    struct jg_info_system info;
    struct sysinfo out;
    uint64_t loads[3];

    if (jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) < 0)
        return -EIO;
    memset(&out, 0, sizeof out);
    out.uptime = time_monotonic() / NS_PER_SEC;
    out.totalram = info.total_frames * PAGE_SIZE;
    out.freeram = info.free_frames * PAGE_SIZE;
    out.sharedram = info.vmo_frames * PAGE_SIZE;
    mutex_lock(&tasks_lock);
    out.procs = (uint16_t)task_total();
    load_averages(loads);
    mutex_unlock(&tasks_lock);
    for (int i = 0; i < 3; i++)
        out.loads[i] = loads[i] << (SI_LOAD_SHIFT - LOAD_SHIFT);
    out.mem_unit = 1;
    return copy_out(t->mm, a[0], &out, sizeof out);
}
