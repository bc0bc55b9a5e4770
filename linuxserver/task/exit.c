/*
 * Ending tasks: what is released, who is told, who inherits the children.
 *
 * In:    task_exit() from exit(2), exit_group(2) and fatal signals, by the task's own worker.
 * Life:  a process whose last task has gone is a zombie until it is waited for (or its parent ignores
 *        SIGCHLD); then process_free().
 */
#include "exit.h"

#include <jg/rt/heap.h>
#include <jg/rt/log.h>
#include <jg/rt/startup.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <file.h>
#include <fs/tty.h>
#include <linux/signal.h>
#include <mm.h>
#include <server.h>
#include <signal.h>
#include <sync/futex.h>
#include <ipc/sem.h>

#include "answers.h"
#include "itimer.h"
#include "launch.h"
#include "levels.h"
#include "posix_timer.h"
#include "table.h"

void task_release_words(struct task *t, bool ends)
{
    struct mm *mm = t->mm;

    /* A fault on these words is the program's business, as on Linux. */
    if (mm && t->robust_list)
        futex_release_robust(t);
    futex_release_owned(t, ends);
    if (mm && t->clear_child_tid && mm->refs > 1) {
        clear_out(mm, t->clear_child_tid, sizeof(uint32_t));
        futex_wake_word(mm, t->clear_child_tid, 1);
    }
    t->clear_child_tid = t->robust_list = 0;
}

static void leave_shared(struct task *t)
{
    struct files *files = t->files;
    struct fs_context *fs = t->fs;
    struct mm *mm = t->mm;

    task_release_words(t, true);
    task_vfork_release(t);
    sem_undo_leave(t);
    /* Others look through these under the lock: they go first, then what they showed. */
    mutex_lock(&tasks_lock);
    t->files = NULL;
    t->fs = NULL;
    t->mm = NULL;
    mutex_unlock(&tasks_lock);
    files_put(files);
    fs_put(fs);
    if (mm) {
        struct mm_usage usage;

        mm_usage(mm, &usage);
        if (usage.resident_peak > t->process->max_rss)
            t->process->max_rss = usage.resident_peak;
    }
    mm_put(mm);
}

/* The nearest living ancestor that takes orphans, or init. tasks_lock is held. */
static struct process *reaper_of(struct process *p)
{
    for (struct process *a = p->parent; a; a = a->parent) {
        if (a->subreaper && !a->zombie && !a->group_exit)
            return a;
    }
    return init_process;
}

static bool reaps_itself(struct process *parent)
{
    struct task *t = parent ? process_any_task(parent) : NULL;
    const struct action *action;

    if (!t)
        return true;
    action = &t->sighand->action[SIGCHLD - 1];
    return action->handler == (uint64_t)SIG_IGN || (action->flags & SA_NOCLDWAIT);
}

/* Ignored on purpose, SIGCHLD is not even kept for later where it is blocked. */
static bool sigchld_ignored(struct process *parent)
{
    struct task *t = process_any_task(parent);

    return t && t->sighand->action[SIGCHLD - 1].handler == (uint64_t)SIG_IGN;
}

void exit_siginfo(const struct process *p, siginfo_t *info)
{
    int status = p->exit_status;

    memset(info, 0, sizeof *info);
    info->si_signo = SIGCHLD;
    info->si_pid = p->pid;
    info->si_uid = p->uid;
    info->si_code = (status & 0x7f) ? CLD_KILLED : CLD_EXITED;
    info->si_status = (status & 0x7f) ? status & 0x7f : status >> 8 & 0xff;
    info->si_utime = (long)(p->user_ns / (NS_PER_SEC / HZ_USER));
    info->si_stime = (long)(p->system_ns / (NS_PER_SEC / HZ_USER));
}

/* Tells the parent of a new zombie. Returns whether nobody will wait for it. tasks_lock is held. */
static bool tell_parent(struct process *p)
{
    struct process *parent = p->parent;
    siginfo_t info;
    bool unwanted = false;

    if (!parent)
        return false;
    if (p->exit_signal == SIGCHLD)
        unwanted = reaps_itself(parent);
    exit_siginfo(p, &info);
    info.si_signo = p->exit_signal;
    if (p->exit_signal && !(unwanted && sigchld_ignored(parent)))
        signal_send_process(parent, &info);
    wait_wake(&parent->child_wait);
    return unwanted;
}

/*
 * The group of `p` has lost the link to its session that went through `parent`. If that was the
 * last one, and the group holds stopped jobs, it gets HUP and CONT.
 */
static void hang_up_orphans(struct process *p, const struct process *parent)
{
    siginfo_t hup, cont;
    bool stopped = false;

    if (!parent || parent->pgid == p->pgid || parent->sid != p->sid ||
        !process_group_orphaned(p->pgid, p->sid))
        return;
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *q = LIST_ENTRY(it, struct process, link);

        stopped |= q->pgid == p->pgid && q->stopped && !q->zombie;
    }
    if (!stopped)
        return;
    siginfo_kernel(&hup, SIGHUP);
    siginfo_kernel(&cont, SIGCONT);
    signal_send_group(p->pgid, &hup);
    signal_send_group(p->pgid, &cont);
}

static void give_children_away(struct process *p, struct list *unwanted)
{
    LIST_FOR_EACH_SAFE(it, &p->children)
    {
        struct process *child = LIST_ENTRY(it, struct process, sibling);
        struct task *heir;

        list_remove(&child->sibling);
        child->parent = reaper_of(p);
        if (!child->parent)
            continue;
        heir = process_any_task(child->parent);
        child->parent_tid = heir ? heir->tid : 0;
        answers_parent(child);
        list_add_tail(&child->parent->children, &child->sibling);
        child->exit_signal = SIGCHLD;
        hang_up_orphans(child, p);
        if (child->zombie && tell_parent(child)) {
            process_unlink(child);
            list_add_tail(unwanted, &child->link);
        }
    }
}

/* PR_SET_PDEATHSIG: the wish of each thread of `child`, now that `parent` ends. tasks_lock is held. */
static void send_death_signals(struct process *child, struct task *parent)
{
    LIST_FOR_EACH_SAFE(it, &child->tasks)
    {
        struct task *t = LIST_ENTRY(it, struct task, link);
        siginfo_t info;

        if (!t->death_signal)
            continue;
        siginfo_user(&info, t->death_signal, SI_USER, parent);
        signal_send_process(child, &info);
    }
}

/*
 * The children that `t` made go to another thread of the process, or stay without one when t is the
 * last. tasks_lock is held, and t is out of the list of threads.
 */
static void leave_children(struct task *t)
{
    struct process *p = t->process;
    struct task *heir = process_any_task(p);

    LIST_FOR_EACH(it, &p->children)
    {
        struct process *child = LIST_ENTRY(it, struct process, sibling);

        if (child->parent_tid != t->tid)
            continue;
        child->parent_tid = heir ? heir->tid : 0;
        send_death_signals(child, t);
    }
}

/* The test option that plants a leak: the soak test must see one page lost for each process. */
static void leak_if_asked(void)
{
    enum { PAGE = 4096 };
    void *lost = startup_value(startup_list(), "leak-page-per-process") ? rt_alloc(PAGE) : NULL;

    if (lost)
        memset(lost, 1, PAGE);
}

void process_free(struct process *p)
{
    leak_if_asked();
    wait_queue_close(&p->child_wait);
    wait_queue_close(&p->stop_wait);
    wait_queue_close(&p->signal_wait);
    if (p->handle)
        jg_handle_close(p->handle);
    process_put(p);
}

void process_unlink(struct process *p)
{
    list_remove(&p->sibling);
    list_remove(&p->link);
    p->reaped = true;
    p->parent = NULL;
    wait_wake(&p->end_wait);
}

void process_put(struct process *p)
{
    if (__atomic_sub_fetch(&p->refs, 1, __ATOMIC_ACQ_REL))
        return;
    wait_queue_close(&p->end_wait);
    stack_put(p->stack);
    rt_free(p->level_problem);
    rt_free(p);
}

/*
 * The last task has gone. tasks_lock is held; processes that nobody waits for are put on
 * `unwanted`.
 */
static void process_end(struct process *p, struct list *unwanted)
{
    p->zombie = true;
    p->stopped = false;
    wait_wake(&p->end_wait);
    if (p->sid == p->pid)
        tty_disown(p);
    give_children_away(p, unwanted);
    hang_up_orphans(p, p->parent);
    if (tell_parent(p)) {
        process_unlink(p);
        list_add_tail(unwanted, &p->link);
    }
}

/* The last task has gone: nobody takes signals any more, and no timer sends one. */
static void process_drop_signals(struct process *p)
{
    itimers_stop(p);
    posix_timers_delete(p);
    timer_arm(&p->cpu_look, JG_TIME_INFINITE);
    pending_flush(&p->shared, ~0ull);
}

void task_exit(struct task *t, int status)
{
    struct process *p = t->process;
    struct list unwanted = LIST_INIT(unwanted), *it;
    struct usage usage;
    unsigned long missing;
    bool last, first_process, leader;

    leave_shared(t);
    missing = answers_beyond_count(t);
    if (missing)
        syscall_count_missing(t, missing);
    task_usage(t, &usage);
    mutex_lock(&tasks_lock);
    p->uid = t->cred.uid;
    memcpy(p->comm, t->comm, sizeof p->comm);
    p->user_ns += usage.user_ns;
    user_ns_ended += usage.user_ns;
    p->system_ns += usage.system_ns;
    p->min_faults += usage.faults;
    p->switches += usage.switches;
    if (!p->group_exit && p->task_count == 1)
        p->exit_status = status; /* of the last one, as Linux has it since 6.0 */
    table_remove(t);
    if (p->leader == t)
        p->leader = NULL;
    leave_children(t);
    last = p->task_count == 0;
    first_process = last && p == init_process;
    leader = last && p->sid == p->pid;
    process_stop_arrived(t);
    pending_flush(&t->pending, ~0ull);
    signal_retarget(t, ~t->blocked);
    jg_task_kill(t->thread, 0);
    jg_handle_close(t->thread);
    posix_timers_task_ends(t);
    cpu_timers_task_ends(t);
    if (last) {
        timer_arm(&p->cpu_timer, JG_TIME_INFINITE);
        process_drop_signals(p);
        if (p->handle)
            jg_handle_close(p->handle);
        p->handle = JG_HANDLE_NONE;
    }
    sighand_put(t->sighand);
    status = p->exit_status;
    if (last && !first_process)
        process_end(p, &unwanted);
    else
        wait_wake(&p->child_wait); /* exec may count us */
    mutex_unlock(&tasks_lock);

    if (leader)
        tty_disowned();
    while ((it = list_pop(&unwanted)))
        process_free(LIST_ENTRY(it, struct process, link));
    worker_unreserve();
    rt_free(t);
    if (first_process)
        launch_ended(status);
}

/* exec by another thread: it is the leader from now on. tasks_lock is held. */
static void take_leader_id(struct task *t)
{
    struct process *p = t->process;

    LIST_FOR_EACH(it, &p->children)
    {
        struct process *child = LIST_ENTRY(it, struct process, sibling);

        if (child->parent_tid == t->tid)
            child->parent_tid = p->pid;
    }
    t->tid = p->pid;
}

int task_remove_siblings(struct task *t)
{
    struct process *p = t->process;
    struct waiter w;
    int err = 0;

    wait_add(&p->child_wait, &w, t);
    mutex_lock(&tasks_lock);
    if (p->group_exit || p->exec_task) {
        err = -EAGAIN;
        goto out;
    }
    p->exec_task = t;
    LIST_FOR_EACH(it, &p->tasks)
    {
        struct task *other = LIST_ENTRY(it, struct task, link);

        if (other == t)
            continue;
        __atomic_store_n(&other->killed, 1, __ATOMIC_SEQ_CST);
        signal_notify(other);
    }
    while (p->task_count > 1) {
        wait_prepare(t);
        mutex_unlock(&tasks_lock);
        err = wait_sleep_killable(t);
        mutex_lock(&tasks_lock);
        if (err && p->group_exit) {
            err = -EAGAIN;
            break;
        }
        err = 0;
    }
    if (!err && p->pid != t->tid) {
        /* What it owns goes to those who wait: the words have its old id. The new one counts from commit() on. */
        mutex_unlock(&tasks_lock);
        futex_release_owned(t, true);
        mutex_lock(&tasks_lock);
    }
    p->exec_task = NULL;
    if (!err) {
        take_leader_id(t);
        p->leader = t;
        answers_own(t);
    }
out:
    mutex_unlock(&tasks_lock);
    wait_remove(&w);
    return err;
}
