/*
 * Futexes.
 *
 * A waiter queues itself first and reads the word after, without the lock (reading may fault); a
 * waker changes the word first and takes the lock after. So either the waiter sees the new word, or
 * the waker sees the waiter. A waiter that was woken and found the word changed too reports the
 * wake, so that none is swallowed.
 *
 * Locks: futex_lock guards all queues; inside it only wait_wake_task().
 */
#include "futex.h"

#include <jg/rt/list.h>
#include <jg/rt/sync.h>

#include <mm.h>
#include <sync/wait.h>
#include <task.h>

#define BUCKETS      256
#define ROBUST_LIMIT 2048

/* Private futexes are named by address space and address, shared ones by what is mapped there. */
struct key {
    uintptr_t object;
    uint64_t offset;
};

struct sleeper {
    struct list link;
    struct key key;
    uint32_t bitset;
    struct task *task;
    bool woken;
};

static struct mutex futex_lock = MUTEX_INIT;
static struct list buckets[BUCKETS];

static struct list *bucket(const struct key *k)
{
    uint64_t hash = (k->object ^ k->offset) * 0x9e3779b97f4a7c15ull;
    struct list *b = &buckets[hash >> 56];

    if (!b->next)
        list_init(b);
    return b;
}

static bool same(const struct key *a, const struct key *b)
{
    return a->object == b->object && a->offset == b->offset;
}

static int64_t key_of(struct mm *mm, uint64_t va, bool shared, struct key *key)
{
    struct region *r;

    if (va % 4)
        return -EINVAL;
    if (va >= JG_USER_TOP)
        return -EFAULT;
    key->object = (uintptr_t)mm;
    key->offset = va;
    if (!shared)
        return 0;
    mutex_lock(&mm->lock);
    r = mm_find(mm, va);
    if (r && r->start <= va && r->backing && (r->flags & REGION_SHARED)) {
        key->object = (uintptr_t)r->backing;
        key->offset = r->offset + (va - r->start);
    }
    mutex_unlock(&mm->lock);
    return 0;
}

static int64_t read_word(struct mm *mm, uint64_t va, uint32_t *word)
{
    int64_t n = jg_aspace_cas(mm->aspace, va, 0, 0);

    if (n < 0)
        return copy_in(mm, word, va, sizeof *word);
    *word = (uint32_t)n;
    return 0;
}

static void enqueue(struct sleeper *s, struct task *t, const struct key *key, uint32_t bitset)
{
    *s = (struct sleeper){.key = *key, .bitset = bitset, .task = t};
    mutex_lock(&futex_lock);
    list_add_tail(bucket(key), &s->link);
    mutex_unlock(&futex_lock);
}

/* Takes the sleeper off if it still waits. Returns whether it was woken. */
static bool dequeue(struct sleeper *s)
{
    bool woken;

    mutex_lock(&futex_lock);
    woken = s->woken;
    if (!woken)
        list_remove(&s->link);
    mutex_unlock(&futex_lock);
    return woken;
}

int64_t futex_wait(struct task *t, uint64_t va, bool shared, uint32_t expected, uint32_t bitset,
                   jg_time_t deadline)
{
    struct sleeper s;
    struct key key;
    uint32_t word;
    int64_t err;

    if (!bitset)
        return -EINVAL;
    if ((err = key_of(t->mm, va, shared, &key)))
        return err;
    wait_prepare(t);
    enqueue(&s, t, &key, bitset);
    err = read_word(t->mm, va, &word);
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
    return dequeue(&s) ? 0 : err;
}

/* The lock is held. */
static void wake_one(struct sleeper *s)
{
    struct task *t = s->task;

    list_remove(&s->link);
    __atomic_store_n(&s->woken, true, __ATOMIC_SEQ_CST);
    wait_wake_task(t); /* t cannot go away: its worker needs futex_lock to leave */
}

static uint32_t wake_key(const struct key *key, uint32_t count, uint32_t bitset)
{
    uint32_t woken = 0;

    LIST_FOR_EACH_SAFE(it, bucket(key))
    {
        struct sleeper *s = LIST_ENTRY(it, struct sleeper, link);

        if (woken == count)
            break;
        if (!same(&s->key, key) || !(s->bitset & bitset))
            continue;
        wake_one(s);
        woken++;
    }
    return woken;
}

int64_t futex_wake(struct task *t, uint64_t va, bool shared, uint32_t count, uint32_t bitset)
{
    struct key key;
    int64_t n = key_of(t->mm, va, shared, &key);

    if (n)
        return n;
    if (!bitset)
        return -EINVAL;
    mutex_lock(&futex_lock);
    n = wake_key(&key, count, bitset);
    mutex_unlock(&futex_lock);
    return n;
}

void futex_wake_word(struct mm *mm, uint64_t va, uint32_t count)
{
    struct key private, shared;

    if (key_of(mm, va, false, &private) || key_of(mm, va, true, &shared))
        return;
    mutex_lock(&futex_lock);
    if (!wake_key(&private, count, ~0u) && !same(&private, &shared))
        wake_key(&shared, count, ~0u);
    mutex_unlock(&futex_lock);
}

int64_t futex_requeue(struct task *t, uint64_t va, uint64_t va2, bool shared, uint32_t wake,
                      uint32_t move, const uint32_t *expected)
{
    struct key from, to;
    struct list taken = LIST_INIT(taken), *it;
    uint32_t word, done, moved = 0;
    int64_t err;

    if ((err = key_of(t->mm, va, shared, &from)) || (err = key_of(t->mm, va2, shared, &to)))
        return err;
    if (expected) {
        if ((err = read_word(t->mm, va, &word)))
            return err;
        if (word != *expected)
            return -EAGAIN;
    }
    mutex_lock(&futex_lock);
    done = wake_key(&from, wake, ~0u);
    LIST_FOR_EACH_SAFE(at, bucket(&from))
    {
        struct sleeper *s = LIST_ENTRY(at, struct sleeper, link);

        if (moved == move)
            break;
        if (!same(&s->key, &from))
            continue;
        list_remove(&s->link);
        s->key = to;
        list_add_tail(&taken, &s->link);
        moved++;
    }
    while ((it = list_pop(&taken)))
        list_add_tail(bucket(&to), it);
    mutex_unlock(&futex_lock);
    return done + moved;
}

static int64_t apply(struct mm *mm, uint64_t va, uint32_t op, uint32_t *old)
{
    uint32_t kind = op >> 28 & 7, arg = (uint32_t)((int32_t)(op << 8) >> 20), value,
             new; /* 12 bits with a sign */
    int64_t seen, err;

    if (op >> 28 & FUTEX_OP_OPARG_SHIFT) /* the top bit: the argument is a shift */
        arg = 1u << (arg & 31);
    if ((err = read_word(mm, va, &value)))
        return err;
    for (;;) {
        switch (kind) {
        case FUTEX_OP_SET:
            new = arg;
            break;
        case FUTEX_OP_ADD:
            new = value + arg;
            break;
        case FUTEX_OP_OR:
            new = value | arg;
            break;
        case FUTEX_OP_ANDN:
            new = value & ~arg;
            break;
        case FUTEX_OP_XOR:
            new = value ^ arg;
            break;
        default:
            return -ENOSYS;
        }
        seen = jg_aspace_cas(mm->aspace, va, value, new);
        if (seen < 0)
            return -EFAULT;
        if ((uint32_t)seen == value)
            break;
        value = (uint32_t)seen;
    }
    *old = value;
    return 0;
}

static int compare(uint32_t op, uint32_t old)
{
    int32_t a = (int32_t)old, b = (int32_t)(op << 20) >> 20;

    switch (op >> 24 & 15) {
    case FUTEX_OP_CMP_EQ:
        return a == b;
    case FUTEX_OP_CMP_NE:
        return a != b;
    case FUTEX_OP_CMP_LT:
        return a < b;
    case FUTEX_OP_CMP_LE:
        return a <= b;
    case FUTEX_OP_CMP_GT:
        return a > b;
    case FUTEX_OP_CMP_GE:
        return a >= b;
    default:
        return -ENOSYS;
    }
}

int64_t futex_wake_op(struct task *t, uint64_t va, uint64_t va2, bool shared, uint32_t wake,
                      uint32_t wake2, uint32_t op)
{
    struct key key, key2;
    uint32_t old;
    int64_t err, n;
    int second;

    if ((err = key_of(t->mm, va, shared, &key)) || (err = key_of(t->mm, va2, shared, &key2)) ||
        (err = apply(t->mm, va2, op, &old)))
        return err;
    second = compare(op, old);
    if (second < 0)
        return second;
    mutex_lock(&futex_lock);
    n = wake_key(&key, wake, ~0u);
    if (second)
        n += wake_key(&key2, wake2, ~0u);
    mutex_unlock(&futex_lock);
    return n;
}

static void release_robust_word(struct task *t, uint64_t va)
{
    uint32_t word;

    if (va % 4 || read_word(t->mm, va, &word))
        return;
    while ((word & FUTEX_TID_MASK) == (uint32_t)t->tid) {
        uint32_t new = (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
        int64_t seen = jg_aspace_cas(t->mm->aspace, va, word, new);

        if (seen < 0)
            return;
        if ((uint32_t)seen == word) {
            if (word & FUTEX_WAITERS)
                futex_wake_word(t->mm, va, 1);
            return;
        }
        word = (uint32_t)seen;
    }
}

void futex_release_robust(struct task *t)
{
    uint64_t head[3], entry; /* struct robust_list_head: list, futex_offset, list_op_pending */

    if (copy_in(t->mm, head, t->robust_list, sizeof head))
        return;
    entry = head[0] & ~1ull;
    for (int i = 0; i < ROBUST_LIMIT && entry != t->robust_list; i++) {
        uint64_t next;

        if (copy_in(t->mm, &next, entry, sizeof next))
            break;
        if (entry != (head[2] & ~1ull))
            release_robust_word(t, entry + head[1]);
        entry = next & ~1ull;
    }
    if (head[2] & ~1ull)
        release_robust_word(t, (head[2] & ~1ull) + head[1]);
}
