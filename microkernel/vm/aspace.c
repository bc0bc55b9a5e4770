/*
 * The life of an address space, and what can be asked of it.
 *
 * In:    aspace_create(), aspace_unref(); the reaper calls reap_step() until nothing is left.
 */
#include "internal.h"

#include <core/string.h>
#include <mm/heap.h>

static bool reap_step(struct reap *reap, unsigned budget);

struct aspace *aspace_create(struct account *account, void (*release)(struct account *))
{
    struct aspace *as = heap_zalloc(sizeof *as);

    if (!as)
        return NULL;
    if (account && !pages_charge(account, 1)) {
        heap_free(as);
        return NULL;
    }
    if (pt_create(&as->pt) != JG_OK) {
        if (account)
            account_refund(account, 1);
        heap_free(as);
        return NULL;
    }
    as->magic = ASPACE_MAGIC;
    as->refs = 1;
    as->paid_tables = account ? 1 : 0;
    as->account = account;
    as->account_release = release;
    as->reap.step = reap_step;
    list_init(&as->ordered);
    return as;
}

void aspace_unref(struct aspace *as)
{
    ASSERT_OBJECT(as, ASPACE_MAGIC);
    if (--as->refs)
        return;
    pt_unload(&as->pt);
    as->magic = 0;
    reaper_add(&as->reap);
}

/* Takes off about `budget` pages from the front. */
static bool reap_step(struct reap *reap, unsigned budget)
{
    struct aspace *as = container_of(reap, struct aspace, reap);
    uint64_t before = as->private_pages + as->shared_pages;

    while (!list_empty(&as->ordered)) {
        struct mapping *m = list_entry(as->ordered.next, struct mapping, link);
        uintptr_t at = MAX(as->reap_at, m->start);
        uintptr_t stop = MIN(m->end, pt_table_end(at));
        pte_t *entry = pt_next(&as->pt, &at, m->end);

        if (entry) {
            stop = MIN(m->end, pt_table_end(at));
            pages_drop(as, at, stop, true);
            as->reap_at = stop;
        }
        if (!entry || stop == m->end) {
            mapping_remove(as, m);
            mapping_free(m);
        }
        if (before - (as->private_pages + as->shared_pages) >= budget)
            return false;
    }
    pt_destroy(&as->pt);
    if (as->account) {
        account_refund(as->account, as->paid_tables);
        if (as->account_release)
            as->account_release(as->account);
    }
    heap_free(as);
    return true;
}

void aspace_info(const struct aspace *as, struct jg_info_aspace *info)
{
    *info = (struct jg_info_aspace){
        .private_pages = as->private_pages,
        .shared_pages = as->shared_pages,
        .table_pages = as->pt.tables,
        .mapped_bytes = as->mapped_bytes,
        .mappings = as->mapping_count,
    };
}

void aspace_mapped(struct aspace *as, uintptr_t va, uint64_t pages, uint8_t *present)
{
    for (uint64_t i = 0; i < pages; i++, va += PAGE_SIZE) {
        pte_t *entry = va < JG_USER_TOP ? pt_find(&as->pt, va) : NULL;

        present[i] = entry && pte_present(*entry);
    }
}
