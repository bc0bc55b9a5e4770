/*
 * The life of an address space, and what can be asked of it.
 *
 * In:    aspace_create(), aspace_unref(); the reaper calls reap_step() until nothing is left.
 */
#include "internal.h"

#include <core/string.h>
#include <mm/heap.h>

#define MAPPINGS_LOOKED_AT 32u /* for one page */

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
        .peak_pages = MAX(as->peak_pages, as->private_pages + as->shared_pages),
    };
}

/*
 * In how many address spaces page `index` of a VMO is mapped now, counted up to the limit. Not many mappings are looked
 * at, for nobody else runs meanwhile; what more of them there are is taken for mapped.
 */
static unsigned vmo_page_mapped(const struct vmo *vmo, uint64_t index, paddr_t frame)
{
    unsigned count = 0, looked = 0;

    list_for_each(node, &vmo->mappings)
    {
        const struct mapping *m = list_entry(node, struct mapping, vmo_link);
        uint64_t first = m->offset >> PAGE_SHIFT;
        const pte_t *entry;

        if (looked++ == MAPPINGS_LOOKED_AT)
            return JG_PAGE_COUNT_MAX;
        if (index < first || index - first >= (m->end - m->start) >> PAGE_SHIFT)
            continue;
        entry = pt_find(&m->aspace->pt, m->start + ((index - first) << PAGE_SHIFT));
        count += entry && pte_present(*entry) && pte_frame(*entry) == frame;
        if (count == JG_PAGE_COUNT_MAX)
            break;
    }
    return count;
}

static uint8_t page_known(struct aspace *as, uintptr_t va)
{
    const struct mapping *m = va < JG_USER_TOP ? mapping_find(as, va) : NULL;
    const pte_t *entry = m ? pt_find(&as->pt, va) : NULL;
    unsigned bits, count;

    if (!entry || !*entry)
        return 0;
    bits = (pte_present(*entry) ? JG_PAGE_PRESENT : 0) | (pte_dirty(*entry) ? JG_PAGE_WRITTEN : 0);
    if (pte_private(*entry)) {
        bits |= JG_PAGE_PRIVATE;
        count = MIN(frame_of(pte_frame(*entry))->refs, JG_PAGE_COUNT_MAX);
    } else if (!m->vmo) {
        bits |= JG_PAGE_ZERO;
        count = JG_PAGE_COUNT_MAX;
    } else {
        count = vmo_page_mapped(m->vmo, (va - m->start + m->offset) >> PAGE_SHIFT,
                                pte_frame(*entry));
    }
    return (uint8_t)(bits | count << JG_PAGE_COUNT_SHIFT);
}

uintptr_t aspace_mapped(struct aspace *as, uintptr_t va, uint64_t pages, uint8_t *page)
{
    for (uint64_t i = 0; i < pages; i++, va += PAGE_SIZE)
        page[i] = page_known(as, va);
    if (va >= JG_USER_TOP || !pt_next(&as->pt, &va, JG_USER_TOP))
        return JG_USER_TOP;
    return va;
}
