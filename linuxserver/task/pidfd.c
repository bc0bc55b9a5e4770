/*
 * Pidfds: open files that stand for a process. Source: pidfd_open(2).
 *
 * In:    pidfd_open(2), clone with CLONE_PIDFD; poll, waitid, pidfd_send_signal and pidfd_getfd ask them.
 * Life:  each counts one reference to its process, whose memory outlives the reaping for that; what can be asked of
 *        it then is only that it was reaped.
 * Locks: tasks_lock for the state of the process.
 */
#include "pidfd.h"

#include <jg/rt/format.h>


#include "exit.h"

/*
 * The caller registers on end_wait first and then looks; the last task sets `zombie` first and then
 * wakes: see sync/wait.h.
 */
static uint32_t pidfd_poll(struct file *f, struct poll_table *table)
{
    struct process *p = f->data;
    bool ended;

    poll_wait(table, &p->end_wait);
    mutex_lock(&tasks_lock);
    ended = p->zombie;
    mutex_unlock(&tasks_lock);
    return ended ? POLLIN | POLLRDNORM : 0;
}

static void pidfd_info(struct file *f, char *buf, size_t size)
{
    struct process *p = f->data;
    int pid;

    mutex_lock(&tasks_lock);
    pid = p->reaped ? -1 : p->pid;
    mutex_unlock(&tasks_lock);
    rt_format(buf, size, "Pid:\t%d\nNSpid:\t%d\n", pid, pid);
}

static void pidfd_release(struct file *f)
{
    process_put(f->data);
}

static const struct file_ops pidfd_ops = {
    .name = "[pidfd]",
    .poll = pidfd_poll,
    .stat = anonymous_stat,
    .release = pidfd_release,
    .info = pidfd_info,
};

struct file *pidfd_create(struct process *p, uint32_t flags)
{
    struct file *f = file_create(&pidfd_ops, O_RDWR | flags, NULL, p);

    if (f)
        __atomic_add_fetch(&p->refs, 1, __ATOMIC_RELAXED);
    return f;
}

struct process *pidfd_process(struct file *f)
{
    return f->ops == &pidfd_ops ? f->data : NULL;
}
