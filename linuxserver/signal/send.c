/*
 * Sending signals: who gets one, what is dropped, who is woken. tasks_lock is held throughout.
 */
#include <signal.h>

#include <jg/rt/heap.h>

#include <linux/signal.h>

/* A job's queue of real-time signals is bounded by RLIMIT_SIGPENDING; this caps it besides. */
#define QUEUE_LIMIT 4096

static bool ignored(struct process *p, struct task *t, int sig)
{
    uint64_t handler = t->sighand->action[sig - 1].handler;

    if (t->blocked & sigbit(sig))
        return false; /* it may be unignored before it is unblocked */
    if (p == init_process && handler == (uint64_t)SIG_DFL)
        return true; /* pid 1 gets only what it handles: kill(2), NOTES */
    return handler == (uint64_t)SIG_IGN ||
           (handler == (uint64_t)SIG_DFL && signal_default_ignored(sig));
}

static bool fatal(struct process *p, struct task *t, int sig)
{
    if (sig == SIGKILL)
        return p != init_process;
    return t->sighand->action[sig - 1].handler == (uint64_t)SIG_DFL &&
           !(t->blocked & sigbit(sig)) && !signal_default_ignored(sig) &&
           !signal_default_stops(sig) && p != init_process;
}

void signal_notify(struct task *t)
{
    __atomic_store_n(&t->signalled, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&t->in_server, __ATOMIC_SEQ_CST))
        wait_wake_task(t);
    else if (t->thread)
        jg_thread_kick(t->thread);
}

void signal_update(struct task *t)
{
    struct process *p = t->process;
    bool look = ((t->pending.set | p->shared.set) & ~t->blocked) || t->killed || p->stopped;

    __atomic_store_n(&t->signalled, look, __ATOMIC_SEQ_CST);
}

static void wake_kill(struct task *t)
{
    __atomic_store_n(&t->killed, 1, __ATOMIC_SEQ_CST);
    signal_notify(t);
}

void process_group_exit(struct process *p, int status)
{
    if (!p->group_exit) {
        p->group_exit = true;
        p->exit_status = status;
    }
    LIST_FOR_EACH(it, &p->tasks)
    wake_kill(LIST_ENTRY(it, struct task, link));
    wait_wake(&p->stop_wait);
}

static int enqueue(struct pending *pending, const siginfo_t *info)
{
    int sig = info->si_signo;
    struct sigqueue *q;

    if (sig < SIGRTMIN && (pending->set & sigbit(sig)))
        return 0; /* standard signals do not queue */
    q = pending->queued < QUEUE_LIMIT ? rt_alloc(sizeof *q) : NULL;
    if (q) {
        q->info = *info;
        list_add_tail(&pending->queue, &q->link);
        pending->queued++;
    } else if (sig >= SIGRTMIN && info->si_code != SI_USER) {
        return -EAGAIN;
    }
    pending->set |= sigbit(sig);
    return 0;
}

/* What a signal does before it is queued: stops and continues cancel each other. */
static void prepare(struct process *p, int sig)
{
    uint64_t stops = sigbit(SIGSTOP) | sigbit(SIGTSTP) | sigbit(SIGTTIN) | sigbit(SIGTTOU);
    uint64_t drop = 0;

    if (sig == SIGCONT)
        drop = stops;
    else if (signal_default_stops(sig))
        drop = sigbit(SIGCONT);
    if (drop) {
        pending_flush(&p->shared, drop);
        LIST_FOR_EACH(it, &p->tasks)
        pending_flush(&LIST_ENTRY(it, struct task, link)->pending, drop);
    }
    if (sig == SIGCONT)
        process_continue(p);
    else if (sig == SIGKILL && p != init_process && p->stopped)
        wait_wake(&p->stop_wait);
}

static bool wants(struct task *t, int sig)
{
    return !t->killed && (!(t->blocked & sigbit(sig)) || sig == SIGKILL);
}

/* A task of the process that will take the signal now, or NULL. */
static struct task *choose(struct process *p, int sig)
{
    if (p->leader && wants(p->leader, sig))
        return p->leader;
    LIST_FOR_EACH(it, &p->tasks)
    {
        struct task *t = LIST_ENTRY(it, struct task, link);

        if (wants(t, sig))
            return t;
    }
    return NULL;
}

static int send(struct process *p, struct task *t, struct pending *pending, const siginfo_t *info)
{
    int sig = info->si_signo, err;

    if (p->zombie || list_empty(&p->tasks))
        return 0;
    prepare(p, sig);
    if (ignored(p, t, sig))
        return 0;
    if ((err = enqueue(pending, info)))
        return err;
    if (pending == &p->shared)
        t = choose(p, sig);
    if (!t || !wants(t, sig)) {
        /* Blocked: whoever unblocks it first takes it, or who waits for it. */
        wait_wake(&p->signal_wait);
        return 0;
    }
    if (fatal(p, t, sig))
        process_group_exit(p, sig);
    else
        signal_notify(t);
    return 0;
}

int signal_send_task(struct task *t, const siginfo_t *info)
{
    return send(t->process, t, &t->pending, info);
}

int signal_send_process(struct process *p, const siginfo_t *info)
{
    struct task *t = process_any_task(p);

    return t ? send(p, t, &p->shared, info) : 0;
}

int signal_send_group(int pgid, const siginfo_t *info)
{
    int err = -ESRCH;

    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        if (p->pgid != pgid || p->zombie)
            continue;
        signal_send_process(p, info);
        err = 0;
    }
    return err;
}

void signal_force(struct task *t, const siginfo_t *info)
{
    int sig = info->si_signo;
    struct action *action = &t->sighand->action[sig - 1];

    mutex_lock(&tasks_lock);
    if ((t->blocked & sigbit(sig)) || action->handler == (uint64_t)SIG_IGN ||
        action->handler == (uint64_t)SIG_DFL) {
        process_group_exit(t->process, sig);
    } else {
        pending_flush(&t->pending, sigbit(sig));
        enqueue(&t->pending, info);
    }
    signal_notify(t);
    mutex_unlock(&tasks_lock);
}

int64_t signal_broken_pipe(struct task *t)
{
    siginfo_t info;

    siginfo_user(&info, SIGPIPE, SI_USER, t);
    mutex_lock(&tasks_lock);
    signal_send_task(t, &info);
    mutex_unlock(&tasks_lock);
    return -EPIPE;
}

bool signal_permitted(struct task *from, struct process *to, int sig)
{
    struct task *t = process_any_task(to);
    const struct cred *a = &from->cred, *b;

    if (from->process == to || cred_capable(a, CAP_KILL))
        return true;
    if (!t)
        return true;
    b = &t->cred;
    if (a->euid == b->suid || a->euid == b->uid || a->uid == b->suid || a->uid == b->uid)
        return true;
    return sig == SIGCONT && from->process->sid == to->sid;
}

int signal_take(struct task *t, uint64_t set, siginfo_t *info)
{
    struct pending *source = &t->pending;
    uint64_t ready = source->set & set;
    int sig;

    if (!ready) {
        source = &t->process->shared;
        ready = source->set & set;
    }
    if (!ready)
        return 0;
    /* Faults first, then by number, as Linux does. */
    if (ready & (sigbit(SIGSEGV) | sigbit(SIGBUS) | sigbit(SIGILL) | sigbit(SIGTRAP) |
                 sigbit(SIGFPE) | sigbit(SIGSYS)))
        ready &= sigbit(SIGSEGV) | sigbit(SIGBUS) | sigbit(SIGILL) | sigbit(SIGTRAP) |
                 sigbit(SIGFPE) | sigbit(SIGSYS);
    sig = __builtin_ctzll(ready) + 1;
    siginfo_kernel(info, sig);
    info->si_code = SI_USER;
    bool more = false, found = false;
    LIST_FOR_EACH_SAFE(it, &source->queue)
    {
        struct sigqueue *q = LIST_ENTRY(it, struct sigqueue, link);

        if (q->info.si_signo != sig)
            continue;
        if (found) {
            more = true;
            break;
        }
        *info = q->info;
        found = true;
        list_remove(&q->link);
        source->queued--;
        rt_free(q);
    }
    if (!more)
        source->set &= ~sigbit(sig);
    return sig;
}

void signal_retarget(struct task *t, uint64_t set)
{
    struct process *p = t->process;

    set &= p->shared.set;
    for (int sig = 1; set; sig++, set >>= 1) {
        struct task *other = set & 1 ? choose(p, sig) : NULL;

        if (other && other != t)
            signal_notify(other);
    }
}

static void set_blocked(struct task *t, uint64_t mask)
{
    uint64_t more = mask & ~t->blocked;

    t->blocked = mask & ~SIG_UNBLOCKABLE;
    signal_retarget(t, more);
    signal_update(t);
}

void signal_set_blocked(struct task *t, uint64_t mask)
{
    mutex_lock(&tasks_lock);
    set_blocked(t, mask);
    mutex_unlock(&tasks_lock);
}

void signal_use_mask(struct task *t, uint64_t mask)
{
    mutex_lock(&tasks_lock);
    t->saved_blocked = t->blocked;
    t->restore_blocked = true;
    set_blocked(t, mask);
    mutex_unlock(&tasks_lock);
}

void signal_restore_mask(struct task *t)
{
    if (!t->restore_blocked)
        return;
    t->restore_blocked = false;
    signal_set_blocked(t, t->saved_blocked);
}
