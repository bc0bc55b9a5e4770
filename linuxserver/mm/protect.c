/*
 * mprotect. Source: Linux 6.1's do_mprotect_pkey(): regions are changed one after the other, and what
 * was changed before a hole, or before one that may not be, stays changed.
 *
 * Locks: mm->lock over each call.
 */
#include "limits.h"

#include <linux/mman.h>

/* What a change of [start, end) in one region to `prot` promises anew, in bytes. */
static uint64_t promises(const struct region *r, uint32_t prot, uint64_t length)
{
    uint32_t apart = REGION_ACCOUNT | REGION_SHARED | REGION_NORESERVE;

    return (prot & JG_PROT_WRITE) && !(r->prot & JG_PROT_WRITE) && !(r->flags & apart) ? length : 0;
}

/* May [start, end), which lies in one region, get `prot`? 0 or -errno. */
static int64_t check_part(const struct mm *m, const struct region *r, uint64_t length,
                          uint32_t prot, const struct mm_limits *limits)
{
    if ((r->flags & REGION_WRITE_DENIED) && (prot & JG_PROT_WRITE))
        return -EACCES;
    if (r->prot == prot)
        return 0;
    if (m->count >= MAX_REGIONS && length < r->end - r->start)
        return -ENOMEM;
    if (private_writable(prot, r->flags) && !region_data(r) && !(r->flags & REGION_STACK) &&
        !may_expand(m, 0, length, limits))
        return -ENOMEM;
    return commit_allows(promises(r, prot, length)) ? 0 : -ENOMEM;
}

/* One part, in the kernel and here. A slot at each end is reserved. */
static int64_t change_part(struct mm *m, uint64_t start, uint64_t end, uint32_t prot)
{
    struct region *r;
    jg_status_t status;

    status = jg_aspace_protect(m->aspace, start, end - start, prot);
    if (status < 0)
        return status == JG_ERR_ACCESS_DENIED ? -EACCES : -ENOMEM;
    region_split(m, start);
    region_split(m, end);
    r = mm_find(m, start);
    m->data_bytes -= region_data(r);
    if (promises(r, prot, end - start)) {
        r->flags |= REGION_ACCOUNT;
        m->accounted += end - start;
    }
    r->prot = prot;
    m->data_bytes += region_data(r);
    region_merge(m, start, end);
    return 0;
}

static int64_t protect(struct mm *m, uint64_t start, uint64_t end, uint32_t prot, uint32_t grows,
                       const struct mm_limits *limits)
{
    struct region *r = mm_find(m, start);

    if (!r)
        return -ENOMEM;
    if (grows & PROT_GROWSDOWN) {
        if (r->start >= end)
            return -ENOMEM;
        if (!(r->flags & REGION_STACK))
            return -EINVAL;
        start = r->start;
    } else if (r->start > start) {
        return -ENOMEM;
    } else if (grows & PROT_GROWSUP) {
        return -EINVAL; /* nothing grows upwards on this machine */
    }
    while (start < end) {
        uint64_t stop;
        int64_t err;

        r = mm_find(m, start);
        if (!r || r->start > start)
            return -ENOMEM;
        stop = r->end < end ? r->end : end;
        err = check_part(m, r, stop - start, prot, limits);
        if (!err && r->prot != prot)
            err = region_reserve(m, 2) ? -ENOMEM : change_part(m, start, stop, prot);
        if (err)
            return err;
        start = stop;
    }
    return 0;
}

int64_t mm_protect(struct mm *m, uint64_t start, uint64_t length, uint64_t prot,
                   const struct mm_limits *limits)
{
    uint64_t grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP), end = start + page_up(length);
    int64_t err;

    prot &= ~(uint64_t)(PROT_GROWSDOWN | PROT_GROWSUP);
    if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || (start & ~PAGE_MASK))
        return -EINVAL;
    if (!length)
        return 0;
    if (end <= start)
        return -ENOMEM;
    if (prot & ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
        return -EINVAL;
    mutex_lock(&m->lock);
    err = protect(m, start, end, (uint32_t)prot & 7, (uint32_t)grows, limits);
    settle_and_unlock(m);
    return err;
}
