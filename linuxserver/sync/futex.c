/*
 * Futexes: waiting and waking.
 *
 * A waiter queues itself first and reads the word after, without the lock (reading may fault); a
 * waker changes the word first and takes the lock after. So either the waiter sees the new word, or
 * the waker sees the waiter. A waiter that was woken and found the word changed too reports the
 * wake, so that none is swallowed.
 *
 * Locks: see futex_queue.h.
 */
#include "futex.h"

#include <jg/rt/heap.h>

#include <sync/wait.h>
#include <task.h>

#include "futex_queue.h"

struct mutex futex_lock = MUTEX_INIT;
static struct list buckets[FUTEX_BUCKETS];

struct list *futex_bucket(unsigned number)
{
    struct list *b = &buckets[number];

    if (!b->next)
        list_init(b);
    return b;
}

struct list *futex_queue(const struct futex_key *k)
{
    uint64_t hash = (k->object ^ k->offset) * 0x9e3779b97f4a7c15ull;

    return futex_bucket(hash >> 56);
}

struct sleeper *futex_first(const struct futex_key *key)
{
    LIST_FOR_EACH(it, futex_queue(key))
    {
        struct sleeper *s = LIST_ENTRY(it, struct sleeper, link);

        if (futex_key_same(&s->key, key))
            return s;
    }
    return NULL;
}

void futex_insert(struct sleeper *s)
{
    struct list *queue = futex_queue(&s->key), *at = queue;

    if (s->rank) {
        LIST_FOR_EACH(it, queue)
        {
            if (LIST_ENTRY(it, struct sleeper, link)->rank < s->rank) {
                at = it;
                break;
            }
        }
    }
    list_insert_before(at, &s->link);
}

void futex_enqueue(struct sleeper *s, struct task *t, uint64_t va, const struct futex_key *key,
                   uint32_t bitset)
{
    *s = (struct sleeper){
        .key = *key, .bitset = bitset, .task = t, .va = va, .rank = sched_rank(&t->sched)};
    mutex_lock(&futex_lock);
    futex_insert(s);
    mutex_unlock(&futex_lock);
}

bool futex_dequeue(struct sleeper *s)
{
    bool woken;

    mutex_lock(&futex_lock);
    woken = s->woken;
    if (!woken)
        list_remove(&s->link);
    mutex_unlock(&futex_lock);
    futex_key_put(&s->key);
    return woken;
}

void futex_wake_sleeper(struct sleeper *s)
{
    struct task *t = s->task;

    list_remove(&s->link);
    __atomic_store_n(&s->woken, true, __ATOMIC_SEQ_CST);
    wait_wake_task(t); /* t cannot go away: its worker needs futex_lock to leave */
}

int64_t futex_wait(struct task *t, uint64_t va, bool shared, uint32_t expected, uint32_t bitset,
                   jg_time_t deadline)
{
    struct futex_key key;
    struct sleeper s;
    uint32_t word;
    int64_t err;

    if (!bitset)
        return -EINVAL;
    if ((err = futex_key_get(t->mm, va, shared, false, &key)))
        return err;
    wait_prepare(t);
    futex_enqueue(&s, t, va, &key, bitset);
    err = futex_read(t->mm, va, &word);
    if (!err && word != expected)
        err = -EAGAIN;
    while (!err && !__atomic_load_n(&s.woken, __ATOMIC_SEQ_CST)) {
        err = wait_sleep(t, deadline);
        if (!err)
            wait_prepare(t);
        /*
         * woken is set before the wake word: a wake after prepare is seen by the sleep, one before
         * it by the loop.
         */
    }
    return futex_dequeue(&s) ? 0 : err;
}

int64_t futex_wake_key(const struct futex_key *key, int count, uint32_t bitset)
{
    int woken = 0;

    LIST_FOR_EACH_SAFE(it, futex_queue(key))
    {
        struct sleeper *s = LIST_ENTRY(it, struct sleeper, link);

        if (!futex_key_same(&s->key, key))
            continue;
        if (s->pi)
            return -EINVAL;
        if (!(s->bitset & bitset))
            continue;
        futex_wake_sleeper(s);
        if (++woken >= count)
            break;
    }
    return woken;
}

int64_t futex_wake(struct task *t, uint64_t va, bool shared, int count, uint32_t bitset)
{
    struct futex_key key;
    int64_t n;

    if (!bitset)
        return -EINVAL;
    if ((n = futex_key_get(t->mm, va, shared, false, &key)))
        return n;
    mutex_lock(&futex_lock);
    n = futex_wake_key(&key, count, bitset);
    mutex_unlock(&futex_lock);
    futex_key_put(&key);
    return n;
}

void futex_wake_word(struct mm *mm, uint64_t va, int count)
{
    struct futex_key key;

    if (futex_key_get(mm, va, true, false, &key))
        return;
    mutex_lock(&futex_lock);
    futex_wake_key(&key, count, ~0u);
    mutex_unlock(&futex_lock);
    futex_key_put(&key);
}

/*
 * Renames a sleeper. The caller holds a reference to each of the two files, so that the one dropped
 * here under the lock is never the last.
 */
static void rename_sleeper(struct sleeper *s, const struct futex_key *to)
{
    if (to->held)
        backing_get(to->held);
    futex_key_put(&s->key);
    s->key = *to;
}

/* The lock is held. Returns how many were woken and moved, or -EINVAL. */
static int64_t wake_and_move(const struct futex_key *from, const struct futex_key *to, int wake,
                             int move)
{
    struct list taken = LIST_INIT(taken), *it;
    int64_t done = 0, err = 0;

    LIST_FOR_EACH_SAFE(at, futex_queue(from))
    {
        struct sleeper *s = LIST_ENTRY(at, struct sleeper, link);

        if (done - wake >= move)
            break;
        if (!futex_key_same(&s->key, from))
            continue;
        if (s->pi) {
            err = -EINVAL;
            break;
        }
        if (++done <= wake) {
            futex_wake_sleeper(s);
            continue;
        }
        list_remove(&s->link);
        rename_sleeper(s, to);
        list_add_tail(&taken, &s->link);
    }
    while ((it = list_pop(&taken)))
        futex_insert(LIST_ENTRY(it, struct sleeper, link));
    return err ? err : done;
}

int64_t futex_requeue(struct task *t, uint64_t va, uint64_t va2, bool shared, int wake, int move,
                      const uint32_t *expected)
{
    struct futex_key from, to;
    uint32_t word = 0;
    int64_t n;

    if (wake < 0 || move < 0)
        return -EINVAL;
    if ((n = futex_key_get(t->mm, va, shared, false, &from)))
        return n;
    if ((n = futex_key_get(t->mm, va2, shared, false, &to)))
        goto put_from;
    if (expected && (n = futex_read(t->mm, va, &word)))
        goto put_to;
    mutex_lock(&futex_lock);
    /* Once more under the lock; memory that only reads fails here, and counts as it was. */
    if (expected) {
        int64_t seen = jg_aspace_cas(t->mm->aspace, va, 0, 0);

        if (seen >= 0)
            word = (uint32_t)seen;
    }
    n = expected && word != *expected ? -EAGAIN : wake_and_move(&from, &to, wake, move);
    mutex_unlock(&futex_lock);
put_to:
    futex_key_put(&to);
put_from:
    futex_key_put(&from);
    return n;
}
