/*
 * shmdt: the regions of one attached segment, whatever mprotect and munmap have cut them into.
 * Source: Linux 6.1's ksys_shmdt().
 *
 * Locks: mm->lock.
 */
#include "limits.h"

/* Does the region show the segment as if it had been attached at `va`? */
static bool fits(const struct region *r, uint64_t va, const struct backing *b,
                 bool (*is_segment)(const struct backing *b))
{
    return r->backing && (b ? r->backing == b : is_segment(r->backing)) &&
           r->start - va == r->offset;
}

int64_t mm_detach(struct mm *m, uint64_t va, bool (*is_segment)(const struct backing *b),
                  uint64_t (*size)(const struct backing *b))
{
    struct backing *segment = NULL;
    uint64_t end = UINT64_MAX;

    if (va & ~PAGE_MASK)
        return -EINVAL;
    mutex_lock(&m->lock);
    for (uint64_t at = va; at < end;) {
        struct region *r = mm_find(m, at);
        struct region found;

        if (!r || r->start >= end)
            break;
        found = *r;
        at = found.end;
        if (found.start < va || !fits(r, va, segment, is_segment))
            continue;
        if (!segment) {
            segment = found.backing;
            backing_get(segment);
            end = va + page_up(size(segment));
        }
        unmap_range(m, found.start, found.end - found.start);
    }
    settle_and_unlock(m);
    if (!segment)
        return -EINVAL;
    backing_put(segment);
    return 0;
}
