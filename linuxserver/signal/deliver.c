/*
 * Delivery: what happens to a task's signals on the way back to its program.
 *
 * In:    signal_deliver() from the worker, when task->signalled was seen.
 * Locks: takes tasks_lock; none is held while a frame is written to the program's stack, as that may fault.
 */
#include <signal.h>

#include <jg/rt/log.h>

#include <linux/signal.h>

static void stop_here(struct task *t, int sig)
{
    struct process *p = t->process;

    /*
     * tasks_lock is held. The first to come stops the others: they see p->stopped through
     * `signalled`.
     */
    if (!p->stopped) {
        p->stopped = true;
        p->stop_signal = sig;
        p->report_stop = true;
        p->report_continue = false;
        LIST_FOR_EACH(it, &p->tasks)
        {
            struct task *other = LIST_ENTRY(it, struct task, link);

            if (other != t)
                signal_notify(other);
        }
        notify_parent_stop(p, false);
    }
}

/* Sleeps while the process is stopped. Entered and left with tasks_lock. */
static void sleep_stopped(struct task *t)
{
    struct process *p = t->process;
    struct waiter w;

    wait_add(&p->stop_wait, &w, t);
    for (;;) {
        wait_prepare(t);
        if (!p->stopped || t->killed)
            break;
        mutex_unlock(&tasks_lock);
        wait_sleep_killable(t);
        mutex_lock(&tasks_lock);
    }
    wait_remove(&w);
}

static bool restarts(int64_t result, const struct action *action)
{
    return result == -ERESTARTNOINTR || (result == -ERESTARTSYS && (action->flags & SA_RESTART));
}

static bool is_restart(int64_t result)
{
    return result == -ERESTARTSYS || result == -ERESTARTNOINTR || result == -ERESTARTNOHAND ||
           result == -ERESTART_RESTARTBLOCK;
}

/* Builds the frame of a handler; false when the program's stack cannot take it. */
static bool run_handler(struct task *t, struct outcome *out, int sig, struct action *action,
                        siginfo_t *info, uint64_t mask)
{
    struct jg_regs regs;

    if (jg_thread_read_state(t->thread, JG_STATE_REGS, &regs, sizeof regs) < 0)
        return false;
    if (out->answer == ANSWER_RESULT) {
        if (is_restart(out->result)) {
            if (restarts(out->result, action))
                regs_rewind(&regs, regs.entry_rax);
            else
                regs.rax = (uint64_t)-EINTR;
        } else {
            regs.rax = (uint64_t)out->result;
        }
    }
    if (frame_build(t, &regs, sig, action, info, mask))
        return false;
    if (jg_thread_write_state(t->thread, JG_STATE_REGS, &regs, sizeof regs) < 0)
        return false;
    out->answer = ANSWER_RESUME;
    return true;
}

static bool stop_applies(struct task *t, int sig)
{
    struct process *p = t->process;

    if (sig == SIGSTOP)
        return p != init_process;
    return p != init_process && !process_group_orphaned(p->pgid, p->sid);
}

/* One pending signal, if any. tasks_lock is held on entry and return. False: nothing left. */
static bool deliver_one(struct task *t, struct outcome *out)
{
    struct process *p = t->process;
    struct action *slot, action;
    siginfo_t info;
    uint64_t mask;
    int sig = signal_take(t, ~t->blocked, &info);

    if (!sig)
        return false;
    slot = &t->sighand->action[sig - 1];
    action = *slot;
    if (action.handler == (uint64_t)SIG_IGN && sig != SIGKILL && sig != SIGSTOP)
        return true;
    if (action.handler == (uint64_t)SIG_DFL || sig == SIGKILL || sig == SIGSTOP) {
        if (signal_default_ignored(sig) || (p == init_process && info.si_code <= 0))
            return true;
        if (signal_default_stops(sig)) {
            if (stop_applies(t, sig))
                stop_here(t, sig);
            return true;
        }
        process_group_exit(p, sig);
        return true;
    }
    mask = t->restore_blocked ? t->saved_blocked : t->blocked;
    t->restore_blocked = false;
    if (action.flags & SA_RESETHAND)
        slot->handler = (uint64_t)SIG_DFL;
    t->blocked |= action.mask | ((action.flags & SA_NODEFER) ? 0 : sigbit(sig));
    t->blocked &= ~SIG_UNBLOCKABLE;
    signal_retarget(t, t->blocked);
    mutex_unlock(&tasks_lock);
    bool built = run_handler(t, out, sig, &action, &info, mask);
    mutex_lock(&tasks_lock);
    if (!built)
        process_group_exit(p, SIGSEGV);
    return true;
}

void signal_deliver(struct task *t, struct outcome *out)
{
    mutex_lock(&tasks_lock);
    for (;;) {
        if (t->killed)
            break;
        if (t->process->stopped) {
            sleep_stopped(t);
            continue;
        }
        if (!deliver_one(t, out))
            break;
    }
    signal_update(t);
    mutex_unlock(&tasks_lock);
}

void signal_finish(struct task *t, struct outcome *out)
{
    struct jg_regs regs;

    signal_restore_mask(t);
    if (out->answer != ANSWER_RESULT || !is_restart(out->result))
        return;
    if (jg_thread_read_state(t->thread, JG_STATE_REGS, &regs, sizeof regs) < 0)
        return;
    if (out->result == -ERESTART_RESTARTBLOCK)
        regs_rewind(&regs, __NR_restart_syscall);
    else
        regs_rewind(&regs, regs.entry_rax);
    jg_thread_write_state(t->thread, JG_STATE_REGS, &regs, sizeof regs);
    out->answer = ANSWER_RESUME;
}
