/*
 * Pipes and FIFOs.
 *
 * Life:  made by pipe_create() or by the first fifo_open(); goes with its last open end.
 * Data:  pipe_ring.c.
 * Locks: pipe->lock, held while bytes are copied (a fault on a program's page waits for nobody that needs a
 *        pipe); never while a task sleeps. fifo_lock guards inode->fifo. Who finds nothing to do registers, and
 *        looks once more before it sleeps.
 */
#include "pipe.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <signal.h>
#include <task.h>

#include "inode.h"
#include "pipe_ring.h"

#define PIPE_PAGES_DEFAULT 16u

static struct mutex fifo_lock = MUTEX_INIT;

struct pipe *pipe_of(struct file *f)
{
    return f->data;
}

static struct pipe *pipe_new(void)
{
    struct pipe *p = rt_zalloc(sizeof *p);

    if (!p)
        return NULL;
    p->refs = 1;
    p->ring.pages = PIPE_PAGES_DEFAULT;
    wait_queue_init(&p->read_wait);
    wait_queue_init(&p->write_wait);
    return p;
}

static void pipe_put(struct pipe *p)
{
    mutex_lock(&fifo_lock);
    if (--p->refs) {
        mutex_unlock(&fifo_lock);
        return;
    }
    if (p->fifo)
        p->fifo->fifo = NULL;
    mutex_unlock(&fifo_lock);
    ring_free(&p->ring);
    rt_free(p);
}

/* Takes what is there: bytes, 0 at the end, -EAGAIN where more may come, or -EFAULT. */
static inline int64_t take(struct pipe *p, struct io *io)
{
    int64_t n;

    mutex_lock(&p->lock);
    n = ring_take(&p->ring, io);
    if (!n && p->writers)
        n = -EAGAIN;
    mutex_unlock(&p->lock);
    return n;
}

static int64_t take_later(struct task *t, struct pipe *p, struct io *io)
{
    struct waiter w;
    int64_t n;

    wait_add(&p->read_wait, &w, t);
    for (;;) {
        wait_prepare(t);
        n = take(p, io);
        if (n != -EAGAIN || (n = wait_sleep(t, JG_TIME_INFINITE)))
            break;
    }
    wait_remove(&w);
    return n;
}

static HOT_IO int64_t pipe_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct pipe *p = pipe_of(f);
    int64_t n;

    (void)pos;
    if (!io->length)
        return 0;
    n = take(p, io);
    if (n == -EAGAIN && !(f->flags & O_NONBLOCK))
        n = take_later(t, p, io);
    if (n > 0)
        wait_wake(&p->write_wait);
    return n;
}

/* Puts in what there is room for, if that is `least` bytes. Returns the bytes, 0 without room, or -errno. */
static inline int64_t put(struct task *t, struct file *f, struct io *io, size_t least)
{
    struct pipe *p = pipe_of(f);
    bool no_reader;
    int64_t n = 0;

    mutex_lock(&p->lock);
    no_reader = !p->readers;
    if (!no_reader && f->flags & O_DIRECT)
        n = ring_add_packets(&p->ring, io);
    else if (!no_reader && ring_space(&p->ring) >= least)
        n = ring_add(&p->ring, io);
    mutex_unlock(&p->lock);
    if (no_reader)
        return signal_broken_pipe(t);
    if (n > 0)
        wait_wake(&p->read_wait);
    return n;
}

/* At most PIPE_BUF bytes go in one piece or not at all. */
static inline size_t least_of(const struct io *io, int64_t done)
{
    return !done && io->length <= PIPE_BUF ? io->length : 1;
}

/* The rest of a write that has put in `done` bytes. */
static int64_t put_later(struct task *t, struct file *f, struct io *io, int64_t done)
{
    struct waiter w;
    int64_t n;

    wait_add(&pipe_of(f)->write_wait, &w, t);
    for (;;) {
        wait_prepare(t);
        n = put(t, f, io, least_of(io, done));
        if (n > 0)
            done += n;
        if (n < 0 || !io->length)
            break;
        if (n > 0)
            continue; /* the next round finds it full, or the memory missing */
        if (f->flags & O_NONBLOCK) {
            n = -EAGAIN;
            break;
        }
        if ((n = wait_sleep(t, JG_TIME_INFINITE)))
            break;
    }
    wait_remove(&w);
    return done ? done : n;
}

static HOT_IO int64_t pipe_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    int64_t n;

    (void)pos;
    if (!io->length)
        return 0;
    n = put(t, f, io, least_of(io, 0));
    return n < 0 || !io->length ? n : put_later(t, f, io, n);
}

static uint32_t pipe_poll(struct file *f, struct poll_table *table)
{
    struct pipe *p = pipe_of(f);
    uint32_t mask = 0;

    if (file_readable(f))
        poll_wait(table, &p->read_wait);
    if (file_writable(f))
        poll_wait(table, &p->write_wait);
    mutex_lock(&p->lock);
    if (file_readable(f)) {
        if (ring_used(&p->ring))
            mask |= POLLIN | POLLRDNORM;
        if (!p->writers && (!p->fifo || f->cookie != p->writer_opens))
            mask |= POLLHUP;
    }
    if (file_writable(f)) {
        if (ring_space(&p->ring) >= PIPE_BUF && ring_has_place(&p->ring))
            mask |= POLLOUT | POLLWRNORM;
        if (!p->readers)
            mask |= POLLERR;
    }
    mutex_unlock(&p->lock);
    return mask;
}

static int64_t pipe_ioctl(struct task *t, struct file *f, uint32_t cmd, uint64_t arg)
{
    struct pipe *p = pipe_of(f);
    int32_t n;

    if (cmd != FIONREAD)
        return -ENOTTY;
    mutex_lock(&p->lock);
    n = (int32_t)ring_used(&p->ring);
    mutex_unlock(&p->lock);
    return copy_out(t->mm, arg, &n, sizeof n);
}

static int64_t pipe_stat(struct file *f, struct vfs_attr *out)
{
    if (f->inode)
        return inode_stat(f, out);
    memset(out, 0, sizeof *out);
    out->mode = S_IFIFO | 0600;
    out->nlink = 1;
    out->dev = 14; /* pipefs */
    out->ino = (uintptr_t)f->data >> 4 & 0xffffffff;
    return 0;
}

static void pipe_release(struct file *f)
{
    struct pipe *p = pipe_of(f);

    mutex_lock(&p->lock);
    if (file_readable(f))
        p->readers--;
    if (file_writable(f))
        p->writers--;
    mutex_unlock(&p->lock);
    wait_wake(&p->read_wait);
    wait_wake(&p->write_wait);
    pipe_put(p);
}

static const struct file_ops pipe_ops = {
    .name = "pipe",
    .read = pipe_read,
    .write = pipe_write,
    .poll = pipe_poll,
    .ioctl = pipe_ioctl,
    .stat = pipe_stat,
    .release = pipe_release,
};

bool file_is_pipe(const struct file *f)
{
    return f->ops == &pipe_ops;
}

int64_t pipe_create(uint32_t flags, struct file *out[2])
{
    struct pipe *p = pipe_new();

    if (!p)
        return -ENOMEM;
    out[0] = file_create(&pipe_ops, O_RDONLY | (flags & (O_NONBLOCK | O_DIRECT)), NULL, p);
    out[1] = file_create(&pipe_ops, O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT)), NULL, p);
    if (!out[0] || !out[1]) {
        rt_free(out[0]);
        rt_free(out[1]);
        rt_free(p);
        return -ENOMEM;
    }
    p->refs = 2;
    p->readers = p->writers = 1;
    return 0;
}

static struct pipe *fifo_pipe(struct inode *inode)
{
    struct pipe *p;

    mutex_lock(&fifo_lock);
    p = inode->fifo;
    if (p) {
        p->refs++;
    } else if ((p = pipe_new())) {
        p->fifo = inode;
        inode->fifo = p;
    }
    mutex_unlock(&fifo_lock);
    return p;
}

/* Waits until the other side is there, or has been: it was opened `before` times when we came. */
static int64_t wait_for_peer(struct task *t, struct pipe *p, bool reader, uint64_t before)
{
    struct waiter w;
    int64_t err;

    wait_add(reader ? &p->read_wait : &p->write_wait, &w, t);
    do {
        bool there;

        wait_prepare(t);
        mutex_lock(&p->lock);
        there = reader ? p->writers || p->writer_opens != before
                       : p->readers || p->reader_opens != before;
        mutex_unlock(&p->lock);
        err = 0;
        if (there)
            break;
    } while (!(err = wait_sleep(t, JG_TIME_INFINITE)));
    wait_remove(&w);
    return err;
}

int64_t fifo_open(struct task *t, struct inode *inode, uint32_t flags, struct file **out)
{
    struct pipe *p = fifo_pipe(inode);
    struct file *f;
    bool reads, writes, alone = false;
    uint64_t before;
    int64_t err;

    if (!p)
        return -ENOMEM;
    f = file_create(&pipe_ops, flags, inode, p);
    if (!f) {
        pipe_put(p);
        return -ENOMEM;
    }
    reads = file_readable(f);
    writes = file_writable(f);
    mutex_lock(&p->lock);
    before = reads ? p->writer_opens : p->reader_opens;
    if (writes && !reads && (flags & O_NONBLOCK) && !p->readers) {
        alone = true;
    } else {
        p->readers += reads;
        p->writers += writes;
        p->reader_opens += reads;
        p->writer_opens += writes;
        f->cookie = p->writers ? p->writer_opens - 1 : p->writer_opens;
    }
    mutex_unlock(&p->lock);
    if (alone) {
        pipe_put(p);
        rt_free(f);
        return -ENXIO;
    }
    wait_wake(&p->read_wait);
    wait_wake(&p->write_wait);
    if (!(flags & O_NONBLOCK) && reads != writes && (err = wait_for_peer(t, p, reads, before))) {
        inode_get(inode); /* the caller keeps its own */
        file_put(f);
        return err;
    }
    *out = f;
    return 0;
}

int64_t pipe_get_size(struct file *f)
{
    return file_is_pipe(f) ? (int64_t)(pipe_of(f)->ring.pages * PAGE_SIZE) : -EBADF;
}

int64_t pipe_set_size(struct task *t, struct file *f, uint64_t size)
{
    struct pipe *p = pipe_of(f);
    unsigned pages = 1;
    int64_t result;

    if (!file_is_pipe(f))
        return -EBADF;
    if (size > 1ull << 31)
        return -EINVAL;
    if (size > (uint64_t)RING_PAGES_MAX * PAGE_SIZE)
        return cred_capable(&t->cred, CAP_SYS_RESOURCE) ? -ENOMEM : -EPERM;
    while (pages * PAGE_SIZE < size)
        pages *= 2;
    mutex_lock(&p->lock);
    result = ring_resize(&p->ring, pages);
    mutex_unlock(&p->lock);
    if (result > 0)
        wait_wake(&p->write_wait);
    return result;
}
