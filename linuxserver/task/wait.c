/*
 * Waiting for children.
 *
 * The classic trap is to scan, unlock, and sleep: a child that ends in between is missed. Here the
 * waiter registers first, forgets old wake-ups, scans under tasks_lock, and sleeps on its sticky
 * word; a child changes its state under tasks_lock and wakes after it (sync/wait.h).
 */
#include <task.h>

#include <jg/rt/string.h>

#include <linux/signal.h>
#include <signal.h>

#include "exit.h"

static bool eligible(const struct task *t, const struct process *p, const struct wait_request *r)
{
    bool clone_child = p->exit_signal != SIGCHLD;

    if (r->idtype == P_PID && p->pid != r->id)
        return false;
    if (r->idtype == P_PGID && p->pgid != (r->id ? r->id : t->process->pgid))
        return false;
    if (r->idtype == P_PIDFD && p != r->target)
        return false;
    if ((r->options & __WNOTHREAD) && p->parent_tid != t->tid)
        return false;
    if (r->options & __WALL)
        return true;
    return clone_child == !!(r->options & __WCLONE);
}

static void fill(struct process *p, struct wait_result *out, int status, int code)
{
    const struct task *t = p->leader;
    struct usage children;

    out->pid = p->pid;
    out->uid = (int)(t ? t->cred.uid : p->uid);
    out->status = status;
    out->code = code;
    process_usage(p, &out->usage);
    children_usage(p, &children);
    out->usage.user_ns += children.user_ns;
    out->usage.system_ns += children.system_ns;
    out->usage.faults += children.faults;
    out->usage.switches += children.switches;
    if (children.max_rss > out->usage.max_rss)
        out->usage.max_rss = children.max_rss;
}

static void reap(struct process *parent, struct process *p)
{
    parent->child_user_ns += p->user_ns + p->child_user_ns;
    parent->child_system_ns += p->system_ns + p->child_system_ns;
    parent->child_min_faults += p->min_faults + p->child_min_faults;
    parent->child_switches += p->switches + p->child_switches;
    if (p->max_rss > parent->child_max_rss)
        parent->child_max_rss = p->max_rss;
    if (p->child_max_rss > parent->child_max_rss)
        parent->child_max_rss = p->child_max_rss;
    process_unlink(p);
}

/*
 * One child's news, if the request asks for it. *gone is set when it was reaped. tasks_lock is
 * held.
 */
static bool news(struct task *t, struct process *p, const struct wait_request *r,
                 struct wait_result *out, struct process **gone)
{
    bool keep = r->options & WNOWAIT;

    if (p->zombie) {
        if (!(r->options & WEXITED))
            return false;
        fill(p, out, p->exit_status, p->exit_status & 0x7f ? CLD_KILLED : CLD_EXITED);
        if (!keep) {
            reap(t->process, p);
            *gone = p;
        }
        return true;
    }
    if (p->stopped && p->report_stop && (r->options & WSTOPPED)) {
        fill(p, out, p->stop_signal << 8 | 0x7f, CLD_STOPPED);
        p->report_stop = keep;
        return true;
    }
    if (p->report_continue && (r->options & WCONTINUED)) {
        fill(p, out, 0xffff, CLD_CONTINUED);
        p->report_continue = keep;
        return true;
    }
    return false;
}

/* Returns a pid, 0 (children, but no news) or -ECHILD. */
static int64_t scan(struct task *t, const struct wait_request *r, struct wait_result *out)
{
    struct process *gone = NULL;
    int64_t result = -ECHILD;

    mutex_lock(&tasks_lock);
    LIST_FOR_EACH(it, &t->process->children)
    {
        struct process *p = LIST_ENTRY(it, struct process, sibling);

        if (!eligible(t, p, r))
            continue;
        result = 0;
        if (news(t, p, r, out, &gone)) {
            result = out->pid;
            break;
        }
    }
    mutex_unlock(&tasks_lock);
    if (gone)
        process_free(gone);
    return result;
}

int64_t task_wait(struct task *t, const struct wait_request *request, struct wait_result *result)
{
    struct waiter w;
    int64_t got;
    int err;

    memset(result, 0, sizeof *result);
    wait_add(&t->process->child_wait, &w, t);
    for (;;) {
        wait_prepare(t);
        got = scan(t, request, result);
        if (got || (request->options & WNOHANG))
            break;
        if ((err = wait_sleep(t, JG_TIME_INFINITE))) {
            got = err;
            break;
        }
    }
    wait_remove(&w);
    return got;
}
