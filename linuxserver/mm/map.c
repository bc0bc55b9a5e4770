/*
 * mmap, munmap, mprotect, mremap, brk, madvise on regions and on the kernel's mappings together.
 *
 * Locks: mm->lock over each call. The order is always: check, reserve array slots, change the kernel's mappings, then
 * the regions (which cannot fail any more).
 */
#include <mm.h>

#include "region.h"

#define MMAP_TOP    0x00007ffff7fff000ull /* new mappings are placed below it, downwards */
#define MMAP_BOTTOM 0x10000ull
#define LOW_LIMIT   0x10000ull /* vm.mmap_min_addr */
#define MAX_REGIONS 65530u     /* vm.max_map_count */

static bool range_ok(uint64_t start, uint64_t length)
{
    return length && start + length > start && start + length <= JG_USER_TOP;
}

static uint32_t inherit_of(uint32_t region_flags)
{
    uint32_t how = region_flags & REGION_DONTFORK     ? JG_INHERIT_NONE
                   : region_flags & REGION_WIPEONFORK ? JG_INHERIT_ZERO
                                                      : JG_INHERIT_COPY;

    return how << JG_MAP_INHERIT_SHIFT;
}

static int64_t choose(struct mm *m, const struct mm_map *r, uint64_t length)
{
    uint64_t va = page_down(r->hint);

    if (r->options & MM_FIXED) {
        if (r->hint & ~PAGE_MASK)
            return -EINVAL;
        if (!range_ok(va, length))
            return -ENOMEM;
        if (va < LOW_LIMIT)
            return -EPERM;
        return (int64_t)va;
    }
    if (va >= LOW_LIMIT && range_ok(va, length)) {
        unsigned i = region_index(m, va);

        if (i == m->count || m->regions[i].start >= va + length)
            return (int64_t)va;
    }
    va = region_gap(m, length, MMAP_BOTTOM, MMAP_TOP);
    return va ? (int64_t)va : -ENOMEM;
}

static bool private_writable(uint32_t prot, uint32_t flags)
{
    return (prot & JG_PROT_WRITE) && !(flags & REGION_SHARED);
}

static uint64_t mapped_in(const struct mm *m, uint64_t start, uint64_t end)
{
    uint64_t sum = 0;

    for (unsigned i = region_index(m, start); i < m->count && m->regions[i].start < end; i++) {
        uint64_t a = m->regions[i].start > start ? m->regions[i].start : start;
        uint64_t b = m->regions[i].end < end ? m->regions[i].end : end;

        sum += b - a;
    }
    return sum;
}

/* Overcommit mode 0 refuses what obviously cannot be: more than all memory at once. */
static bool absurd(uint64_t length)
{
    struct jg_info_system info;

    if (length < 16ul << 20)
        return false;
    if (jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) < 0)
        return false;
    return length / PAGE_SIZE > info.total_frames;
}

/* Would [start, end), once private and writable, be more data than allowed? */
static bool too_much_data(const struct mm *m, uint64_t start, uint64_t end,
                          const struct mm_limits *limits)
{
    return limits->data != UINT64_MAX &&
           m->data_bytes + (end - start) - region_data_in(m, start, end) > limits->data;
}

/* Would `more` locked bytes be too many? */
static bool too_much_locked(const struct mm *m, uint64_t more, const struct mm_limits *limits)
{
    return limits->locked != UINT64_MAX &&
           region_locked_in(m, 0, UINT64_MAX) + more > page_down(limits->locked);
}

int64_t mm_map(struct mm *m, const struct mm_map *r, const struct mm_limits *limits)
{
    uint64_t length = page_up(r->length);
    bool explicit = r->options & MM_LOCKED, bring_in = r->options & MM_POPULATE, locked;
    struct region region;
    struct jg_map map;
    int64_t va, status;

    if (!r->length)
        return -EINVAL;
    if (!length || length > JG_USER_TOP)
        return -ENOMEM;
    mutex_lock(&m->lock);
    va = choose(m, r, length);
    if (va < 0)
        goto out;
    status = va;
    if ((r->options & MM_NOREPLACE) && mapped_in(m, (uint64_t)va, (uint64_t)va + length)) {
        va = -EEXIST;
        goto out;
    }
    locked = explicit || m->lock_future != MM_UNLOCKED;
    bring_in |= explicit || m->lock_future == MM_LOCK_POPULATE;
    if (locked && too_much_locked(m, length, limits)) {
        va = -EAGAIN;
        goto out;
    }
    if (m->mapped + length - mapped_in(m, (uint64_t)va, (uint64_t)va + length) >
            limits->address_space ||
        (private_writable(r->prot, r->region_flags) && !(r->region_flags & REGION_STACK) &&
         too_much_data(m, (uint64_t)va, (uint64_t)va + length, limits)) ||
        m->count >= MAX_REGIONS || region_reserve(m, 3) ||
        (!r->backing && private_writable(r->prot, r->region_flags) &&
         !(r->region_flags & REGION_NORESERVE) && absurd(length))) {
        va = -ENOMEM;
        goto out;
    }
    map = (struct jg_map){
        .va = (uint64_t)va,
        .length = length,
        .offset = r->backing ? r->offset : 0,
        .vmo = r->backing ? r->backing->vmo : JG_HANDLE_NONE,
        .prot = r->prot,
        .max_prot = r->max_prot,
        .flags = JG_MAP_REPLACE | (r->region_flags & REGION_SHARED ? 0 : JG_MAP_PRIVATE) |
                 (bring_in ? JG_MAP_POPULATE : 0) | inherit_of(r->region_flags),
    };
    status = jg_aspace_map(m->aspace, &map);
    if (status < 0) {
        va = status == JG_ERR_ACCESS_DENIED ? -EACCES : -ENOMEM;
        goto out;
    }
    region_remove(m, (uint64_t)va, (uint64_t)va + length);
    region = (struct region){.start = (uint64_t)va,
                             .end = (uint64_t)va + length,
                             .prot = r->prot,
                             .flags = r->region_flags | (locked ? REGION_LOCKED : 0),
                             .backing = r->backing,
                             .offset = r->backing ? r->offset : 0};
    if (r->backing)
        backing_get(r->backing);
    region_insert(m, &region);
out:
    mutex_unlock(&m->lock);
    return va;
}

int64_t mm_unmap(struct mm *m, uint64_t start, uint64_t length)
{
    int64_t err = 0;

    length = page_up(length);
    if ((start & ~PAGE_MASK) || !range_ok(start, length))
        return -EINVAL;
    mutex_lock(&m->lock);
    if (region_reserve(m, 2) || jg_aspace_unmap(m->aspace, start, length) < 0)
        err = -ENOMEM;
    else
        region_remove(m, start, start + length);
    mutex_unlock(&m->lock);
    return err;
}

/* What of [start, end) becomes data when it becomes writable. */
static uint64_t future_data(const struct mm *m, uint64_t start, uint64_t end)
{
    uint64_t sum = 0;

    for (unsigned i = region_index(m, start); i < m->count && m->regions[i].start < end; i++) {
        struct region part = m->regions[i];

        part.start = part.start > start ? part.start : start;
        part.end = part.end < end ? part.end : end;
        sum -= region_data(&part);
        part.prot |= JG_PROT_WRITE;
        sum += region_data(&part);
    }
    return sum;
}

int64_t mm_protect(struct mm *m, uint64_t start, uint64_t length, uint32_t prot,
                   const struct mm_limits *limits)
{
    uint64_t end;
    int64_t err = 0, status;

    if (start & ~PAGE_MASK)
        return -EINVAL;
    if (!length)
        return 0;
    length = page_up(length);
    end = start + length;
    if (!range_ok(start, length))
        return -ENOMEM;
    mutex_lock(&m->lock);
    if (!region_covers(m, start, end) || m->count + 2 > MAX_REGIONS || region_reserve(m, 2) ||
        ((prot & JG_PROT_WRITE) && limits->data != UINT64_MAX &&
         m->data_bytes + future_data(m, start, end) > limits->data)) {
        err = -ENOMEM;
        goto out;
    }
    for (unsigned i = region_index(m, start); i < m->count && m->regions[i].start < end; i++) {
        if ((m->regions[i].flags & REGION_WRITE_DENIED) && (prot & JG_PROT_WRITE)) {
            err = -EACCES;
            goto out;
        }
    }
    status = jg_aspace_protect(m->aspace, start, length, prot);
    if (status < 0) {
        err = status == JG_ERR_ACCESS_DENIED ? -EACCES : -ENOMEM;
        goto out;
    }
    region_split(m, start);
    region_split(m, end);
    for (unsigned i = region_index(m, start); i < m->count && m->regions[i].start < end; i++) {
        m->data_bytes -= region_data(&m->regions[i]);
        m->regions[i].prot = prot;
        m->data_bytes += region_data(&m->regions[i]);
    }
    region_merge(m, start, end);
out:
    mutex_unlock(&m->lock);
    return err;
}

uint64_t mm_brk(struct mm *m, uint64_t wanted, const struct mm_limits *limits)
{
    uint64_t old, new, result;

    mutex_lock(&m->lock);
    old = page_up(m->brk);
    new = page_up(wanted);
    result = m->brk;
    if (wanted < m->brk_start || wanted > JG_USER_TOP || wanted - m->brk_start > limits->data)
        goto out;
    if (new < old) {
        if (region_reserve(m, 2) || jg_aspace_unmap(m->aspace, new, old - new) < 0)
            goto out;
        region_remove(m, new, old);
    } else if (new > old) {
        bool locked = m->lock_future != MM_UNLOCKED;
        struct jg_map map = {.va = old, .length = new - old, .prot = 3, .max_prot = 7,
                             .flags = JG_MAP_PRIVATE |
                                      (m->lock_future == MM_LOCK_POPULATE ? JG_MAP_POPULATE : 0)};
        struct region r = {.start = old, .end = new, .prot = 3,
                           .flags = REGION_HEAP | (locked ? REGION_LOCKED : 0)};
        unsigned i = region_index(m, old);

        if ((i < m->count && m->regions[i].start < new + PAGE_SIZE) ||
            (locked && too_much_locked(m, new - old, limits)) ||
            m->mapped + (new - old) > limits->address_space || too_much_data(m, old, new, limits) ||
            absurd(new - old) || region_reserve(m, 1) || jg_aspace_map(m->aspace, &map) < 0)
            goto out;
        region_insert(m, &r);
    }
    result = m->brk = wanted;
out:
    mutex_unlock(&m->lock);
    return result;
}

/* mremap of one region, or of a part of it. mm->lock is held. Source: mremap(2). */
static int64_t remap(struct mm *m, uint64_t old, uint64_t old_length, uint64_t new_length,
                     uint32_t flags, uint64_t target, const struct mm_limits *limits)
{
    struct region *r = mm_find(m, old), moved;
    struct jg_move move;

    if (!r || r->start > old)
        return -EFAULT;
    if (!old_length) {
        if (!(r->flags & REGION_SHARED))
            return -EINVAL;
        return -EINVAL; /* duplicating a shared mapping: not supported */
    }
    if (old_length > r->end - old)
        return -EFAULT;
    if (!(flags & MREMAP_FIXED) && new_length <= old_length && !(flags & MREMAP_DONTUNMAP)) {
        if (new_length < old_length) {
            if (region_reserve(m, 2) ||
                jg_aspace_unmap(m->aspace, old + new_length, old_length - new_length) < 0)
                return -ENOMEM;
            region_remove(m, old + new_length, old + old_length);
        }
        return (int64_t)old;
    }
    if (new_length > old_length && (m->mapped + new_length - old_length > limits->address_space ||
                                    (region_data(r) && limits->data != UINT64_MAX &&
                                     m->data_bytes + new_length - old_length > limits->data)))
        return -ENOMEM;
    if (new_length > old_length && (r->flags & REGION_LOCKED) &&
        too_much_locked(m, new_length - old_length, limits))
        return -EAGAIN;
    if (region_reserve(m, 6))
        return -ENOMEM;
    r = mm_find(m, old);
    moved = *r;
    moved.offset += old - r->start;
    if (!(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && old + old_length == r->end) {
        /* Grow in place when the next pages are free. */
        unsigned i = (unsigned)(r - m->regions);
        bool room = i + 1 == m->count || m->regions[i + 1].start >= old + new_length;

        move = (struct jg_move){
            .old_va = old, .old_length = old_length, .new_va = old, .new_length = new_length};
        if (room && old + new_length <= JG_USER_TOP && jg_aspace_move(m->aspace, &move) >= 0) {
            m->mapped += new_length - old_length;
            m->data_bytes -= region_data(r);
            r->end = old + new_length;
            m->data_bytes += region_data(r);
            return (int64_t)old;
        }
    }
    if (!(flags & MREMAP_MAYMOVE))
        return -ENOMEM;
    if (!(flags & MREMAP_FIXED)) {
        target = region_gap(m, new_length, MMAP_BOTTOM, MMAP_TOP);
        if (!target)
            return -ENOMEM;
    }
    move = (struct jg_move){.old_va = old,
                            .old_length = old_length < new_length ? old_length : new_length,
                            .new_va = target,
                            .new_length = new_length,
                            .flags = (flags & MREMAP_FIXED ? JG_MAP_REPLACE : 0) |
                                     (flags & MREMAP_DONTUNMAP ? JG_MOVE_KEEP : 0)};
    if (jg_aspace_move(m->aspace, &move) < 0)
        return -ENOMEM;
    if (moved.backing)
        backing_get(moved.backing); /* before the old region's reference may go */
    if (!(flags & MREMAP_DONTUNMAP)) {
        if (old_length > new_length)
            jg_aspace_unmap(m->aspace, old + new_length, old_length - new_length);
        region_remove(m, old, old + old_length);
    }
    region_remove(m, target, target + new_length);
    moved.start = target;
    moved.end = target + new_length;
    moved.flags &= ~REGION_STACK;
    region_insert(m, &moved);
    return (int64_t)target;
}

int64_t mm_remap(struct mm *m, uint64_t old, uint64_t old_length, uint64_t new_length,
                 uint32_t flags, uint64_t target, const struct mm_limits *limits)
{
    int64_t result;
    bool locked;

    old_length = page_up(old_length);
    new_length = page_up(new_length);
    if ((old & ~PAGE_MASK) || !new_length ||
        (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)))
        return -EINVAL;
    if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
        return -EINVAL;
    if ((flags & MREMAP_DONTUNMAP) && old_length != new_length)
        return -EINVAL;
    if (flags & MREMAP_FIXED) {
        if ((target & ~PAGE_MASK) || !range_ok(target, new_length) ||
            old_length > UINT64_MAX - old ||
            (target < old + old_length && old < target + new_length))
            return -EINVAL;
        if (target < LOW_LIMIT)
            return -EPERM;
    }
    if (new_length > JG_USER_TOP)
        return -ENOMEM;
    mutex_lock(&m->lock);
    result = remap(m, old, old_length, new_length, flags, target, limits);
    locked = result >= 0 && new_length > old_length &&
             region_locked_in(m, (uint64_t)result, (uint64_t)result + new_length);
    mutex_unlock(&m->lock);
    if (locked)
        mm_bring_in(m, (uint64_t)result + old_length, (uint64_t)result + new_length);
    return result;
}

static int64_t set_inherit(struct mm *m, uint64_t start, uint64_t end, uint32_t set, uint32_t clear,
                           uint32_t op)
{
    if (m->count + 2 > MAX_REGIONS || region_reserve(m, 2))
        return -ENOMEM;
    if (jg_aspace_range(m->aspace, op, start, end - start) < 0)
        return -ENOMEM;
    region_split(m, start);
    region_split(m, end);
    for (unsigned i = region_index(m, start); i < m->count && m->regions[i].start < end; i++)
        m->regions[i].flags = (m->regions[i].flags & ~clear) | set;
    region_merge(m, start, end);
    return 0;
}

int64_t mm_advise(struct mm *m, uint64_t start, uint64_t length, int advice)
{
    uint64_t end = start + page_up(length);
    int64_t err = 0;

    if ((start & ~PAGE_MASK) || end < start || (length && !page_up(length)))
        return -EINVAL;
    length = page_up(length);
    switch (advice) {
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_WILLNEED:
    case MADV_DONTNEED:
    case MADV_FREE:
    case MADV_DONTFORK:
    case MADV_DOFORK:
    case MADV_WIPEONFORK:
    case MADV_KEEPONFORK:
    case MADV_HUGEPAGE:
    case MADV_NOHUGEPAGE:
    case MADV_MERGEABLE:
    case MADV_UNMERGEABLE:
    case MADV_DONTDUMP:
    case MADV_DODUMP:
    case MADV_COLD:
    case MADV_PAGEOUT:
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
    case MADV_DONTNEED_LOCKED:
        break;
    default:
        return -EINVAL;
    }
    if (!length)
        return 0;
    mutex_lock(&m->lock);
    bool covered = region_covers(m, start, end);
    switch (advice) {
    case MADV_COLD:
    case MADV_PAGEOUT:
        err = region_locked_in(m, start, end) ? -EINVAL : 0;
        break;
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_FREE:
        for (unsigned i = region_index(m, start); i < m->count && m->regions[i].start < end; i++) {
            const struct region *r = &m->regions[i];
            uint64_t a = r->start > start ? r->start : start, b = r->end < end ? r->end : end;

            if (((r->flags & REGION_LOCKED) && advice != MADV_DONTNEED_LOCKED) ||
                (advice == MADV_FREE && (r->backing || (r->flags & REGION_SHARED)))) {
                err = -EINVAL;
                break;
            }
            jg_aspace_range(m->aspace, JG_ASPACE_DROP, a, b - a);
        }
        break;
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
        if (covered && jg_aspace_range(m->aspace,
                                       advice == MADV_POPULATE_READ ? JG_ASPACE_POPULATE
                                                                    : JG_ASPACE_POPULATE_WRITE,
                                       start, length) < 0)
            err = -EFAULT;
        break;
    case MADV_DONTFORK:
        err = covered ? set_inherit(m, start, end, REGION_DONTFORK, 0, JG_ASPACE_INHERIT_NONE) : 0;
        break;
    case MADV_DOFORK:
        err = covered ? set_inherit(m, start, end, 0, REGION_DONTFORK, JG_ASPACE_INHERIT_COPY) : 0;
        break;
    case MADV_WIPEONFORK:
        for (unsigned i = region_index(m, start); i < m->count && m->regions[i].start < end; i++) {
            if (m->regions[i].backing || (m->regions[i].flags & REGION_SHARED))
                err = -EINVAL;
        }
        if (!err && covered)
            err = set_inherit(m, start, end, REGION_WIPEONFORK, 0, JG_ASPACE_INHERIT_ZERO);
        break;
    case MADV_KEEPONFORK:
        err =
            covered ? set_inherit(m, start, end, 0, REGION_WIPEONFORK, JG_ASPACE_INHERIT_COPY) : 0;
        break;
    default:
        break;
    }
    mutex_unlock(&m->lock);
    return err ? err : covered ? 0 : -ENOMEM;
}
