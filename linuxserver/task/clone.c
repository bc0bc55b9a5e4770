/*
 * Making tasks: fork, vfork, clone, threads, and the first process.
 *
 * In:    task_clone() from the calls, task_create_first() from launch.c.
 * Life:  everything is made and reserved before anybody can see the child; publish() is the point of no return.
 * Locks: tasks_lock only in publish().
 */
#include "answers.h"
#include "exit.h"
#include "itimer.h"
#include "levels.h"
#include "oom.h"
#include "pidfd.h"
#include "rlimit.h"
#include "table.h"

#include <jg/rt/heap.h>
#include <jg/rt/log.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <file.h>
#include <linux/signal.h>
#include <mm.h>
#include <server.h>
#include <signal.h>
#include <sync/timer.h>
#include <ipc/sem.h>

static struct process *process_create(void)
{
    struct process *p = rt_zalloc(sizeof *p);

    if (!p)
        return NULL;
    p->refs = 1;
    list_init(&p->link);
    list_init(&p->children);
    list_init(&p->sibling);
    list_init(&p->tasks);
    wait_queue_init(&p->child_wait);
    wait_queue_init(&p->stop_wait);
    wait_queue_init(&p->signal_wait);
    wait_queue_init(&p->end_wait);
    pending_init(&p->shared);
    p->tty = -1;
    p->dumpable = true;
    timer_init(&p->cpu_timer, rlimit_cpu_fire);
    itimers_init(p);
    cpu_timers_init(p);
    list_init(&p->posix_timers);
    p->start_time = time_monotonic();
    return p;
}

static struct task *task_allocate(void)
{
    struct task *t = rt_zalloc(sizeof *t);

    if (!t)
        return NULL;
    list_init(&t->link);
    pending_init(&t->pending);
    t->start_time = time_monotonic();
    return t;
}

/* Undoes a task that nobody has seen. */
static void task_discard(struct task *t)
{
    if (t->thread) {
        jg_task_kill(t->thread, 0);
        jg_handle_close(t->thread);
    }
    if (t->process && list_empty(&t->process->link)) {
        if (t->process->handle)
            jg_handle_close(t->process->handle);
        process_put(t->process);
    }
    mm_put(t->mm);
    sem_undo_leave(t); /* its parent has it still: nothing is undone */
    files_put(t->files);
    if (t->fs)
        fs_put(t->fs);
    sighand_put(t->sighand);
    rt_free(t);
}

static int make_thread(struct task *t, struct task *like)
{
    int64_t h = jg_thread_create(t->process->handle, like ? like->thread : JG_HANDLE_NONE,
                                 like ? JG_THREAD_COPY_STATE : 0);

    if (h < 0)
        return -EAGAIN;
    t->thread = (jg_handle_t)h;
    if (t->sched.policy || t->sched.nice)
        sched_tell(t);
    h = jg_thread_set_level(t->thread, server.port, (uintptr_t)t);
    return h < 0 ? -EAGAIN : 0;
}

static int make_process(struct task *t)
{
    int64_t h = jg_process_create(server.job, t->mm->aspace, t->comm);

    if (h < 0)
        return h == JG_ERR_NO_MEMORY ? -ENOMEM : -EAGAIN;
    t->process->handle = (jg_handle_t)h;
    return 0;
}

static int share_or_copy(struct task *child, struct task *t, uint64_t flags)
{
    child->mm = flags & CLONE_VM ? mm_get(t->mm) : mm_clone(t->mm);
    child->files = flags & CLONE_FILES ? files_get(t->files) : files_clone(t->files);
    child->fs = flags & CLONE_FS ? fs_get(t->fs) : fs_clone(t->fs);
    if (flags & CLONE_SYSVSEM) {
        if (sem_undo_share(t))
            return -ENOMEM;
        child->sem_undo = sem_undo_get(t->sem_undo);
    }
    child->sighand = flags & CLONE_SIGHAND ? sighand_get(t->sighand) : sighand_clone(t->sighand);
    return child->mm && child->files && child->fs && child->sighand ? 0 : -ENOMEM;
}

static void copy_process(struct process *p, const struct process *from)
{
    p->limits = from->limits;
    p->oom_score_adj = from->oom_score_adj;
    p->oom_score_adj_min = from->oom_score_adj_min;
    p->dumpable = from->dumpable;
    p->stack = stack_get(from->stack);
}

static int set_registers(struct task *child, const struct clone_request *request)
{
    struct jg_regs regs;

    if (jg_thread_read_state(child->thread, JG_STATE_REGS, &regs, sizeof regs) < 0)
        return -EAGAIN;
    regs.rax = 0;
    regs.entry_rax = (uint64_t)-1;
    if (request->stack)
        regs.rsp = request->stack;
    if (request->flags & CLONE_SETTLS)
        regs.fs_base = request->tls;
    return jg_thread_write_state(child->thread, JG_STATE_REGS, &regs, sizeof regs) < 0 ? -EPERM : 0;
}

/* Makes a complete child that nobody can see yet. */
static int prepare(struct task *t, const struct clone_request *request, struct task **out)
{
    struct task *child = task_allocate();
    int err = -ENOMEM;

    if (!child)
        return -ENOMEM;
    memcpy(child->comm, t->comm, sizeof child->comm);
    child->cred = t->cred;
    child->blocked = t->blocked;
    child->no_new_privs = t->no_new_privs;
    child->personality = t->personality;
    child->timer_slack = t->timer_slack;
    sched_inherit(&child->sched, &t->sched);
    child->altstack = (struct altstack){.flags = SS_DISABLE};
    if (!(request->flags & CLONE_VM) || (request->flags & CLONE_VFORK))
        child->altstack = t->altstack;
    if (request->flags & CLONE_CHILD_CLEARTID)
        child->clear_child_tid = request->child_tid;
    if (request->flags & CLONE_THREAD)
        child->process = t->process;
    else if (!(child->process = process_create()))
        goto discard;
    if ((err = share_or_copy(child, t, request->flags)))
        goto discard;
    if (!(request->flags & CLONE_THREAD)) {
        copy_process(child->process, t->process);
        if ((err = make_process(child)))
            goto discard;
    }
    if ((request->flags & CLONE_CLEAR_SIGHAND) && !(request->flags & CLONE_SIGHAND)) {
        for (int i = 0; i < SIGNALS; i++)
            if (child->sighand->action[i].handler != (uint64_t)SIG_IGN)
                child->sighand->action[i] = (struct action){0};
    }
    if ((err = make_thread(child, t)) || (err = set_registers(child, request)))
        goto discard;
    *out = child;
    return 0;

discard:
    task_discard(child);
    return err;
}

/* RLIMIT_NPROC: one task more would be too many. tasks_lock is held. */
static bool too_many(struct task *t)
{
    uint64_t limit = t->process->limits.limit[RLIMIT_NPROC].rlim_cur;

    return limit != RLIM64_INFINITY && t->cred.uid && !cred_capable(&t->cred, CAP_SYS_RESOURCE) &&
           !cred_capable(&t->cred, CAP_SYS_ADMIN) && rlimit_tasks(t->cred.uid) >= limit;
}

/* Who the child's parent is, and which signal that one gets. tasks_lock is held. */
static void adopt(struct process *p, struct task *t, const struct clone_request *request)
{
    bool sibling = request->flags & CLONE_PARENT;

    p->parent = sibling ? t->process->parent : t->process;
    p->parent_tid = sibling ? t->process->parent_tid : t->tid;
    p->exit_signal = sibling ? t->process->exit_signal : request->exit_signal;
    list_add_tail(&p->parent->children, &p->sibling);
}

/* A pidfd of the child in the parent's table. Returns its number or -errno. */
static int add_pidfd(struct task *t, struct task *child, const struct clone_request *request)
{
    struct file *f = pidfd_create(child->process, 0);
    int fd = f ? fd_install(t, f, 0, true) : -ENOMEM;

    if (fd >= 0 && copy_out(t->mm, request->pidfd, &fd, sizeof fd)) {
        fd_close(t, fd);
        return -EFAULT;
    }
    if (fd < 0)
        file_put(f);
    return fd;
}

/* A terminal that is hung up leaves all whom tasks_lock shows: the child is one of them from here on. */
static void join_session(struct process *p, const struct process *parent)
{
    p->pgid = parent->pgid;
    p->sid = parent->sid;
    p->tty = parent->tty;
}

static int publish(struct task *t, struct task *child, const struct clone_request *request)
{
    struct process *p = child->process;
    int id;

    mutex_lock(&tasks_lock);
    /* A kill or an exec that counts our threads must not miss a new one. */
    if (t->killed || (t->signalled && t->process->group_exit)) {
        mutex_unlock(&tasks_lock);
        return -ERESTARTNOINTR;
    }
    id = too_many(t) ? -EAGAIN : request->set_tid ? id_take(request->set_tid) : id_allocate();
    if (id < 0) {
        mutex_unlock(&tasks_lock);
        return id;
    }
    child->tid = id;
    if (!(request->flags & CLONE_THREAD)) {
        p->pid = id;
        p->leader = child;
        join_session(p, t->process);
        adopt(p, t, request);
        rlimit_cpu_arm(p);
    }
    if (request->flags & CLONE_VFORK)
        child->vfork_parent = t;
    table_add(child);
    answers_install(child);
    signal_update(child);
    if (child->signalled)
        signal_notify(child); /* a new thread of a stopped process stops too */
    mutex_unlock(&tasks_lock);
    return id;
}

/* Waits until the child gives our memory back. Only a kill ends the wait before that. */
static void wait_for_vfork(struct task *t, int id)
{
    struct task *child;

    for (;;) {
        wait_prepare(t);
        if (__atomic_load_n(&t->vfork_done, __ATOMIC_SEQ_CST))
            return;
        if (wait_sleep_killable(t))
            break;
    }
    mutex_lock(&tasks_lock);
    child = task_find(id);
    if (child && child->vfork_parent == t)
        child->vfork_parent = NULL; /* we go first */
    mutex_unlock(&tasks_lock);
}

int64_t task_clone(struct task *t, const struct clone_request *request)
{
    struct task *child;
    int err = memory_short() ? -EAGAIN : worker_reserve();
    int pidfd = -1;
    int32_t id;

    if (err)
        return err;
    if ((err = prepare(t, request, &child)))
        goto unreserve;
    t->vfork_done = false;
    if (request->flags & CLONE_PIDFD)
        err = pidfd = add_pidfd(t, child, request);
    id = err < 0 ? err : publish(t, child, request);
    if (id < 0) {
        if (pidfd >= 0)
            fd_close(t, pidfd);
        if (request->flags & CLONE_THREAD)
            child->process = NULL;
        task_discard(child);
        err = id;
        goto unreserve;
    }
    /* Point of no return. A bad address for the id is the program's loss, as on Linux. */
    if (request->flags & CLONE_PARENT_SETTID)
        copy_out(t->mm, request->parent_tid, &id, sizeof id);
    if (request->flags & CLONE_CHILD_SETTID)
        copy_out(child->mm, request->child_tid, &id, sizeof id);
    jg_thread_start(child->thread);
    if (request->flags & CLONE_VFORK)
        wait_for_vfork(t, id);
    return id;

unreserve:
    worker_unreserve();
    return err;
}

void task_vfork_release(struct task *t)
{
    mutex_lock(&tasks_lock);
    if (t->vfork_parent) {
        __atomic_store_n(&t->vfork_parent->vfork_done, true, __ATOMIC_SEQ_CST);
        wait_wake_task(t->vfork_parent);
        t->vfork_parent = NULL;
    }
    mutex_unlock(&tasks_lock);
}

static void default_limits(struct rlimits *r)
{
    for (int i = 0; i < RLIM_NLIMITS; i++)
        r->limit[i] = (struct rlimit64){RLIM64_INFINITY, RLIM64_INFINITY};
    r->limit[RLIMIT_STACK].rlim_cur = 8ul << 20;
    r->limit[RLIMIT_CORE].rlim_cur = 0;
    r->limit[RLIMIT_NOFILE] = (struct rlimit64){1024, 4096};
    r->limit[RLIMIT_MEMLOCK] = (struct rlimit64){8ul << 20, 8ul << 20};
    r->limit[RLIMIT_SIGPENDING] = (struct rlimit64){4096, 4096};
    r->limit[RLIMIT_NPROC] = (struct rlimit64){4096, 4096};
    r->limit[RLIMIT_MSGQUEUE] = (struct rlimit64){819200, 819200};
    r->limit[RLIMIT_NICE] = r->limit[RLIMIT_RTPRIO] = (struct rlimit64){0, 0};
}

struct task *task_create_first(void)
{
    struct task *t = task_allocate();

    if (!t)
        return NULL;
    cred_init_root(&t->cred);
    memcpy(t->comm, "pid1", 5);
    t->timer_slack = TIMER_SLACK_DEFAULT;
    t->process = process_create();
    t->mm = mm_create();
    t->files = files_create();
    t->sighand = sighand_create();
    if (!t->process || !t->mm || !t->files || !t->sighand || make_process(t) ||
        make_thread(t, NULL)) {
        task_discard(t);
        return NULL;
    }
    default_limits(&t->process->limits);
    mutex_lock(&tasks_lock);
    t->tid = t->process->pid = t->process->pgid = t->process->sid = id_allocate();
    t->process->pgid = t->process->sid = 0; /* as Linux starts it: in no session of its own */
    t->process->leader = t;
    table_add(t);
    answers_install(t);
    init_process = t->process;
    t->process->unkillable = true;
    mutex_unlock(&tasks_lock);
    return t;
}

int task_start(struct task *t)
{
    return jg_thread_start(t->thread) < 0 ? -EAGAIN : 0;
}
