/*
 * What an address space takes, for /proc and rusage.
 */
#include <mm.h>

#include <jg/rt/string.h>

#include "region.h"

void mm_usage(struct mm *m, struct mm_usage *usage)
{
    struct jg_info_aspace info;

    memset(usage, 0, sizeof *usage);
    if (jg_object_info(m->aspace, JG_INFO_ASPACE, &info, sizeof info) < 0)
        return;
    usage->resident = info.private_pages + info.shared_pages;
    usage->shared = info.shared_pages;
    usage->tables = info.table_pages;
    usage->resident_peak = info.peak_pages;
    usage->virtual_pages = m->mapped / PAGE_SIZE;
    usage->virtual_peak = (m->mapped > m->mapped_peak ? m->mapped : m->mapped_peak) / PAGE_SIZE;
}

void mm_parts(struct mm *m, struct mm_parts *parts)
{
    uint64_t executable = 0;

    memset(parts, 0, sizeof *parts);
    mutex_lock(&m->lock);
    for (unsigned i = 0; i < m->count; i++) {
        const struct region *r = &m->regions[i];
        uint64_t size = r->end - r->start;

        if (r->flags & REGION_STACK)
            parts->stack += size;
        else if ((r->prot & JG_PROT_WRITE) && !(r->flags & REGION_SHARED))
            parts->data += size;
        else if ((r->prot & JG_PROT_EXECUTE) && !(r->prot & JG_PROT_WRITE))
            executable += size;
        if (r->flags & REGION_LOCKED)
            parts->locked += size;
    }
    parts->code = page_up(m->code_end) - page_down(m->code_start);
    mutex_unlock(&m->lock);
    if (parts->code > executable)
        parts->code = executable;
    parts->libraries = executable - parts->code;
}
