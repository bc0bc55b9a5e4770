/*
 * The tables of address spaces: made, walked, freed. Only memory is touched here; what processors have loaded and
 * cached of it is in paging.c. The host tests run this file as it is.
 */
#include "x86.h"
#include <arch/pte.h>
#include <core/string.h>
#include <mm/frame.h>

#define TABLE_BITS (X86_PRESENT | X86_WRITE | X86_USER)
#define SLOT(va, level) (((va) >> (12 + 9 * (level))) & 511)
#define SPAN(level) (1ul << (12 + 9 * (level)))

int pt_create(struct pagetable *pt)
{
    uint64_t *table;
    paddr_t page = frame_alloc();

    if (!page)
        return JG_ERR_NO_MEMORY;
    table = phys_to_virt(page);
    memset(table, 0, PAGE_SIZE / 2);
    memcpy(table + 256, (uint64_t *)phys_to_virt(kernel_root) + 256, PAGE_SIZE / 2);
    pt->root = page;
    pt->tables = 1;
    return JG_OK;
}

pte_t *pt_find(const struct pagetable *pt, uintptr_t va)
{
    uint64_t *table = phys_to_virt(pt->root);

    for (int l = 3; l > 0; l--) {
        uint64_t entry = table[SLOT(va, l)];

        if (!entry)
            return NULL;
        table = phys_to_virt(entry & X86_FRAME);
    }
    return &table[SLOT(va, 0)];
}

pte_t *pt_make(struct pagetable *pt, uintptr_t va)
{
    uint64_t *table = phys_to_virt(pt->root);

    for (int l = 3; l > 0; l--) {
        uint64_t *entry = &table[SLOT(va, l)];

        if (unlikely(!*entry)) {
            paddr_t page = frame_alloc_zeroed();

            if (!page)
                return NULL;
            *entry = page | TABLE_BITS;
            pt->tables++;
        }
        table = phys_to_virt(*entry & X86_FRAME);
    }
    return &table[SLOT(va, 0)];
}

pte_t *pt_next(const struct pagetable *pt, uintptr_t *va, uintptr_t end)
{
    uintptr_t at = *va;

    while (at < end) {
        uint64_t *table = phys_to_virt(pt->root);
        int l;

        for (l = 3; l > 0; l--) {
            uint64_t entry = table[SLOT(at, l)];

            if (!entry)
                break;
            table = phys_to_virt(entry & X86_FRAME);
        }
        if (!l) {
            *va = at;
            return &table[SLOT(at, 0)];
        }
        at = (at | (SPAN(l) - 1)) + 1;
    }
    return NULL;
}

static bool table_empty(const uint64_t *table)
{
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        if (table[i])
            return false;
    return true;
}

/* Frees what is below `table` inside [start, end). */
static void free_below(struct pagetable *pt, uint64_t *table, int level, uintptr_t base,
                       uintptr_t start, uintptr_t end)
{
    uintptr_t from = MAX(start, base), to = MIN(end, base + SPAN(level + 1));

    for (uintptr_t va = from; va < to; va = (va | (SPAN(level) - 1)) + 1) {
        uint64_t *entry = &table[SLOT(va, level)];
        uint64_t *below;

        if (!*entry)
            continue;
        below = phys_to_virt(*entry & X86_FRAME);
        if (level > 1) {
            free_below(pt, below, level - 1, ROUND_DOWN(va, SPAN(level)), start, end);
            if (!table_empty(below))
                continue;
        }
        frame_free(*entry & X86_FRAME);
        *entry = 0;
        pt->tables--;
    }
}

void pt_free_range(struct pagetable *pt, uintptr_t start, uintptr_t end)
{
    uint32_t before = pt->tables;

    free_below(pt, phys_to_virt(pt->root), 3, 0, start, end);
    if (pt->tables != before)
        pt_flush_all(pt); /* no stale upper level may be cached */
}

void pt_destroy(struct pagetable *pt)
{
    pt_unload(pt);
    free_below(pt, phys_to_virt(pt->root), 3, 0, 0, 1ul << 47);
    frame_free(pt->root);
    pt->root = 0;
    pt->tables = 0;
}
