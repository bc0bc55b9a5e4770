/*
 * From descriptor to descriptor: sendfile, splice, tee, vmsplice, copy_file_range.
 *
 * Source: splice(2), tee(2), vmsplice(2), sendfile(2), copy_file_range(2), and Linux 6.1 for what they refuse. Bytes go
 * through a buffer of the server's; only then could the pages that Linux moves be seen to change.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <file.h>
#include <fs/inode.h>
#include <fs/inotify.h>
#include <fs/pipe.h>
#include <fs/regular.h>
#include <linux/inotify.h>

#define CHUNK      65536ul
#define F_MOVE     1u
#define F_NONBLOCK 2u
#define F_MORE     4u
#define F_GIFT     8u
#define F_ALL      (F_MOVE | F_NONBLOCK | F_MORE | F_GIFT)

/* One side of a transfer. */
struct side {
    struct file *file;
    int64_t pos;     /* where, if `placed`; moves */
    bool placed;     /* not at the file's own position */
    bool nowait;     /* sockets: SPLICE_F_NONBLOCK */
    uint64_t pos_va; /* the program's copy of pos, if placed */
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Moves server memory. Bytes, 0 at the end, or -errno. */
static int64_t move_side(struct task *t, struct side *s, void *buf, size_t size, bool write)
{
    struct io io = {.va = (uintptr_t)buf, .length = size, .nowait = s->nowait};
    int64_t n;

    if (!s->placed)
        n = move_here(t, s->file, &io, write);
    else
        n = write ? s->file->ops->write(t, s->file, &io, s->pos)
                  : s->file->ops->read(t, s->file, &io, s->pos);
    if (n > 0) {
        s->pos += n;
        file_touch(s->file, write ? IN_MODIFY : IN_ACCESS);
    }
    return n;
}

/* Takes back what was read and could not be written: only files with a place are read so. */
static void unread(struct side *s, size_t size)
{
    if (s->placed) {
        s->pos -= (int64_t)size;
    } else {
        mutex_lock(&s->file->lock);
        s->file->pos -= (int64_t)size;
        mutex_unlock(&s->file->lock);
    }
}

/* A file of either kind that can be read again into one that is no pipe. */
static int64_t copy_all(struct task *t, struct side *in, struct side *out, uint64_t count)
{
    uint8_t *buf = rt_alloc(CHUNK);
    int64_t done = 0, n = 0;

    if (!buf)
        return -ENOMEM;
    while (count && !t->killed) {
        int64_t got = move_side(t, in, buf, least(count, CHUNK), false);

        n = got;
        if (got <= 0)
            break;
        n = move_side(t, out, buf, (size_t)got, true);
        if (n < got)
            unread(in, (size_t)(got - (n > 0 ? n : 0)));
        if (n <= 0)
            break;
        done += n;
        count -= (uint64_t)n;
        if (n < got)
            break;
    }
    rt_free(buf);
    return done ? done : n;
}

static int64_t file_to_pipe(struct task *t, struct side *in, struct file *out, uint64_t count,
                            bool wait)
{
    int64_t room = pipe_promise(t, out, least(count, CHUNK), wait), n = -ENOMEM;
    uint8_t *buf;

    if (room <= 0)
        return room;
    buf = rt_alloc((size_t)room);
    if (buf)
        n = move_side(t, in, buf, (size_t)room, false);
    if (n > 0)
        n = pipe_give(out, buf, (size_t)n, (size_t)room);
    else
        pipe_give(out, NULL, 0, (size_t)room);
    rt_free(buf);
    return n;
}

static int64_t pipe_to_file(struct task *t, struct file *in, struct side *out, uint64_t count,
                            bool wait)
{
    uint8_t *buf = rt_alloc(CHUNK);
    int64_t done = 0, got, n = 0;

    if (!buf)
        return -ENOMEM;
    while (count && !t->killed) {
        got = n = pipe_take(t, in, buf, least(count, CHUNK), wait && !done);
        if (got <= 0)
            break;
        n = move_side(t, out, buf, (size_t)got, true);
        if (n < 0)
            pipe_return(in, buf, (size_t)got, (size_t)got);
        else
            pipe_return(in, buf + n, (size_t)(got - n), (size_t)got);
        if (n <= 0)
            break;
        done += n;
        count -= (uint64_t)n;
        if (n < got)
            break;
    }
    rt_free(buf);
    return done ? done : n;
}

/* `keep`: tee(2). Room is sought before bytes are taken, so that none must come back. */
static int64_t pipe_to_pipe(struct task *t, struct file *in, struct file *out, uint64_t count,
                            bool wait, bool keep)
{
    int64_t room = 1, n = -ENOMEM;
    uint8_t *buf = rt_alloc(CHUNK), probe;

    if (!buf)
        return -ENOMEM;
    /* Sleeps without a promise to others until both sides are there. */
    n = pipe_peek(t, in, &probe, 1, wait);
    if (n > 0)
        room = n = pipe_promise(t, out, least(count, CHUNK), wait);
    if (n > 0) {
        n = keep ? pipe_peek(t, in, buf, (size_t)room, false)
                 : pipe_take(t, in, buf, (size_t)room, false);
        if (n > 0 && !keep)
            pipe_return(in, NULL, 0, (size_t)n);
        if (n > 0)
            n = pipe_give(out, buf, (size_t)n, (size_t)room);
        else
            pipe_give(out, NULL, 0, (size_t)room);
    }
    rt_free(buf);
    return n;
}

/* Reads the program's offset for a side; -1 as an address means that there is none. */
static int64_t side_place(struct task *t, struct side *s, uint64_t va)
{
    s->pos_va = va;
    s->placed = va;
    if (va && copy_in(t->mm, &s->pos, va, sizeof s->pos))
        return -EFAULT;
    return 0;
}

/* Does `count` from the side's place on make sense? 0 or -EINVAL. */
static int64_t side_check(const struct side *s, uint64_t count)
{
    int64_t pos = s->placed ? s->pos : s->file->pos;

    return (int64_t)count < 0 || pos < 0 || (int64_t)((uint64_t)pos + count) < 0 ? -EINVAL : 0;
}

static int64_t side_done(struct task *t, const struct side *s, int64_t n)
{
    return s->placed && n >= 0 && copy_out(t->mm, s->pos_va, &s->pos, sizeof s->pos) ? -EFAULT : n;
}

/* Can it be read at a place of the program's, and again? */
static bool seekable(const struct file *f)
{
    return f->ops->seek;
}

static int64_t send(struct task *t, struct side *in, struct side *out, uint64_t va, uint64_t count)
{
    struct file *to = out->file;
    int64_t n = move_check(in->file, false);

    if (n == -EBADF)
        return n;
    n = side_place(t, in, va);
    if (!n && va && !seekable(in->file))
        n = -ESPIPE;
    if (!n)
        n = side_check(in, count);
    if (n)
        return n;
    if (!file_writable(to))
        return -EBADF;
    if (!in->file->ops->splice_in || !seekable(in->file) || file_is_pipe(in->file))
        return -EINVAL;
    count = least(count, RW_MAX);
    if (file_is_pipe(to))
        n = count ? file_to_pipe(t, in, to, count, !(to->flags & O_NONBLOCK)) : 0;
    else if ((to->flags & O_APPEND) || !to->ops->splice_out)
        n = -EINVAL;
    else
        n = copy_all(t, in, out, count);
    return side_done(t, in, n);
}

int64_t sys_sendfile(struct task *t, const uint64_t *a)
{
    struct side in = {.file = fd_get(t, (int)a[1])}, out = {.file = fd_get(t, (int)a[0])};
    int64_t n = in.file && out.file ? send(t, &in, &out, a[2], a[3]) : -EBADF;

    file_put(in.file);
    file_put(out.file);
    return n;
}

static int64_t splice_from_pipe(struct task *t, struct side *in, struct side *out, uint64_t va,
                                uint64_t count, bool wait)
{
    int64_t n;

    if (va && !seekable(out->file))
        return -EINVAL;
    n = side_place(t, out, va);
    if (n)
        return n;
    if (out->file->flags & O_APPEND)
        return -EINVAL;
    n = side_check(out, count);
    if (n)
        return n;
    if (!out->file->ops->splice_out)
        return -EINVAL;
    return side_done(t, out, pipe_to_file(t, in->file, out, count, wait));
}

static int64_t splice_to_pipe(struct task *t, struct side *in, struct side *out, uint64_t va,
                              uint64_t count, bool wait)
{
    int64_t n;

    if (va && !seekable(in->file))
        return -EINVAL;
    n = side_place(t, in, va);
    if (!n)
        n = side_check(in, count);
    if (n)
        return n;
    if (!in->file->ops->splice_in)
        return -EINVAL;
    in->nowait = !wait;
    return side_done(t, in, file_to_pipe(t, in, out->file, count, wait));
}

static int64_t do_splice(struct task *t, struct side *in, struct side *out, const uint64_t *a)
{
    bool from = file_is_pipe(in->file), to = file_is_pipe(out->file);
    uint32_t nonblock = (from ? in->file->flags : 0) | (to ? out->file->flags : 0);
    bool wait = !(a[5] & F_NONBLOCK) && !(nonblock & O_NONBLOCK);
    uint64_t count = least(a[4], RW_MAX);
    uint8_t byte;

    if ((from && a[1]) || (to && a[3]))
        return -ESPIPE;
    if ((a[3] && copy_in(t->mm, &byte, a[3], 1)) || (a[1] && copy_in(t->mm, &byte, a[1], 1)))
        return -EFAULT;
    if (!file_readable(in->file) || !file_writable(out->file))
        return -EBADF;
    if (from && to) {
        if (in->file->data == out->file->data)
            return -EINVAL;
        return pipe_to_pipe(t, in->file, out->file, count, wait, false);
    }
    if (from)
        return splice_from_pipe(t, in, out, a[3], count, wait);
    return to ? splice_to_pipe(t, in, out, a[1], count, wait) : -EINVAL;
}

int64_t sys_splice(struct task *t, const uint64_t *a)
{
    struct side in, out;
    int64_t n = -EBADF;

    if (!a[4])
        return 0;
    if (a[5] & ~(uint64_t)F_ALL)
        return -EINVAL;
    in = (struct side){.file = fd_get(t, (int)a[0])};
    out = (struct side){.file = fd_get(t, (int)a[2])};
    if (in.file && out.file)
        n = do_splice(t, &in, &out, a);
    file_put(in.file);
    file_put(out.file);
    return n;
}

static int64_t do_tee(struct task *t, struct file *in, struct file *out, uint64_t count,
                      uint32_t flags)
{
    bool wait = !(flags & F_NONBLOCK) && !((in->flags | out->flags) & O_NONBLOCK);

    if (!file_readable(in) || !file_writable(out))
        return -EBADF;
    if (!file_is_pipe(in) || !file_is_pipe(out) || in->data == out->data)
        return -EINVAL;
    return pipe_to_pipe(t, in, out, count, wait, true);
}

int64_t sys_tee(struct task *t, const uint64_t *a)
{
    struct file *in, *out;
    int64_t n = -EBADF;

    if (a[3] & ~(uint64_t)F_ALL)
        return -EINVAL;
    if (!a[2])
        return 0;
    in = fd_get(t, (int)a[0]);
    out = fd_get(t, (int)a[1]);
    if (in && out)
        n = do_tee(t, in, out, a[2], (uint32_t)a[3]);
    file_put(in);
    file_put(out);
    return n;
}

/* The front of a vector of the program's into `buf`. Bytes, short at a fault; -EFAULT when none. */
static int64_t gather(struct task *t, const struct iovec *v, uint64_t count, uint8_t *buf,
                      size_t size)
{
    size_t done = 0;

    for (uint64_t i = 0; i < count && done < size; i++) {
        size_t want = (size_t)least(v[i].iov_len, size - done);
        size_t got = copy_in_some(t->mm, buf + done, (uint64_t)v[i].iov_base, want);

        done += got;
        if (got < want)
            return done ? (int64_t)done : -EFAULT;
    }
    return (int64_t)done;
}

static int64_t memory_to_pipe(struct task *t, struct file *out, const struct iovec *v,
                              uint64_t count, uint64_t total, bool wait)
{
    int64_t room = pipe_promise(t, out, least(total, CHUNK), wait), n = -ENOMEM;
    uint8_t *buf;

    if (room <= 0)
        return room;
    buf = rt_alloc((size_t)room);
    if (buf)
        n = gather(t, v, count, buf, (size_t)room);
    if (n > 0)
        n = pipe_give(out, buf, (size_t)n, (size_t)room);
    else
        pipe_give(out, NULL, 0, (size_t)room);
    rt_free(buf);
    return n;
}

/* What fits of what is there; what the program's memory does not take goes back. */
static int64_t pipe_to_memory(struct task *t, struct file *in, const struct iovec *v,
                              uint64_t count, uint64_t total, bool wait)
{
    uint8_t *buf = rt_alloc(CHUNK);
    int64_t got = -ENOMEM, n = 0;
    bool fault = false;

    if (buf)
        got = pipe_take(t, in, buf, least(total, CHUNK), wait);
    if (got <= 0) {
        rt_free(buf);
        return got;
    }
    for (uint64_t i = 0; i < count && n < got && !fault; i++) {
        size_t want = (size_t)least(v[i].iov_len, (uint64_t)(got - n));
        size_t put = copy_out_some(t->mm, (uint64_t)v[i].iov_base, buf + n, want);

        n += (int64_t)put;
        fault = put < want;
    }
    pipe_return(in, buf + n, (size_t)(got - n), (size_t)got);
    rt_free(buf);
    return n ? n : -EFAULT;
}

static int64_t do_vmsplice(struct task *t, struct file *f, const uint64_t *a)
{
    bool wait = !(a[3] & F_NONBLOCK) && !(f->flags & O_NONBLOCK);
    struct iovec *v;
    uint64_t total;
    int64_t n;

    if (!file_readable(f) && !file_writable(f))
        return -EBADF;
    n = vector_in(t, a[1], a[2], &v, &total);
    if (n)
        return n;
    if (!total)
        n = 0;
    else if (!file_is_pipe(f))
        n = -EBADF;
    else if (file_writable(f))
        n = memory_to_pipe(t, f, v, a[2], total, wait);
    else
        n = pipe_to_memory(t, f, v, a[2], total, wait);
    rt_free(v);
    return n;
}

int64_t sys_vmsplice(struct task *t, const uint64_t *a)
{
    struct file *f;
    int64_t n;

    if (a[3] & ~(uint64_t)F_ALL)
        return -EINVAL;
    f = fd_get(t, (int)a[0]);
    if (!f)
        return -EBADF;
    n = do_vmsplice(t, f, a);
    file_put(f);
    return n;
}

/* Two plain files of one file system, the right way round. 0 or -errno. */
static int64_t check_copy(const struct file *in, const struct file *out)
{
    uint32_t a = in->inode ? in->inode->mode : 0, b = out->inode ? out->inode->mode : 0;

    if (mode_is(a, S_IFDIR) || mode_is(b, S_IFDIR))
        return -EISDIR;
    if (!mode_is(a, S_IFREG) || !mode_is(b, S_IFREG) || inode_in_proc(in->inode) ||
        inode_in_proc(out->inode))
        return -EINVAL;
    if (!file_readable(in) || !file_writable(out) || (out->flags & O_APPEND))
        return -EBADF;
    return in->inode->device == out->inode->device ? 0 : -EXDEV;
}

/* Cuts *count to what `in` has. 0 or -errno. */
static int64_t check_ranges(struct task *t, const struct side *in, const struct side *out,
                            uint64_t *count)
{
    uint64_t limit = t->process->limits.limit[RLIMIT_FSIZE].rlim_cur;
    uint64_t from = (uint64_t)(in->placed ? in->pos : in->file->pos);
    uint64_t to = (uint64_t)(out->placed ? out->pos : out->file->pos);
    struct vfs_attr attr;
    int64_t err;

    if (from + *count < from || to + *count < to)
        return -EOVERFLOW;
    err = in->file->ops->stat(in->file, &attr);
    if (err)
        return err;
    *count = (int64_t)from >= (int64_t)attr.size ? 0 : least(*count, attr.size - from);
    if (*count && (int64_t)to >= 0 && to >= least(limit, INT64_MAX))
        return limit <= INT64_MAX ? regular_too_large(t) : -EFBIG;
    if (in->file->inode == out->file->inode && to + *count > from && to < from + *count)
        return -EINVAL;
    return (int64_t)from < 0 || (int64_t)to < 0 ? -EINVAL : 0;
}

static int64_t copy_range(struct task *t, struct side *in, struct side *out, const uint64_t *a)
{
    uint64_t count = least(a[4], RW_MAX);
    int64_t n = side_place(t, in, a[1]);

    if (!n)
        n = side_place(t, out, a[3]);
    if (!n && a[5])
        n = -EINVAL;
    if (!n)
        n = check_copy(in->file, out->file);
    if (!n)
        n = check_ranges(t, in, out, &count);
    if (n || !count)
        return n;
    n = copy_all(t, in, out, count);
    n = side_done(t, in, n);
    return side_done(t, out, n);
}

int64_t sys_copy_file_range(struct task *t, const uint64_t *a)
{
    struct side in = {.file = fd_get(t, (int)a[0])}, out = {.file = fd_get(t, (int)a[2])};
    int64_t n = in.file && out.file ? copy_range(t, &in, &out, a) : -EBADF;

    file_put(in.file);
    file_put(out.file);
    return n;
}
