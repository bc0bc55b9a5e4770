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
    siginfo_t info;

    if (!t)
        return;
    memset(&info, 0, sizeof info);
    info.si_signo = SIGCHLD;
    info.si_code = code;
    info.si_pid = p->pid;
    info.si_uid = process_any_task(p) ? process_any_task(p)->cred.uid : p->uid;
    info.si_status = status;
    if (!(t->sighand->action[SIGCHLD - 1].flags & SA_NOCLDSTOP))
        signal_send_process(parent, &info);
    wait_wake(&parent->child_wait);
}

void notify_parent_stop(struct process *p, bool continued)
{
    if (continued)
        tell_parent(p, CLD_CONTINUED, SIGCONT);
    else
        tell_parent(p, CLD_STOPPED, p->stop_signal);
}

void process_continue(struct process *p)
{
    if (!p->stopped)
        return;
    p->stopped = false;
    p->continued = true;
    p->report_stop = false;
    p->report_continue = true;
    LIST_FOR_EACH(it, &p->tasks)
    signal_update(LIST_ENTRY(it, struct task, link));
    wait_wake(&p->stop_wait);
    notify_parent_stop(p, true);
}
