/*
 * Signal calls. Source: the man pages of each, signal(7).
 */
#include "sys.h"

#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <linux/signal.h>
#include <signal.h>
#include <task/oom.h>

#define SIGSET_BYTES 8

/* Flags that Linux 6.1 keeps; it forgets all others, so that programs can ask what it knows. */
#define SA_KEPT                                                                                    \
    (SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER |             \
     (uint32_t)SA_RESETHAND | SA_EXPOSE_TAGBITS | SA_RESTORER)

int64_t sys_rt_sigaction(struct task *t, const uint64_t *a)
{
    int sig = (int)a[0];
    struct action new, old, *slot;
    int err;

    if (a[3] != SIGSET_BYTES)
        return -EINVAL;
    if (a[1] && (err = copy_in(t->mm, &new, a[1], sizeof new)))
        return err;
    if (sig < 1 || sig > SIGNALS || (a[1] && (sig == SIGKILL || sig == SIGSTOP)))
        return -EINVAL;
    mutex_lock(&tasks_lock);
    slot = &t->sighand->action[sig - 1];
    old = *slot;
    if (a[1]) {
        new.mask &= ~SIG_UNBLOCKABLE;
        new.flags &= SA_KEPT;
        *slot = new;
        /* POSIX: a pending signal that becomes ignored is discarded. */
        if (signal_handler_ignored(new.handler, sig)) {
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
    int err;

    (void)a;
    t->outcome->answer = ANSWER_RESUME;
    if ((err = frame_restore(t, &mask))) {
        siginfo_t info;

        if (err == -ENOMEM)
            memory_exhausted(t, 0);
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
    int err = 0;

    if (jg_thread_read_state(t->thread, JG_STATE_REGS, &regs, sizeof regs) < 0)
        return -EFAULT;
    out.flags = (int)altstack_state(&t->altstack, regs.rsp);
    if (a[0]) {
        if ((err = copy_in(t->mm, &in, a[0], sizeof in)))
            return err;
        err = altstack_set(
            t, &(struct altstack){.base = in.sp, .size = in.size, .flags = (uint32_t)in.flags},
            regs.rsp);
    }
    return !err && a[1] ? copy_out(t->mm, a[1], &out, sizeof out) : err;
}
