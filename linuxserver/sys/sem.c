/*
 * System V semaphores: arguments of semget, semop, semtimedop, semctl. The work is in ipc/sem*.c.
 */
#include "sys.h"

#include <jg/rt/heap.h>

#include <ipc/sem.h>

int64_t sys_semget(struct task *t, const uint64_t *a)
{
    return sem_get(t, (int32_t)a[0], (int)a[1], (int)a[2]);
}

static int64_t operate(struct task *t, const uint64_t *a, jg_time_t wait)
{
    unsigned count = (unsigned)a[2];
    struct sembuf *ops;
    int64_t r;

    if (count > SEM_OPS_MAX)
        return -E2BIG;
    if (!count)
        return -EINVAL;
    ops = rt_alloc(count * sizeof *ops);
    if (!ops)
        return -ENOMEM;
    if (copy_in(t->mm, ops, a[1], count * sizeof *ops))
        r = -EFAULT;
    else if ((int)a[0] < 0 || wait < 0)
        r = -EINVAL;
    else
        r = sem_operate(t, (int)a[0], ops, count,
                        wait == JG_TIME_INFINITE ? wait : deadline_after(wait));
    rt_free(ops);
    return r;
}

int64_t sys_semop(struct task *t, const uint64_t *a)
{
    return operate(t, a, JG_TIME_INFINITE);
}

int64_t sys_semtimedop(struct task *t, const uint64_t *a)
{
    jg_time_t wait = JG_TIME_INFINITE;
    int64_t err = a[3] ? time_in(t, a[3], &wait) : 0;

    /* A bad time is told only after what else is wrong. */
    return err == -EFAULT ? err : operate(t, a, err ? -1 : wait);
}

/* GETALL and SETALL. */
static int64_t all(struct task *t, int id, bool writes, uint64_t va)
{
    int64_t count = sem_count(t, id, writes), err = 0;
    uint16_t *values;

    if (count < 0)
        return count;
    values = rt_alloc((size_t)count * sizeof *values);
    if (!values)
        return -ENOMEM;
    if (writes && copy_in(t->mm, values, va, (size_t)count * sizeof *values))
        err = -EFAULT;
    if (!err)
        err = writes ? sem_set_all(t, id, values, (unsigned)count)
                     : sem_read_all(id, values, (unsigned)count);
    if (!err && !writes && copy_out(t->mm, va, values, (size_t)count * sizeof *values))
        err = -EFAULT;
    rt_free(values);
    return err;
}

int64_t sys_semctl(struct task *t, const uint64_t *a)
{
    int id = (int)a[0], number = (int)a[1], cmd = (int)a[2];
    struct seminfo info;
    struct semid64_ds ds;
    int64_t r;

    if (id < 0)
        return -EINVAL;
    switch (cmd) {
    case IPC_INFO:
    case SEM_INFO:
        r = sem_info(cmd == SEM_INFO, &info);
        return copy_out(t->mm, a[3], &info, sizeof info) ? -EFAULT : r;
    case IPC_STAT:
    case SEM_STAT:
    case SEM_STAT_ANY:
        r = sem_stat(t, id, cmd != IPC_STAT, cmd == SEM_STAT_ANY, &ds);
        return r >= 0 && copy_out(t->mm, a[3], &ds, sizeof ds) ? -EFAULT : r;
    case GETALL:
    case SETALL:
        return all(t, id, cmd == SETALL, a[3]);
    case GETVAL:
    case GETPID:
    case GETNCNT:
    case GETZCNT:
        return sem_read_one(t, id, number, cmd);
    case SETVAL:
        return sem_set_one(t, id, number, (int)a[3]);
    case IPC_SET:
        return copy_in(t->mm, &ds, a[3], sizeof ds) ? -EFAULT : sem_set_owner(t, id, &ds);
    case IPC_RMID:
        return sem_remove(t, id);
    default:
        return -EINVAL;
    }
}
