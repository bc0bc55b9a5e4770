/*
 * Priority inheritance: the owner of a word runs with the rank of the highest that waits for it, and so does, if the
 * owner itself waits, the one that it waits for.
 *
 * Locks: futex_lock, and inside it tasks_lock.
 */
#include <task.h>

#include "futex_queue.h"

#define CHAIN_LIMIT 1024

/* The highest rank of those that wait for a word of `owner`. */
static int highest(int owner)
{
    int most = 0;

    for (unsigned i = 0; i < FUTEX_BUCKETS; i++) {
        LIST_FOR_EACH(it, futex_bucket(i))
        {
            const struct sleeper *s = LIST_ENTRY(it, struct sleeper, link);

            if (s->pi && s->owner == owner && s->rank > most)
                most = s->rank;
        }
    }
    return most;
}

/* Returns the rank that `owner` has now, or -1: it is what it was. */
static int set_boost(int owner, int boost)
{
    struct task *t;
    int rank = -1;

    mutex_lock(&tasks_lock);
    t = task_find(owner);
    if (t && t->sched.boost != boost) {
        t->sched.boost = boost;
        sched_tell(t);
        rank = sched_rank(&t->sched);
    }
    mutex_unlock(&tasks_lock);
    return rank;
}

void futex_boost(int owner)
{
    for (int i = 0; i < CHAIN_LIMIT; i++) {
        int rank = set_boost(owner, highest(owner));
        struct sleeper *s = rank < 0 ? NULL : futex_sleeper_of(owner);

        if (!s || s->rank == rank)
            return;
        list_remove(&s->link);
        s->rank = rank;
        futex_insert(s);
        owner = s->owner;
    }
}
