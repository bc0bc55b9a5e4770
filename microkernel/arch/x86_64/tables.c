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
    *pt = (struct pagetable){.root = page, .tables = 1};
    return JG_OK;
}

HOT pte_t *pt_find(const struct pagetable *pt, uintptr_t va)
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

static COLD uint64_t *table_add(struct pagetable *pt, uint64_t *entry, int level)
{
    uint32_t *list = level == 1 ? &pt->leaves : &pt->uppers;
    paddr_t page = frame_alloc_zeroed();

    if (!page)
        return NULL;
    frame_of(page)->next = *list;
    *list = (uint32_t)(page >> PAGE_SHIFT);
    *entry = page | TABLE_BITS;
    pt->tables++;
    return phys_to_virt(page);
}

pte_t *pt_make(struct pagetable *pt, uintptr_t va)
{
    uint64_t *table = phys_to_virt(pt->root);

    for (int l = 3; l > 0; l--) {
        uint64_t *entry = &table[SLOT(va, l)];

        if (unlikely(!*entry)) {
            table = table_add(pt, entry, l);
            if (!table)
                return NULL;
        } else {
            table = phys_to_virt(*entry & X86_FRAME);
        }
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

/* Takes out the tables inside [start, end) below `table`; they keep their record, with no reference. */
static void cut_below(struct pagetable *pt, uint64_t *table, int level, uintptr_t base,
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
            cut_below(pt, below, level - 1, ROUND_DOWN(va, SPAN(level)), start, end);
            if (!table_empty(below))
                continue;
        }
        frame_of(*entry & X86_FRAME)->refs = 0;
        *entry = 0;
        pt->tables--;
    }
}

/* Frees the tables of a list that were cut off, or all of them; `zero`: they hold nothing but zeros. */
static void list_free(uint32_t *list, bool all, bool zero)
{
    uint32_t n = *list;

    while (n) {
        struct frame *f = &frame_table[n];
        uint32_t next = f->next;

        if (!all && f->refs) {
            *list = n;
            list = &f->next;
        } else if (zero) {
            frame_free_zeroed((paddr_t)n << PAGE_SHIFT);
        } else {
            frame_free((paddr_t)n << PAGE_SHIFT);
        }
        n = next;
    }
    *list = 0;
}

void pt_free_range(struct pagetable *pt, uintptr_t start, uintptr_t end)
{
    uint32_t before = pt->tables;

    cut_below(pt, phys_to_virt(pt->root), 3, 0, start, end);
    if (pt->tables == before)
        return;
    pt_flush_all(pt); /* no upper level may be cached any more */
    list_free(&pt->leaves, false, true);
    list_free(&pt->uppers, false, true);
}

void pt_destroy(struct pagetable *pt)
{
    pt_unload(pt);
    list_free(&pt->leaves, true, true);
    list_free(&pt->uppers, true, false);
    frame_free(pt->root);
    *pt = (struct pagetable){0};
}
