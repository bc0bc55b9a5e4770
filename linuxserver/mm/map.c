/*
 * mmap, munmap, brk on regions and on the kernel's mappings together. mprotect is in protect.c, mremap in
 * remap.c, madvise in advise.c.
 *
 * Locks: mm->lock over each call. The order is always: check, reserve array slots, change the kernel's
 * mappings, then the regions (which cannot fail any more).
 */
#include <mm.h>

#include "limits.h"

int64_t unmap_range(struct mm *m, uint64_t start, uint64_t length)
{
    uint64_t end = start + page_up(length);
    const struct region *r;

    if (!range_ok(start, length))
        return -EINVAL;
    r = mm_find(m, start);
    if (r && r->start < start && r->end > end && m->count >= MAX_REGIONS)
        return -ENOMEM;
    if (region_reserve(m, 2) || jg_aspace_unmap(m->aspace, start, end - start) < 0)
        return -ENOMEM;
    region_remove(m, start, end);
    return 0;
}

/* Does the new region count as promised memory? */
static bool accounts(const struct mm_map *r)
{
    return private_writable(r->prot, r->region_flags) && !(r->region_flags & REGION_NORESERVE);
}

/* What must hold before anything is changed, in Linux's order. *va is the place that was chosen. */
static int64_t check_map(struct mm *m, const struct mm_map *r, uint64_t length, bool locked,
                         const struct mm_limits *limits, uint64_t *va)
{
    int64_t at;
    uint64_t there;

    if (m->count > MAX_REGIONS)
        return -ENOMEM;
    at = choose_place(m, r->hint, length, r->options, limits);
    if (at < 0)
        return at;
    *va = (uint64_t)at;
    there = region_bytes_in(m, *va, *va + length);
    if ((r->options & MM_NOREPLACE) && there)
        return -EEXIST;
    if ((r->options & MM_LOCKED) && !limits->locked)
        return -EPERM;
    if (locked && too_much_locked(m, length, limits))
        return -EAGAIN;
    if (r->refusal)
        return r->refusal;
    if (!may_expand(m, length - there,
                    private_writable(r->prot, r->region_flags) && !(r->region_flags & REGION_STACK)
                        ? length - region_data_in(m, *va, *va + length)
                        : 0,
                    limits))
        return -ENOMEM;
    return region_reserve(m, 3);
}

/* Makes the mapping and its region at `va`, which is free or may be replaced. */
static int64_t enter(struct mm *m, const struct mm_map *r, uint64_t va, uint64_t length,
                     bool locked)
{
    bool bring_in = (r->options & (MM_POPULATE | MM_LOCKED)) || m->lock_future == MM_LOCK_POPULATE;
    struct jg_map map = {
        .va = va,
        .length = length,
        .offset = r->backing ? r->offset : 0,
        .vmo = r->backing ? r->backing->vmo : JG_HANDLE_NONE,
        .prot = r->prot,
        .max_prot = r->max_prot,
        .flags = JG_MAP_REPLACE | (r->region_flags & REGION_SHARED ? 0 : JG_MAP_PRIVATE) |
                 (bring_in ? JG_MAP_POPULATE : 0) | inherit_of(r->region_flags),
    };
    struct region region = {.start = va,
                            .end = va + length,
                            .prot = r->prot,
                            .flags = r->region_flags | (locked ? REGION_LOCKED : 0) |
                                     (accounts(r) ? REGION_ACCOUNT : 0),
                            .backing = r->backing,
                            .offset = r->backing ? r->offset : 0};
    jg_status_t status;

    if ((r->region_flags & REGION_WRITER) && r->backing && r->backing->sealed) {
        if (r->prot & JG_PROT_WRITE)
            return -EPERM;
        region.flags |= REGION_WRITE_DENIED;
    }
    if (!region_hold_first(&region))
        return -EPERM;
    status = jg_aspace_map(m->aspace, &map);
    if (status < 0) {
        region_let_go(&region);
        return status == JG_ERR_ACCESS_DENIED ? -EACCES : -ENOMEM;
    }
    region_remove(m, va, va + length);
    region_insert(m, &region);
    return (int64_t)va;
}

int64_t mm_map(struct mm *m, const struct mm_map *r, const struct mm_limits *limits)
{
    uint64_t length = page_up(r->length), va = 0;
    bool locked = (r->options & MM_LOCKED) || m->lock_future != MM_UNLOCKED;
    int64_t result;

    if (!r->length)
        return -EINVAL;
    if (!length)
        return -ENOMEM;
    mutex_lock(&m->lock);
    result = check_map(m, r, length, locked, limits, &va);
    if (!result && (accounts(r) || r->promised) && !commit_allows(length)) {
        /* As on Linux, what the mapping would have replaced has gone by then. */
        unmap_range(m, va, length);
        result = -ENOMEM;
    }
    if (!result)
        result = enter(m, r, va, length, locked);
    settle_and_unlock(m);
    return result;
}

int64_t mm_unmap(struct mm *m, uint64_t start, uint64_t length)
{
    int64_t err;

    mutex_lock(&m->lock);
    err = unmap_range(m, start, length);
    settle_and_unlock(m);
    return err;
}

/* Extends the heap from `old` to `new`. False: it cannot be. */
static bool grow_heap(struct mm *m, uint64_t old, uint64_t new, const struct mm_limits *limits)
{
    bool locked = m->lock_future != MM_UNLOCKED;
    struct jg_map map = {.va = old,
                         .length = new - old,
                         .prot = 3,
                         .max_prot = 7,
                         .flags = JG_MAP_PRIVATE |
                                  (m->lock_future == MM_LOCK_POPULATE ? JG_MAP_POPULATE : 0)};
    struct region r = {.start = old,
                       .end = new,
                       .prot = 3,
                       .flags = REGION_HEAP | REGION_ACCOUNT | (locked ? REGION_LOCKED : 0)};
    unsigned i = region_index(m, old);

    if ((i < m->count && region_floor(&m->regions[i]) < new + PAGE_SIZE) ||
        (locked && too_much_locked(m, new - old, limits)) ||
        !may_expand(m, new - old, new - old, limits) || m->count > MAX_REGIONS ||
        !commit_allows(new - old) || region_reserve(m, 1) || jg_aspace_map(m->aspace, &map) < 0)
        return false;
    region_insert(m, &r);
    return true;
}

uint64_t mm_brk(struct mm *m, uint64_t wanted, const struct mm_limits *limits)
{
    uint64_t old, new, result;
    bool done = true;

    mutex_lock(&m->lock);
    old = page_up(m->brk);
    new = page_up(wanted);
    if (wanted < m->brk_start || wanted > JG_USER_TOP || wanted - m->brk_start > limits->data)
        done = false;
    else if (new < old)
        done = !unmap_range(m, new, old - new);
    else if (new > old)
        done = grow_heap(m, old, new, limits);
    if (done)
        m->brk = wanted;
    result = m->brk;
    settle_and_unlock(m);
    return result;
}
