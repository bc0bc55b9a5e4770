/*
 * Deadlines: what has to happen at a time. A pairing heap of all that are set; nothing allocates.
 *
 * Locks: the big lock.
 */
#pragma once

#include <jg/types.h>

struct deadline {
    jg_time_t at;
    struct deadline *child, *next, *prev; /* prev: the elder sibling, or the parent of the eldest */
    void (*expired)(struct deadline *d);  /* NULL: not set */
};

/*
 * Sets a deadline: `expired` is called once, from the timer interrupt, at or after `at` (monotonic), with
 * `d` no longer set. `d` must not be set. One misuse: JG_TIME_INFINITE, for which nothing is to be set.
 */
void deadline_set(struct deadline *d, jg_time_t at, void (*expired)(struct deadline *d));

/* Forgets a deadline; harmless if it is not set. */
void deadline_cancel(struct deadline *d);

/* Whether it will expire. */
static inline bool deadline_is_set(const struct deadline *d)
{
    return d->expired != NULL;
}

/* Calls what has expired at `now`. Called from the timer interrupt. */
void deadline_run(jg_time_t now);

/* The next one, or JG_TIME_INFINITE. */
jg_time_t deadline_next(void);
