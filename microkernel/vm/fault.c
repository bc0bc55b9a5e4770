/*
 * Faults: what a miss means.
 *
 * In:    aspace_fault() from the trap code; fault_range() to populate.
 *
 * A private entry is made writable when it is the last reference, else copied. An absent one asks the mapping: zeros
 * (the shared zero frame when it is only read), or the VMO's page: in place for a shared mapping, copied at the
 * first write of a private one. Around a read fault up to FAULT_AROUND pages that the VMO has are mapped as well.
 */
#include "internal.h"

#include <core/time.h>

#define FAULT_AROUND 16u

static paddr_t zero_page_frame;

paddr_t zero_frame(void)
{
    if (unlikely(!zero_page_frame))
        zero_page_frame = frame_alloc_zeroed();
    return zero_page_frame;
}

/* Puts a fresh private frame into an entry that held a cached page or nothing; charged already. */
static void install_private(struct aspace *as, struct mapping *m, uintptr_t va, pte_t *entry,
                            paddr_t frame)
{
    pte_t old = *entry;

    *entry = pte_make(frame, m->prot, PTE_PRIVATE);
    as->private_pages++;
    if (old) {
        as->shared_pages--;
        pt_flush_page(&as->pt, va);
    }
}

static paddr_t private_frame(struct aspace *as)
{
    paddr_t frame;

    if (unlikely(!pages_charge(as->account, 1)))
        return 0;
    frame = frame_alloc_user(as->program ? NULL : as->account);
    if (unlikely(!frame))
        account_refund(as->account, 1);
    return frame;
}

static void install_cached(struct aspace *as, uintptr_t va, pte_t *entry, pte_t now)
{
    pte_t old = *entry;

    *entry = now;
    if (!old)
        as->shared_pages++;
    else if (pte_frame(old) != pte_frame(now))
        pt_flush_page(&as->pt, va);
}

static jg_status_t fault_zeros(struct aspace *as, struct mapping *m, uintptr_t va, pte_t *entry,
                               bool write)
{
    paddr_t frame;

    if (!write) {
        frame = zero_frame();
        if (!frame)
            return JG_ERR_NO_MEMORY;
        install_cached(as, va, entry, pte_make(frame, (m->prot & ~JG_PROT_WRITE) | JG_PROT_READ, PTE_CACHED));
        return JG_OK;
    }
    frame = private_frame(as);
    if (unlikely(!frame))
        return JG_ERR_NO_MEMORY;
    page_zero(frame_virt(frame));
    install_private(as, m, va, entry, frame);
    return JG_OK;
}

/* A write to a page that others may share. */
static jg_status_t fault_private(struct aspace *as, struct mapping *m, uintptr_t va, pte_t *entry,
                                 bool write)
{
    pte_t e = *entry;
    paddr_t frame = pte_frame(e), copy;

    if (!write) {
        bool single = frame_of(frame)->refs == 1;

        *entry = pte_with_prot(e, single ? m->prot : (m->prot & ~JG_PROT_WRITE) | JG_PROT_READ);
        pt_flush_page(&as->pt, va);
        return JG_OK;
    }
    if (frame_of(frame)->refs == 1) {
        *entry = pte_with_prot(e, m->prot);
        pt_flush_page(&as->pt, va);
        return JG_OK;
    }
    copy = frame_alloc_user(as->program ? NULL : as->account);
    if (unlikely(!copy))
        return JG_ERR_NO_MEMORY;
    page_copy(frame_virt(copy), frame_virt(frame));
    *entry = pte_make(copy, m->prot, PTE_PRIVATE);
    pt_flush_page(&as->pt, va);
    frame_unref(frame); /* after the flush */
    return JG_OK;
}

static uint64_t page_index(const struct mapping *m, uintptr_t va)
{
    return (va - m->start + m->offset) >> PAGE_SHIFT;
}

static uint64_t cached_kind(const struct vmo *vmo)
{
    return vmo->kind == VMO_PHYSICAL && !vmo->plain ? PTE_DEVICE : PTE_CACHED;
}

/* The first write to a page of a private mapping of a VMO. */
static jg_status_t fault_copy(struct aspace *as, struct mapping *m, uintptr_t va, pte_t *entry)
{
    paddr_t from, frame;

    vmo_page(m->vmo, page_index(m, va), false, false, &from);
    if (m->vmo->kind == VMO_PHYSICAL)
        return JG_ERR_PROTECTED;
    frame = private_frame(as);
    if (unlikely(!frame))
        return JG_ERR_NO_MEMORY;
    if (from)
        page_copy(frame_virt(frame), frame_virt(from));
    else
        page_zero(frame_virt(frame));
    install_private(as, m, va, entry, frame);
    return JG_OK;
}

/* Maps the neighbours of `va` that the VMO has. Never allocates, never fails. */
static void fault_around(struct aspace *as, struct mapping *m, uintptr_t va, unsigned prot)
{
    uintptr_t window = FAULT_AROUND * PAGE_SIZE;
    uintptr_t start = MAX(ROUND_DOWN(va, window), m->start);
    uintptr_t end = MIN(ROUND_DOWN(va, window) + window, m->end);
    pte_t *entry = pt_find(&as->pt, start);
    uint64_t kind = cached_kind(m->vmo);

    if (!entry)
        return;
    for (; start < end; start += PAGE_SIZE, entry++) {
        uint64_t index = page_index(m, start);
        paddr_t frame;

        if (*entry)
            continue;
        if (index << PAGE_SHIFT >= m->vmo->size)
            return;
        vmo_page(m->vmo, index, false, false, &frame);
        if (!frame)
            continue;
        *entry = pte_make(frame, prot, kind);
        as->shared_pages++;
    }
}

static jg_status_t fault_vmo(struct aspace *as, struct mapping *m, uintptr_t va, pte_t *entry, bool write)
{
    struct vmo *vmo = m->vmo;
    uint64_t index = page_index(m, va);
    unsigned prot = m->prot;
    jg_status_t status;
    paddr_t frame;

    if (unlikely(index << PAGE_SHIFT >= vmo->size))
        return JG_ERR_BEYOND_SIZE;
    if (m->private && write)
        return fault_copy(as, m, va, entry);
    status = vmo_page(vmo, index, true, false, &frame);
    if (unlikely(status != JG_OK))
        return JG_ERR_NO_MEMORY;
    if (m->private || (!write && vmo->kind != VMO_PHYSICAL))
        prot = (prot & ~JG_PROT_WRITE) | JG_PROT_READ;
    else if (write)
        vmo->modified = time_wall();
    install_cached(as, va, entry, pte_make(frame, prot, cached_kind(vmo)));
    if (!write)
        fault_around(as, m, va, prot);
    return JG_OK;
}

jg_status_t fault_page(struct aspace *as, struct mapping *m, uintptr_t va, bool write)
{
    pte_t *entry = pages_entry(as, va);

    if (unlikely(!entry))
        return JG_ERR_NO_MEMORY;
    if (pte_private(*entry))
        return fault_private(as, m, va, entry, write);
    if (!m->vmo)
        return fault_zeros(as, m, va, entry, write);
    return fault_vmo(as, m, va, entry, write);
}

/* Reading is what any protection but none allows: the hardware has no less. */
static bool access_allowed(const struct mapping *m, unsigned flags)
{
    if (flags & JG_FAULT_WRITE)
        return m->prot & JG_PROT_WRITE;
    if (flags & JG_FAULT_EXECUTE)
        return m->prot & JG_PROT_EXECUTE;
    return m->prot != 0;
}

jg_status_t aspace_fault(struct aspace *as, uintptr_t va, unsigned flags)
{
    struct mapping *m = mapping_find(as, va);

    if (unlikely(!m))
        return JG_ERR_BAD_ADDRESS;
    if (unlikely(!access_allowed(m, flags)))
        return JG_ERR_PROTECTED;
    return fault_page(as, m, va & ~PAGE_MASK, flags & JG_FAULT_WRITE);
}

jg_status_t fault_range(struct aspace *as, uintptr_t start, uintptr_t end, bool write)
{
    struct mapping *m = mapping_find(as, start);

    for (uintptr_t va = start; va < end; va += PAGE_SIZE) {
        jg_status_t status;
        pte_t *entry;

        if (va >= m->end)
            m = mapping_next(as, m);
        if (!m->prot)
            continue;
        bool writing = write && (m->prot & JG_PROT_WRITE);

        entry = pt_find(&as->pt, va);
        if (entry && pte_present(*entry) && (!writing || pte_writable(*entry)))
            continue;
        status = fault_page(as, m, va, writing);
        if (status != JG_OK)
            return status;
    }
    return JG_OK;
}
