/*
 * Eventfds: a counter that is read as a file.
 *
 * Locks: each has its own, for the counter; held for a few instructions. A reader or writer registers, looks under the
 * lock, then sleeps; who changes the counter wakes after it (sync/wait.h).
 */
#include "eventfd.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <ipc/vfs_client.h>
#include <task.h>

#define EFD_SEMAPHORE_FLAG 1u
#define MOST               (UINT64_MAX - 1)

struct eventfd {
    struct mutex lock;
    uint64_t count;
    bool semaphore;
    struct waitqueue read_wait, write_wait;
};

/* Takes what a read gives, or 0. */
static uint64_t take(struct eventfd *e)
{
    uint64_t n;

    mutex_lock(&e->lock);
    n = e->semaphore && e->count ? 1 : e->count;
    e->count -= n;
    mutex_unlock(&e->lock);
    return n;
}

static bool add(struct eventfd *e, uint64_t n)
{
    bool fits;

    mutex_lock(&e->lock);
    fits = n <= MOST - e->count;
    if (fits)
        e->count += n;
    mutex_unlock(&e->lock);
    return fits;
}

static int64_t eventfd_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct eventfd *e = f->data;
    struct waiter w;
    int64_t err = 0;
    uint64_t n;

    (void)pos;
    if (io->length < sizeof n)
        return -EINVAL;
    wait_add(&e->read_wait, &w, t);
    for (;;) {
        wait_prepare(t);
        n = take(e);
        if (n || err)
            break;
        err = f->flags & O_NONBLOCK ? -EAGAIN : wait_sleep(t, JG_TIME_INFINITE);
        if (err == -EAGAIN)
            break;
    }
    wait_remove(&w);
    if (!n)
        return err;
    wait_wake(&e->write_wait);
    return io_put(io, &n, sizeof n) == sizeof n ? (int64_t)sizeof n : -EFAULT;
}

static int64_t eventfd_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct eventfd *e = f->data;
    struct waiter w;
    int64_t err = 0;
    bool added;
    uint64_t n;

    (void)pos;
    if (io->length < sizeof n)
        return -EINVAL;
    if (io_get(io, &n, sizeof n) != sizeof n)
        return -EFAULT;
    if (n == UINT64_MAX)
        return -EINVAL;
    wait_add(&e->write_wait, &w, t);
    for (;;) {
        wait_prepare(t);
        added = add(e, n);
        if (added || err)
            break;
        err = f->flags & O_NONBLOCK ? -EAGAIN : wait_sleep(t, JG_TIME_INFINITE);
        if (err == -EAGAIN)
            break;
    }
    wait_remove(&w);
    if (!added)
        return err;
    wait_wake(&e->read_wait);
    return sizeof n;
}

static uint32_t eventfd_poll(struct file *f, struct poll_table *table)
{
    struct eventfd *e = f->data;
    uint64_t count;

    poll_wait(table, &e->read_wait);
    poll_wait(table, &e->write_wait);
    mutex_lock(&e->lock);
    count = e->count;
    mutex_unlock(&e->lock);
    return (count ? POLLIN | POLLRDNORM : 0) | (count < MOST ? POLLOUT | POLLWRNORM : 0);
}

static void eventfd_release(struct file *f)
{
    rt_free(f->data);
}

static const struct file_ops eventfd_ops = {
    .name = "[eventfd]",
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
    .seek_is_zero = true,
    .stat = anonymous_stat,
    .release = eventfd_release,
};

struct file *eventfd_create(uint32_t value, uint32_t flags)
{
    struct eventfd *e = rt_zalloc(sizeof *e);
    struct file *f;

    if (!e)
        return NULL;
    e->count = value;
    e->semaphore = flags & EFD_SEMAPHORE_FLAG;
    wait_queue_init(&e->read_wait);
    wait_queue_init(&e->write_wait);
    f = file_create(&eventfd_ops, O_RDWR | (flags & O_NONBLOCK), NULL, e);
    if (!f)
        rt_free(e);
    return f;
}
