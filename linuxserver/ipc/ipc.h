/*
 * What the three kinds of System V IPC have in common: keys, identifiers, owners and permissions.
 *
 * A kind (shared memory, semaphores, message queues) has one `struct ipc_set` and embeds a `struct
 * ipc_object` in each of its own objects; LIST_ENTRY gets back from one to the other.
 *
 * In:    ipc_get() from shmget, semget, msgget; ipc_find() from all other calls.
 * Life:  ipc_get() enters what `create` made; ipc_remove() takes it out, and only then its kind may free it.
 * Ids:   sequence * 32768 + slot. Slots are used in turn, so that an id comes back late; each time they
 *        begin again the sequence grows. Source: Linux 6.1's ipc_idr_alloc().
 * Locks: ipc_lock, for all sets and objects. Nobody sleeps in it; who waits for an object looks it up
 *        again, by its id, when it has the lock again.
 */
#pragma once

#include <jg/rt/sync.h>

#include <linux/ipc.h>

#include <linux.h>
#include <task.h>

#define IPC_SLOTS_MAX 32768

struct ipc_object {
    int id;
    int32_t key;                   /* IPC_PRIVATE: none leads to it */
    uint32_t uid, gid, cuid, cgid; /* owner and maker */
    uint32_t mode;                 /* permissions, and what the kind keeps above them */
};

struct ipc_set {
    struct ipc_object **slots;
    unsigned room, used;
    unsigned limit; /* how many there may be: at most IPC_SLOTS_MAX */
    unsigned next;  /* where the search for a free slot begins */
    int last;       /* the slot that was taken last, -1 */
    unsigned sequence;
};

#define IPC_SET_INIT(most)                                                                         \
    {                                                                                              \
        .limit = (most), .last = -1                                                                \
    }

extern struct mutex ipc_lock;

/* A kind's own part of ipc_get(), both with ipc_lock held. */
struct ipc_kind {
    struct ipc_set *set;
    /* Makes an object; ipc_get() fills its `struct ipc_object` in. NULL with *err set: nothing was made. */
    struct ipc_object *(*create)(struct task *t, const void *request, int64_t *err);
    /* Frees what create() made, when there is no slot for it. */
    void (*destroy)(struct ipc_object *object);
    /* Does one that exists serve the request? 0 or -errno. */
    int64_t (*check)(const struct ipc_object *object, const void *request);
};

/*
 * shmget, semget, msgget: the id of the object with that key, or of a new one. `flags` as in the
 * calls; `request` goes to the kind's functions. Takes ipc_lock.
 * Returns the id, -ENOENT, -EEXIST, -EACCES, -ENOSPC, -ENOMEM, or what the kind says.
 */
int64_t ipc_get(struct task *t, const struct ipc_kind *kind, int32_t key, int flags,
                const void *request);

/* The object with that id, or NULL: EINVAL. ipc_lock is held. */
struct ipc_object *ipc_find(const struct ipc_set *set, int id);

/* The object in a slot, or NULL: for SHM_STAT and its like. ipc_lock is held. */
struct ipc_object *ipc_at(const struct ipc_set *set, unsigned slot);

/* The highest slot in use, -1: none. ipc_lock is held. */
int ipc_highest(const struct ipc_set *set);

/* Takes it out: its id and key lead nowhere from now on. ipc_lock is held. */
void ipc_remove(struct ipc_set *set, struct ipc_object *object);

/* Makes the key lead nowhere, but keeps the id (shared memory that is still attached). ipc_lock is held. */
static inline void ipc_forget_key(struct ipc_object *object)
{
    object->key = IPC_PRIVATE;
}

/* What may be wanted of an object. */
#define IPC_READS    0444u
#define IPC_WRITES   0222u
#define IPC_EXECUTES 0111u

/*
 * May `t` do what `wanted` (IPC_READS, IPC_WRITES or parts of them) says? False: EACCES. ipc_lock is held.
 * Source: svipc(7), Linux 6.1's ipcperms().
 */
bool ipc_may(const struct task *t, const struct ipc_object *object, uint32_t wanted);

/* May `t` remove it or change its owner? False: EPERM. ipc_lock is held. */
bool ipc_owns(const struct task *t, const struct ipc_object *object);

struct ipc64_perm;

/* What IPC_STAT tells of it. ipc_lock is held. */
void ipc_perm_out(const struct ipc_object *object, struct ipc64_perm *out);

/* IPC_SET: owner, group and permission bits. Returns 0, or -EINVAL for ids that are none. ipc_lock is held. */
int64_t ipc_perm_in(struct ipc_object *object, const struct ipc64_perm *in);
