/*
 * Timerfds: a timer that is read as a file.
 *
 * How often it expired is computed when somebody asks: the server's own timer only wakes who waits for the first time,
 * and is armed again by the read that took it. So an interval of a nanosecond costs nothing.
 *
 * Locks: tasks_lock, as for every timer.
 */
#include "timerfd.h"

#include <jg/rt/heap.h>
#include <jg/rt/time.h>

#include <ipc/vfs_client.h>
#include <sync/timer.h>
#include <task.h>

struct timerfd {
    struct timer timer;
    int clock;
    bool on;
    jg_time_t next; /* monotonic, also before the start: when it expires, or did first of what was not read */
    jg_time_t interval;
    struct waitqueue wait;
};

static const struct file_ops timerfd_ops;

static void fire(struct timer *timer)
{
    wait_wake(&LIST_ENTRY(timer, struct timerfd, timer)->wait);
}

static bool expired(const struct timerfd *d)
{
    return d->on && d->next <= time_monotonic();
}

/* How often it expired since the last read; then it goes on. tasks_lock is held. */
static uint64_t take_expirations(struct timerfd *d)
{
    jg_time_t n;

    if (!expired(d))
        return 0;
    if (!d->interval) {
        d->on = false;
        return 1;
    }
    n = (time_monotonic() - d->next) / d->interval;
    d->next += n * d->interval;
    d->next = d->next < 0 ? d->next + d->interval : time_after(d->next, d->interval);
    timer_arm(&d->timer, d->next);
    return (uint64_t)n + 1;
}

struct turn {
    struct timerfd *d;
    uint64_t n;
};

static int64_t take(void *arg)
{
    struct turn *turn = arg;

    mutex_lock(&tasks_lock);
    turn->n = take_expirations(turn->d);
    mutex_unlock(&tasks_lock);
    return turn->n ? 0 : -EAGAIN;
}

static int64_t timerfd_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct turn turn = {.d = f->data};
    int64_t err;

    (void)pos;
    if (io->length < sizeof turn.n)
        return -EINVAL;
    err = wait_attempt(t, &turn.d->wait, f->flags & O_NONBLOCK, take, &turn);
    if (err)
        return err;
    return io_put(io, &turn.n, sizeof turn.n) == sizeof turn.n ? (int64_t)sizeof turn.n : -EFAULT;
}

static uint32_t timerfd_poll(struct file *f, struct poll_table *table)
{
    struct timerfd *d = f->data;
    bool ready;

    poll_wait(table, &d->wait);
    mutex_lock(&tasks_lock);
    ready = expired(d);
    mutex_unlock(&tasks_lock);
    return ready ? POLLIN : 0;
}

static void timerfd_release(struct file *f)
{
    struct timerfd *d = f->data;

    mutex_lock(&tasks_lock);
    timer_arm(&d->timer, JG_TIME_INFINITE);
    mutex_unlock(&tasks_lock);
    rt_free(d);
}

static const struct file_ops timerfd_ops = {
    .name = "[timerfd]",
    .read = timerfd_read,
    .poll = timerfd_poll,
    .seek_is_zero = true,
    .stat = anonymous_stat,
    .release = timerfd_release,
};

struct file *timerfd_create(int clock, uint32_t flags)
{
    struct timerfd *d = rt_zalloc(sizeof *d);
    struct file *f;

    if (!d)
        return NULL;
    timer_init(&d->timer, fire);
    d->clock = clock;
    wait_queue_init(&d->wait);
    f = file_create(&timerfd_ops, O_RDWR | (flags & O_NONBLOCK), NULL, d);
    if (!f)
        rt_free(d);
    return f;
}

int64_t timerfd_left(struct file *f, jg_time_t *left, jg_time_t *interval)
{
    struct timerfd *d = f->data;
    jg_time_t now = time_monotonic();

    if (f->ops != &timerfd_ops)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    *interval = d->interval;
    *left = 0;
    if (d->on && d->next > now)
        *left = d->next - now;
    else if (d->on && d->interval)
        *left = d->interval - (now - d->next) % d->interval;
    mutex_unlock(&tasks_lock);
    return 0;
}

int64_t timerfd_set(struct file *f, jg_time_t value, jg_time_t interval, bool absolute)
{
    struct timerfd *d = f->data;
    jg_time_t now = time_monotonic(), moved = 0;

    if (f->ops != &timerfd_ops)
        return -EINVAL;
    if (absolute && value != JG_TIME_INFINITE &&
        (d->clock == CLOCK_REALTIME || d->clock == CLOCK_REALTIME_ALARM))
        moved = -time_wall_offset(); /* the wall clock is never set */
    mutex_lock(&tasks_lock);
    d->interval = interval;
    d->on = value != 0;
    d->next = !absolute ? time_after(now, value) : moved ? value + moved : time_after(value, 0);
    timer_arm(&d->timer, !d->on ? JG_TIME_INFINITE : d->next > 0 ? d->next : 1);
    mutex_unlock(&tasks_lock);
    return 0;
}
