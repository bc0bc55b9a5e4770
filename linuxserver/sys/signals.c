/*
 * Signal calls. Source: the man pages of each, signal(7).
 */
#include "sys.h"

#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <linux/signal.h>
#include <signal.h>

#define SIGSET_BYTES 8

int64_t sys_rt_sigaction(struct task *t, const uint64_t *a)
{
    int sig = (int)a[0];
    struct action new, old, *slot;

    if (a[3] != SIGSET_BYTES || sig < 1 || sig > SIGNALS)
        return -EINVAL;
    if (a[1] && (sig == SIGKILL || sig == SIGSTOP))
        return -EINVAL;
    if (a[1] && copy_in(t->mm, &new, a[1], sizeof new))
        return -EFAULT;
    mutex_lock(&tasks_lock);
    slot = &t->sighand->action[sig - 1];
    old = *slot;
    if (a[1]) {
        new.mask &= ~SIG_UNBLOCKABLE;
        *slot = new;
        /* POSIX: a pending signal that becomes ignored is discarded. */
        if (new.handler == (uint64_t)SIG_IGN ||
            (new.handler == (uint64_t)SIG_DFL &&signal_default_ignored(sig))) {
            pending_flush(&t->process->shared, sigbit(sig));
            LIST_FOR_EACH(it, &t->process->tasks)
            pending_flush(&LIST_ENTRY(it, struct task, link)->pending, sigbit(sig));
        }
    }
    mutex_unlock(&tasks_lock);
    return a[2] ? copy_out(t->mm, a[2], &old, sizeof old) : 0;
}

int64_t sys_rt_sigprocmask(struct task *t, const uint64_t *a)
{
    uint64_t set = 0, old = t->blocked;

    if (a[3] != SIGSET_BYTES)
        return -EINVAL;
    if (a[1]) {
        if (copy_in(t->mm, &set, a[1], sizeof set))
            return -EFAULT;
        switch ((int)a[0]) {
        case SIG_BLOCK:
            set |= old;
            break;
        case SIG_UNBLOCK:
            set = old & ~set;
            break;
        case SIG_SETMASK:
            break;
        default:
            return -EINVAL;
        }
        signal_set_blocked(t, set);
    }
    return a[2] ? copy_out(t->mm, a[2], &old, sizeof old) : 0;
}

int64_t sys_rt_sigreturn(struct task *t, const uint64_t *a)
{
    uint64_t mask;

    (void)a;
    t->outcome->answer = ANSWER_RESUME;
    if (frame_restore(t, &mask)) {
        siginfo_t info;

        siginfo_kernel(&info, SIGSEGV);
        signal_force(t, &info);
        return 0;
    }
    t->restart = NULL;
    signal_set_blocked(t, mask);
    return 0;
}

int64_t sys_rt_sigpending(struct task *t, const uint64_t *a)
{
    uint64_t set;

    if (a[1] > SIGSET_BYTES)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    set = (t->pending.set | t->process->shared.set) & t->blocked;
    mutex_unlock(&tasks_lock);
    return copy_out(t->mm, a[0], &set, a[1]);
}

int64_t sys_rt_sigsuspend(struct task *t, const uint64_t *a)
{
    uint64_t mask;

    if (a[1] != SIGSET_BYTES)
        return -EINVAL;
    if (copy_in(t->mm, &mask, a[0], sizeof mask))
        return -EFAULT;
    signal_use_mask(t, mask);
    do {
        wait_prepare(t);
    } while (!wait_sleep(t, JG_TIME_INFINITE));
    return -ERESTARTNOHAND;
}

int64_t sys_pause(struct task *t, const uint64_t *a)
{
    (void)a;
    do {
        wait_prepare(t);
    } while (!wait_sleep(t, JG_TIME_INFINITE));
    return -ERESTARTNOHAND;
}

int64_t sys_rt_sigtimedwait(struct task *t, const uint64_t *a)
{
    jg_time_t deadline = JG_TIME_INFINITE, timeout;
    uint64_t set;
    siginfo_t info;
    struct waiter w;
    int64_t err;
    int sig, over = 0;

    if (a[3] != SIGSET_BYTES)
        return -EINVAL;
    if (copy_in(t->mm, &set, a[0], sizeof set))
        return -EFAULT;
    if (a[2]) {
        if ((err = time_in(t, a[2], &timeout)))
            return err;
        deadline = deadline_after(timeout);
    }
    set &= ~SIG_UNBLOCKABLE;
    wait_add(&t->process->signal_wait, &w, t);
    for (;;) {
        wait_prepare(t);
        mutex_lock(&tasks_lock);
        sig = signal_take(t, set, &info);
        if (sig)
            signal_update(t);
        mutex_unlock(&tasks_lock);
        if (sig)
            break;
        if (over)
            break;
        over = wait_sleep(t, deadline); /* one last look after it */
    }
    wait_remove(&w);
    if (!sig)
        sig = over == -ETIMEDOUT ? -EAGAIN : -EINTR;
    if (sig > 0 && a[1] && copy_out(t->mm, a[1], &info, sizeof info))
        return -EFAULT;
    return sig;
}

int64_t sys_sigaltstack(struct task *t, const uint64_t *a)
{
    struct {
        uint64_t sp;
        int32_t flags, pad;
        uint64_t size;
    } in, out = {.sp = t->altstack.base, .size = t->altstack.size};
    struct jg_regs regs;
    bool inside;

    if (jg_thread_read_state(t->thread, JG_STATE_REGS, &regs, sizeof regs) < 0)
        return -EFAULT;
    inside = t->altstack.size && regs.rsp > t->altstack.base &&
             regs.rsp - t->altstack.base <= t->altstack.size;
    out.flags = (int)t->altstack.flags | (inside ? SS_ONSTACK : t->altstack.size ? 0 : SS_DISABLE);
    if (a[0]) {
        if (copy_in(t->mm, &in, a[0], sizeof in))
            return -EFAULT;
        if (inside)
            return -EPERM;
        if ((in.flags & ~(int)SS_AUTODISARM) != 0 &&
            (in.flags & ~(int)SS_AUTODISARM) != SS_ONSTACK &&
            (in.flags & ~(int)SS_AUTODISARM) != SS_DISABLE)
            return -EINVAL;
        if (in.flags & SS_DISABLE) {
            t->altstack = (struct altstack){0};
        } else {
            if (in.size < MINSIGSTKSZ)
                return -ENOMEM;
            t->altstack = (struct altstack){
                .base = in.sp, .size = in.size, .flags = (uint32_t)in.flags & SS_AUTODISARM};
        }
    }
    return a[1] ? copy_out(t->mm, a[1], &out, sizeof out) : 0;
}

/* kill(2) to one process. tasks_lock is held. */
static int64_t kill_process(struct task *t, struct process *p, const siginfo_t *info)
{
    if (!signal_permitted(t, p, info->si_signo))
        return -EPERM;
    return info->si_signo ? signal_send_process(p, info) : 0;
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
        err = kill_process(t, p, info);
        if (pgid < 0 && err == -EPERM)
            err = 0;
        if (result == -ESRCH || !err)
            result = err;
    }
    return result;
}

int64_t sys_kill(struct task *t, const uint64_t *a)
{
    int pid = (int)a[0], sig = (int)a[1];
    struct process *p;
    siginfo_t info;
    int64_t err;

    if (sig < 0 || sig > SIGNALS)
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    siginfo_user(&info, sig, SI_USER, t);
    mutex_lock(&tasks_lock);
    if (pid > 0) {
        p = process_find(pid);
        err = p ? kill_process(t, p, &info) : -ESRCH;
    } else {
        err = kill_many(t, pid == -1 ? -1 : pid ? -pid : t->process->pgid, &info);
    }
    mutex_unlock(&tasks_lock);
    return err;
}

static int64_t kill_thread(struct task *t, int tgid, int tid, siginfo_t *info)
{
    struct task *other;
    int64_t err;

    if (tid <= 0 || tgid == 0 || info->si_signo < 0 || info->si_signo > SIGNALS)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    other = task_find(tid);
    if (!other || (tgid > 0 && other->process->pid != tgid))
        err = -ESRCH;
    else if (!signal_permitted(t, other->process, info->si_signo))
        err = -EPERM;
    else
        err = info->si_signo ? signal_send_task(other, info) : 0;
    mutex_unlock(&tasks_lock);
    return err;
}

int64_t sys_tkill(struct task *t, const uint64_t *a)
{
    siginfo_t info;

    siginfo_user(&info, (int)a[1], SI_TKILL, t);
    return kill_thread(t, -1, (int)a[0], &info);
}

int64_t sys_tgkill(struct task *t, const uint64_t *a)
{
    siginfo_t info;

    siginfo_user(&info, (int)a[2], SI_TKILL, t);
    if ((int)a[0] <= 0)
        return -EINVAL;
    return kill_thread(t, (int)a[0], (int)a[1], &info);
}

/* A program may not pose as the kernel, or as kill(2), to others. */
static int64_t queue_info(struct task *t, int sig, int target_pid, uint64_t va, siginfo_t *info)
{
    if (copy_in(t->mm, info, va, sizeof *info))
        return -EFAULT;
    info->si_signo = sig;
    if ((info->si_code >= 0 || info->si_code == SI_TKILL) && target_pid != t->process->pid)
        return -EPERM;
    return 0;
}

int64_t sys_rt_sigqueueinfo(struct task *t, const uint64_t *a)
{
    struct process *p;
    siginfo_t info;
    int64_t err = queue_info(t, (int)a[1], (int)a[0], a[2], &info);

    if (err)
        return err;
    if (info.si_signo < 0 || info.si_signo > SIGNALS)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    p = process_find((int)a[0]);
    err = p ? kill_process(t, p, &info) : -ESRCH;
    mutex_unlock(&tasks_lock);
    return err;
}

int64_t sys_rt_tgsigqueueinfo(struct task *t, const uint64_t *a)
{
    siginfo_t info;
    int64_t err = queue_info(t, (int)a[2], (int)a[0], a[3], &info);

    if (err)
        return err;
    return (int)a[0] <= 0 ? -EINVAL : kill_thread(t, (int)a[0], (int)a[1], &info);
}
