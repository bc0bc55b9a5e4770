/*
 * Deadlines: an intrusive pairing heap.
 *
 * In:    deadline_set(), deadline_cancel() from timers and futexes; deadline_run() from the timer
 *        interrupt, deadline_next() from the scheduler, which sets the hardware.
 * Life:  a deadline belongs to its owner, who cancels it before it goes.
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <object/deadline.h>
#include <object/sched.h>

static struct deadline *root HOT_DATA;

/* Joins two heaps (roots without siblings); either may be NULL. */
static struct deadline *merge(struct deadline *a, struct deadline *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->at < a->at) {
        struct deadline *t = a;

        a = b;
        b = t;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child)
        a->child->prev = b;
    a->child = b;
    return a;
}

/* The two passes of a pairing heap over a list of siblings; no recursion. */
static struct deadline *merge_pairs(struct deadline *first)
{
    struct deadline *pairs = NULL, *all = NULL;

    while (first) {
        struct deadline *a = first, *b = a->next, *rest = b ? b->next : NULL;

        a->next = a->prev = NULL;
        if (b)
            b->next = b->prev = NULL;
        a = merge(a, b);
        a->next = pairs;
        pairs = a;
        first = rest;
    }
    while (pairs) {
        struct deadline *rest = pairs->next;

        pairs->next = NULL;
        all = merge(all, pairs);
        pairs = rest;
    }
    return all;
}

static void take_out(struct deadline *d)
{
    struct deadline *below = merge_pairs(d->child);

    d->child = NULL;
    if (d == root) {
        root = below;
    } else {
        if (d->prev->child == d)
            d->prev->child = d->next;
        else
            d->prev->next = d->next;
        if (d->next)
            d->next->prev = d->prev;
        root = merge(root, below);
    }
    d->next = d->prev = NULL;
}

void deadline_set(struct deadline *d, jg_time_t at, void (*expired)(struct deadline *d))
{
    ASSERT(!d->expired && at != JG_TIME_INFINITE);
    *d = (struct deadline){.at = at, .expired = expired};
    root = merge(root, d);
    if (root == d)
        sched_timer_changed();
}

void deadline_cancel(struct deadline *d)
{
    if (!d->expired)
        return;
    take_out(d);
    d->expired = NULL;
}

void deadline_run(jg_time_t now)
{
    while (root && root->at <= now) {
        struct deadline *d = root;
        void (*expired)(struct deadline *) = d->expired;

        take_out(d);
        d->expired = NULL;
        expired(d);
    }
}

WARM jg_time_t deadline_next(void)
{
    return root ? root->at : JG_TIME_INFINITE;
}
