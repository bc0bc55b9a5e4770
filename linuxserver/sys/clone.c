/*
 * fork, vfork, clone, clone3, unshare: what may be asked for. task/clone.c does it.
 */
#include "sys.h"

#include <jg/rt/string.h>

#include <file.h>
#include <ipc/sem.h>

#define CLONE_NAMESPACES                                                                           \
    (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |  \
     CLONE_NEWNET | CLONE_NEWTIME)
#define TID_LEVELS_MAX 32 /* MAX_PID_NS_LEVEL */

int64_t sys_fork(struct task *t, const uint64_t *a)
{
    struct clone_request r = {.exit_signal = SIGCHLD};

    (void)a;
    return task_clone(t, &r);
}

int64_t sys_vfork(struct task *t, const uint64_t *a)
{
    struct clone_request r = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};

    (void)a;
    return task_clone(t, &r);
}

/* As a Linux that has no namespaces built in. */
static int64_t namespaces_refused(struct task *t, uint64_t flags)
{
    if (!(flags & CLONE_NAMESPACES))
        return 0;
    return (flags & CLONE_NEWUSER) || cred_capable(&t->cred, CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
}

/* What clone and clone3 refuse alike. Source: clone(2), "ERRORS". */
static int64_t impossible(struct task *t, const struct clone_request *r)
{
    uint64_t f = r->flags;

    if ((f & (CLONE_FS | CLONE_NEWNS)) == (CLONE_FS | CLONE_NEWNS) ||
        (f & (CLONE_FS | CLONE_NEWUSER)) == (CLONE_FS | CLONE_NEWUSER))
        return -EINVAL;
    if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
        return -EINVAL;
    if ((f & CLONE_SIGHAND) && !(f & CLONE_VM))
        return -EINVAL;
    if ((f & CLONE_PARENT) && t->process == init_process)
        return -EINVAL;
    if ((f & CLONE_THREAD) && (f & (CLONE_NEWUSER | CLONE_NEWPID)))
        return -EINVAL;
    if ((f & CLONE_PIDFD) && (f & (CLONE_DETACHED | CLONE_THREAD)))
        return -EINVAL;
    if ((f & CLONE_PIDFD) && (f & CLONE_PARENT_SETTID) && r->pidfd == r->parent_tid)
        return -EINVAL;
    if ((f & CLONE_SETTLS) && r->tls >= JG_USER_TOP)
        return -EPERM;
    return namespaces_refused(t, f);
}

static int64_t clone_checked(struct task *t, struct clone_request *r)
{
    int64_t err = impossible(t, r);

    if (err)
        return err;
    if ((r->flags & CLONE_THREAD) || r->exit_signal > SIGNALS)
        r->exit_signal = 0; /* a number that is no signal tells nobody */
    return task_clone(t, r);
}

int64_t sys_clone(struct task *t, const uint64_t *a)
{
    uint64_t flags = (uint32_t)a[0];
    struct clone_request r = {.flags = flags & ~(uint64_t)CSIGNAL,
                              .stack = a[1],
                              .parent_tid = a[2],
                              .child_tid = a[3],
                              .tls = a[4],
                              .pidfd = a[2],
                              .exit_signal = (int)(flags & CSIGNAL)};

    return clone_checked(t, &r);
}

/*
 * A struct that may be older (shorter: the rest is zero) or newer (longer: the rest must be zero)
 * than ours. Source: clone3(2), openat2(2), "Extensibility".
 */
static int64_t clone_args_in(struct task *t, uint64_t va, uint64_t size, struct clone_args *args)
{
    uint8_t more[64];

    memset(args, 0, sizeof *args);
    if (size > PAGE_SIZE)
        return -E2BIG;
    if (size < CLONE_ARGS_SIZE_VER0)
        return -EINVAL;
    if (copy_in(t->mm, args, va, size < sizeof *args ? size : sizeof *args))
        return -EFAULT;
    for (uint64_t at = sizeof *args; at < size;) {
        uint64_t n = size - at < sizeof more ? size - at : sizeof more;

        if (copy_in(t->mm, more, va + at, n))
            return -EFAULT;
        for (uint64_t i = 0; i < n; i++)
            if (more[i])
                return -E2BIG;
        at += n;
    }
    return 0;
}

static int64_t clone_args_valid(const struct clone_args *args, uint64_t size)
{
    const uint64_t known = 0xffffffffull | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP;

    if (args->set_tid_size > TID_LEVELS_MAX || !args->set_tid != !args->set_tid_size)
        return -EINVAL;
    if ((args->exit_signal & ~(uint64_t)CSIGNAL) || args->exit_signal > SIGNALS)
        return -EINVAL;
    if ((args->flags & CLONE_INTO_CGROUP) &&
        (args->cgroup > INT32_MAX || size < CLONE_ARGS_SIZE_VER2))
        return -EINVAL;
    if ((args->flags & ~known) ||
        (args->flags & (CLONE_DETACHED | (CSIGNAL & ~(uint64_t)CLONE_NEWTIME))))
        return -EINVAL;
    if ((args->flags & (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND)) ==
        (CLONE_SIGHAND | CLONE_CLEAR_SIGHAND))
        return -EINVAL;
    if ((args->flags & (CLONE_THREAD | CLONE_PARENT)) && args->exit_signal)
        return -EINVAL;
    if (!args->stack != !args->stack_size || args->stack >= JG_USER_TOP ||
        args->stack_size > JG_USER_TOP - args->stack)
        return -EINVAL;
    return 0;
}

/* The wanted id: there is one level of ids here. */
static int64_t wanted_tid(struct task *t, const struct clone_args *args, int *tid)
{
    int32_t ids[TID_LEVELS_MAX];

    *tid = 0;
    if (!args->set_tid_size)
        return 0;
    if (copy_in(t->mm, ids, args->set_tid, args->set_tid_size * sizeof *ids))
        return -EFAULT;
    if (args->set_tid_size > 1 || ids[0] < 1)
        return -EINVAL;
    if (!cred_capable(&t->cred, CAP_CHECKPOINT_RESTORE) && !cred_capable(&t->cred, CAP_SYS_ADMIN))
        return -EPERM;
    *tid = ids[0];
    return 0;
}

int64_t sys_clone3(struct task *t, const uint64_t *a)
{
    struct clone_args args;
    struct clone_request r;
    int64_t err = clone_args_in(t, a[0], a[1], &args);

    if (!err)
        err = clone_args_valid(&args, a[1]);
    if (err)
        return err;
    r = (struct clone_request){.flags = args.flags,
                               .stack = args.stack + args.stack_size,
                               .parent_tid = args.parent_tid,
                               .child_tid = args.child_tid,
                               .tls = args.tls,
                               .pidfd = args.pidfd,
                               .exit_signal = (int)args.exit_signal};
    err = impossible(t, &r);
    if (!err && (args.flags & CLONE_INTO_CGROUP))
        err = -EBADF; /* no descriptor here is a control group */
    if (!err)
        err = wanted_tid(t, &args, &r.set_tid);
    return err ? err : clone_checked(t, &r);
}

#define UNSHARE_KNOWN                                                                              \
    (CLONE_NAMESPACES | CLONE_THREAD | CLONE_FS | CLONE_SIGHAND | CLONE_VM | CLONE_FILES |         \
     CLONE_SYSVSEM)

/* Threads, handlers and memory can be called one's own only if nobody shares them. */
static bool shared_with_threads(struct task *t, uint64_t flags)
{
    bool shared;

    if (!(flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)))
        return false;
    mutex_lock(&tasks_lock);
    shared = t->process->task_count > 1 ||
             ((flags & CLONE_VM) && __atomic_load_n(&t->mm->refs, __ATOMIC_SEQ_CST) > 1);
    mutex_unlock(&tasks_lock);
    return shared;
}

static int64_t unshare_files(struct task *t)
{
    struct files *old = t->files, *own = files_own(old);

    if (!own)
        return -ENOMEM;
    mutex_lock(&tasks_lock);
    t->files = own;
    mutex_unlock(&tasks_lock);
    files_put(old);
    return 0;
}

static int64_t unshare_fs(struct task *t)
{
    struct fs_context *old = t->fs, *own = fs_clone(old);

    if (!own)
        return -ENOMEM;
    mutex_lock(&tasks_lock);
    t->fs = own;
    mutex_unlock(&tasks_lock);
    fs_put(old);
    return 0;
}

int64_t sys_unshare(struct task *t, const uint64_t *a)
{
    uint64_t flags = a[0];
    int64_t err;

    if (flags & ~(uint64_t)UNSHARE_KNOWN)
        return -EINVAL;
    if (shared_with_threads(t, flags))
        return -EINVAL;
    err = namespaces_refused(t, flags);
    if (!err && (flags & CLONE_FS))
        err = unshare_fs(t);
    if (!err && (flags & CLONE_FILES))
        err = unshare_files(t);
    if (!err && (flags & CLONE_SYSVSEM))
        sem_undo_leave(t);
    return err;
}
