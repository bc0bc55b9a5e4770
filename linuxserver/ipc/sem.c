/*
 * Sets of semaphores: made, told, changed from outside, removed. See sem.h. Source: semget(2), semctl(2), Linux 6.1's ipc/sem.c.
 */
#include "sem.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <fs/proc_text.h>

#include "sem_set.h"

struct ipc_set sem_sets = IPC_SET_INIT(SEM_SETS_MAX);
static unsigned total; /* semaphores; ipc_lock */

static struct sem_set *of_object(const struct ipc_object *object)
{
    return LIST_ENTRY(object, struct sem_set, object);
}

static struct ipc_object *create(struct task *t, const void *request, int64_t *err)
{
    unsigned count = *(const unsigned *)request;
    struct sem_set *set;

    (void)t;
    *err = count ? -ENOSPC : -EINVAL;
    if (!count || total + count > SEM_ALL_MAX)
        return NULL;
    *err = -ENOMEM;
    set = rt_zalloc(sizeof *set + count * sizeof *set->sem);
    if (!set)
        return NULL;
    set->count = count;
    set->changed_at = sem_now();
    list_init(&set->waits);
    list_init(&set->undos);
    total += count;
    return &set->object;
}

static void destroy(struct ipc_object *object)
{
    total -= of_object(object)->count;
    rt_free(of_object(object));
}

static int64_t check(const struct ipc_object *object, const void *request)
{
    return of_object(object)->count < *(const unsigned *)request ? -EINVAL : 0;
}

int64_t sem_get(struct task *t, int32_t key, int count, int flags)
{
    static const struct ipc_kind kind = {&sem_sets, create, destroy, check};
    unsigned wanted = (unsigned)count;

    return count < 0 || count > SEM_SET_MAX ? -EINVAL : ipc_get(t, &kind, key, flags, &wanted);
}

int64_t sem_stat(struct task *t, int id, bool by_slot, bool any, struct semid64_ds *out)
{
    struct ipc_object *object;
    int64_t result = -EINVAL;

    memset(out, 0, sizeof *out);
    mutex_lock(&ipc_lock);
    object = by_slot ? ipc_at(&sem_sets, (unsigned)id) : ipc_find(&sem_sets, id);
    if (object)
        result = any || ipc_may(t, object, IPC_READS) ? (by_slot ? object->id : 0) : -EACCES;
    if (result >= 0) {
        ipc_perm_out(object, &out->sem_perm);
        out->sem_otime = of_object(object)->operated_at;
        out->sem_ctime = of_object(object)->changed_at;
        out->sem_nsems = of_object(object)->count;
    }
    mutex_unlock(&ipc_lock);
    return result;
}

int64_t sem_set_owner(struct task *t, int id, const struct semid64_ds *in)
{
    struct ipc_object *object;
    int64_t err = -EINVAL;

    mutex_lock(&ipc_lock);
    object = ipc_find(&sem_sets, id);
    if (object)
        err = ipc_owns(t, object) ? ipc_perm_in(object, &in->sem_perm) : -EPERM;
    if (!err)
        of_object(object)->changed_at = sem_now();
    mutex_unlock(&ipc_lock);
    return err;
}

int64_t sem_remove(struct task *t, int id)
{
    struct ipc_object *object;
    int64_t err = -EINVAL;

    mutex_lock(&ipc_lock);
    object = ipc_find(&sem_sets, id);
    if (object)
        err = ipc_owns(t, object) ? 0 : -EPERM;
    if (!err) {
        ipc_remove(&sem_sets, object);
        sem_end_waits(of_object(object));
        sem_undo_forget_set(of_object(object));
        destroy(object);
    }
    mutex_unlock(&ipc_lock);
    return err;
}

/* How many wait for a semaphore to grow, or to become zero. */
static int64_t waiting(const struct sem_set *set, int number, bool zero)
{
    int64_t n = 0;

    LIST_FOR_EACH(it, &set->waits)
    {
        const struct sembuf *op = LIST_ENTRY(it, struct sem_wait, link)->blocking;

        n += op->sem_num == number && (zero ? op->sem_op == 0 : op->sem_op < 0);
    }
    return n;
}

static int64_t tell(const struct sem_set *set, int number, int command)
{
    switch (command) {
    case GETVAL:
        return set->sem[number].value;
    case GETPID:
        return set->sem[number].pid;
    case GETNCNT:
        return waiting(set, number, false);
    default:
        return waiting(set, number, true);
    }
}

/* One semaphore of a set on which the caller has `wanted`; ipc_lock is held. */
static int64_t find_one(struct task *t, int id, int number, uint32_t wanted, bool number_first,
                        struct sem_set **out)
{
    struct ipc_object *object = ipc_find(&sem_sets, id);
    bool in, may;

    if (!object)
        return -EINVAL;
    *out = of_object(object);
    in = number >= 0 && (unsigned)number < (*out)->count;
    may = ipc_may(t, object, wanted);
    if (in && may)
        return 0;
    return in ? -EACCES : may || number_first ? -EINVAL : -EACCES;
}

int64_t sem_read_one(struct task *t, int id, int number, int command)
{
    struct sem_set *set;
    int64_t r;

    mutex_lock(&ipc_lock);
    r = find_one(t, id, number, IPC_READS, false, &set);
    if (!r)
        r = tell(set, number, command);
    mutex_unlock(&ipc_lock);
    return r;
}

/* Values were given from outside: nothing is to be undone, and waits may go on. */
static void changed(struct sem_set *set, int number)
{
    sem_undo_clear(set, number);
    set->changed_at = sem_now();
    sem_settle(set);
}

int64_t sem_set_one(struct task *t, int id, int number, int value)
{
    struct sem_set *set;
    int64_t err;

    if (value < 0 || value > SEM_VALUE_MAX)
        return -ERANGE;
    mutex_lock(&ipc_lock);
    err = find_one(t, id, number, IPC_WRITES, true, &set);
    if (!err) {
        set->sem[number] = (struct sem){value, t->process->pid};
        changed(set, number);
    }
    mutex_unlock(&ipc_lock);
    return err;
}

int64_t sem_count(struct task *t, int id, bool writes)
{
    struct ipc_object *object;
    int64_t r = -EINVAL;

    mutex_lock(&ipc_lock);
    object = ipc_find(&sem_sets, id);
    if (object)
        r = ipc_may(t, object, writes ? IPC_WRITES : IPC_READS) ? (int64_t)of_object(object)->count
                                                                : -EACCES;
    mutex_unlock(&ipc_lock);
    return r;
}

int64_t sem_read_all(int id, uint16_t *values, unsigned count)
{
    struct ipc_object *object;

    mutex_lock(&ipc_lock);
    object = ipc_find(&sem_sets, id);
    for (unsigned i = 0; object && i < count; i++)
        values[i] = (uint16_t)of_object(object)->sem[i].value;
    mutex_unlock(&ipc_lock);
    return object ? 0 : -EIDRM;
}

int64_t sem_set_all(struct task *t, int id, const uint16_t *values, unsigned count)
{
    struct ipc_object *object;

    for (unsigned i = 0; i < count; i++)
        if (values[i] > SEM_VALUE_MAX)
            return -ERANGE;
    mutex_lock(&ipc_lock);
    object = ipc_find(&sem_sets, id);
    if (object) {
        for (unsigned i = 0; i < count; i++)
            of_object(object)->sem[i] = (struct sem){values[i], t->process->pid};
        changed(of_object(object), -1);
    }
    mutex_unlock(&ipc_lock);
    return object ? 0 : -EIDRM;
}

int64_t sem_info(bool usage, struct seminfo *out)
{
    int highest;

    *out = (struct seminfo){.semmni = SEM_SETS_MAX,
                            .semmns = SEMMNS,
                            .semmsl = SEM_SET_MAX,
                            .semopm = SEM_OPS_MAX,
                            .semvmx = SEM_VALUE_MAX,
                            .semmnu = SEMMNU,
                            .semmap = SEMMAP,
                            .semume = SEMUME,
                            .semusz = SEMUSZ,
                            .semaem = SEMAEM};
    mutex_lock(&ipc_lock);
    if (usage) {
        out->semusz = (int)sem_sets.used;
        out->semaem = (int)total;
    }
    highest = ipc_highest(&sem_sets);
    mutex_unlock(&ipc_lock);
    return highest < 0 ? 0 : highest;
}

int64_t proc_sysvipc_sem(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(
        out,
        "       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n");
    mutex_lock(&ipc_lock);
    for (unsigned i = 0; i < sem_sets.room && !out->failed; i++) {
        const struct ipc_object *o = sem_sets.slots[i];

        if (!o)
            continue;
        text_add(out, "%10d %10d  %4o %10u %5u %5u %5u %5u %10lu %10lu\n", o->key, o->id, o->mode,
                 of_object(o)->count, o->uid, o->gid, o->cuid, o->cgid,
                 (uint64_t)of_object(o)->operated_at, (uint64_t)of_object(o)->changed_at);
    }
    mutex_unlock(&ipc_lock);
    return 0;
}
