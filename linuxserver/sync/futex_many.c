/*
 * futex_waitv: one task asleep on several words.
 */
#include "futex.h"

#include <sync/wait.h>
#include <task.h>

#include "futex_queue.h"

/* The first that was woken, or -1. */
static int64_t woken(const struct sleeper *s, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (__atomic_load_n(&s[i].woken, __ATOMIC_SEQ_CST))
            return i;
    }
    return -1;
}

/* Queues on each word and checks it after. *queued counts those to take off again. */
static int64_t queue_all(struct task *t, const struct futex_waitv *v, unsigned count,
                         struct sleeper *s, unsigned *queued)
{
    for (*queued = 0; *queued < count; ++*queued) {
        const struct futex_waitv *w = &v[*queued];
        struct futex_key key;
        uint32_t word;
        int64_t err = futex_key_get(t->mm, w->uaddr, !(w->flags & FUTEX_PRIVATE_FLAG), false, &key);

        if (err)
            return err;
        futex_enqueue(&s[*queued], t, w->uaddr, &key, ~0u);
        err = futex_read(t->mm, w->uaddr, &word);
        if (!err && word != (uint32_t)w->val)
            err = -EAGAIN;
        if (err) {
            ++*queued;
            return err;
        }
    }
    return 0;
}

int64_t futex_wait_many(struct task *t, const struct futex_waitv *v, unsigned count,
                        struct sleeper *s, jg_time_t deadline)
{
    unsigned queued;
    int64_t err, index = -1;

    wait_prepare(t);
    err = queue_all(t, v, count, s, &queued);
    while (!err && woken(s, count) < 0) {
        err = wait_sleep(t, deadline);
        if (!err)
            wait_prepare(t);
    }
    for (unsigned i = 0; i < queued; i++) {
        if (futex_dequeue(&s[i]))
            index = i;
    }
    return index >= 0 ? index : err;
}
