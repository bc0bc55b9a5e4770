/*
 * The mappings of an address space: a treap by start address, and the same in a list for neighbours.
 *
 * A treap is a search tree whose random priorities form a heap, which keeps it balanced with two rotations and no
 * cases. A mapping's bounds may change in place as long as the order stays.
 */
#include "internal.h"

static uint32_t next_priority(void)
{
    static uint32_t state = 0x9e3779b9;

    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

struct mapping *mapping_find(struct aspace *as, uintptr_t va)
{
    struct mapping *m = as->last;

    if (likely(m && va >= m->start && va < m->end))
        return m;
    m = as->tree;
    while (m) {
        if (va < m->start)
            m = m->left;
        else if (va >= m->end)
            m = m->right;
        else
            return as->last = m;
    }
    return NULL;
}

struct mapping *mapping_from(struct aspace *as, uintptr_t va)
{
    struct mapping *m = as->tree, *found = NULL;

    while (m)
        if (m->end > va) {
            found = m;
            m = m->left;
        } else {
            m = m->right;
        }
    return found;
}

static struct mapping **link_of(struct aspace *as, struct mapping *m)
{
    if (!m->parent)
        return &as->tree;
    return m->parent->left == m ? &m->parent->left : &m->parent->right;
}

/* Lifts `m` above its parent. */
static void rotate_up(struct aspace *as, struct mapping *m)
{
    struct mapping *parent = m->parent, *between;

    *link_of(as, parent) = m;
    m->parent = parent->parent;
    if (parent->left == m) {
        between = m->right;
        parent->left = between;
        m->right = parent;
    } else {
        between = m->left;
        parent->right = between;
        m->left = parent;
    }
    if (between)
        between->parent = parent;
    parent->parent = m;
}

void mapping_insert(struct aspace *as, struct mapping *m)
{
    struct mapping **link = &as->tree, *parent = NULL;
    struct list *before = &as->ordered;

    while (*link) {
        parent = *link;
        if (m->start < parent->start) {
            link = &parent->left;
        } else {
            before = &parent->link;
            link = &parent->right;
        }
    }
    *link = m;
    m->parent = parent;
    m->left = m->right = NULL;
    m->priority = next_priority();
    list_add(before, &m->link);
    while (m->parent && m->parent->priority < m->priority)
        rotate_up(as, m);
    m->aspace = as;
    as->mapping_count++;
    as->mapped_bytes += m->end - m->start;
}

void mapping_remove(struct aspace *as, struct mapping *m)
{
    while (m->left || m->right) {
        struct mapping *up = m->left;

        if (!up || (m->right && m->right->priority > up->priority))
            up = m->right;
        rotate_up(as, up);
    }
    *link_of(as, m) = NULL;
    list_remove(&m->link);
    if (as->last == m)
        as->last = NULL;
    as->mapping_count--;
    as->mapped_bytes -= m->end - m->start;
}
