/*
 * The sorted array of regions. See region.h.
 */
#include "region.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

unsigned region_index(const struct mm *m, uint64_t va)
{
    unsigned low = 0, high = m->count;

    while (low < high) {
        unsigned mid = (low + high) / 2;

        if (m->regions[mid].end <= va)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

int region_reserve(struct mm *m, unsigned extra)
{
    struct region *more;
    unsigned room = m->room;

    if (m->count + extra <= room)
        return 0;
    while (room < m->count + extra)
        room = room ? room * 2 : 16;
    more = rt_realloc(m->regions, room * sizeof *more);
    if (!more)
        return -ENOMEM;
    m->regions = more;
    m->room = room;
    return 0;
}

static void open_slot(struct mm *m, unsigned at)
{
    memmove(&m->regions[at + 1], &m->regions[at], (m->count - at) * sizeof *m->regions);
    m->count++;
}

static void close_slot(struct mm *m, unsigned at)
{
    m->count--;
    memmove(&m->regions[at], &m->regions[at + 1], (m->count - at) * sizeof *m->regions);
}

void region_split(struct mm *m, uint64_t va)
{
    unsigned i = region_index(m, va);
    struct region *r = &m->regions[i];

    if (i == m->count || r->start >= va)
        return;
    open_slot(m, i);
    r = &m->regions[i];
    r[0] = r[1];
    r[0].end = va;
    r[1].start = va;
    r[1].offset += va - r[0].start;
    if (r[1].backing)
        backing_get(r[1].backing);
}

static bool mergeable(const struct region *a, const struct region *b)
{
    return a->end == b->start && a->prot == b->prot && a->backing == b->backing &&
           a->flags == b->flags && (!a->backing || a->offset + (a->end - a->start) == b->offset);
}

static void try_merge(struct mm *m, unsigned i)
{
    struct region *a = &m->regions[i];

    if (i + 1 >= m->count || !mergeable(a, a + 1))
        return;
    a->end = a[1].end;
    if (a[1].backing)
        backing_put(a[1].backing);
    close_slot(m, i + 1);
}

void region_insert(struct mm *m, const struct region *r)
{
    unsigned i = region_index(m, r->start);

    open_slot(m, i);
    m->regions[i] = *r;
    m->mapped += r->end - r->start;
    try_merge(m, i);
    if (i)
        try_merge(m, i - 1);
}

void region_remove(struct mm *m, uint64_t start, uint64_t end)
{
    unsigned i;

    region_split(m, start);
    region_split(m, end);
    i = region_index(m, start);
    while (i < m->count && m->regions[i].start < end) {
        m->mapped -= m->regions[i].end - m->regions[i].start;
        if (m->regions[i].backing)
            backing_put(m->regions[i].backing);
        close_slot(m, i);
    }
}

bool region_covers(const struct mm *m, uint64_t start, uint64_t end)
{
    for (unsigned i = region_index(m, start); start < end; i++) {
        if (i == m->count || m->regions[i].start > start)
            return false;
        start = m->regions[i].end;
    }
    return true;
}

void region_merge(struct mm *m, uint64_t start, uint64_t end)
{
    unsigned i = region_index(m, start ? start - 1 : 0);

    while (i + 1 < m->count && m->regions[i].start <= end) {
        unsigned before = m->count;

        try_merge(m, i);
        if (m->count == before)
            i++;
    }
}

uint64_t region_gap(const struct mm *m, uint64_t length, uint64_t bottom, uint64_t top)
{
    for (unsigned i = m->count; i-- > 0;) {
        const struct region *r = &m->regions[i];

        if (r->start >= top)
            continue;
        if (r->end < top && top - r->end >= length)
            return top - length;
        if (r->start < top)
            top = r->start;
    }
    return top > bottom && top - bottom >= length ? top - length : 0;
}
