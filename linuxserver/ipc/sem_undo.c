/*
 * What semaphores get back when a process ends. See sem_set.h. Source: semop(2), SEM_UNDO.
 *
 * A list is made when it is first needed, and shared by tasks that CLONE_SYSVSEM made. It holds one entry for each
 * set; sets list the same entries, so that whichever goes first takes them along.
 */
#include <jg/rt/heap.h>

#include "sem_set.h"

#define ADJUSTMENTS_MAX (4u << 20) /* of all processes for all sets */

static unsigned adjustments; /* ipc_lock */

static void free_undo(struct sem_undo *u)
{
    list_remove(&u->in_list);
    list_remove(&u->in_set);
    adjustments -= u->set->count;
    rt_free(u);
}

int64_t sem_undo_share(struct task *t)
{
    struct sem_undo_list *list = t->sem_undo ? t->sem_undo : rt_zalloc(sizeof *list);

    if (!list)
        return -ENOMEM;
    if (!t->sem_undo) {
        list->refs = 1;
        list_init(&list->undos);
        t->sem_undo = list;
    }
    return 0;
}

struct sem_undo_list *sem_undo_get(struct sem_undo_list *list)
{
    if (list)
        __atomic_add_fetch(&list->refs, 1, __ATOMIC_RELAXED);
    return list;
}

struct sem_undo *sem_undo_of(struct task *t, struct sem_set *set, int64_t *err)
{
    struct sem_undo *u;

    *err = sem_undo_share(t);
    if (*err)
        return NULL;
    LIST_FOR_EACH(it, &t->sem_undo->undos)
    {
        u = LIST_ENTRY(it, struct sem_undo, in_list);
        if (u->set == set)
            return u;
    }
    *err = -ENOSPC;
    if (adjustments + set->count > ADJUSTMENTS_MAX)
        return NULL;
    u = rt_zalloc(sizeof *u + set->count * sizeof *u->adjust);
    *err = u ? 0 : -ENOMEM;
    if (!u)
        return NULL;
    adjustments += set->count;
    u->set = set;
    list_add_tail(&t->sem_undo->undos, &u->in_list);
    list_add_tail(&set->undos, &u->in_set);
    return u;
}

void sem_undo_clear(struct sem_set *set, int number)
{
    LIST_FOR_EACH(it, &set->undos)
    {
        struct sem_undo *u = LIST_ENTRY(it, struct sem_undo, in_set);

        for (unsigned i = 0; i < set->count; i++)
            if (number < 0 || i == (unsigned)number)
                u->adjust[i] = 0;
    }
}

void sem_undo_forget_set(struct sem_set *set)
{
    LIST_FOR_EACH_SAFE(it, &set->undos)
    free_undo(LIST_ENTRY(it, struct sem_undo, in_set));
}

/* Gives back to one set. Values stay in their bounds. */
static void apply(struct task *t, const struct sem_undo *u)
{
    struct sem_set *set = u->set;

    for (unsigned i = 0; i < set->count; i++) {
        struct sem *s = &set->sem[i];

        if (!u->adjust[i])
            continue;
        s->value += u->adjust[i];
        if (s->value < 0)
            s->value = 0;
        if (s->value > SEM_VALUE_MAX)
            s->value = SEM_VALUE_MAX;
        s->pid = t->process->pid;
        set->operated_at = sem_now();
    }
}

void sem_undo_leave(struct task *t)
{
    struct sem_undo_list *list = t->sem_undo;

    t->sem_undo = NULL;
    if (!list || __atomic_sub_fetch(&list->refs, 1, __ATOMIC_ACQ_REL))
        return;
    mutex_lock(&ipc_lock);
    LIST_FOR_EACH_SAFE(it, &list->undos)
    {
        struct sem_undo *u = LIST_ENTRY(it, struct sem_undo, in_list);
        struct sem_set *set = u->set;

        apply(t, u);
        free_undo(u);
        sem_settle(set);
    }
    mutex_unlock(&ipc_lock);
    rt_free(list);
}
