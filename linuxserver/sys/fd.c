/*
 * Descriptors: close, dup, fcntl, ioctl, pipe, locks.
 */
#include "sys.h"

#include <file.h>
#include <fs/inode.h>
#include <fs/locks.h>
#include <fs/memfd.h>
#include <fs/pipe.h>
#include <linux/close_range.h>

HOT_PATH int64_t sys_close(struct task *t, const uint64_t *a)
{
    return fd_close(t, (int)a[0]);
}

static int64_t dup_from(struct task *t, int fd, int least, bool cloexec)
{
    struct file *f = fd_get(t, fd);
    int r;

    if (!f)
        return -EBADF;
    r = fd_install(t, f, least, cloexec);
    if (r < 0)
        file_put(f);
    return r;
}

int64_t sys_dup(struct task *t, const uint64_t *a)
{
    return dup_from(t, (int)a[0], 0, false);
}

static int64_t dup_to(struct task *t, int from, int to, bool cloexec)
{
    struct file *f = fd_get(t, from);
    int r;

    if (!f)
        return -EBADF;
    r = fd_install_at(t, f, to, cloexec);
    if (r < 0)
        file_put(f);
    return r;
}

int64_t sys_dup2(struct task *t, const uint64_t *a)
{
    if ((int)a[0] == (int)a[1])
        return fd_get_flags(t, (int)a[0]) < 0 ? -EBADF : (int64_t)(int)a[1];
    return dup_to(t, (int)a[0], (int)a[1], false);
}

int64_t sys_dup3(struct task *t, const uint64_t *a)
{
    if ((a[2] & ~(uint64_t)O_CLOEXEC) || (int)a[0] == (int)a[1])
        return -EINVAL;
    return dup_to(t, (int)a[0], (int)a[1], a[2] & O_CLOEXEC);
}

static int64_t make_pipe(struct task *t, uint64_t va, uint32_t flags)
{
    struct file *end[2];
    int32_t fd[2];
    int64_t err = pipe_create(flags, end);

    if (err)
        return err;
    fd[0] = fd_install(t, end[0], 0, flags & O_CLOEXEC);
    if (fd[0] < 0) {
        err = fd[0];
        goto drop_both;
    }
    fd[1] = fd_install(t, end[1], 0, flags & O_CLOEXEC);
    if (fd[1] < 0) {
        err = fd[1];
        fd_close(t, fd[0]);
        goto drop_second;
    }
    if (copy_out(t->mm, va, fd, sizeof fd)) {
        fd_close(t, fd[0]);
        fd_close(t, fd[1]);
        return -EFAULT;
    }
    return 0;

drop_both:
    file_put(end[0]);
drop_second:
    file_put(end[1]);
    return err;
}

int64_t sys_pipe(struct task *t, const uint64_t *a)
{
    return make_pipe(t, a[0], 0);
}

int64_t sys_pipe2(struct task *t, const uint64_t *a)
{
    if (a[1] & ~(uint64_t)(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
        return -EINVAL;
    return make_pipe(t, a[0], (uint32_t)a[1]);
}

#define SETTABLE (O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT | FASYNC)

static int64_t record_lock(struct task *t, struct file *f, int cmd, uint64_t va)
{
    struct flock lock;
    int64_t err = copy_in(t->mm, &lock, va, sizeof lock);

    if (!err)
        err = locks_fcntl(t, f, cmd, &lock);
    if (!err && (cmd == F_GETLK || cmd == F_OFD_GETLK))
        err = copy_out(t->mm, va, &lock, sizeof lock);
    return err;
}

/* May F_SETFL turn these on? 0 or -errno. */
static int64_t check_flags(struct task *t, struct file *f, uint32_t flags)
{
    struct vfs_attr attr;

    if ((flags & O_DIRECT) && f->inode)
        return -EINVAL; /* as of 6.1 on tmpfs */
    if (!(flags & O_NOATIME) || (f->flags & O_NOATIME) || !f->ops->stat)
        return 0;
    if (f->ops->stat(f, &attr) || attr.uid == t->cred.fsuid || cred_capable(&t->cred, CAP_FOWNER))
        return 0;
    return -EPERM;
}

static int64_t do_fcntl(struct task *t, struct file *f, int fd, int cmd, uint64_t arg)
{
    int64_t r;

    switch (cmd) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (arg >= t->process->limits.limit[RLIMIT_NOFILE].rlim_cur)
            return -EINVAL;
        return dup_from(t, fd, (int)arg, cmd == F_DUPFD_CLOEXEC);
    case F_GETFD:
        return fd_get_flags(t, fd);
    case F_SETFD:
        return fd_set_flags(t, fd, (int)arg);
    case F_GETFL:
        return f->flags | (!f->inode || (f->flags & O_PATH) ? 0 : O_LARGEFILE); /* as open(2) adds it */
    default:
        break;
    }
    if (f->flags & O_PATH)
        return -EBADF;
    switch (cmd) {
    case F_SETFL:
        r = check_flags(t, f, (uint32_t)arg);
        if (r)
            return r;
        f->flags = (f->flags & ~(uint32_t)SETTABLE) | ((uint32_t)arg & SETTABLE);
        return 0;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return record_lock(t, f, cmd, arg);
    case F_GETOWN:
        return f->owner;
    case F_SETOWN:
        f->owner = (int)arg;
        return 0;
    case F_GET_SEALS:
        return memfd_get_seals(f);
    case F_ADD_SEALS:
        return memfd_add_seals(f, arg);
    case F_GETPIPE_SZ:
        return pipe_get_size(f);
    case F_SETPIPE_SZ:
        return pipe_set_size(t, f, arg);
    default:
        return -EINVAL;
    }
}

int64_t sys_fcntl(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r;

    if (!f)
        return -EBADF;
    r = do_fcntl(t, f, (int)a[0], (int)a[1], a[2]);
    file_put(f);
    return r;
}

int64_t sys_flock(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r;

    if (!f)
        return -EBADF;
    r = f->flags & O_PATH ? -EBADF : locks_flock(t, f, (int)a[1]);
    file_put(f);
    return r;
}

static int64_t set_nonblocking(struct task *t, struct file *f, uint64_t va)
{
    int32_t on;

    if (copy_in(t->mm, &on, va, sizeof on))
        return -EFAULT;
    f->flags = on ? f->flags | O_NONBLOCK : f->flags & ~(uint32_t)O_NONBLOCK;
    return 0;
}

int64_t sys_ioctl(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r;

    if (!f)
        return -EBADF;
    if (f->flags & O_PATH) {
        file_put(f);
        return -EBADF;
    }
    switch ((uint32_t)a[1]) {
    case FIOCLEX:
        r = fd_set_flags(t, (int)a[0], FD_CLOEXEC);
        break;
    case FIONCLEX:
        r = fd_set_flags(t, (int)a[0], 0);
        break;
    case FIONBIO:
        r = set_nonblocking(t, f, a[2]);
        break;
    default:
        r = f->ops->ioctl ? f->ops->ioctl(t, f, (uint32_t)a[1], a[2]) : -ENOTTY;
        break;
    }
    file_put(f);
    return r;
}

int64_t sys_close_range(struct task *t, const uint64_t *a)
{
    uint32_t first = (uint32_t)a[0], last = (uint32_t)a[1], flags = (uint32_t)a[2];

    if (first > last || (flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)))
        return -EINVAL;
    if (flags & CLOSE_RANGE_UNSHARE) {
        struct files *mine = files_own(t->files), *old;

        if (!mine)
            return -ENOMEM;
        mutex_lock(&tasks_lock);
        old = t->files;
        t->files = mine;
        mutex_unlock(&tasks_lock);
        files_put(old);
    }
    if (first > INT32_MAX)
        return 0;
    for (int fd = (int)first; (fd = fd_next(t->files, fd)) >= 0 && (uint32_t)fd <= last; fd++) {
        if (flags & CLOSE_RANGE_CLOEXEC)
            fd_set_flags(t, fd, FD_CLOEXEC);
        else
            fd_close(t, fd);
    }
    return 0;
}
