/*
 * eventfd, timerfd, signalfd: calls that make files of events.
 */
#include "sys.h"

#include <file.h>
#include <fs/eventfd.h>
#include <fs/signalfd.h>
#include <fs/timerfd.h>

#define EFD_SEMAPHORE_FLAG      1
#define TFD_ABSTIME_FLAG        1
#define TFD_CANCEL_ON_SET_FLAG  2

/* A descriptor for a new file, which is given up when there is none. */
static int64_t install(struct task *t, struct file *f, uint32_t flags)
{
    int64_t fd;

    if (!f)
        return -ENOMEM;
    fd = fd_install(t, f, 0, flags & O_CLOEXEC);
    if (fd < 0)
        file_put(f);
    return fd;
}

static int64_t make_eventfd(struct task *t, uint32_t value, uint32_t flags)
{
    if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK | EFD_SEMAPHORE_FLAG))
        return -EINVAL;
    return install(t, eventfd_create(value, flags), flags);
}

int64_t sys_eventfd(struct task *t, const uint64_t *a)
{
    return make_eventfd(t, (uint32_t)a[0], 0);
}

int64_t sys_eventfd2(struct task *t, const uint64_t *a)
{
    return make_eventfd(t, (uint32_t)a[0], (uint32_t)a[1]);
}

static int64_t make_signalfd(struct task *t, const uint64_t *a, uint32_t flags)
{
    struct file *f;
    uint64_t mask;
    int64_t r;

    if (a[2] != sizeof mask || copy_in(t->mm, &mask, a[1], sizeof mask))
        return a[2] != sizeof mask ? -EINVAL : -EFAULT;
    if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    if ((int)a[0] == -1)
        return install(t, signalfd_create(mask, flags), flags);
    f = fd_get(t, (int)a[0]);
    if (!f)
        return -EBADF;
    r = signalfd_set(t, f, mask);
    file_put(f);
    return r ? r : (int)a[0];
}

int64_t sys_signalfd(struct task *t, const uint64_t *a)
{
    return make_signalfd(t, a, 0);
}

int64_t sys_signalfd4(struct task *t, const uint64_t *a)
{
    return make_signalfd(t, a, (uint32_t)a[3]);
}

int64_t sys_timerfd_create(struct task *t, const uint64_t *a)
{
    uint32_t flags = (uint32_t)a[1];
    int clock = (int)a[0];

    if (flags & ~(uint32_t)(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    switch (clock) {
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM:
        if (!cred_capable(&t->cred, CAP_WAKE_ALARM))
            return -EPERM;
        break;
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
        break;
    default:
        return -EINVAL;
    }
    return install(t, timerfd_create(clock, flags), flags);
}

static int64_t spec_out(struct task *t, uint64_t va, jg_time_t left, jg_time_t interval)
{
    int64_t err = time_out(t, va, interval);

    return err ? err : time_out(t, va + 16, left);
}

int64_t sys_timerfd_settime(struct task *t, const uint64_t *a)
{
    jg_time_t value, interval, left = 0, old = 0;
    struct file *f;
    int64_t err;

    if ((err = time_in(t, a[2], &interval)) || (err = time_in(t, a[2] + 16, &value)))
        return err;
    if (a[1] & ~(uint64_t)(TFD_ABSTIME_FLAG | TFD_CANCEL_ON_SET_FLAG))
        return -EINVAL;
    f = fd_get(t, (int)a[0]);
    if (!f)
        return -EBADF;
    err = timerfd_left(f, &left, &old);
    if (!err)
        err = timerfd_set(f, value, interval, a[1] & TFD_ABSTIME_FLAG);
    file_put(f);
    return err || !a[3] ? err : spec_out(t, a[3], left, old);
}

int64_t sys_timerfd_gettime(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    jg_time_t left, interval;
    int64_t err;

    if (!f)
        return -EBADF;
    err = timerfd_left(f, &left, &interval);
    file_put(f);
    return err ? err : spec_out(t, a[1], left, interval);
}
