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

/* ... of what lies in [start, end). */
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
 * Inserts a region (its backing's reference is taken over), merging it with compatible neighbours.
 * Needs one slot.
 */
void region_insert(struct mm *m, const struct region *r);

/* Removes what lies in [start, end). Needs two slots. */
void region_remove(struct mm *m, uint64_t start, uint64_t end);

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
