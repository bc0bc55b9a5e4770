/*
 * POSIX message queues: arguments of mq_open and the others. The work is in ipc/mq*.c.
 */
#include "sys.h"

#include <jg/rt/heap.h>

#include <file.h>
#include <ipc/mqueue.h>
#include <ipc/msg.h>
#include <signal.h>

#define NAME_ROOM 512 /* more than any name may have */

static int64_t name_in(struct task *t, uint64_t va, char *name)
{
    int64_t n = copy_in_string(t->mm, name, va, NAME_ROOM);

    return n < 0 ? n : 0;
}

int64_t sys_mq_open(struct task *t, const uint64_t *a)
{
    char name[NAME_ROOM];
    struct mq_attr attr;
    struct mq_open_request r = {.name = name, .flags = (int)a[1]};
    struct file *f;
    int64_t fd;

    if (a[3] && copy_in(t->mm, &attr, a[3], sizeof attr))
        return -EFAULT;
    r.attr = a[3] ? &attr : NULL;
    fd = name_in(t, a[0], name);
    if (fd)
        return fd;
    mutex_lock(&t->fs->lock);
    r.mode = (uint32_t)a[2] & ~t->fs->umask;
    mutex_unlock(&t->fs->lock);
    fd = mqueue_open(t, &r, &f);
    if (fd)
        return fd;
    fd = fd_install(t, f, 0, true);
    if (fd < 0)
        file_put(f);
    return fd;
}

int64_t sys_mq_unlink(struct task *t, const uint64_t *a)
{
    char name[NAME_ROOM];
    int64_t err = name_in(t, a[0], name);

    return err ? err : mqueue_unlink(t, name);
}

/* The queue behind a descriptor, with a reference. NULL: EBADF. */
static struct file *queue_of(struct task *t, int fd)
{
    struct file *f = fd_get(t, fd);

    if (f && mqueue_is(f))
        return f;
    file_put(f);
    return NULL;
}

static int64_t deadline_in(struct task *t, uint64_t va, jg_time_t *deadline)
{
    jg_time_t at;
    int64_t err;

    *deadline = JG_TIME_INFINITE;
    if (!va)
        return 0;
    err = time_in(t, va, &at);
    if (!err)
        *deadline = deadline_at_wall(at);
    return err;
}

static int64_t send(struct task *t, struct file *f, const uint64_t *a, jg_time_t deadline)
{
    struct message *m;
    int64_t err = 0;

    if (!file_writable(f))
        return -EBADF;
    if (a[2] > mqueue_message_size(f))
        return -EMSGSIZE;
    m = msg_alloc(a[2]);
    if (!m)
        return -ENOMEM;
    m->type = (int64_t)(uint32_t)a[3];
    if (copy_in(t->mm, m->data, a[1], a[2]))
        err = -EFAULT;
    if (!err)
        err = mqueue_send(t, f, m, deadline);
    if (err)
        msg_free(m);
    return err;
}

int64_t sys_mq_timedsend(struct task *t, const uint64_t *a)
{
    jg_time_t deadline;
    struct file *f;
    int64_t err = deadline_in(t, a[4], &deadline);

    if (err)
        return err;
    if ((uint32_t)a[3] >= MQ_PRIORITIES)
        return -EINVAL;
    f = queue_of(t, (int)a[0]);
    if (!f)
        return -EBADF;
    err = send(t, f, a, deadline);
    file_put(f);
    return err;
}

static int64_t receive(struct task *t, struct file *f, const uint64_t *a, jg_time_t deadline)
{
    struct message *m = NULL;
    uint32_t priority;
    int64_t r;

    if (!file_readable(f))
        return -EBADF;
    r = mqueue_receive(t, f, a[2], deadline, &m);
    if (r)
        return r;
    r = (int64_t)m->size;
    priority = (uint32_t)m->type;
    if ((a[3] && copy_out(t->mm, a[3], &priority, sizeof priority)) ||
        copy_out(t->mm, a[1], m->data, m->size))
        r = -EFAULT;
    msg_free(m);
    return r;
}

int64_t sys_mq_timedreceive(struct task *t, const uint64_t *a)
{
    jg_time_t deadline;
    struct file *f;
    int64_t r = deadline_in(t, a[4], &deadline);

    if (r)
        return r;
    f = queue_of(t, (int)a[0]);
    if (!f)
        return -EBADF;
    r = receive(t, f, a, deadline);
    file_put(f);
    return r;
}

int64_t sys_mq_notify(struct task *t, const uint64_t *a)
{
    struct {
        uint64_t value;
        int32_t signal, how;
        uint64_t rest[6];
    } event = {0};
    struct file *f;
    int64_t r = 0;

    if (a[1] && copy_in(t->mm, &event, a[1], sizeof event))
        return -EFAULT;
    if (a[1] && event.how != SIGEV_NONE && event.how != SIGEV_SIGNAL && event.how != SIGEV_THREAD)
        return -EINVAL;
    if (a[1] && event.how == SIGEV_SIGNAL && (event.signal < 0 || event.signal > SIGNALS))
        return -EINVAL;
    if (a[1] && event.how == SIGEV_THREAD)
        return -EBADF; /* the signal is a netlink socket's descriptor, and there are none */
    f = queue_of(t, (int)a[0]);
    if (!f)
        return -EBADF;
    if (a[1])
        r = mqueue_notify(t, f, event.how, event.signal, event.value);
    else
        mqueue_forget(t, f);
    file_put(f);
    return r;
}

int64_t sys_mq_getsetattr(struct task *t, const uint64_t *a)
{
    struct mq_attr new = {0}, old;
    struct file *f;

    if (a[1] && copy_in(t->mm, &new, a[1], sizeof new))
        return -EFAULT;
    if (a[1] && (new.mq_flags & ~(long)O_NONBLOCK))
        return -EINVAL;
    f = queue_of(t, (int)a[0]);
    if (!f)
        return -EBADF;
    mqueue_attr(f, &old);
    if (a[1])
        f->flags = (f->flags & ~(uint32_t)O_NONBLOCK) | (uint32_t) new.mq_flags;
    file_put(f);
    return a[2] && copy_out(t->mm, a[2], &old, sizeof old) ? -EFAULT : 0;
}
