/*
 * Reading and writing through descriptors.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <file.h>
#include <fs/inode.h>
#include <fs/inotify.h>
#include <linux/inotify.h>

typedef int64_t (*mover)(struct task *t, struct file *f, struct io *io, int64_t pos);

static mover mover_of(const struct file *f, bool write)
{
    return write ? f->ops->write : f->ops->read;
}

HOT_IO int64_t move_check(const struct file *f, bool write)
{
    if (!(write ? file_writable(f) : file_readable(f)))
        return -EBADF;
    return mover_of(f, write) ? 0 : -EINVAL;
}

HOT_IO int64_t move_here(struct task *t, struct file *f, struct io *io, bool write)
{
    int64_t n;

    if (!f->ops->seek)
        return mover_of(f, write)(t, f, io, -1);
    mutex_lock(&f->lock);
    n = mover_of(f, write)(t, f, io, f->pos);
    if (n > 0)
        f->pos = io->end ? io->end : f->pos + n;
    mutex_unlock(&f->lock);
    return n;
}

static int64_t move(struct task *t, struct file *f, struct io *io, bool write, int64_t pos)
{
    if (io->length > RW_MAX)
        io->length = RW_MAX;
    if (io->va > JG_USER_TOP || io->va + io->length > JG_USER_TOP)
        return io->length || io->va > JG_USER_TOP ? -EFAULT : 0;
    return pos < 0 ? move_here(t, f, io, write) : mover_of(f, write)(t, f, io, pos);
}

/* Those who watch hear of it. */
static inline void moved(const struct file *f, int64_t n, bool write)
{
    if (n > 0)
        file_touch(f, write ? IN_MODIFY : IN_ACCESS);
}

/* The file of a[0], with a reference, if it can be moved like that; positioned: at a[3]. 0 or -errno. */
static inline int64_t file_in(struct task *t, const uint64_t *a, bool write, bool positioned,
                              struct file **out)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t err;

    if (!f)
        return -EBADF;
    err = move_check(f, write);
    if (!err && positioned && (int64_t)a[3] < 0)
        err = -EINVAL;
    if (!err && positioned && !f->ops->seek)
        err = -ESPIPE;
    if (err)
        file_put(f);
    *out = f;
    return err;
}

static HOT_IO int64_t read_or_write(struct task *t, const uint64_t *a, bool write, bool positioned)
{
    struct io io = {.mm = t->mm, .va = a[1], .length = a[2]};
    struct file *f;
    int64_t n = file_in(t, a, write, positioned, &f);

    if (n)
        return n;
    n = (int64_t)a[2] < 0 ? -EINVAL : move(t, f, &io, write, positioned ? (int64_t)a[3] : -1);
    moved(f, n, write);
    file_put(f);
    return n;
}

HOT_IO int64_t sys_read(struct task *t, const uint64_t *a)
{
    return read_or_write(t, a, false, false);
}

HOT_IO int64_t sys_write(struct task *t, const uint64_t *a)
{
    return read_or_write(t, a, true, false);
}

HOT_IO int64_t sys_pread64(struct task *t, const uint64_t *a)
{
    return read_or_write(t, a, false, true);
}

HOT_IO int64_t sys_pwrite64(struct task *t, const uint64_t *a)
{
    return read_or_write(t, a, true, true);
}

int64_t vector_in(struct task *t, uint64_t va, uint64_t count, struct iovec **out, uint64_t *total)
{
    struct iovec *v;
    int64_t err = 0;

    if (count > VECTOR_LIMIT)
        return -EINVAL;
    v = rt_alloc(count ? count * sizeof *v : 1);
    if (!v)
        return -ENOMEM;
    if (count)
        err = copy_in(t->mm, v, va, count * sizeof *v);
    *total = 0;
    for (uint64_t i = 0; i < count && !err; i++) {
        if ((int64_t)v[i].iov_len < 0)
            err = -EINVAL;
        if (v[i].iov_len > RW_MAX - *total)
            v[i].iov_len = RW_MAX - *total;
        *total += v[i].iov_len;
    }
    if (err)
        rt_free(v);
    *out = v;
    return err;
}

/*
 * Up to this a vector goes in one piece, so that a pipe or a stream sees one write (atomic up to
 * PIPE_BUF) or one read.
 */
#define GATHER_MAX 8192ul

static int64_t gather(struct task *t, struct file *f, const struct iovec *v, uint64_t count,
                      size_t total, int64_t pos, bool append)
{
    uint8_t *buf = rt_alloc(total);
    size_t used = 0;
    struct io io;
    int64_t n = -ENOMEM;

    if (!buf)
        return -ENOMEM;
    for (uint64_t i = 0; i < count; i++) {
        if (copy_in(t->mm, buf + used, (uint64_t)v[i].iov_base, v[i].iov_len)) {
            n = -EFAULT;
            break;
        }
        used += v[i].iov_len;
    }
    if (used) {
        io = (struct io){.va = (uintptr_t)buf, .length = used, .append = append};
        n = pos < 0 ? move_here(t, f, &io, true) : f->ops->write(t, f, &io, pos);
    }
    rt_free(buf);
    return n;
}

/*
 * One read from a file that may wait: what is there goes into the parts in order, and the call does
 * not wait for more.
 */
static int64_t scatter(struct task *t, struct file *f, const struct iovec *v, uint64_t count,
                       size_t total)
{
    size_t size = total < GATHER_MAX ? total : GATHER_MAX, done = 0;
    uint8_t *buf = rt_alloc(size);
    struct io io = {.va = (uintptr_t)buf, .length = size};
    int64_t n;

    if (!buf)
        return -ENOMEM;
    n = f->ops->read(t, f, &io, -1);
    for (uint64_t i = 0; n > 0 && i < count && done < (size_t)n; i++) {
        size_t left = (size_t)n - done, part = v[i].iov_len < left ? v[i].iov_len : left;
        size_t copied = copy_out_some(t->mm, (uint64_t)v[i].iov_base, buf + done, part);

        done += copied;
        if (copied < part)
            n = done ? (int64_t)done : -EFAULT;
    }
    rt_free(buf);
    return n;
}

static int64_t move_vector(struct task *t, struct file *f, const struct iovec *v, uint64_t count,
                           size_t total, bool write, int64_t pos, bool append)
{
    int64_t done = 0;

    if (f->ops->vector)
        return f->ops->vector(t, f, v, count, write);
    if (write && count > 1 && total && total <= GATHER_MAX)
        return gather(t, f, v, count, total, pos, append);
    if (!write && count > 1 && total && !f->ops->seek)
        return scatter(t, f, v, count, total);
    for (uint64_t i = 0; i < count; i++) {
        struct io io = {.mm = t->mm,
                        .va = (uint64_t)v[i].iov_base,
                        .length = v[i].iov_len,
                        .append = append};
        int64_t n;

        if (!io.length)
            continue;
        n = move(t, f, &io, write, pos < 0 ? -1 : pos + done);
        if (n < 0)
            return done ? done : n;
        done += n;
        if ((uint64_t)n < v[i].iov_len)
            break;
    }
    return done;
}

#define RWF_USED (RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND)

static int64_t vector(struct task *t, const uint64_t *a, bool write, bool positioned,
                      uint32_t flags)
{
    struct iovec *v;
    struct file *f;
    uint64_t total;
    int64_t n = file_in(t, a, write, positioned, &f);

    if (n)
        return n;
    n = vector_in(t, a[1], a[2], &v, &total);
    if (!n) {
        /* Nothing here says of itself that it never waits (RWF_NOWAIT), as on 6.1 tmpfs, pipes and sockets do not. */
        if (total && (flags & ~(uint32_t)RWF_USED))
            n = -EOPNOTSUPP;
        else
            n = move_vector(t, f, v, a[2], total, write, positioned ? (int64_t)a[3] : -1,
                        flags & RWF_APPEND);
        moved(f, n, write);
        rt_free(v);
    }
    file_put(f);
    return n;
}

int64_t sys_readv(struct task *t, const uint64_t *a)
{
    return vector(t, a, false, false, 0);
}

int64_t sys_writev(struct task *t, const uint64_t *a)
{
    return vector(t, a, true, false, 0);
}

int64_t sys_preadv(struct task *t, const uint64_t *a)
{
    return vector(t, a, false, true, 0);
}

int64_t sys_pwritev(struct task *t, const uint64_t *a)
{
    return vector(t, a, true, true, 0);
}

int64_t sys_preadv2(struct task *t, const uint64_t *a)
{
    return vector(t, a, false, (int64_t)a[3] != -1, (uint32_t)a[5]);
}

int64_t sys_pwritev2(struct task *t, const uint64_t *a)
{
    return vector(t, a, true, (int64_t)a[3] != -1, (uint32_t)a[5]);
}

int64_t sys_lseek(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r;

    if (!f)
        return -EBADF;
    if (f->flags & O_PATH) {
        r = -EBADF;
    } else if (!f->ops->seek) {
        r = f->ops->seek_is_zero ? 0 : -ESPIPE;
    } else {
        mutex_lock(&f->lock);
        r = f->ops->seek(f, (int64_t)a[1], (int)a[2]);
        mutex_unlock(&f->lock);
    }
    file_put(f);
    return r;
}

int64_t sys_fsync(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r = 0;

    if (!f)
        return -EBADF;
    if (!f->inode || (f->flags & O_PATH))
        r = f->flags & O_PATH ? -EBADF : -EINVAL;
    file_put(f);
    return r;
}

int64_t sys_sync(struct task *t, const uint64_t *a)
{
    (void)t, (void)a;
    return 0;
}
