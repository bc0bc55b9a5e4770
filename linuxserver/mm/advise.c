/*
 * madvise. Source: Linux 6.1's mm/madvise.c: the range is walked region by region, up to the first error;
 * a hole is -ENOMEM, after the rest.
 *
 * MADV_FREE frees at once. A program may not rely on what it finds there until it writes again, nor on
 * when the pages go, so this is one of the outcomes that Linux may show.
 * What tells of files and of pages to come (WILLNEED, COLD, HUGEPAGE, ...) is accepted and changes nothing.
 *
 * Locks: mm->lock over each call.
 */
#include "limits.h"

#include <linux/mman.h>

static bool known(int advice)
{
    return (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) ||
           (advice >= MADV_FREE && advice <= MADV_DONTNEED_LOCKED);
}

/* The attribute of [start, end), in one region, for fork. */
static int64_t set_inherit(struct mm *m, uint64_t start, uint64_t end, uint32_t set, uint32_t clear)
{
    struct region *r = mm_find(m, start);
    uint32_t flags = (r->flags & ~clear) | set;
    uint32_t op = flags & REGION_DONTFORK     ? JG_ASPACE_INHERIT_NONE
                  : flags & REGION_WIPEONFORK ? JG_ASPACE_INHERIT_ZERO
                                              : JG_ASPACE_INHERIT_COPY;

    if (flags == r->flags)
        return 0;
    if ((m->count >= MAX_REGIONS && end - start < r->end - r->start) || region_reserve(m, 2) ||
        jg_aspace_range(m->aspace, op, start, end - start) < 0)
        return -EAGAIN;
    region_split(m, start);
    region_split(m, end);
    mm_find(m, start)->flags = flags;
    region_merge(m, start, end);
    return 0;
}

static int64_t drop(struct mm *m, const struct region *r, uint64_t start, uint64_t end, int advice)
{
    if ((r->flags & REGION_LOCKED) && advice != MADV_DONTNEED_LOCKED)
        return -EINVAL;
    if (advice == MADV_FREE && r->backing)
        return -EINVAL;
    jg_aspace_range(m->aspace, JG_ASPACE_DROP, start, end - start);
    return 0;
}

/* Punches a hole into the file. */
static int64_t remove_pages(const struct region *r, uint64_t start, uint64_t end)
{
    uint64_t offset = r->offset + (start - r->start);

    if ((r->flags & REGION_LOCKED) || !r->backing)
        return -EINVAL;
    if ((r->flags & (REGION_WRITER | REGION_WRITE_DENIED)) != REGION_WRITER)
        return -EACCES;
    jg_vmo_range(r->backing->vmo, JG_VMO_DECOMMIT, offset, end - start);
    return 0;
}

static int64_t populate(struct mm *m, const struct region *r, uint64_t start, uint64_t end,
                        int advice)
{
    bool write = advice == MADV_POPULATE_WRITE;
    jg_status_t status;

    if (!r->prot || (write && !(r->prot & JG_PROT_WRITE)))
        return -EINVAL;
    status = jg_aspace_range(m->aspace, write ? JG_ASPACE_POPULATE_WRITE : JG_ASPACE_POPULATE,
                             start, end - start);
    return status >= 0 ? 0 : status == JG_ERR_NO_MEMORY ? -ENOMEM : -EFAULT;
}

static int64_t advise_part(struct mm *m, const struct region *r, uint64_t start, uint64_t end,
                           int advice)
{
    switch (advice) {
    case MADV_COLD:
    case MADV_PAGEOUT:
        return r->flags & REGION_LOCKED ? -EINVAL : 0;
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_FREE:
        return drop(m, r, start, end, advice);
    case MADV_REMOVE:
        return remove_pages(r, start, end);
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
        return populate(m, r, start, end, advice);
    case MADV_DONTFORK:
        return set_inherit(m, start, end, REGION_DONTFORK, 0);
    case MADV_DOFORK:
        return set_inherit(m, start, end, 0, REGION_DONTFORK);
    case MADV_WIPEONFORK:
        return r->backing ? -EINVAL : set_inherit(m, start, end, REGION_WIPEONFORK, 0);
    case MADV_KEEPONFORK:
        return set_inherit(m, start, end, 0, REGION_WIPEONFORK);
    default:
        return 0;
    }
}

int64_t mm_advise(struct mm *m, uint64_t start, uint64_t length, int advice)
{
    uint64_t end = start + page_up(length);
    int64_t err = 0, hole = 0;

    if (!known(advice) || (start & ~PAGE_MASK) || end < start || (length && !page_up(length)))
        return -EINVAL;
    mutex_lock(&m->lock);
    for (uint64_t at = start, stop; at < end && !err; at = stop) {
        const struct region *r = mm_find(m, at);

        if (!r || r->start >= end) {
            hole = -ENOMEM;
            break;
        }
        if (r->start > at) {
            hole = -ENOMEM;
            at = r->start;
        }
        stop = r->end < end ? r->end : end;
        err = advise_part(m, r, at, stop, advice);
    }
    settle_and_unlock(m);
    return err ? err : hole;
}
