/*
 * The reaper: takes large dead things apart in batches.
 *
 * In:   reaper_add() by the last reference of an address space or VMO.
 * Runs: in idle, a batch at each way out of the kernel, and to the end when an allocation would fail or a
 *       caller quiesces.
 */
#pragma once

#include <core/list.h>

struct reap {
    struct list link;
    /* Does up to about `budget` pages of work. Returns true when it is done and `self` is gone. */
    bool (*step)(struct reap *self, unsigned budget);
};

/* Hands something over. Never fails. */
void reaper_add(struct reap *item);

/* Is there work? */
static inline bool reaper_pending(void);

/* Does a batch of about `budget` pages. Returns false when nothing is left. */
bool reaper_run(unsigned budget);

/* Works until nothing is left. */
void reaper_quiesce(void);

extern struct list reaper_list;

static inline bool reaper_pending(void)
{
    return !list_empty(&reaper_list);
}
