/*
 * What the files of semaphores share: a set, its waits, and what is to be undone.
 *
 * A wait is on its task's own stack and in its set's list while it waits. Whoever changes the set does it for all
 * that it lets go on: tries their operations in their name, takes them out of the list, and wakes them.
 *
 * Locks: ipc_lock for everything here.
 */
#pragma once

#include <jg/rt/list.h>

#include "sem.h"

struct sem {
    int32_t value;
    int32_t pid; /* who changed it last */
};

/* What one undo list has to give back to one set. */
struct sem_undo {
    struct list in_list, in_set;
    struct sem_set *set;
    int16_t adjust[];
};

struct sem_undo_list {
    uint32_t refs;
    struct list undos;
};

struct sem_wait {
    struct list link;
    struct task *task;
    const struct sembuf *ops;
    unsigned count;
    struct sem_undo *undo; /* NULL: nothing is to be undone */
    bool alters;
    const struct sembuf *blocking; /* which of the operations cannot be done */
    bool done;
    int64_t result;
};

struct sem_set {
    struct ipc_object object;
    unsigned count;
    int64_t operated_at, changed_at; /* seconds of the wall clock */
    struct list waits;               /* oldest first */
    struct list undos;
    struct sem sem[];
};

extern struct ipc_set sem_sets;

/*
 * Does the operations of `wait`, all or none, as its task: 0; -EAGAIN: `blocking` cannot be done now (and says IPC_NOWAIT or
 * not); -ERANGE.
 */
int64_t sem_try(struct sem_set *set, struct sem_wait *wait);

/* The set was changed: lets go on whoever can. Waits for zero go first, then the oldest, as on Linux. */
void sem_settle(struct sem_set *set);

/* Ends all waits with -EIDRM. */
void sem_end_waits(struct sem_set *set);

/* The caller's adjustments of a set, made at first use. NULL with *err -ENOMEM or -ENOSPC. */
struct sem_undo *sem_undo_of(struct task *t, struct sem_set *set, int64_t *err);

/* Forgets adjustments: of one semaphore, or (-1) of all; and of a set that goes. */
void sem_undo_clear(struct sem_set *set, int number);
void sem_undo_forget_set(struct sem_set *set);

/* Seconds of the wall clock. */
int64_t sem_now(void);
