/*
 * Mappings: made, cut, joined, removed, protected.
 *
 * In:    aspace_map(), aspace_unmap(), aspace_protect(), aspace_range().
 * Each decides first, then sets aside the structures that splits will need (struct spare), then commits.
 */
#include "internal.h"

#include <mm/heap.h>

#define ANYWHERE_BASE 0x400000ul

bool spare_fill(struct spare *spare, unsigned count)
{
    while (count--) {
        struct mapping *m = heap_alloc(sizeof *m);

        if (!m)
            return false;
        m->left = spare->mapping;
        spare->mapping = m;
    }
    return true;
}

struct mapping *spare_take(struct spare *spare)
{
    struct mapping *m = spare->mapping;

    ASSERT(m);
    spare->mapping = m->left;
    return m;
}

void spare_drop(struct spare *spare)
{
    while (spare->mapping)
        heap_free(spare_take(spare));
}

void mapping_attach(struct mapping *m, struct vmo *vmo)
{
    m->vmo = vmo;
    list_init(&m->vmo_link);
    if (!vmo)
        return;
    vmo_ref(vmo);
    list_add_tail(&vmo->mappings, &m->vmo_link);
    vmo->mapping_count++;
}

void mapping_free(struct mapping *m)
{
    struct vmo *vmo = m->vmo;

    if (vmo) {
        list_remove(&m->vmo_link);
        vmo->mapping_count--;
        vmo_unref(vmo);
    }
    heap_free(m);
}

bool range_mapped(struct aspace *as, uintptr_t start, uintptr_t end)
{
    struct mapping *m = mapping_find(as, start);

    while (m && m->end < end) {
        struct mapping *next = mapping_next(as, m);

        if (!next || next->start != m->end)
            return false;
        m = next;
    }
    return m != NULL;
}

static void set_end(struct aspace *as, struct mapping *m, uintptr_t end)
{
    as->mapped_bytes += end - m->end;
    m->end = end;
}

void mapping_split(struct aspace *as, uintptr_t at, struct spare *spare)
{
    struct mapping *m = mapping_find(as, at), *upper;

    if (!m || m->start == at)
        return;
    upper = spare_take(spare);
    *upper = *m;
    upper->start = at;
    upper->offset = m->offset + (at - m->start);
    mapping_attach(upper, m->vmo);
    set_end(as, m, at);
    mapping_insert(as, upper);
}

/* How many spares splitting at both ends of [start, end) takes. */
static unsigned splits_needed(struct aspace *as, uintptr_t start, uintptr_t end)
{
    struct mapping *a = mapping_find(as, start), *b = mapping_find(as, end - 1);

    return (a && a->start < start) + (b && b->end > end);
}

/* Gives back tables that map nothing any more, when a range that spans some was unmapped. */
static void free_tables(struct aspace *as, uintptr_t start, uintptr_t end)
{
    struct mapping *next = mapping_from(as, start), *previous;
    uintptr_t low = ROUND_DOWN(start, PT_LEAF_SPAN), high = ROUND_UP(end, PT_LEAF_SPAN);
    uint32_t before = as->pt.tables;

    if (end - start < PT_LEAF_SPAN)
        return;
    if (next)
        previous = mapping_previous(as, next);
    else
        previous = list_empty(&as->ordered) ? NULL
                                            : list_entry(as->ordered.prev, struct mapping, link);
    if (previous)
        low = MAX(low, ROUND_UP(previous->end, PT_LEAF_SPAN));
    if (next)
        high = MIN(high, ROUND_DOWN(next->start, PT_LEAF_SPAN));
    if (low >= high)
        return;
    pt_free_range(&as->pt, low, high);
    before -= as->pt.tables;
    before = MIN(before, as->paid_tables);
    as->paid_tables -= before;
    account_refund(as->account, before);
}

void range_unmap(struct aspace *as, uintptr_t start, uintptr_t end, struct spare *spare)
{
    struct mapping *m;
    bool any = false;

    for (m = mapping_from(as, start); m && m->start < end;) {
        uintptr_t from = MAX(start, m->start), to = MIN(end, m->end);
        struct mapping *next = mapping_next(as, m);

        any = true;
        pages_drop(as, from, to, true);
        if (from > m->start && to < m->end) {
            mapping_split(as, to, spare);
            set_end(as, m, from);
        } else if (from > m->start) {
            set_end(as, m, from);
        } else if (to < m->end) {
            as->mapped_bytes -= to - m->start;
            m->offset += to - m->start;
            m->start = to;
        } else {
            mapping_remove(as, m);
            mapping_free(m);
        }
        m = next;
    }
    if (any)
        free_tables(as, start, end);
}

/* Can `b`, which begins where `a` ends, be one mapping with it? */
static bool alike(const struct mapping *a, const struct mapping *b)
{
    return a->end == b->start && a->prot == b->prot && a->max_prot == b->max_prot &&
           a->inherit == b->inherit && a->private == b->private && a->vmo == b->vmo &&
           (!a->vmo || a->offset + (a->end - a->start) == b->offset);
}

/* Joins `m` with what follows if they are alike. */
static bool join_next(struct aspace *as, struct mapping *m)
{
    struct mapping *next = mapping_next(as, m);
    uintptr_t end;

    if (!next || !alike(m, next))
        return false;
    end = next->end;
    mapping_remove(as, next);
    mapping_free(next);
    set_end(as, m, end);
    return true;
}

void range_merge(struct aspace *as, uintptr_t start, uintptr_t end)
{
    struct mapping *m = mapping_from(as, start ? start - 1 : 0);

    while (m && m->start <= end)
        if (!join_next(as, m))
            m = mapping_next(as, m);
}

void mapping_add(struct aspace *as, struct mapping *m)
{
    struct mapping *next = mapping_from(as, m->start);
    struct mapping *previous = next ? mapping_previous(as, next) : NULL;

    if (!next && !list_empty(&as->ordered))
        previous = list_entry(as->ordered.prev, struct mapping, link);
    if (previous && alike(previous, m)) {
        set_end(as, previous, m->end);
        mapping_free(m);
        join_next(as, previous);
    } else if (next && alike(m, next)) {
        as->mapped_bytes += next->start - m->start;
        next->start = m->start;
        next->offset = m->offset;
        mapping_free(m);
    } else {
        mapping_insert(as, m);
    }
}

/* The lowest gap of `length` bytes above ANYWHERE_BASE; 0: none. */
static uintptr_t find_gap(struct aspace *as, uint64_t length)
{
    uintptr_t at = ANYWHERE_BASE;

    for (struct mapping *m = mapping_from(as, at); m; m = mapping_next(as, m)) {
        if (m->start > at && m->start - at >= length)
            return at;
        at = MAX(at, m->end);
    }
    return at < JG_USER_TOP && length <= JG_USER_TOP - at ? at : 0;
}

/* Past every VMO's end is no error: touching it is. */
#define MAP_OFFSET_MAX (1ul << 63)

#define MAP_FLAGS                                                                             \
    (JG_MAP_PRIVATE | JG_MAP_REPLACE | JG_MAP_ANYWHERE | JG_MAP_POPULATE | JG_MAP_COMMIT |    \
     3u << JG_MAP_INHERIT_SHIFT)

static jg_status_t check_map(struct vmo *vmo, struct jg_map *m)
{
    unsigned inherit = m->flags >> JG_MAP_INHERIT_SHIFT & 3;

    if ((m->flags & ~MAP_FLAGS) || (m->prot & ~7u) || (m->prot & ~m->max_prot) || (m->max_prot & ~7u))
        return JG_ERR_INVALID_ARGS;
    if ((m->va | m->offset) & PAGE_MASK || !m->length)
        return JG_ERR_INVALID_ARGS;
    if (!vmo && !(m->flags & JG_MAP_PRIVATE))
        return JG_ERR_INVALID_ARGS;
    if (inherit > JG_INHERIT_ZERO || (inherit == JG_INHERIT_ZERO && vmo))
        return JG_ERR_INVALID_ARGS;
    if (m->length > JG_USER_TOP || m->offset > MAP_OFFSET_MAX)
        return JG_ERR_OUT_OF_RANGE;
    m->length = ROUND_UP(m->length, PAGE_SIZE);
    return JG_OK;
}

static jg_status_t populate(struct aspace *as, const struct jg_map *m)
{
    jg_status_t status = fault_range(as, m->va, m->va + m->length, true);

    if (status == JG_OK || !(m->flags & JG_MAP_COMMIT))
        return JG_OK;
    range_unmap(as, m->va, m->va + m->length, NULL); /* whole mappings, or the end of one: no split */
    return JG_ERR_NO_MEMORY;
}

jg_status_t aspace_map(struct aspace *as, struct vmo *vmo, struct jg_map *request)
{
    jg_status_t status = check_map(vmo, request);
    struct spare spare = {NULL};
    struct mapping *m;
    uintptr_t va, end;

    ASSERT_OBJECT(as, ASPACE_MAGIC);
    if (status != JG_OK)
        return status;
    if (request->flags & JG_MAP_ANYWHERE) {
        request->va = find_gap(as, request->length);
        if (!request->va)
            return JG_ERR_NO_MEMORY;
    }
    if (!range_valid(request->va, request->length))
        return JG_ERR_OUT_OF_RANGE;
    va = request->va;
    end = va + request->length;
    m = mapping_from(as, va);

    bool occupied = m && m->start < end;

    if (occupied && !(request->flags & JG_MAP_REPLACE))
        return JG_ERR_EXISTS;
    /* One for the mapping; one for a cut; one for a cut if COMMIT must undo a mapping that was joined. */
    if (!spare_fill(&spare, 1 + (occupied ? splits_needed(as, va, end) : 0))) {
        spare_drop(&spare);
        return JG_ERR_NO_MEMORY;
    }

    /* Point of no return. */
    if (occupied)
        range_unmap(as, va, end, &spare);
    m = spare_take(&spare);
    m->prot = (uint8_t)request->prot;
    m->max_prot = (uint8_t)request->max_prot;
    m->inherit = request->flags >> JG_MAP_INHERIT_SHIFT & 3;
    m->private = request->flags & JG_MAP_PRIVATE;
    m->start = va;
    m->end = end;
    m->offset = vmo ? request->offset : 0;
    mapping_attach(m, vmo);
    if (request->flags & JG_MAP_COMMIT)
        mapping_insert(as, m); /* alone until it is there, so that undoing needs no cut */
    else
        mapping_add(as, m);
    spare_drop(&spare);
    if (!(request->flags & (JG_MAP_COMMIT | JG_MAP_POPULATE)))
        return JG_OK;
    status = populate(as, request);
    if (status == JG_OK && (request->flags & JG_MAP_COMMIT))
        range_merge(as, va, end);
    return status;
}

jg_status_t aspace_unmap(struct aspace *as, uintptr_t va, uint64_t length)
{
    struct spare spare = {NULL};

    ASSERT_OBJECT(as, ASPACE_MAGIC);
    length = ROUND_UP(length, PAGE_SIZE);
    if (!range_valid(va, length))
        return JG_ERR_OUT_OF_RANGE;
    if (splits_needed(as, va, va + length) == 2 && !spare_fill(&spare, 1))
        return JG_ERR_NO_MEMORY;
    range_unmap(as, va, va + length, &spare);
    spare_drop(&spare);
    return JG_OK;
}

/* Cuts at both ends of a range. False: no memory, nothing changed. */
static bool isolate(struct aspace *as, uintptr_t start, uintptr_t end)
{
    struct spare spare = {NULL};

    if (!spare_fill(&spare, splits_needed(as, start, end))) {
        spare_drop(&spare);
        return false;
    }
    mapping_split(as, start, &spare);
    mapping_split(as, end, &spare);
    return true;
}

jg_status_t aspace_protect(struct aspace *as, uintptr_t va, uint64_t length, uint32_t prot)
{
    uintptr_t end;
    bool change = false;

    ASSERT_OBJECT(as, ASPACE_MAGIC);
    length = ROUND_UP(length, PAGE_SIZE);
    if (!range_valid(va, length))
        return JG_ERR_OUT_OF_RANGE;
    end = va + length;
    if (!range_mapped(as, va, end))
        return JG_ERR_NOT_FOUND;
    for (struct mapping *m = mapping_find(as, va); m && m->start < end; m = mapping_next(as, m)) {
        if (prot & ~m->max_prot)
            return JG_ERR_ACCESS_DENIED;
        change |= m->prot != prot;
    }
    if (!change)
        return JG_OK;
    if (!isolate(as, va, end))
        return JG_ERR_NO_MEMORY;

    /* Point of no return. */
    for (struct mapping *m = mapping_find(as, va); m && m->start < end; m = mapping_next(as, m)) {
        if (m->prot == prot)
            continue;
        m->prot = (uint8_t)prot;
        pages_protect(as, m, m->start, m->end);
    }
    range_merge(as, va, end);
    return JG_OK;
}

static jg_status_t set_inherit(struct aspace *as, uintptr_t start, uintptr_t end, unsigned inherit)
{
    for (struct mapping *m = mapping_find(as, start); m && m->start < end; m = mapping_next(as, m))
        if (inherit == JG_INHERIT_ZERO && m->vmo)
            return JG_ERR_INVALID_ARGS;
    if (!isolate(as, start, end))
        return JG_ERR_NO_MEMORY;
    for (struct mapping *m = mapping_find(as, start); m && m->start < end; m = mapping_next(as, m))
        m->inherit = (uint8_t)inherit;
    range_merge(as, start, end);
    return JG_OK;
}

jg_status_t aspace_range(struct aspace *as, uint32_t op, uintptr_t va, uint64_t length)
{
    uintptr_t end;

    ASSERT_OBJECT(as, ASPACE_MAGIC);
    length = ROUND_UP(length, PAGE_SIZE);
    if (!range_valid(va, length))
        return JG_ERR_OUT_OF_RANGE;
    end = va + length;
    if (!range_mapped(as, va, end))
        return JG_ERR_NOT_FOUND;
    switch (op) {
    case JG_ASPACE_DROP:
        pages_drop(as, va, end, true);
        return JG_OK;
    case JG_ASPACE_POPULATE:
        return fault_range(as, va, end, false);
    case JG_ASPACE_POPULATE_WRITE:
        return fault_range(as, va, end, true);
    case JG_ASPACE_INHERIT_COPY:
        return set_inherit(as, va, end, JG_INHERIT_COPY);
    case JG_ASPACE_INHERIT_NONE:
        return set_inherit(as, va, end, JG_INHERIT_NONE);
    case JG_ASPACE_INHERIT_ZERO:
        return set_inherit(as, va, end, JG_INHERIT_ZERO);
    }
    return JG_ERR_INVALID_ARGS;
}
