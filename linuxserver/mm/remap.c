/*
 * mremap. Source: Linux 6.1's mm/mremap.c, in whose order things are checked and undone: what lay at a
 * fixed target has gone even if the move then fails.
 *
 * Locks: mm->lock over each call.
 */
#include "limits.h"

struct remap {
    uint64_t old, old_length, new_length, target;
    uint32_t flags;
    const struct mm_limits *limits;
};

/* The region that a range of `length` bytes at `old` lies in, if it may become `new_length` long. */
static int64_t check_region(struct mm *m, const struct remap *x, struct region **out)
{
    struct region *r = mm_find(m, x->old);
    uint64_t more = x->new_length - x->old_length;

    if (!r || r->start > x->old)
        return -EFAULT;
    if (!x->old_length && !(r->flags & REGION_SHARED))
        return -EINVAL;
    if ((x->flags & MREMAP_DONTUNMAP) && (r->flags & REGION_VDSO))
        return -EINVAL;
    if (x->old_length > r->end - x->old)
        return -EFAULT;
    *out = r;
    if (x->new_length == x->old_length)
        return 0;
    if (r->flags & REGION_VDSO)
        return -EFAULT;
    if ((r->flags & REGION_LOCKED) && too_much_locked(m, more, x->limits))
        return -EAGAIN;
    return may_expand(m, more, region_data(r) ? more : 0, x->limits) ? 0 : -ENOMEM;
}

/* Room for the new range right behind the old one, which ends its region? */
static bool can_grow_in_place(const struct mm *m, const struct region *r, const struct remap *x)
{
    unsigned next = (unsigned)(r - m->regions) + 1;

    return x->old + x->old_length == r->end && x->new_length <= JG_USER_TOP - x->old &&
           (next == m->count || m->regions[next].start >= x->old + x->new_length);
}

static int64_t grow_in_place(struct mm *m, struct region *r, const struct remap *x)
{
    uint64_t more = x->new_length - x->old_length;
    struct jg_move move = {.old_va = x->old,
                           .old_length = x->old_length,
                           .new_va = x->old,
                           .new_length = x->new_length};
    struct region part;

    if ((r->flags & REGION_ACCOUNT) && !commit_allows(more))
        return -ENOMEM;
    if (region_reserve(m, 1) || jg_aspace_move(m->aspace, &move) < 0)
        return -ENOMEM;
    part = *mm_find(m, x->old);
    part.offset += part.end - part.start;
    part.start = part.end;
    part.end += more;
    region_hold(&part);
    region_insert(m, &part);
    return (int64_t)x->old;
}

/* Shows the same shared memory a second time. */
static bool duplicate(struct mm *m, const struct region *r, const struct region *copy)
{
    struct jg_map map = {
        .va = copy->start,
        .length = copy->end - copy->start,
        .offset = copy->offset,
        .vmo = r->backing->vmo,
        .prot = r->prot,
        .max_prot = 7,
        .flags = inherit_of(r->flags),
    };

    return jg_aspace_map(m->aspace, &map) >= 0;
}

static bool move_pages(struct mm *m, const struct remap *x, uint64_t target)
{
    struct jg_move move = {.old_va = x->old,
                           .old_length = x->old_length,
                           .new_va = target,
                           .new_length = x->new_length,
                           .flags = x->flags & MREMAP_DONTUNMAP ? JG_MOVE_KEEP : 0};

    return jg_aspace_move(m->aspace, &move) >= 0;
}

/* After MREMAP_DONTUNMAP: the old region is there, empty, and locked no more. */
static void unlock_old(struct mm *m, uint64_t old)
{
    struct region *r = mm_find(m, old);

    r->flags &= ~REGION_LOCKED;
}

/* Moves (or with an old length of 0 duplicates) to `target`, where nothing is mapped. */
static int64_t move_to(struct mm *m, const struct region *r, const struct remap *x, uint64_t target)
{
    bool keeps = x->flags & MREMAP_DONTUNMAP;
    uint64_t promised = keeps ? x->new_length : x->new_length - x->old_length;
    struct region copy = *r;

    if (m->count >= MAX_REGIONS - 3 || region_reserve(m, 5))
        return -ENOMEM;
    if ((copy.flags & REGION_ACCOUNT) && !commit_allows(promised))
        return -ENOMEM;
    copy.offset += x->old - copy.start;
    copy.start = target;
    copy.end = target + x->new_length;
    r = mm_find(m, x->old); /* the array may have moved */
    if (x->old_length ? !move_pages(m, x, target) : !duplicate(m, r, &copy))
        return -ENOMEM;
    region_hold(&copy);
    if (keeps)
        unlock_old(m, x->old);
    else if (x->old_length)
        region_remove(m, x->old, x->old + x->old_length);
    region_insert(m, &copy);
    return (int64_t)target;
}

/* MREMAP_FIXED or MREMAP_DONTUNMAP. */
static int64_t remap_to(struct mm *m, struct remap *x)
{
    bool fixed = x->flags & MREMAP_FIXED;
    struct region *r;
    int64_t at, err;

    if ((x->target & ~PAGE_MASK) || x->new_length > JG_USER_TOP ||
        x->target > JG_USER_TOP - x->new_length)
        return -EINVAL;
    if (x->old + x->old_length > x->target && x->target + x->new_length > x->old)
        return -EINVAL;
    if (m->count + 2 >= MAX_REGIONS - 3)
        return -ENOMEM;
    if (fixed) {
        err = unmap_range(m, x->target, x->new_length);
        if (err)
            return err;
    }
    if (x->old_length > x->new_length) {
        err = unmap_range(m, x->old + x->new_length, x->old_length - x->new_length);
        if (err)
            return err;
        x->old_length = x->new_length;
    }
    err = check_region(m, x, &r);
    if (err)
        return err;
    if ((x->flags & MREMAP_DONTUNMAP) &&
        !may_expand(m, x->new_length, region_data(r) ? x->new_length : 0, x->limits))
        return -ENOMEM;
    at = choose_place(m, x->target, x->new_length, fixed ? MM_FIXED : 0, x->limits);
    return at < 0 ? at : move_to(m, r, x, (uint64_t)at);
}

static int64_t remap(struct mm *m, struct remap *x)
{
    struct region *r = mm_find(m, x->old);
    int64_t at, err;

    if (!r || r->start > x->old)
        return -EFAULT;
    if (x->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
        return remap_to(m, x);
    if (x->old_length >= x->new_length) {
        err = x->old_length == x->new_length
                  ? 0
                  : unmap_range(m, x->old + x->new_length, x->old_length - x->new_length);
        return err ? err : (int64_t)x->old;
    }
    err = check_region(m, x, &r);
    if (err)
        return err;
    if (can_grow_in_place(m, r, x))
        return grow_in_place(m, r, x);
    if (!(x->flags & MREMAP_MAYMOVE))
        return -ENOMEM;
    at = choose_place(m, 0, x->new_length, 0, x->limits);
    return at < 0 ? at : move_to(m, r, x, (uint64_t)at);
}

int64_t mm_remap(struct mm *m, uint64_t old, uint64_t old_length, uint64_t new_length,
                 uint64_t flags, uint64_t target, const struct mm_limits *limits)
{
    struct remap x = {old,    page_up(old_length), page_up(new_length),
                      target, (uint32_t)flags,     limits};
    int64_t result;
    bool locked;

    if (flags & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
        return -EINVAL;
    if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
        return -EINVAL;
    if (((flags & MREMAP_DONTUNMAP) && old_length != new_length) || (old & ~PAGE_MASK) ||
        !x.new_length)
        return -EINVAL;
    mutex_lock(&m->lock);
    result = remap(m, &x);
    locked = result >= 0 && x.new_length > x.old_length &&
             region_locked_in(m, (uint64_t)result, (uint64_t)result + x.new_length);
    settle_and_unlock(m);
    if (locked)
        mm_bring_in(m, (uint64_t)result + x.old_length, (uint64_t)result + x.new_length);
    return result;
}
