/*
 * System V shared memory.
 *
 * Life:  shmget makes a segment; each region that shows it counts as attached (struct backing's `mapped`).
 *        IPC_RMID takes it out at once, or when the last region has gone.
 * Locks: ipc_lock, inside mm->lock.
 */
#pragma once

#include <mm.h>

#include "ipc.h"

struct shmid64_ds;
struct shminfo64;
struct shm_info;

/* shmget: the id or -errno. Source: shmget(2). */
int64_t shm_get(struct task *t, int32_t key, uint64_t size, int flags);

/*
 * The memory of a segment for shmat, with a reference, in *backing, and its size. `wanted`: IPC_READS and
 * more. 0, -EINVAL, -EACCES.
 */
int64_t shm_find(struct task *t, int id, uint32_t wanted, struct backing **backing, uint64_t *size);

/* Is it a segment's? And of what size? For mm_detach(). */
bool shm_is_segment(const struct backing *b);
uint64_t shm_size(const struct backing *b);

/* `t` attached or detached it just now. */
void shm_used(struct task *t, struct backing *b);

/* IPC_STAT and SHM_STAT (`by_slot`), with `any` without a look at the permissions: the id or -errno. */
int64_t shm_stat(struct task *t, int id, bool by_slot, bool any, struct shmid64_ds *out);

/* IPC_SET, IPC_RMID, SHM_LOCK and SHM_UNLOCK: 0 or -errno. */
int64_t shm_set(struct task *t, int id, const struct shmid64_ds *in);
int64_t shm_remove(struct task *t, int id);
int64_t shm_lock(struct task *t, int id, bool lock);

/* IPC_INFO and SHM_INFO: the highest slot in use, or 0. */
int64_t shm_limits(struct shminfo64 *out);
int64_t shm_usage(struct shm_info *out);
