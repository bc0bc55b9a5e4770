/*
 * Where new mappings come to lie. Source: Linux 6.1's arch_get_unmapped_area_topdown().
 */
#include "limits.h"

#define MMAP_TOP    0x00007ffff7fff000ull /* new mappings are placed below it, downwards */
#define MMAP_BOTTOM 0x10000ull
#define BELOW_2G    0x40000000ull /* MAP_32BIT: from here on ... */
#define END_2G      0x80000000ull /* ... to here */

static int64_t fixed_place(uint64_t va, uint64_t length, const struct mm_limits *limits)
{
    /* Linux takes such an address for an error that was found before, and returns it. */
    if (va > (uint64_t)-4096)
        return (int64_t)va;
    if (va > JG_USER_TOP - length)
        return -ENOMEM;
    if (va & ~PAGE_MASK)
        return -EINVAL;
    if (va < LOW_LIMIT && !limits->low)
        return -EPERM;
    return (int64_t)va;
}

/* Is [va, va + length) free, with the room that a stack above it keeps? */
static bool free_at(const struct mm *m, uint64_t va, uint64_t length, uint64_t end)
{
    unsigned i = region_index(m, va);

    return length <= end && va <= end - length &&
           (i == m->count || va + length <= region_floor(&m->regions[i]));
}

int64_t choose_place(struct mm *m, uint64_t hint, uint64_t length, uint32_t options,
                     const struct mm_limits *limits)
{
    uint64_t va = page_down(hint), end = options & MM_32BIT ? END_2G : JG_USER_TOP;

    if (length > JG_USER_TOP)
        return -ENOMEM;
    if (options & MM_FIXED)
        return fixed_place(hint, length, limits);
    if (va && va < LOW_LIMIT)
        va = LOW_LIMIT;
    if (va && free_at(m, va, length, end))
        return (int64_t)va;
    va = options & MM_32BIT ? region_gap_up(m, length, BELOW_2G, END_2G)
                            : region_gap(m, length, MMAP_BOTTOM, MMAP_TOP);
    return va ? (int64_t)va : -ENOMEM;
}
