/*
 * Delivery: what happens to a task's signals on the way back to its program.
 *
 * In:    signal_deliver() from the worker, when task->signalled was seen.
 * Locks: takes tasks_lock; none is held while a frame is written to the program's stack, as that may fault. The
 *        task's mask, alternate stack and registers are its own: nobody else changes them meanwhile.
 */
#include <signal.h>

#include <linux/signal.h>
#include <task/oom.h>

/* Sleeps while the process is stopped. Entered and left with tasks_lock. */
static void sleep_stopped(struct task *t)
{
    struct process *p = t->process;
    struct waiter w;

    wait_add(&p->stop_wait, &w, t);
    for (;;) {
        wait_prepare(t);
        process_stop_arrived(t);
        if (!p->stopped || t->killed)
            break;
        mutex_unlock(&tasks_lock);
        wait_sleep_killable(t);
        mutex_lock(&tasks_lock);
    }
    wait_remove(&w);
}

static bool is_restart(int64_t result)
{
    return result == -ERESTARTSYS || result == -ERESTARTNOINTR || result == -ERESTARTNOHAND ||
           result == -ERESTART_RESTARTBLOCK;
}

/* How the interrupted call looks to a program whose handler runs now. */
static struct call_end call_end(const struct outcome *out, const struct action *action)
{
    struct call_end end = {.ended = out->answer == ANSWER_RESULT, .result = out->result};

    if (!end.ended || !is_restart(out->result))
        return end;
    end.again = out->result == -ERESTARTNOINTR ||
                (out->result == -ERESTARTSYS && (action->flags & SA_RESTART));
    end.result = -EINTR;
    return end;
}

/*
 * Builds the frame of a handler and blocks what it blocks; false when the program's stack cannot take it. No lock is
 * held.
 */
static bool run_handler(struct task *t, struct outcome *out, int sig, const struct action *action,
                        const siginfo_t *info)
{
    uint64_t mask = t->restore_blocked ? t->saved_blocked : t->blocked;
    struct call_end end = call_end(out, action);
    int err;

    while ((err = frame_build(t, &end, sig, action, info, mask)) == -ENOMEM && !t->killed)
        memory_exhausted(t, action->handler);
    if (err)
        return false;
    out->answer = ANSWER_RESUME;
    t->restore_blocked = false;
    return true;
}

static void handle(struct task *t, struct outcome *out, int sig, struct action *slot,
                   const siginfo_t *info)
{
    const struct action action = *slot;
    siginfo_t fault;
    bool built;

    if (action.flags & SA_RESETHAND)
        slot->handler = (uint64_t)SIG_DFL;
    mutex_unlock(&tasks_lock);
    built = run_handler(t, out, sig, &action, info);
    mutex_lock(&tasks_lock);
    if (built) {
        signal_block_locked(t, action.mask | (action.flags & SA_NODEFER ? 0 : sigbit(sig)));
        return;
    }
    siginfo_kernel(&fault, SIGSEGV);
    signal_force_locked(t, &fault, sig == SIGSEGV);
}

/* SIGSTOP always stops; the terminal's signals only who has somebody to continue it. */
static bool stop_applies(const struct process *p, int sig)
{
    return sig == SIGSTOP || !process_group_orphaned(p->pgid, p->sid);
}

/* One pending signal, if any. tasks_lock is held on entry and return. False: nothing left. */
static bool deliver_one(struct task *t, struct outcome *out)
{
    struct process *p = t->process;
    bool forced_kind;
    struct action *slot;
    siginfo_t info;
    int sig = signal_take(t, ~t->blocked, &info);

    if (!sig)
        return false;
    slot = &t->sighand->action[sig - 1];
    forced_kind = sig == SIGKILL || sig == SIGSTOP;
    if (!forced_kind && slot->handler == (uint64_t)SIG_IGN)
        return true;
    if (!forced_kind && slot->handler != (uint64_t)SIG_DFL) {
        handle(t, out, sig, slot, &info);
        return true;
    }
    if (signal_default_ignored(sig) || (p->unkillable && !forced_kind))
        return true;
    if (!signal_default_stops(sig))
        process_group_exit(p, sig);
    else if (stop_applies(p, sig))
        process_stop(p, sig);
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
