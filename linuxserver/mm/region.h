/*
 * The sorted array of regions: pure, no kernel calls, no locks of its own (mm->lock is the
 * caller's).
 */
#pragma once

#include <mm.h>

/* The bytes of a region that count as data. */
static inline uint64_t region_data(const struct region *r)
{
    return (r->prot & JG_PROT_WRITE) && !(r->flags & (REGION_SHARED | REGION_STACK))
               ? r->end - r->start
               : 0;
}

/* The bytes of a region that are promised. */
static inline uint64_t region_accounted(const struct region *r)
{
    return r->flags & REGION_ACCOUNT ? r->end - r->start : 0;
}

/* Memory that nothing is placed in below a region that grows downwards. */
#define STACK_GAP (256 * PAGE_SIZE)

/* Where the free room below a region ends. */
static inline uint64_t region_floor(const struct region *r)
{
    if (!(r->flags & REGION_STACK))
        return r->start;
    return r->start > STACK_GAP ? r->start - STACK_GAP : 0;
}

/*
 * Counts one region more on its backing, if it has one: its reference, its writers, and what the backing
 * wants to hear.
 */
void region_hold(const struct region *r);

/* As region_hold, for a region that shows a backing anew: false if nobody may be able to write to it. */
bool region_hold_first(const struct region *r);

/* Takes back what region_hold did. */
void region_let_go(const struct region *r);

/* The bytes that are private and writable in [start, end). */
uint64_t region_data_in(const struct mm *m, uint64_t start, uint64_t end);

/* Index of the first region that ends above va; m->count if none. */
unsigned region_index(const struct mm *m, uint64_t va);

/*
 * Room for `extra` more regions at either end, so that what follows cannot fail. Returns 0 or
 * -ENOMEM.
 */
int region_reserve(struct mm *m, unsigned extra);

/* Splits the region that has va inside it, so that one starts there. Needs one reserved slot. */
void region_split(struct mm *m, uint64_t va);

/*
 * Inserts a region (which is held: region_hold), merging it with compatible neighbours.
 * Needs one slot.
 */
void region_insert(struct mm *m, const struct region *r);

/* Removes what lies in [start, end). Needs two slots. */
void region_remove(struct mm *m, uint64_t start, uint64_t end);

/* Bytes of [start, end) that are in regions. */
uint64_t region_bytes_in(const struct mm *m, uint64_t start, uint64_t end);

/* Is every page of [start, end) in some region? */
bool region_covers(const struct mm *m, uint64_t start, uint64_t end);

/* Merges neighbours that became alike in [start, end]. */
void region_merge(struct mm *m, uint64_t start, uint64_t end);

/* Bytes of [start, end) that are locked. */
uint64_t region_locked_in(const struct mm *m, uint64_t start, uint64_t end);

/* Forgets them all, without their backings. */
void region_free_all(struct mm *m);

/*
 * The highest free range of `length` bytes that ends at or below `top`, which is always the same:
 * its start, or 0.
 */
uint64_t region_gap(struct mm *m, uint64_t length, uint64_t bottom, uint64_t top);

/* The lowest free range of `length` bytes in [bottom, top): its start, or 0. */
uint64_t region_gap_up(const struct mm *m, uint64_t length, uint64_t bottom, uint64_t top);
