/*
 * mremap: mappings move with their private pages; cached entries are dropped and come back by faults.
 *
 * In:    aspace_move().
 */
#include "internal.h"

struct shift {
    uintptr_t from, to, length; /* what moves */
};

/* Makes every leaf table that the move will fill. Those that stay unused are freed with the space. */
static bool prepare_tables(struct aspace *as, const struct shift *s)
{
    uintptr_t va = s->from, end = s->from + s->length;

    while (pt_next(&as->pt, &va, end)) {
        uintptr_t stop = MIN(pt_table_end(va), end);

        if (!pages_entry(as, s->to + (va - s->from)) || !pages_entry(as, s->to + (stop - 1 - s->from)))
            return false;
        va = stop;
    }
    return true;
}

static void move_entries(struct aspace *as, const struct shift *s)
{
    uintptr_t va = s->from, end = s->from + s->length;
    pte_t *entry;

    while ((entry = pt_next(&as->pt, &va, end))) {
        uintptr_t stop = MIN(pt_table_end(va), end);

        for (; va < stop; va += PAGE_SIZE, entry++) {
            pte_t e = *entry;

            if (!e)
                continue;
            *entry = 0;
            if (pte_private(e))
                *pt_find(&as->pt, s->to + (va - s->from)) = e;
            else
                as->shared_pages--;
        }
    }
    pt_flush_all(&as->pt);
}

static unsigned count_mappings(struct aspace *as, uintptr_t start, uintptr_t end)
{
    unsigned n = 0;

    for (struct mapping *m = mapping_from(as, start); m && m->start < end; m = mapping_next(as, m))
        n++;
    return n;
}

/* Copies of the mappings in the old place, at the new one; the last reaches to `new_end`. */
static void copy_mappings(struct aspace *as, const struct shift *s, uintptr_t new_end, struct spare *spare)
{
    uintptr_t end = s->from + s->length;

    for (struct mapping *m = mapping_from(as, s->from); m && m->start < end; m = mapping_next(as, m)) {
        uintptr_t from = MAX(m->start, s->from), to = MIN(m->end, end);
        struct mapping *copy = spare_take(spare);

        *copy = *m;
        copy->start = s->to + (from - s->from);
        copy->end = to == end ? new_end : s->to + (to - s->from);
        copy->offset = m->vmo ? m->offset + (from - m->start) : 0;
        mapping_attach(copy, m->vmo);
        mapping_insert(as, copy);
    }
}

static jg_status_t grow_in_place(struct aspace *as, const struct jg_move *r)
{
    uintptr_t old_end = r->old_va + r->old_length, new_end = r->old_va + r->new_length;
    struct mapping *last = mapping_find(as, old_end - 1), *next = mapping_next(as, last);

    if (last->end != old_end || (next && next->start < new_end))
        return JG_ERR_EXISTS;
    as->mapped_bytes += new_end - last->end;
    last->end = new_end;
    range_merge(as, old_end, new_end);
    return JG_OK;
}

static jg_status_t move_elsewhere(struct aspace *as, const struct jg_move *r)
{
    struct shift s = {r->old_va, r->new_va, MIN(r->old_length, r->new_length)};
    uintptr_t old_end = r->old_va + r->old_length, new_end = r->new_va + r->new_length;
    struct mapping *there = mapping_from(as, r->new_va);
    struct spare spare = {NULL};

    if (r->new_va < old_end && new_end > r->old_va)
        return JG_ERR_INVALID_ARGS;
    if (there && there->start < new_end && !(r->flags & JG_MAP_REPLACE))
        return JG_ERR_EXISTS;
    /* A copy of each, and a cut at the new and at the old place. */
    if (!spare_fill(&spare, count_mappings(as, s.from, s.from + s.length) + 2)) {
        spare_drop(&spare);
        return JG_ERR_NO_MEMORY;
    }
    if (!prepare_tables(as, &s)) {
        spare_drop(&spare);
        return JG_ERR_NO_MEMORY;
    }

    /* Point of no return. */
    range_unmap(as, r->new_va, new_end, &spare);
    copy_mappings(as, &s, new_end, &spare);
    move_entries(as, &s);
    if (!(r->flags & JG_MOVE_KEEP))
        range_unmap(as, r->old_va, old_end, &spare);
    spare_drop(&spare);
    range_merge(as, r->new_va, new_end);
    return JG_OK;
}

jg_status_t aspace_move(struct aspace *as, const struct jg_move *r)
{
    ASSERT_OBJECT(as, ASPACE_MAGIC);
    if (r->flags & ~(JG_MAP_REPLACE | JG_MOVE_KEEP))
        return JG_ERR_INVALID_ARGS;
    if (!range_valid(r->old_va, r->old_length) || !range_valid(r->new_va, r->new_length))
        return JG_ERR_OUT_OF_RANGE;
    if (!range_mapped(as, r->old_va, r->old_va + r->old_length))
        return JG_ERR_NOT_FOUND;
    if (r->new_va != r->old_va)
        return move_elsewhere(as, r);
    if (r->new_length > r->old_length)
        return grow_in_place(as, r);
    if (r->new_length < r->old_length)
        return aspace_unmap(as, r->old_va + r->new_length, r->old_length - r->new_length);
    return JG_OK;
}
