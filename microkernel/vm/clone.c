/*
 * fork: a copy of an address space by each mapping's inherit attribute.
 *
 * In:    aspace_clone().
 *
 * The child is built while the parent is written-protected entry by entry; the only thing that can fail is an
 * allocation for the child, and then the child is taken apart again: the references go back, and a parent's entry
 * that stays write-protected is made writable by its next write, being the last reference. The quota is charged
 * before the first step. Cost depends on what is mapped now, never on earlier forks.
 */
#include "internal.h"

#include <mm/heap.h>

/* Copies the leaf entries of one mapping. False: no memory. */
static bool clone_entries(struct aspace *parent, struct aspace *child, const struct mapping *m)
{
    uintptr_t va = m->start;
    pte_t *from, *to;

    while ((from = pt_next(&parent->pt, &va, m->end))) {
        uintptr_t stop = MIN(pt_table_end(va), m->end);
        uint64_t private = 0, cached = 0;

        to = pt_make(&child->pt, va);
        if (!to)
            return false;
        for (; va < stop; va += PAGE_SIZE, from++, to++) {
            pte_t e = *from;

            if (!e)
                continue;
            if (pte_private(e)) {
                frame_ref(pte_frame(e));
                if (pte_writable(e))
                    *from = e = pte_read_only(e);
                private++;
            } else {
                cached++;
            }
            *to = e;
        }
        child->private_pages += private;
        child->shared_pages += cached;
    }
    return true;
}

static bool clone_mapping(struct aspace *parent, struct aspace *child, const struct mapping *m)
{
    struct mapping *copy;

    if (m->inherit == JG_INHERIT_NONE)
        return true;
    copy = heap_alloc(sizeof *copy);
    if (!copy)
        return false;
    *copy = *m;
    mapping_attach(copy, m->vmo);
    mapping_insert(child, copy);
    return m->inherit == JG_INHERIT_ZERO || clone_entries(parent, child, m);
}

static bool clone_all(struct aspace *parent, struct aspace *child)
{
    list_for_each (node, &parent->ordered)
        if (!clone_mapping(parent, child, list_entry(node, struct mapping, link)))
            return false;
    return true;
}

jg_status_t aspace_clone(struct aspace *as, struct account *account,
                         void (*release)(struct account *), struct aspace **out)
{
    uint64_t reserve = as->private_pages + as->pt.tables, used;
    struct aspace *child;
    bool done;

    ASSERT_OBJECT(as, ASPACE_MAGIC);
    if (!pages_charge(account, reserve))
        return JG_ERR_QUOTA;
    child = aspace_create(NULL, NULL);
    if (!child) {
        account_refund(account, reserve);
        return JG_ERR_NO_MEMORY;
    }
    done = clone_all(as, child);
    pt_flush_all(&as->pt); /* once; it is write-protected now, whatever came of it */
    if (!done) {
        aspace_unref(child); /* it has no account: nothing is refunded twice */
        account_refund(account, reserve);
        return JG_ERR_NO_MEMORY;
    }
    /* The parent may have had tables that the child has not, never fewer. */
    used = child->private_pages + child->pt.tables;
    account_refund(account, reserve - used);
    child->paid_tables = child->pt.tables;
    child->account = account;
    child->account_release = release;
    *out = child;
    return JG_OK;
}
