/*
 * procfs: a process at one moment. See proc_task.h.
 */
#include "proc_task.h"

#include <jg/rt/string.h>

#include <signal.h>

#include "proc_tree.h"
#include "tty.h"

static char state_of(const struct process *p, const struct task *t)
{
    if (p->zombie || !t)
        return 'Z';
    if (p->stopped)
        return 'T';
    return t->in_server && t->sleeps ? t->sleeps : 'R';
}

static void signal_sets(struct task *t, struct snapshot *s)
{
    for (int i = 0; i < SIGNALS; i++) {
        uint64_t h = t->sighand->action[i].handler;

        if (h == (uint64_t)SIG_IGN)
            s->ignored |= 1ull << i;
        else if (h != (uint64_t)SIG_DFL)
            s->caught |= 1ull << i;
    }
}

static void take_process(struct process *p, struct snapshot *s)
{
    s->pid = p->pid;
    s->ppid = p->parent ? p->parent->pid : 0;
    s->pgid = p->pgid;
    s->sid = p->sid;
    s->tty = tty_device_of(p);
    s->tty_group = tty_group_of(p);
    s->threads = p->task_count ? (int)p->task_count : 1;
    s->exit_signal = p->exit_signal;
    s->status = p->zombie ? p->exit_status : 0;
    s->start = p->start_time;
    s->child_user = p->child_user_ns;
    s->child_system = p->child_system_ns;
    s->child_faults = p->child_min_faults;
    s->shared = p->shared.set;
    s->rss_limit = p->limits.limit[RLIMIT_RSS].rlim_cur;
    s->queued_limit = p->limits.limit[RLIMIT_SIGPENDING].rlim_cur;
    s->executed = p->execed;
}

static void take_task(struct task *t, struct snapshot *s)
{
    s->cred = t->cred;
    s->blocked = t->blocked;
    s->pending = t->pending.set;
    s->no_new_privs = t->no_new_privs;
    s->sched = t->sched;
    signal_sets(t, s);
    s->queued = signals_queued(t->cred.uid);
    s->mm = t->mm ? mm_get(t->mm) : NULL;
    s->umask = t->fs ? t->fs->umask : 0;
    s->descriptors = t->files ? files_room(t->files) : 0;
}

int64_t snapshot_take(struct task *reader, struct proc_node at, struct snapshot *s)
{
    struct process *p;
    struct task *t;

    memset(s, 0, sizeof *s);
    mutex_lock(&tasks_lock);
    p = proc_process(at);
    t = p ? proc_task(at) : NULL;
    if (!p || (at.tid && at.tid != p->pid && !t)) {
        mutex_unlock(&tasks_lock);
        return -ESRCH;
    }
    take_process(p, s);
    s->tid = t && at.tid ? t->tid : p->pid;
    s->state = state_of(p, t);
    if (at.tid && t) {
        task_usage(t, &s->used);
        s->start = t->start_time;
        if (at.tid != p->pid)
            s->exit_signal = -1;
    } else {
        process_usage(p, &s->used);
    }
    memcpy(s->comm, t ? t->comm : p->comm, sizeof s->comm);
    s->looked = t && task_may_look(reader, t, false);
    if (t)
        take_task(t, s);
    else
        s->cred.uid = s->cred.euid = s->cred.suid = s->cred.fsuid = p->uid;
    mutex_unlock(&tasks_lock);
    return 0;
}

void snapshot_drop(struct snapshot *s)
{
    mm_put(s->mm);
    s->mm = NULL;
}
