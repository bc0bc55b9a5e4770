/*
 * Calls that send signals. Source: kill(2), tkill(2), rt_sigqueueinfo(2).
 */
#include "sys.h"

#include <jg/rt/string.h>

#include <linux/signal.h>
#include <signal.h>

/* The process that an id names: its own, or that of any of its threads. tasks_lock is held. */
static struct process *process_of_id(struct task *t, int id)
{
    struct process *p = id == t->process->pid ? t->process : process_find(id);
    struct task *thread = p ? NULL : task_find(id);

    return thread ? thread->process : p;
}

/* A whole group, or (-1) everybody but pid 1 and ourselves; then a refusal is no error. */
static int64_t kill_many(struct task *t, int pgid, const siginfo_t *info)
{
    int64_t result = -ESRCH;

    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);
        int64_t err;

        if (pgid >= 0 ? p->pgid != pgid : p == init_process || p == t->process)
            continue;
        err = signal_send_permitted(t, p, NULL, info);
        if (pgid < 0 && err == -EPERM)
            err = 0;
        if (result == -ESRCH || !err)
            result = err;
    }
    return result;
}

static int64_t kill_one(struct task *t, int pid, const siginfo_t *info)
{
    struct process *p = pid > 0 ? process_of_id(t, pid) : NULL;

    return p ? signal_send_permitted(t, p, NULL, info) : -ESRCH;
}

int64_t sys_kill(struct task *t, const uint64_t *a)
{
    int pid = (int)a[0];
    siginfo_t info;
    int64_t err;

    if (pid == INT32_MIN)
        return -ESRCH;
    siginfo_user(&info, (int)a[1], SI_USER, t);
    mutex_lock(&tasks_lock);
    if (pid > 0)
        err = kill_one(t, pid, &info);
    else
        err = kill_many(t, pid == -1 ? -1 : pid ? -pid : t->process->pgid, &info);
    mutex_unlock(&tasks_lock);
    return err;
}

/* `tgid` 0: whatever process the thread belongs to. */
static int64_t kill_thread(struct task *t, int tgid, int tid, const siginfo_t *info)
{
    struct task *other;
    struct process *p;
    int64_t err;

    mutex_lock(&tasks_lock);
    other = tid == t->tid ? t : task_find(tid);
    p = other ? other->process : process_find(tid); /* a zombie can still be named */
    if (!p || (tgid && p->pid != tgid))
        err = -ESRCH;
    else
        err = signal_send_permitted(t, p, other, info);
    mutex_unlock(&tasks_lock);
    return err;
}

int64_t sys_tkill(struct task *t, const uint64_t *a)
{
    siginfo_t info;

    siginfo_user(&info, (int)a[1], SI_TKILL, t);
    return (int)a[0] <= 0 ? -EINVAL : kill_thread(t, 0, (int)a[0], &info);
}

int64_t sys_tgkill(struct task *t, const uint64_t *a)
{
    siginfo_t info;

    siginfo_user(&info, (int)a[2], SI_TKILL, t);
    if ((int)a[0] <= 0 || (int)a[1] <= 0)
        return -EINVAL;
    return kill_thread(t, (int)a[0], (int)a[1], &info);
}

#define KERNEL_SIGINFO 48u /* bytes of a siginfo that Linux itself uses */
#define POLL_CODES     6

/* Does Linux know what such a siginfo holds? */
static bool known_layout(const siginfo_t *info)
{
    static const uint8_t codes[SIGSYS + 1] = {
        [SIGILL] = 11, [SIGFPE] = 15, [SIGSEGV] = 9, [SIGBUS] = 5,
        [SIGTRAP] = 6, [SIGCHLD] = 6, [SIGIO] = 6,   [SIGSYS] = 2,
    };
    int sig = info->si_signo, code = info->si_code;

    if (code == SI_KERNEL)
        return true;
    if (code <= SI_USER)
        return code >= SI_DETHREAD || code == SI_ASYNCNL;
    return code <= (sig > 0 && sig <= SIGSYS && codes[sig] ? codes[sig] : POLL_CODES);
}

/* Reads a siginfo that a program made. Only one of a known kind may have anything behind the part that is kept. */
static int64_t read_info(struct task *t, int sig, uint64_t va, siginfo_t *info)
{
    uint8_t *rest = (uint8_t *)info + KERNEL_SIGINFO;
    int err = copy_in(t->mm, info, va, sizeof *info);

    if (err)
        return err;
    info->si_signo = sig;
    if (!known_layout(info)) {
        for (size_t i = 0; i < sizeof *info - KERNEL_SIGINFO; i++)
            if (rest[i])
                return -E2BIG;
    }
    memset(rest, 0, sizeof *info - KERNEL_SIGINFO);
    return 0;
}

/* To others a program may not pose as the kernel, or as kill(2). */
static bool poses(const struct task *t, int id, const siginfo_t *info)
{
    return (info->si_code >= 0 || info->si_code == SI_TKILL) && id != t->tid;
}

int64_t sys_rt_sigqueueinfo(struct task *t, const uint64_t *a)
{
    siginfo_t info;
    int64_t err = read_info(t, (int)a[1], a[2], &info);

    if (err)
        return err;
    if (poses(t, (int)a[0], &info))
        return -EPERM;
    mutex_lock(&tasks_lock);
    err = kill_one(t, (int)a[0], &info);
    mutex_unlock(&tasks_lock);
    return err;
}

int64_t sys_rt_tgsigqueueinfo(struct task *t, const uint64_t *a)
{
    siginfo_t info;
    int64_t err = read_info(t, (int)a[2], a[3], &info);

    if (err)
        return err;
    if ((int)a[0] <= 0 || (int)a[1] <= 0)
        return -EINVAL;
    if (poses(t, (int)a[1], &info))
        return -EPERM;
    return kill_thread(t, (int)a[0], (int)a[1], &info);
}
