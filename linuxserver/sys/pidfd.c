/*
 * pidfd_open, pidfd_send_signal, pidfd_getfd.
 */
#include "sys.h"

#include <jg/rt/string.h>

#include <file.h>
#include <signal.h>
#include <task/pidfd.h>

/* Source: pidfd_open(2). tasks_lock is held. */
static int64_t open_process(int pid, uint32_t flags, struct file **out)
{
    struct process *p = process_find(pid);

    if (!p)
        return task_find(pid) ? -EINVAL : -ESRCH;
    *out = pidfd_create(p, flags);
    return *out ? 0 : -ENOMEM;
}

int64_t sys_pidfd_open(struct task *t, const uint64_t *a)
{
    struct file *f = NULL;
    int64_t r;

    if (((uint32_t)a[1] & ~(uint32_t)O_NONBLOCK) || (int)a[0] <= 0)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    r = open_process((int)a[0], (uint32_t)a[1], &f);
    mutex_unlock(&tasks_lock);
    if (r)
        return r;
    r = fd_install(t, f, 0, true);
    if (r < 0)
        file_put(f);
    return r;
}

/* The signal as the caller describes it, or as kill(2) would. */
static int64_t info_for(struct task *t, int sig, uint64_t va, bool myself, siginfo_t *info)
{
    if (!va) {
        siginfo_user(info, sig, SI_USER, t);
        return 0;
    }
    if (copy_in(t->mm, info, va, sizeof *info))
        return -EFAULT;
    if (info->si_signo != sig)
        return -EINVAL;
    /* Nobody else is to be told what only the system or kill(2) may say. */
    return !myself && (info->si_code >= 0 || info->si_code == SI_TKILL) ? -EPERM : 0;
}

/* tasks_lock is held. */
static int64_t send(struct task *t, struct process *p, int sig, const siginfo_t *info)
{
    if (p->reaped || !p->pid)
        return -ESRCH;
    if (!signal_permitted(t, p, sig))
        return -EPERM;
    return sig ? signal_send_process(p, info) : 0;
}

int64_t sys_pidfd_send_signal(struct task *t, const uint64_t *a)
{
    struct file *f;
    struct process *p;
    siginfo_t info;
    int sig = (int)a[1];
    int64_t err;

    if ((uint32_t)a[3])
        return -EINVAL;
    f = fd_get(t, (int)a[0]);
    p = f ? pidfd_process(f) : NULL;
    err = p ? info_for(t, sig, a[2], p == t->process, &info) : -EBADF;
    if (!err && (sig < 0 || sig > SIGNALS))
        err = -EINVAL;
    if (!err) {
        mutex_lock(&tasks_lock);
        err = send(t, p, sig, &info);
        mutex_unlock(&tasks_lock);
    }
    file_put(f);
    return err;
}

/* The file of another process' descriptor, with a reference. tasks_lock is held. */
static int64_t file_of(struct task *t, struct process *p, int fd, struct file **out)
{
    struct task *other = p->reaped ? NULL : process_any_task(p);

    if (!other || !other->files)
        return -ESRCH;
    if (!task_may_look(t, other, true))
        return -EPERM;
    *out = files_lookup(other->files, fd);
    return *out ? 0 : -EBADF;
}

int64_t sys_pidfd_getfd(struct task *t, const uint64_t *a)
{
    struct file *f, *got = NULL;
    struct process *p;
    int64_t r;

    if ((uint32_t)a[2])
        return -EINVAL;
    f = fd_get(t, (int)a[0]);
    p = f ? pidfd_process(f) : NULL;
    r = -EBADF;
    if (p) {
        mutex_lock(&tasks_lock);
        r = file_of(t, p, (int)a[1], &got);
        mutex_unlock(&tasks_lock);
    }
    file_put(f);
    if (r)
        return r;
    r = fd_install(t, got, 0, true);
    if (r < 0)
        file_put(got);
    return r;
}
