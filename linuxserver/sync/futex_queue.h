/*
 * What the futex files share: keys, sleepers, their queues.
 *
 * Locks: futex_lock guards all queues and every field of a queued sleeper. It is taken with no other lock held;
 * inside it come mm->lock's users never, tasks_lock (to look for an owner) and wake-ups.
 */
#pragma once

#include <jg/rt/list.h>
#include <jg/rt/sync.h>

#include <mm.h>

/*
 * Private futexes are named by address space and address, shared ones by the file and the offset that
 * are mapped there; a shared one in private memory by address space and address plus one.
 */
struct futex_key {
    uintptr_t object;
    uint64_t offset;
    struct backing *held; /* a reference, so that the name is not given to another file meanwhile */
};

struct sleeper {
    struct list link;
    struct futex_key key;
    struct task *task;
    uint64_t va; /* of the word, in the task's own address space */
    uint32_t bitset;
    bool woken; /* and off its queue */
    bool pi;    /* waits to own the word */
    int owner;  /* pi: the tid that owns it now */
    int rank;   /* of its task when it came, or as it was boosted since: higher ones are woken first */
};

extern struct mutex futex_lock;

#define FUTEX_BUCKETS 256u

/*
 * The name of the futex at `va`, which the caller gives back with futex_key_put(). With `write`, a
 * shared one must be in memory that can be written. Takes mm->lock. Returns 0, -EINVAL (not
 * aligned) or -EFAULT. Source: get_futex_key() as futex(2) shows it.
 */
int64_t futex_key_get(struct mm *mm, uint64_t va, bool shared, bool write, struct futex_key *key);

/* Lets go of a name. May close a file: no lock may be held. */
void futex_key_put(struct futex_key *key);

static inline bool futex_key_same(const struct futex_key *a, const struct futex_key *b)
{
    return a->object == b->object && a->offset == b->offset;
}

/* Reads the word. No lock may be held: it may fault. Returns 0 or -EFAULT. */
int64_t futex_read(struct mm *mm, uint64_t va, uint32_t *word);

/* As futex_read(), for a word that will be written: afterwards futex_cas() finds it there. */
int64_t futex_touch(struct mm *mm, uint64_t va, uint32_t *word);

/*
 * Compares the word with *word and exchanges. Grows no stack, so it may be called with futex_lock.
 * Returns 1 when done, 0 when the word was another, which is then in *word, or -EFAULT.
 */
int64_t futex_cas(struct mm *mm, uint64_t va, uint32_t *word, uint32_t new);

/* The queue of a key, or of a number below FUTEX_BUCKETS. futex_lock is held. */
struct list *futex_queue(const struct futex_key *key);
struct list *futex_bucket(unsigned number);

/* Puts a sleeper on the queue of its key, behind those of its rank. futex_lock is held. */
void futex_insert(struct sleeper *s);

/* The one that waits as task `tid` to own a word. futex_lock is held. NULL: none. */
struct sleeper *futex_sleeper_of(int tid);

/*
 * Who waits for words of task `owner` has changed: it runs with the highest rank among them, and so does
 * whoever it waits for. futex_lock is held.
 */
void futex_boost(int owner);

/* The first sleeper on the key: the one that is woken first. futex_lock is held. NULL: none. */
struct sleeper *futex_first(const struct futex_key *key);

/* Takes it off and wakes its task, which then sees `woken`. futex_lock is held. */
void futex_wake_sleeper(struct sleeper *s);

/* Puts a new sleeper of `t` on the queue of its key, which the sleeper takes over. Takes futex_lock. */
void futex_enqueue(struct sleeper *s, struct task *t, uint64_t va, const struct futex_key *key,
                   uint32_t bitset);

/* Takes the sleeper off if it still waits, and gives its key back. Returns whether it was woken. */
bool futex_dequeue(struct sleeper *s);

/*
 * Wakes sleepers of a key with a bit in common: one at least, then until there are `count`. futex_lock
 * is held. Returns how many, or -EINVAL when one of them waits to own the word.
 */
int64_t futex_wake_key(const struct futex_key *key, int count, uint32_t bitset);
