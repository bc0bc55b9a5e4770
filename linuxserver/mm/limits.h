/*
 * What the calls that change regions ask before they do: ranges, limits, counts. mm->lock is held.
 */
#pragma once

#include "commit.h"
#include "region.h"

#define LOW_LIMIT   0x10000ull /* vm.mmap_min_addr */
#define MAX_REGIONS 65530u     /* vm.max_map_count */

/* A range that munmap(2) takes? `length` may be no whole pages. */
static inline bool range_ok(uint64_t start, uint64_t length)
{
    return !(start & ~PAGE_MASK) && start <= JG_USER_TOP && length <= JG_USER_TOP - start &&
           page_up(length);
}

static inline bool private_writable(uint32_t prot, uint32_t flags)
{
    return (prot & JG_PROT_WRITE) && !(flags & REGION_SHARED);
}

/* May the space grow by that many bytes, of which `data` are private and writable? */
static inline bool may_expand(const struct mm *m, uint64_t more, uint64_t data,
                              const struct mm_limits *limits)
{
    return m->mapped + more <= limits->address_space &&
           (!data || limits->data == UINT64_MAX || m->data_bytes + data <= limits->data);
}

/* Would `more` locked bytes be too many? */
static inline bool too_much_locked(const struct mm *m, uint64_t more,
                                   const struct mm_limits *limits)
{
    return limits->locked != UINT64_MAX &&
           region_locked_in(m, 0, UINT64_MAX) + more > page_down(limits->locked);
}

/* The kernel's inherit attribute for a region's flags, as part of struct jg_map's flags. */
static inline uint32_t inherit_of(uint32_t region_flags)
{
    uint32_t how = region_flags & REGION_DONTFORK     ? JG_INHERIT_NONE
                   : region_flags & REGION_WIPEONFORK ? JG_INHERIT_ZERO
                                                      : JG_INHERIT_COPY;

    return how << JG_MAP_INHERIT_SHIFT;
}

/*
 * Where a new range of `length` bytes comes to lie: MM_FIXED at the hint, else there if it is free, else
 * where there is room. Returns the address or -errno. Source: Linux 6.1's get_unmapped_area().
 */
int64_t choose_place(struct mm *m, uint64_t hint, uint64_t length, uint32_t options,
                     const struct mm_limits *limits);

/* Takes what lies in a range out of the kernel's mappings and of the regions. 0, -EINVAL, -ENOMEM. */
int64_t unmap_range(struct mm *m, uint64_t start, uint64_t length);

/* Puts both in order after a change, and unlocks. */
static inline void settle_and_unlock(struct mm *m)
{
    commit_settle(m);
    mutex_unlock(&m->lock);
}
