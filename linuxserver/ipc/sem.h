/*
 * System V semaphores.
 *
 * In:    sys/sem.c for the calls; sem_undo_* from clone, unshare and exit.
 * Life:  semget makes a set; IPC_RMID takes it out, ends all waits with EIDRM, and frees it.
 * Locks: ipc_lock. Who waits sleeps without it: sem_op.c.
 */
#pragma once

#include <linux/sem.h>

#include "ipc.h"

#define SEM_VALUE_MAX 32767
#define SEM_OPS_MAX   500
#define SEM_SET_MAX   32000
#define SEM_SETS_MAX  32000
#define SEM_ALL_MAX   1048576u /* in all sets; Linux says 1,024,000,000 and means memory */

/* semget: the id or -errno. Source: semget(2). */
int64_t sem_get(struct task *t, int32_t key, int count, int flags);

/*
 * semtimedop: `ops` are the server's copy. Until `deadline` (JG_TIME_INFINITE: for ever).
 * Returns 0, -EINVAL, -EFBIG, -EACCES, -ERANGE, -EAGAIN, -EIDRM, -EINTR, -ENOSPC, -ENOMEM. Source: semop(2).
 */
int64_t sem_operate(struct task *t, int id, const struct sembuf *ops, unsigned count,
                    jg_time_t deadline);

/* IPC_STAT, SEM_STAT (`by_slot`) and SEM_STAT_ANY (`any`): 0 or the id, or -errno. */
int64_t sem_stat(struct task *t, int id, bool by_slot, bool any, struct semid64_ds *out);

/* IPC_SET and IPC_RMID. */
int64_t sem_set_owner(struct task *t, int id, const struct semid64_ds *in);
int64_t sem_remove(struct task *t, int id);

/* GETVAL, GETPID, GETNCNT, GETZCNT of one; SETVAL. Source: semctl(2). */
int64_t sem_read_one(struct task *t, int id, int number, int command);
int64_t sem_set_one(struct task *t, int id, int number, int value);

/*
 * GETALL and SETALL: first the number of semaphores (or -errno), then the values. The set may have gone in between: -EIDRM.
 */
int64_t sem_count(struct task *t, int id, bool writes);
int64_t sem_read_all(int id, uint16_t *values, unsigned count);
int64_t sem_set_all(struct task *t, int id, const uint16_t *values, unsigned count);

/* IPC_INFO and SEM_INFO: the highest slot in use, or 0. */
int64_t sem_info(bool usage, struct seminfo *out);

struct sem_undo_list;

/*
 * What a process (or the tasks that share it by CLONE_SYSVSEM) has to give back at its end: makes `t`'s own list, if
 * it has none. Called by the task itself. 0 or -ENOMEM.
 */
int64_t sem_undo_share(struct task *t);

/* One more reference, for a child; NULL is fine. */
struct sem_undo_list *sem_undo_get(struct sem_undo_list *list);

/* Lets go of a task's list; the last one undoes, in `t`'s name. Takes ipc_lock. */
void sem_undo_leave(struct task *t);
