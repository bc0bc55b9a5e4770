/*
 * Pipes and FIFOs.
 *
 * Life:  made by pipe_create() or by the first fifo_open(); goes with its last open end.
 * Data:  a ring of pages that exist only while they hold bytes.
 * Locks: pipe->lock, held while bytes are copied (a fault on a program's page waits for nobody that needs a
 *        pipe); never while a task sleeps. fifo_lock guards inode->fifo.
 */
#include "pipe.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <signal.h>
#include <task.h>

#include "inode.h"

#define PIPE_PAGES_DEFAULT 16u
#define PIPE_PAGES_MAX     256u

struct pipe {
    uint32_t refs; /* open ends, and openers that wait */
    struct mutex lock;
    unsigned pages;      /* capacity */
    uint64_t head, tail; /* bytes read and written so far */
    unsigned readers, writers;
    uint64_t reader_opens, writer_opens; /* ever: fifo_open waits for a change */
    struct waitqueue read_wait, write_wait;
    struct inode *fifo;
    uint8_t *page[PIPE_PAGES_MAX];
};

static struct mutex fifo_lock = MUTEX_INIT;

static struct pipe *pipe_of(struct file *f)
{
    return f->data;
}

static struct pipe *pipe_new(void)
{
    struct pipe *p = rt_zalloc(sizeof *p);

    if (!p)
        return NULL;
    p->refs = 1;
    p->pages = PIPE_PAGES_DEFAULT;
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
    for (unsigned i = 0; i < PIPE_PAGES_MAX; i++)
        rt_free(p->page[i]);
    rt_free(p);
}

static size_t used(const struct pipe *p)
{
    return (size_t)(p->tail - p->head);
}

static size_t space(const struct pipe *p)
{
    return (size_t)p->pages * PAGE_SIZE - used(p);
}

/* Takes what is there. The lock is held. */
static int64_t take(struct pipe *p, struct io *io)
{
    int64_t done = 0;

    while (io->length && p->head < p->tail) {
        unsigned slot = (unsigned)(p->head / PAGE_SIZE % p->pages);
        size_t in_page = p->head % PAGE_SIZE;
        uint64_t n = PAGE_SIZE - in_page;
        int64_t got;

        if (n > used(p))
            n = used(p);
        got = io_put(io, p->page[slot] + in_page, n);
        if (got <= 0)
            return done ? done : got;
        p->head += (uint64_t)got;
        done += got;
        /*
         * A full ring that was read from the middle of a page has new bytes at the front of that
         * same page.
         */
        if (p->head == p->tail ||
            (p->head % PAGE_SIZE == 0 && used(p) <= (p->pages - 1) * PAGE_SIZE)) {
            rt_free(p->page[slot]);
            p->page[slot] = NULL;
        }
    }
    if (p->head == p->tail)
        p->head = p->tail = 0;
    return done;
}

/* Puts in as much as there is room for. The lock is held. */
static int64_t fill(struct pipe *p, struct io *io)
{
    int64_t done = 0;

    while (io->length && space(p)) {
        unsigned slot = (unsigned)(p->tail / PAGE_SIZE % p->pages);
        size_t in_page = p->tail % PAGE_SIZE;
        size_t n = PAGE_SIZE - in_page;
        int64_t got;

        if (n > space(p))
            n = space(p);
        if (!p->page[slot] && !(p->page[slot] = rt_alloc(PAGE_SIZE)))
            return done ? done : -ENOMEM;
        got = io_get(io, p->page[slot] + in_page, n);
        if (got <= 0)
            return done ? done : got;
        p->tail += (uint64_t)got;
        done += got;
    }
    return done;
}

static int64_t pipe_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct pipe *p = pipe_of(f);
    struct waiter w;
    int64_t n;

    (void)pos;
    if (!io->length)
        return 0;
    wait_add(&p->read_wait, &w, t);
    for (;;) {
        bool over;

        wait_prepare(t);
        mutex_lock(&p->lock);
        n = take(p, io);
        over = !p->writers;
        mutex_unlock(&p->lock);
        if (n || over)
            break;
        if (f->flags & O_NONBLOCK) {
            n = -EAGAIN;
            break;
        }
        if ((n = wait_sleep(t, JG_TIME_INFINITE)))
            break;
    }
    wait_remove(&w);
    if (n > 0)
        wait_wake(&p->write_wait);
    return n;
}

static int64_t pipe_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct pipe *p = pipe_of(f);
    /* At most PIPE_BUF bytes go in one piece or not at all. */
    size_t least = io->length <= PIPE_BUF ? io->length : 1;
    int64_t done = 0, n = 0;
    struct waiter w;

    (void)pos;
    if (!io->length)
        return 0;
    wait_add(&p->write_wait, &w, t);
    for (;;) {
        bool no_reader;

        wait_prepare(t);
        mutex_lock(&p->lock);
        no_reader = !p->readers;
        n = 0;
        if (!no_reader && space(p) >= least)
            n = fill(p, io);
        mutex_unlock(&p->lock);
        if (n > 0) {
            done += n;
            wait_wake(&p->read_wait);
        }
        if (no_reader)
            n = signal_broken_pipe(t);
        if (no_reader || n < 0 || !io->length)
            break;
        least = 1;
        if (n > 0)
            continue; /* the next round finds it full, or the memory missing */
        if (f->flags & O_NONBLOCK) {
            n = -EAGAIN;
            break;
        }
        if (done == 0 && io->length <= PIPE_BUF)
            least = io->length;
        if ((n = wait_sleep(t, JG_TIME_INFINITE)))
            break;
    }
    wait_remove(&w);
    return done ? done : n;
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
        if (used(p))
            mask |= POLLIN | POLLRDNORM;
        if (!p->writers && (!p->fifo || f->cookie != p->writer_opens))
            mask |= POLLHUP;
    }
    if (file_writable(f)) {
        if (space(p) >= PIPE_BUF)
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
    n = (int32_t)used(p);
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

int64_t pipe_create(uint32_t flags, struct file *out[2])
{
    struct pipe *p = pipe_new();

    if (!p)
        return -ENOMEM;
    out[0] = file_create(&pipe_ops, O_RDONLY | (flags & O_NONBLOCK), NULL, p);
    out[1] = file_create(&pipe_ops, O_WRONLY | (flags & O_NONBLOCK), NULL, p);
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
    return f->ops == &pipe_ops ? (int64_t)(pipe_of(f)->pages * PAGE_SIZE) : -EBADF;
}

/*
 * Lays what the ring holds out anew, from slot 0 of one with `pages` slots. The lock is held. Returns the
 * capacity, -EBUSY when it does not fit, or -ENOMEM.
 */
static int64_t resize(struct pipe *p, unsigned pages)
{
    size_t bytes = used(p), start = p->head % PAGE_SIZE;
    unsigned count = (unsigned)((start + bytes + PAGE_SIZE - 1) / PAGE_SIZE);
    unsigned first = (unsigned)(p->head / PAGE_SIZE % p->pages), distinct;
    uint8_t **page, *last = NULL;

    if (count > pages)
        return -EBUSY;
    page = rt_zalloc(PIPE_PAGES_MAX * sizeof *page);
    if (!page)
        return -ENOMEM;
    /* In a full ring the last bytes may stand at the front of the first page. */
    distinct = count > p->pages ? p->pages : count;
    if (count > distinct) {
        last = rt_alloc(PAGE_SIZE);
        if (!last) {
            rt_free(page);
            return -ENOMEM;
        }
        memcpy(last, p->page[first], PAGE_SIZE);
        page[distinct] = last;
    }
    for (unsigned i = 0; i < distinct; i++)
        page[i] = p->page[(first + i) % p->pages];
    memcpy(p->page, page, sizeof p->page);
    rt_free(page);
    p->pages = pages;
    p->head = start;
    p->tail = start + bytes;
    return (int64_t)(pages * PAGE_SIZE);
}

int64_t pipe_set_size(struct task *t, struct file *f, uint64_t size)
{
    struct pipe *p = pipe_of(f);
    unsigned pages = 1;
    int64_t result;

    if (f->ops != &pipe_ops)
        return -EBADF;
    if (size > 1ull << 31)
        return -EINVAL;
    if (size > (uint64_t)PIPE_PAGES_MAX * PAGE_SIZE)
        return cred_capable(&t->cred, CAP_SYS_RESOURCE) ? -ENOMEM : -EPERM;
    while (pages * PAGE_SIZE < size)
        pages *= 2;
    mutex_lock(&p->lock);
    result = pages == p->pages ? (int64_t)(pages * PAGE_SIZE) : resize(p, pages);
    mutex_unlock(&p->lock);
    if (result > 0)
        wait_wake(&p->write_wait);
    return result;
}
