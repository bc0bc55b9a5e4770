/*
 * Leaf entries of an address space: emptied, protected, paid for.
 *
 * A processor that has the tables loaded is told before the way back to user mode; until then only the kernel runs,
 * and it reaches frames through the direct map. With more processors, frames are to be gathered and freed after
 * the shootdown: the two flush_done() calls below are the place.
 */
#include "internal.h"

#define FLUSH_SINGLE_MAX 16u

/* Few pages are forgotten one by one, many all at once. */
static void flush_done(struct aspace *as, const uintptr_t *changed, unsigned count)
{
    if (count > FLUSH_SINGLE_MAX) {
        pt_flush_all(&as->pt);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        pt_flush_page(&as->pt, changed[i]);
}

static void flush_note(uintptr_t *changed, unsigned *count, uintptr_t va)
{
    if (*count < FLUSH_SINGLE_MAX)
        changed[*count] = va;
    if (*count <= FLUSH_SINGLE_MAX)
        ++*count;
}

void pages_drop(struct aspace *as, uintptr_t start, uintptr_t end, bool private_too)
{
    uintptr_t changed[FLUSH_SINGLE_MAX];
    unsigned count = 0;
    uint64_t private = 0, cached = 0;
    uintptr_t va = start;
    pte_t *entry;

    as->peak_pages = MAX(as->peak_pages, as->private_pages + as->shared_pages);
    while ((entry = pt_next(&as->pt, &va, end))) {
        uintptr_t stop = MIN(pt_table_end(va), end);

        for (; va < stop; va += PAGE_SIZE, entry++) {
            pte_t e = *entry;

            if (likely(!e))
                continue;
            if (pte_private(e)) {
                if (!private_too)
                    continue;
                frame_unref(pte_frame(e));
                private++;
            } else {
                cached++;
            }
            *entry = 0;
            flush_note(changed, &count, va);
        }
    }
    flush_done(as, changed, count);
    as->private_pages -= private;
    as->shared_pages -= cached;
    if (private)
        account_refund(as->account, private);
}

/* What an existing entry becomes under the protection of `m`; 0: dropped. */
static pte_t entry_protected(const struct mapping *m, pte_t e)
{
    unsigned prot = m->prot;

    if (pte_private(e)) {
        if (frame_of(pte_frame(e))->refs > 1)
            prot &= ~JG_PROT_WRITE;
        if (m->prot && !prot)
            prot = JG_PROT_READ;
        return pte_with_prot(e, prot);
    }
    if (!prot)
        return 0;
    if (m->private || !pte_writable(e))
        prot &= ~JG_PROT_WRITE;
    return pte_with_prot(e, prot ? prot : JG_PROT_READ);
}

void pages_protect(struct aspace *as, const struct mapping *m, uintptr_t start, uintptr_t end)
{
    uintptr_t changed[FLUSH_SINGLE_MAX];
    unsigned count = 0;
    uintptr_t va = start;
    pte_t *entry;

    while ((entry = pt_next(&as->pt, &va, end))) {
        uintptr_t stop = MIN(pt_table_end(va), end);

        for (; va < stop; va += PAGE_SIZE, entry++) {
            pte_t old = *entry;

            if (likely(!old))
                continue;
            *entry = entry_protected(m, old);
            if (!*entry)
                as->shared_pages--;
            if (*entry != old)
                flush_note(changed, &count, va);
        }
    }
    flush_done(as, changed, count);
}

bool pages_charge(struct account *account, uint64_t count)
{
    if (likely(account_charge(account, count)))
        return true;
    if (!reaper_pending())
        return false;
    reaper_quiesce();
    return account_charge(account, count);
}

pte_t *pages_entry(struct aspace *as, uintptr_t va)
{
    pte_t *entry = pt_make(&as->pt, va);

    if (unlikely(as->pt.tables > as->paid_tables)) {
        uint32_t more = as->pt.tables - as->paid_tables;

        if (!pages_charge(as->account, more))
            return NULL;
        as->paid_tables += more;
    }
    return entry;
}
