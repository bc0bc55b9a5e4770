/*
 * epoll_create, epoll_ctl, epoll_wait and their later forms. The work is in fs/epoll.c.
 */
#include "sys.h"

#include <linux/eventpoll.h>

#include <file.h>
#include <fs/epoll.h>
#include <signal.h>

static int64_t create(struct task *t, bool cloexec)
{
    struct file *f = epoll_create(t->cred.uid);
    int64_t fd;

    if (!f)
        return -ENOMEM;
    fd = fd_install(t, f, 0, cloexec);
    if (fd < 0)
        file_put(f);
    return fd;
}

int64_t sys_epoll_create(struct task *t, const uint64_t *a)
{
    return (int)a[0] <= 0 ? -EINVAL : create(t, false);
}

int64_t sys_epoll_create1(struct task *t, const uint64_t *a)
{
    uint32_t flags = (uint32_t)a[0];

    return flags & ~(uint32_t)EPOLL_CLOEXEC ? -EINVAL : create(t, flags & EPOLL_CLOEXEC);
}

static struct file *get(struct task *t, int fd)
{
    struct file *f = fd_get(t, fd);

    if (f && (f->flags & O_PATH)) {
        file_put(f);
        return NULL;
    }
    return f;
}

int64_t sys_epoll_ctl(struct task *t, const uint64_t *a)
{
    struct epoll_event event = {0};
    struct file *epoll, *target;
    int64_t r = -EBADF;

    if ((int)a[1] != EPOLL_CTL_DEL && copy_in(t->mm, &event, a[3], sizeof event))
        return -EFAULT;
    epoll = get(t, (int)a[0]);
    target = get(t, (int)a[2]);
    if (epoll && target)
        r = epoll_control(t, epoll, (int)a[1], target, (int)a[2], &event);
    file_put(epoll);
    file_put(target);
    return r;
}

static int64_t wait(struct task *t, const uint64_t *a, jg_time_t deadline)
{
    int room = (int)a[2];
    struct file *epoll;
    int64_t r;

    if (room <= 0 || (uint64_t)room > INT32_MAX / sizeof(struct epoll_event))
        return -EINVAL;
    if (a[1] >= JG_USER_TOP || JG_USER_TOP - a[1] < (uint64_t)room * sizeof(struct epoll_event))
        return -EFAULT;
    epoll = get(t, (int)a[0]);
    if (!epoll)
        return -EBADF;
    r = epoll_wait(t, epoll, a[1], (unsigned)room, deadline);
    file_put(epoll);
    return r;
}

static jg_time_t deadline_of(int ms)
{
    return ms < 0 ? JG_TIME_INFINITE : ms ? deadline_after(ms * 1000000ll) : 0;
}

int64_t sys_epoll_wait(struct task *t, const uint64_t *a)
{
    return wait(t, a, deadline_of((int)a[3]));
}

/* With the signal mask at a[4], of a[5] bytes, in force until the call returns. */
static int64_t wait_masked(struct task *t, const uint64_t *a, jg_time_t deadline)
{
    uint64_t mask;
    int64_t r;

    if (!a[4])
        return wait(t, a, deadline);
    if (a[5] != sizeof mask)
        return -EINVAL;
    if (copy_in(t->mm, &mask, a[4], sizeof mask))
        return -EFAULT;
    signal_use_mask(t, mask);
    r = wait(t, a, deadline);
    if (r != -EINTR)
        signal_restore_mask(t); /* else delivery does, once the handler has its frame */
    return r;
}

int64_t sys_epoll_pwait(struct task *t, const uint64_t *a)
{
    return wait_masked(t, a, deadline_of((int)a[3]));
}

int64_t sys_epoll_pwait2(struct task *t, const uint64_t *a)
{
    jg_time_t ns = 0;
    int64_t err = a[3] ? time_in(t, a[3], &ns) : 0;

    if (err)
        return err;
    return wait_masked(t, a, !a[3] ? JG_TIME_INFINITE : ns ? deadline_after(ns) : 0);
}
