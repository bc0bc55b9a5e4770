/*
 * Job control: stopping and continuing processes, and telling their parents. tasks_lock is held.
 */
#include <signal.h>

#include <jg/rt/string.h>

#include <linux/signal.h>

static void tell_parent(struct process *p, int code, int status)
{
    struct process *parent = p->parent;
    struct task *t = parent ? process_any_task(parent) : NULL;
    const struct action *action;
    uint64_t user, system;
    siginfo_t info;

    if (!t)
        return;
    memset(&info, 0, sizeof info);
    info.si_signo = SIGCHLD;
    info.si_code = code;
    info.si_pid = p->pid;
    info.si_uid = process_any_task(p) ? process_any_task(p)->cred.uid : p->uid;
    info.si_status = status;
    process_times(p, &user, &system);
    info.si_utime = (long)(user / (NS_PER_SEC / HZ_USER));
    info.si_stime = (long)(system / (NS_PER_SEC / HZ_USER));
    action = &t->sighand->action[SIGCHLD - 1];
    if (action->handler != (uint64_t)SIG_IGN && !(action->flags & SA_NOCLDSTOP))
        signal_send_process(parent, &info);
    wait_wake(&parent->child_wait);
}

void process_stop(struct process *p, int sig)
{
    if (p->stopped)
        return;
    p->stopped = true;
    p->stop_signal = sig;
    p->report_stop = false;
    p->report_continue = false;
    p->stop_missing = 0;
    LIST_FOR_EACH(it, &p->tasks)
    {
        struct task *t = LIST_ENTRY(it, struct task, link);

        if (t->killed)
            continue;
        t->stop_due = true;
        p->stop_missing++;
        signal_notify(t);
    }
}

void process_stop_arrived(struct task *t)
{
    struct process *p = t->process;

    if (!t->stop_due)
        return;
    t->stop_due = false;
    if (--p->stop_missing || !p->task_count || p->group_exit)
        return;
    p->report_stop = true;
    tell_parent(p, CLD_STOPPED, p->stop_signal);
}

void process_continue(struct process *p)
{
    bool complete = !p->stop_missing;

    if (!p->stopped)
        return;
    p->stopped = false;
    p->stop_missing = 0;
    p->report_stop = false;
    p->report_continue = true;
    LIST_FOR_EACH(it, &p->tasks)
    {
        struct task *t = LIST_ENTRY(it, struct task, link);

        t->stop_due = false;
        signal_update(t);
    }
    wait_wake(&p->stop_wait);
    /* One that was still stopping is told as stopped: that is what its parent can have seen. */
    tell_parent(p, complete ? CLD_CONTINUED : CLD_STOPPED, complete ? SIGCONT : p->stop_signal);
}
