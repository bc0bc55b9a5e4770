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

void region_free_all(struct mm *m)
{
    rt_free(m->regions - m->front);
    m->regions = NULL;
    m->count = m->room = m->front = 0;
}

/*
 * Free slots are kept at both ends, so that an insertion moves the shorter side: programs' mappings
 * grow downwards, at the front.
 */
int region_reserve(struct mm *m, unsigned extra)
{
    unsigned room = m->room, needed = m->count + 2 * extra, front;
    struct region *old = m->regions - m->front, *block = old;

    if (m->front >= extra && m->room - m->front - m->count >= extra)
        return 0;
    /* Half of it free after this: the next time is that many insertions away. */
    if (room < 2 * needed) {
        room = 2 * needed < 16 ? 16 : 2 * needed;
        block = rt_alloc(room * sizeof *block);
        if (!block)
            return -ENOMEM;
    }
    front = (room - m->count) / 2;
    if (m->count)
        memmove(block + front, m->regions, m->count * sizeof *block);
    if (block != old)
        rt_free(old);
    m->regions = block + front;
    m->room = room;
    m->front = front;
    return 0;
}

static void note_writer(struct backing *b, int32_t change)
{
    __atomic_add_fetch(&b->shared_writers, change, __ATOMIC_SEQ_CST);
}

static void hold_counted(const struct region *r)
{
    backing_get(r->backing);
    if (r->backing->mapped)
        r->backing->mapped(r->backing, 1);
}

void region_hold(const struct region *r)
{
    if (!r->backing)
        return;
    if (r->flags & REGION_WRITER)
        note_writer(r->backing, 1);
    hold_counted(r);
}

bool region_hold_first(const struct region *r)
{
    int32_t *writers, old;

    if (!r->backing)
        return true;
    writers = &r->backing->shared_writers;
    old = __atomic_load_n(writers, __ATOMIC_RELAXED);
    while (r->flags & REGION_WRITER) {
        if (old < 0)
            return false;
        if (__atomic_compare_exchange_n(writers, &old, old + 1, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            break;
    }
    hold_counted(r);
    return true;
}

void region_let_go(const struct region *r)
{
    if (!r->backing)
        return;
    if (r->flags & REGION_WRITER)
        note_writer(r->backing, -1);
    if (r->backing->mapped)
        r->backing->mapped(r->backing, -1);
    backing_put(r->backing);
}

static void open_slot(struct mm *m, unsigned at)
{
    bool low = at < m->count / 2 ? m->front > 0 : m->room - m->front == m->count;

    if (low) {
        m->regions--;
        m->front--;
        memmove(m->regions, m->regions + 1, at * sizeof *m->regions);
    } else {
        memmove(&m->regions[at + 1], &m->regions[at], (m->count - at) * sizeof *m->regions);
    }
    m->count++;
}

/* Takes `n` out from `at` on. */
static void close_slots(struct mm *m, unsigned at, unsigned n)
{
    m->count -= n;
    if (at < m->count / 2) {
        memmove(m->regions + n, m->regions, at * sizeof *m->regions);
        m->regions += n;
        m->front += n;
    } else {
        memmove(&m->regions[at], &m->regions[at + n], (m->count - at) * sizeof *m->regions);
    }
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
    region_hold(&r[1]);
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
    region_let_go(&a[1]);
    close_slots(m, i + 1, 1);
}

void region_insert(struct mm *m, const struct region *r)
{
    unsigned i = region_index(m, r->start);

    open_slot(m, i);
    m->regions[i] = *r;
    m->mapped += r->end - r->start;
    m->data_bytes += region_data(r);
    m->accounted += region_accounted(r);
    /* In what a stack above kept free: the room below is this one's now, and may be chosen. */
    if (i + 1 < m->count && r->start > region_floor(&m->regions[i + 1]))
        m->gap_length = 0;
    try_merge(m, i);
    if (i)
        try_merge(m, i - 1);
}

void region_remove(struct mm *m, uint64_t start, uint64_t end)
{
    unsigned first, i;

    region_split(m, start);
    region_split(m, end);
    first = i = region_index(m, start);
    if (m->mapped > m->mapped_peak)
        m->mapped_peak = m->mapped;
    for (; i < m->count && m->regions[i].start < end; i++) {
        m->mapped -= m->regions[i].end - m->regions[i].start;
        m->data_bytes -= region_data(&m->regions[i]);
        m->accounted -= region_accounted(&m->regions[i]);
        region_let_go(&m->regions[i]);
    }
    if (i == first)
        return;
    /* The hole reaches up to what is mapped next. */
    if (end > m->gap_top)
        m->gap_top = i < m->count ? m->regions[i].start : UINT64_MAX;
    close_slots(m, first, i - first);
}

/* Bytes of [start, end) in the regions that count. */
static uint64_t sum(const struct mm *m, uint64_t start, uint64_t end,
                    bool (*counts)(const struct region *r))
{
    uint64_t bytes = 0;

    for (unsigned i = region_index(m, start); i < m->count && m->regions[i].start < end; i++) {
        const struct region *r = &m->regions[i];

        if (counts(r))
            bytes += (r->end < end ? r->end : end) - (r->start > start ? r->start : start);
    }
    return bytes;
}

static bool any(const struct region *r)
{
    (void)r;
    return true;
}

static bool is_data(const struct region *r)
{
    return region_data(r);
}

static bool is_locked(const struct region *r)
{
    return r->flags & REGION_LOCKED;
}

uint64_t region_bytes_in(const struct mm *m, uint64_t start, uint64_t end)
{
    return sum(m, start, end, any);
}

uint64_t region_data_in(const struct mm *m, uint64_t start, uint64_t end)
{
    return sum(m, start, end, is_data);
}

uint64_t region_locked_in(const struct mm *m, uint64_t start, uint64_t end)
{
    return sum(m, start, end, is_locked);
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

uint64_t region_gap(struct mm *m, uint64_t length, uint64_t bottom, uint64_t top)
{
    bool known = m->gap_length && length >= m->gap_length;
    unsigned i;

    if (known && m->gap_top < top)
        top = m->gap_top;
    i = region_index(m, top - 1);
    if (i < m->count && region_floor(&m->regions[i]) < top)
        top = region_floor(&m->regions[i]);
    while (i-- > 0) {
        const struct region *r = &m->regions[i];

        if (r->end < top && top - r->end >= length)
            break;
        top = region_floor(r); /* what it keeps free counts only down to the next one below */
    }
    if (!known || length == m->gap_length) {
        m->gap_length = length;
        m->gap_top = top;
    }
    return top > bottom && top - bottom >= length ? top - length : 0;
}

uint64_t region_gap_up(const struct mm *m, uint64_t length, uint64_t bottom, uint64_t top)
{
    for (unsigned i = region_index(m, bottom); i < m->count; i++) {
        if (region_floor(&m->regions[i]) >= bottom &&
            region_floor(&m->regions[i]) - bottom >= length)
            break;
        bottom = m->regions[i].end;
    }
    return bottom < top && top - bottom >= length ? bottom : 0;
}
