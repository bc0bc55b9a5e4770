/*
 * Operations on semaphores, and waiting for them. See sem_set.h. Source: semop(2); Linux 6.1's ipc/sem.c.
 *
 * No wake-up is lost: whoever completes a wait sets `done` and wakes its task with ipc_lock held, and the task
 * looks at `done` under that lock between wait_prepare() and its sleep. The wait is in the list until one of the
 * two has taken it out, so its memory lives as long as anybody can find it.
 */
#include <jg/rt/time.h>

#include "sem_set.h"

int64_t sem_now(void)
{
    return time_wall() / NS_PER_SEC;
}

/* One operation; what it changes is undone by the caller if a later one fails. */
static int64_t try_one(struct sem_set *set, struct sem_wait *w, const struct sembuf *op)
{
    struct sem *s = &set->sem[op->sem_num];
    int32_t value = s->value + op->sem_op, adjust;

    if (op->sem_op ? value < 0 : s->value != 0)
        return -EAGAIN;
    if (value > SEM_VALUE_MAX)
        return -ERANGE;
    if (op->sem_flg & SEM_UNDO) {
        adjust = w->undo->adjust[op->sem_num] - op->sem_op;
        if (adjust < -SEM_VALUE_MAX - 1 || adjust > SEM_VALUE_MAX)
            return -ERANGE;
        w->undo->adjust[op->sem_num] = (int16_t)adjust;
    }
    s->value = value;
    return 0;
}

int64_t sem_try(struct sem_set *set, struct sem_wait *w)
{
    int64_t err = 0;
    unsigned i;

    for (i = 0; i < w->count; i++) {
        err = try_one(set, w, &w->ops[i]);
        if (err)
            break;
    }
    w->blocking = err ? &w->ops[i] : NULL;
    if (!err) {
        for (i = 0; i < w->count; i++)
            set->sem[w->ops[i].sem_num].pid = w->task->process->pid;
        set->operated_at = sem_now();
        return 0;
    }
    while (i--) {
        set->sem[w->ops[i].sem_num].value -= w->ops[i].sem_op;
        if (w->ops[i].sem_flg & SEM_UNDO)
            w->undo->adjust[w->ops[i].sem_num] += w->ops[i].sem_op;
    }
    return err;
}

static void complete(struct sem_wait *w, int64_t result)
{
    list_remove(&w->link);
    w->result = result;
    w->done = true;
    wait_wake_task(w->task);
}

/* Completes what can be of the waits that alter the set, or do not. Returns whether the set was changed. */
static bool settle(struct sem_set *set, bool alters)
{
    LIST_FOR_EACH_SAFE(it, &set->waits)
    {
        struct sem_wait *w = LIST_ENTRY(it, struct sem_wait, link);
        int64_t result;

        if (w->alters != alters)
            continue;
        result = sem_try(set, w);
        if (result == -EAGAIN && !(w->blocking->sem_flg & IPC_NOWAIT))
            continue;
        complete(w, result);
        if (!result && alters)
            return true;
    }
    return false;
}

void sem_settle(struct sem_set *set)
{
    do
        settle(set, false);
    while (settle(set, true));
}

void sem_end_waits(struct sem_set *set)
{
    LIST_FOR_EACH_SAFE(it, &set->waits)
    complete(LIST_ENTRY(it, struct sem_wait, link), -EIDRM);
}

/* Sleeps until the wait is complete, or gives it up. It is in the list. */
static int64_t sleep(struct task *t, struct sem_wait *w, jg_time_t deadline)
{
    int64_t err = 0;

    for (;;) {
        wait_prepare(t);
        mutex_lock(&ipc_lock);
        if (w->done || err)
            break;
        mutex_unlock(&ipc_lock);
        err = wait_sleep(t, deadline);
    }
    if (!w->done)
        list_remove(&w->link);
    mutex_unlock(&ipc_lock);
    return w->done ? w->result : err == -ETIMEDOUT ? -EAGAIN : -EINTR;
}

static bool wants_undo(const struct sem_wait *w)
{
    for (unsigned i = 0; i < w->count; i++)
        if (w->ops[i].sem_flg & SEM_UNDO)
            return true;
    return false;
}

/* The set, if `w`'s task may do that to it. */
static int64_t find(struct task *t, int id, struct sem_wait *w, struct sem_set **out)
{
    struct ipc_object *object = ipc_find(&sem_sets, id);

    if (!object)
        return -EINVAL;
    *out = LIST_ENTRY(object, struct sem_set, object);
    for (unsigned i = 0; i < w->count; i++) {
        if (w->ops[i].sem_num >= (*out)->count)
            return -EFBIG;
        w->alters |= w->ops[i].sem_op != 0;
    }
    return ipc_may(t, object, w->alters ? IPC_WRITES : IPC_READS) ? 0 : -EACCES;
}

int64_t sem_operate(struct task *t, int id, const struct sembuf *ops, unsigned count,
                    jg_time_t deadline)
{
    struct sem_wait w = {.task = t, .ops = ops, .count = count};
    struct sem_set *set;
    int64_t err;

    list_init(&w.link);
    mutex_lock(&ipc_lock);
    err = find(t, id, &w, &set);
    if (!err && wants_undo(&w))
        w.undo = sem_undo_of(t, set, &err);
    if (!err) {
        err = sem_try(set, &w);
        if (!err && w.alters)
            sem_settle(set);
        if (err == -EAGAIN && !(w.blocking->sem_flg & IPC_NOWAIT)) {
            list_add_tail(&set->waits, &w.link);
            mutex_unlock(&ipc_lock);
            return sleep(t, &w, deadline);
        }
    }
    mutex_unlock(&ipc_lock);
    return err;
}
