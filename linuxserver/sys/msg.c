/*
 * System V message queues: arguments of msgget, msgsnd, msgrcv, msgctl. The work is in ipc/msg.c.
 */
#include "sys.h"

#include <ipc/msg.h>

int64_t sys_msgget(struct task *t, const uint64_t *a)
{
    return msg_get(t, (int32_t)a[0], (int)a[1]);
}

int64_t sys_msgsnd(struct task *t, const uint64_t *a)
{
    struct message *m;
    int64_t type, err = 0;

    if (copy_in(t->mm, &type, a[1], sizeof type))
        return -EFAULT;
    if (a[2] > MSG_SIZE_MAX || (int)a[0] < 0 || type < 1)
        return -EINVAL;
    m = msg_alloc(a[2]);
    if (!m)
        return -ENOMEM;
    m->type = type;
    if (copy_in(t->mm, m->data, a[1] + sizeof type, a[2]))
        err = -EFAULT;
    if (!err)
        err = msg_send(t, (int)a[0], m, (int)a[3]);
    if (err)
        msg_free(m);
    return err;
}

int64_t sys_msgrcv(struct task *t, const uint64_t *a)
{
    struct message *m = NULL;
    int64_t r;

    if ((int)a[0] < 0 || (int64_t)a[2] < 0)
        return -EINVAL;
    r = msg_receive(t, (int)a[0], a[2], (int64_t)a[3], (int)a[4], &m);
    if (r)
        return r;
    r = (int64_t)(m->size < a[2] ? m->size : a[2]);
    if (copy_out(t->mm, a[1], &m->type, sizeof m->type) ||
        copy_out(t->mm, a[1] + sizeof m->type, m->data, (size_t)r))
        r = -EFAULT;
    msg_free(m);
    return r;
}

int64_t sys_msgctl(struct task *t, const uint64_t *a)
{
    int id = (int)a[0], cmd = (int)a[1];
    struct msginfo info;
    struct msqid64_ds ds;
    int64_t r;

    if (id < 0 || cmd < 0)
        return -EINVAL;
    switch (cmd) {
    case IPC_INFO:
    case MSG_INFO:
        r = msg_info(cmd == MSG_INFO, &info);
        return copy_out(t->mm, a[2], &info, sizeof info) ? -EFAULT : r;
    case IPC_STAT:
    case MSG_STAT:
    case MSG_STAT_ANY:
        r = msg_stat(t, id, cmd != IPC_STAT, cmd == MSG_STAT_ANY, &ds);
        return r >= 0 && copy_out(t->mm, a[2], &ds, sizeof ds) ? -EFAULT : r;
    case IPC_SET:
        return copy_in(t->mm, &ds, a[2], sizeof ds) ? -EFAULT : msg_set(t, id, &ds);
    case IPC_RMID:
        return msg_remove(t, id);
    default:
        return -EINVAL;
    }
}
