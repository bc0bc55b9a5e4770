/*
 * Locked memory: mlock and its kin. Nothing is paged out here, so a lock brings pages in, counts
 * against RLIMIT_MEMLOCK, and forbids dropping them.
 *
 * Locks: mm->lock over each change; pages are brought in without it, as by faults, and what another thread unmaps
 *        meanwhile is left out.
 */
#include <mm.h>

#include "limits.h"

/* The part of [at, end) in the next region, and how a touch by its program would bring it in. */
static bool next_part(struct mm *m, uint64_t *at, uint64_t end, uint64_t *length, uint32_t *op)
{
    struct region *r;
    bool there;

    mutex_lock(&m->lock);
    r = mm_find(m, *at);
    there = r && r->start < end;
    if (there) {
        *at = r->start > *at ? r->start : *at;
        *length = (r->end < end ? r->end : end) - *at;
        *op = (r->prot & JG_PROT_WRITE) && !(r->flags & REGION_SHARED) ? JG_ASPACE_POPULATE_WRITE
                                                                       : JG_ASPACE_POPULATE;
    }
    mutex_unlock(&m->lock);
    return there;
}

int64_t mm_bring_in(struct mm *m, uint64_t start, uint64_t end)
{
    int64_t err = 0, status;
    uint64_t length;
    uint32_t op;

    for (uint64_t at = start; at < end && next_part(m, &at, end, &length, &op); at += length) {
        status = jg_aspace_range(m->aspace, op, at, length);
        if (status < 0 && !err)
            err = status == JG_ERR_NO_MEMORY ? -EAGAIN : -ENOMEM;
    }
    return err;
}

/* Sets or clears the flag in [start, end) up to the first hole. mm->lock is held, two slots are reserved. */
static int64_t mark(struct mm *m, uint64_t start, uint64_t end, bool locked)
{
    uint64_t at = start;

    region_split(m, start);
    region_split(m, end);
    for (unsigned i = region_index(m, start); i < m->count && m->regions[i].start == at && at < end;
         i++) {
        struct region *r = &m->regions[i];

        if (!(r->flags & REGION_VDSO))
            r->flags = (r->flags & ~REGION_LOCKED) | (locked ? REGION_LOCKED : 0);
        at = r->end;
    }
    region_merge(m, start, end);
    return at < end ? -ENOMEM : 0;
}

/* Does an end of the range lie inside a region? */
static bool cuts(struct mm *m, uint64_t start, uint64_t end)
{
    const struct region *a = mm_find(m, start), *b = mm_find(m, end);

    return (a && a->start < start) || (b && b->start < end);
}

int64_t mm_lock(struct mm *m, uint64_t start, uint64_t length, enum mm_lock how,
                const struct mm_limits *limits)
{
    uint64_t end, room = page_down(limits->locked), locked;
    int64_t err = 0;

    length = page_up(length + (start & ~PAGE_MASK));
    start = page_down(start);
    end = start + length;
    if (how != MM_UNLOCKED && !room)
        return -EPERM;
    if (end < start)
        return -EINVAL;
    if (!length)
        return 0;
    mutex_lock(&m->lock);
    locked = region_locked_in(m, 0, UINT64_MAX);
    if (how != MM_UNLOCKED && locked + length - region_locked_in(m, start, end) > room)
        err = -ENOMEM;
    else if ((m->count >= MAX_REGIONS && cuts(m, start, end)) || region_reserve(m, 2))
        err = -ENOMEM;
    else
        err = mark(m, start, end, how != MM_UNLOCKED);
    mutex_unlock(&m->lock);
    return err || how != MM_LOCK_POPULATE ? err : mm_bring_in(m, start, end);
}

int64_t mm_lock_all(struct mm *m, bool current, enum mm_lock how, enum mm_lock future,
                    const struct mm_limits *limits)
{
    uint64_t room = page_down(limits->locked);
    bool locks = how != MM_UNLOCKED || future != MM_UNLOCKED;

    if (locks && !room)
        return -EPERM;
    mutex_lock(&m->lock);
    if (locks && current && m->mapped > room) {
        mutex_unlock(&m->lock);
        return -ENOMEM;
    }
    m->lock_future = future;
    for (unsigned i = 0; current && i < m->count;) {
        uint64_t end = m->regions[i].end;

        mark(m, m->regions[i].start, end, how != MM_UNLOCKED); /* whole: splits nothing */
        i = region_index(m, end);
    }
    mutex_unlock(&m->lock);
    if (current && how == MM_LOCK_POPULATE)
        mm_bring_in(m, 0, JG_USER_TOP); /* as Linux: what cannot be there is left out */
    return 0;
}

bool mm_has_locked(struct mm *m, uint64_t start, uint64_t length)
{
    bool locked;

    mutex_lock(&m->lock);
    locked = region_locked_in(m, start, start + page_up(length)) > 0;
    mutex_unlock(&m->lock);
    return locked;
}
