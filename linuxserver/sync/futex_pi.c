/*
 * Futexes that are owned: FUTEX_LOCK_PI and its kin.
 *
 * The word holds its owner's tid, and a bit that says that somebody waits. Here the owner is known of
 * every word that is waited for, and a word passes from hand to hand: the one that gives it up, or
 * the end of its owner, writes the first waiter's tid. Priorities are inherited: futex_boost.c.
 *
 * A word is changed here only under futex_lock, so what a locker decided (to wait for this owner) is
 * still so when it has queued itself; the program itself changes only 0 to its tid and back, which
 * futex_cas() notices.
 */
#include "futex.h"

#include <sync/wait.h>
#include <task.h>

#include "futex_queue.h"

#define CHAIN_LIMIT 1024 /* owners that wait for owners */

static unsigned waiting; /* sleepers with pi; under futex_lock */

/* The lock is held. */
static void hand_over(struct sleeper *to)
{
    int before = to->owner;

    LIST_FOR_EACH(it, futex_queue(&to->key))
    {
        struct sleeper *s = LIST_ENTRY(it, struct sleeper, link);

        if (futex_key_same(&s->key, &to->key))
            s->owner = to->task->tid;
    }
    waiting--;
    futex_wake_sleeper(to);
    if (to->rank)
        futex_boost(before); /* by nobody here any more; the new owner was the highest */
}

struct sleeper *futex_sleeper_of(int tid)
{
    for (unsigned i = 0; waiting && i < FUTEX_BUCKETS; i++) {
        LIST_FOR_EACH(it, futex_bucket(i))
        {
            struct sleeper *s = LIST_ENTRY(it, struct sleeper, link);

            if (s->pi && s->task->tid == tid)
                return s;
        }
    }
    return NULL;
}

/* Whether `owner` waits, over any number of others, for `t`. The lock is held. */
static bool would_deadlock(const struct task *t, int owner)
{
    for (int i = 0; i < CHAIN_LIMIT; i++) {
        struct sleeper *s = futex_sleeper_of(owner);

        if (!s)
            return false;
        owner = s->owner;
        if (owner == t->tid)
            return true;
    }
    return true;
}

static bool can_own(int tid)
{
    struct task *owner;
    bool alive;

    mutex_lock(&tasks_lock);
    owner = task_find(tid);
    alive = owner && !owner->futexes_released;
    mutex_unlock(&tasks_lock);
    return alive;
}

/*
 * Somebody waits already: is the word as it must be then? Returns 0 with the owner to wait for. A word
 * that was marked when its owner ended has none until the mark's maker comes here.
 */
static int64_t join(const struct sleeper *first, uint32_t word, int *owner)
{
    int tid = (int)(word & FUTEX_TID_MASK);

    if (!first->pi || (tid != first->owner && (tid || !(word & FUTEX_OWNER_DIED))))
        return -EINVAL;
    *owner = first->owner;
    return 0;
}

/*
 * Takes the word if it is free. The lock is held. Returns 1 when it is t's, 0 when *owner must be waited
 * for and the word says so, or -errno.
 */
static int64_t claim(struct task *t, uint64_t va, const struct futex_key *key, int *owner)
{
    struct sleeper *first = futex_first(key);
    uint32_t word = 0;
    int64_t done = futex_cas(t->mm, va, &word, 0);

    while (done >= 0) {
        uint32_t tid = word & FUTEX_TID_MASK;

        if (tid == (uint32_t)t->tid)
            return -EDEADLK;
        if (first)
            return join(first, word, owner);
        if (!tid) {
            if ((done = futex_cas(t->mm, va, &word,
                                  (word & FUTEX_OWNER_DIED) | (uint32_t)t->tid)) == 1)
                return 1;
            continue;
        }
        done = futex_cas(t->mm, va, &word, word | FUTEX_WAITERS);
        if (done != 1)
            continue;
        word |= FUTEX_WAITERS;
        *owner = (int)tid;
        if (can_own(*owner))
            return 0;
        /* It has ended; if it marked the word on its way, the word is another by now. */
        if ((done = futex_cas(t->mm, va, &word, word)) == 1)
            return -ESRCH;
    }
    return done;
}

static int64_t sleep_until_owner(struct task *t, struct sleeper *s, jg_time_t deadline)
{
    int64_t err = 0;

    while (!err && !__atomic_load_n(&s->woken, __ATOMIC_SEQ_CST)) {
        err = wait_sleep(t, deadline);
        if (!err)
            wait_prepare(t);
    }
    mutex_lock(&futex_lock);
    if (!s->woken)
        waiting--;
    else
        err = 0;
    if (!s->woken) {
        list_remove(&s->link);
        if (s->rank)
            futex_boost(s->owner);
    }
    mutex_unlock(&futex_lock);
    return err == -ERESTARTSYS ? -ERESTARTNOINTR : err;
}

int64_t futex_lock_pi(struct task *t, uint64_t va, bool shared, jg_time_t deadline, bool try)
{
    struct sleeper s = {
        .task = t, .va = va, .bitset = ~0u, .pi = true, .rank = sched_rank(&t->sched)};
    uint32_t word;
    int64_t err;

    if ((err = futex_key_get(t->mm, va, shared, true, &s.key)))
        return err;
    if ((err = futex_touch(t->mm, va, &word)))
        goto put;
    wait_prepare(t);
    mutex_lock(&futex_lock);
    err = claim(t, va, &s.key, &s.owner);
    if (!err && try)
        err = -EAGAIN;
    if (!err && would_deadlock(t, s.owner))
        err = -EDEADLK;
    if (!err) {
        futex_insert(&s);
        waiting++;
        if (s.rank)
            futex_boost(s.owner);
    }
    mutex_unlock(&futex_lock);
    if (!err)
        err = sleep_until_owner(t, &s, deadline);
put:
    futex_key_put(&s.key);
    return err > 0 ? 0 : err;
}

/* The lock is held. */
static int64_t give_up(struct task *t, uint64_t va, const struct futex_key *key, uint32_t word)
{
    struct sleeper *first = futex_first(key);
    uint32_t new = first ? FUTEX_WAITERS | (uint32_t)first->task->tid : 0;
    int64_t done;

    if (first && (!first->pi || first->owner != t->tid))
        return -EINVAL;
    do {
        if ((word & FUTEX_TID_MASK) != (uint32_t)t->tid)
            return -EINVAL; /* the program itself wrote into it meanwhile */
        done = futex_cas(t->mm, va, &word, new);
    } while (!done);
    if (done > 0 && first)
        hand_over(first);
    return done > 0 ? 0 : done;
}

int64_t futex_unlock_pi(struct task *t, uint64_t va, bool shared)
{
    struct futex_key key;
    uint32_t word;
    int64_t err;

    if ((err = futex_read(t->mm, va, &word)))
        return err;
    if ((word & FUTEX_TID_MASK) != (uint32_t)t->tid)
        return -EPERM;
    if ((err = futex_key_get(t->mm, va, shared, true, &key)))
        return err;
    if (!(err = futex_touch(t->mm, va, &word))) {
        mutex_lock(&futex_lock);
        err = give_up(t, va, &key, word);
        mutex_unlock(&futex_lock);
    }
    futex_key_put(&key);
    return err;
}

/* Gives a word whose owner ended to the one that waits longest. The lock is held. */
static void inherit(struct sleeper *s)
{
    struct mm *mm = s->task->mm; /* stays: its task sleeps in a call */
    uint32_t word = 0, new = FUTEX_WAITERS | FUTEX_OWNER_DIED | (uint32_t)s->task->tid;

    while (!futex_cas(mm, s->va, &word, new))
        continue;
    hand_over(s);
}

void futex_release_owned(struct task *t, bool ends)
{
    struct sleeper *found;

    mutex_lock(&futex_lock);
    t->futexes_released = ends;
    do {
        found = NULL;
        for (unsigned i = 0; waiting && !found && i < FUTEX_BUCKETS; i++) {
            LIST_FOR_EACH(it, futex_bucket(i))
            {
                struct sleeper *s = LIST_ENTRY(it, struct sleeper, link);

                if (s->pi && s->owner == t->tid) {
                    found = s;
                    break;
                }
            }
        }
        if (found)
            inherit(found);
    } while (found);
    mutex_unlock(&futex_lock);
}
