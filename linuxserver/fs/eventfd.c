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

/* One read or write that may have to wait. */
struct turn {
    struct eventfd *e;
    uint64_t n;
};

static int64_t take(void *arg)
{
    struct turn *turn = arg;
    struct eventfd *e = turn->e;

    mutex_lock(&e->lock);
    turn->n = e->semaphore && e->count ? 1 : e->count;
    e->count -= turn->n;
    mutex_unlock(&e->lock);
    return turn->n ? 0 : -EAGAIN;
}

static int64_t add(void *arg)
{
    struct turn *turn = arg;
    struct eventfd *e = turn->e;
    bool fits;

    mutex_lock(&e->lock);
    fits = turn->n <= MOST - e->count;
    if (fits)
        e->count += turn->n;
    mutex_unlock(&e->lock);
    return fits ? 0 : -EAGAIN;
}

static int64_t eventfd_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct turn turn = {.e = f->data};
    int64_t err;

    (void)pos;
    if (io->length < sizeof turn.n)
        return -EINVAL;
    err = wait_attempt(t, &turn.e->read_wait, f->flags & O_NONBLOCK, take, &turn);
    if (err)
        return err;
    wait_wake(&turn.e->write_wait);
    return io_put(io, &turn.n, sizeof turn.n) == sizeof turn.n ? (int64_t)sizeof turn.n : -EFAULT;
}

static int64_t eventfd_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct turn turn = {.e = f->data};
    int64_t err;

    (void)pos;
    if (io->length < sizeof turn.n)
        return -EINVAL;
    if (io_get(io, &turn.n, sizeof turn.n) != sizeof turn.n)
        return -EFAULT;
    if (turn.n == UINT64_MAX)
        return -EINVAL;
    err = wait_attempt(t, &turn.e->write_wait, f->flags & O_NONBLOCK, add, &turn);
    if (err)
        return err;
    wait_wake(&turn.e->read_wait);
    return sizeof turn.n;
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
