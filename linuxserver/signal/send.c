/*
 * Sending signals: who gets one, what is dropped, who is woken. tasks_lock is held throughout.
 */
#include <signal.h>

#include <linux/signal.h>
#include <task/itimer.h>

static bool ignored(struct process *p, struct task *t, int sig)
{
    uint64_t handler = t->sighand->action[sig - 1].handler;

    if (t->blocked & sigbit(sig))
        return false; /* it may be unignored before it is unblocked */
    if (p == init_process && (sig == SIGKILL || sig == SIGSTOP))
        return true;
    if (p->unkillable && handler == (uint64_t)SIG_DFL)
        return true; /* pid 1 gets only what it handles: kill(2), NOTES */
    return signal_handler_ignored(handler, sig);
}

/* Would the signal, taken now, end the process? */
static bool fatal(struct process *p, struct task *t, int sig)
{
    if (sig == SIGKILL)
        return true;
    return t->sighand->action[sig - 1].handler == (uint64_t)SIG_DFL &&
           !(t->blocked & sigbit(sig)) && !signal_default_ignored(sig) &&
           !signal_default_stops(sig) && !p->unkillable;
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
}

static bool wants(struct task *t, int sig)
{
    return !t->killed && (!(t->blocked & sigbit(sig)) || sig == SIGKILL);
}

/* A task of the process that will take the signal now, or NULL: one with nothing else to do, the leader first. */
static struct task *choose(struct process *p, int sig)
{
    struct task *busy = NULL;

    if (p->leader && wants(p->leader, sig)) {
        if (!p->leader->signalled)
            return p->leader;
        busy = p->leader;
    }
    LIST_FOR_EACH(it, &p->tasks)
    {
        struct task *t = LIST_ENTRY(it, struct task, link);

        if (!wants(t, sig))
            continue;
        if (!t->signalled)
            return t;
        if (!busy)
            busy = t;
    }
    return busy;
}

/* Something was put on `pending`: whoever can take it now is told. */
static void announce(struct process *p, struct task *t, const struct pending *pending, int sig)
{
    if (pending == &p->shared)
        t = choose(p, sig);
    if (!t || !wants(t, sig))
        wait_wake(&p->signal_wait); /* blocked: who unblocks it first takes it, or who waits for it */
    else if (fatal(p, t, sig))
        process_group_exit(p, sig);
    else
        signal_notify(t);
}

static int send(struct process *p, struct task *t, struct pending *pending, const siginfo_t *info)
{
    int sig = info->si_signo, err;

    if (p->zombie || list_empty(&p->tasks))
        return 0;
    prepare(p, sig);
    if (ignored(p, t, sig))
        return 0;
    if ((err = pending_add(pending, t, info)))
        return err;
    announce(p, t, pending, sig);
    return 0;
}

bool signal_send_timer(struct process *p, struct task *t, struct sigqueue *q)
{
    int sig = q->info.si_signo;
    struct pending *pending = t ? &t->pending : &p->shared;

    if (!t)
        t = process_any_task(p);
    if (!t)
        return false;
    prepare(p, sig);
    if (ignored(p, t, sig))
        return false;
    if (!list_empty(&q->link)) {
        q->info.si_overrun++; /* still waiting from the last time */
        return true;
    }
    q->info.si_overrun = 0;
    pending_add_timer(pending, q);
    announce(p, t, pending, sig);
    return true;
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

void signal_force_locked(struct task *t, const siginfo_t *info, bool fatal_anyway)
{
    int sig = info->si_signo;
    struct action *action = &t->sighand->action[sig - 1];

    if ((t->blocked & sigbit(sig)) || action->handler == (uint64_t)SIG_IGN || fatal_anyway) {
        action->handler = (uint64_t)SIG_DFL;
        t->blocked &= ~sigbit(sig);
    }
    if (action->handler == (uint64_t)SIG_DFL)
        t->process->unkillable = false;
    send(t->process, t, &t->pending, info);
    signal_notify(t);
}

void signal_force(struct task *t, const siginfo_t *info)
{
    mutex_lock(&tasks_lock);
    signal_force_locked(t, info, false);
    mutex_unlock(&tasks_lock);
}

void signal_self(struct task *t, int sig)
{
    siginfo_t info;

    siginfo_user(&info, sig, SI_USER, t);
    mutex_lock(&tasks_lock);
    signal_send_task(t, &info);
    mutex_unlock(&tasks_lock);
}

int64_t signal_broken_pipe(struct task *t)
{
    signal_self(t, SIGPIPE);
    return -EPIPE;
}

bool signal_permitted(struct task *from, struct process *to, int sig)
{
    struct task *t = process_any_task(to);
    const struct cred *a = &from->cred, *b;

    if (from->process == to || cred_capable(a, CAP_KILL))
        return true;
    if (sig == SIGCONT && from->process->sid == to->sid)
        return true;
    if (!t)
        return a->euid == to->uid || a->uid == to->uid;
    b = &t->cred;
    return a->euid == b->suid || a->euid == b->uid || a->uid == b->suid || a->uid == b->uid;
}

int64_t signal_send_permitted(struct task *from, struct process *p, struct task *t,
                              const siginfo_t *info)
{
    int sig = info->si_signo;

    if (sig < 0 || sig > SIGNALS)
        return -EINVAL;
    /* What the kernel could have sent can come only from the process itself: no question then. */
    if (info->si_code <= 0 && !signal_permitted(from, p, sig))
        return -EPERM;
    if (!sig)
        return 0;
    return t ? signal_send_task(t, info) : signal_send_process(p, info);
}

int signal_take(struct task *t, uint64_t set, siginfo_t *info)
{
    int sig = pending_take(&t->pending, set, info);

    if (!sig)
        sig = pending_take(&t->process->shared, set, info);
    if (sig == SIGALRM)
        itimer_taken(t->process);
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
        if ((set & 1) && !other)
            wait_wake(&p->signal_wait); /* nobody's any more: sigwait and signalfd may take it */
    }
}

static void set_blocked(struct task *t, uint64_t mask)
{
    uint64_t more = mask & ~t->blocked;

    t->blocked = mask & ~SIG_UNBLOCKABLE;
    signal_retarget(t, more);
    signal_update(t);
}

void signal_block_locked(struct task *t, uint64_t more)
{
    set_blocked(t, t->blocked | more);
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
