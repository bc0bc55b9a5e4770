/*
 * Page tables of x86-64: four levels. The kernel's half is made once; its top-level entries are the same in every
 * address space and never change, so that nothing of the kernel is ever missing from a table.
 */
#include "x86.h"
#include <arch/pte.h>
#include <core/assert.h>
#include <core/string.h>
#include <mm/frame.h>

#define TABLE_BITS (X86_PRESENT | X86_WRITE | X86_USER)
#define KERNEL_BITS (X86_PRESENT | X86_GLOBAL | X86_ACCESSED | X86_DIRTY)
#define SLOT(va, level) (((va) >> (12 + 9 * (level))) & 511)
#define SPAN(level) (1ul << (12 + 9 * (level)))

extern char kernel_start[], text_end[], rodata_end[], kernel_end[], kernel_stack_guard[];

paddr_t kernel_root;
static uint64_t *root_table;
static uintptr_t device_next = ARCH_DEVICE_BASE;

/* The table below `entry`, made by boot_page() if there is none. */
static uint64_t *boot_table(uint64_t *entry)
{
    if (!*entry)
        *entry = boot_page() | X86_PRESENT | X86_WRITE;
    return phys_to_virt(*entry & X86_FRAME);
}

static uint64_t *boot_level(uintptr_t va, int level)
{
    uint64_t *table = root_table;

    for (int l = 3; l > level; l--)
        table = boot_table(&table[SLOT(va, l)]);
    return &table[SLOT(va, level)];
}

/* What the kernel may do with a page of its own image, by physical address. */
static uint64_t image_bits(paddr_t pa)
{
    paddr_t text = (uintptr_t)text_end - ARCH_KERNEL_BASE;
    paddr_t rodata = (uintptr_t)rodata_end - ARCH_KERNEL_BASE;
    paddr_t start = (uintptr_t)kernel_start - ARCH_KERNEL_BASE;

    if (pa >= start && pa < text)
        return KERNEL_BITS;
    if (pa >= start && pa < rodata)
        return KERNEL_BITS | X86_NX;
    return KERNEL_BITS | X86_NX | X86_WRITE;
}

static void map_image(void)
{
    paddr_t end = (uintptr_t)kernel_end - ARCH_KERNEL_BASE;
    paddr_t guard = (uintptr_t)kernel_stack_guard - ARCH_KERNEL_BASE;

    for (paddr_t pa = (uintptr_t)kernel_start - ARCH_KERNEL_BASE; pa < end; pa += PAGE_SIZE)
        if (pa != guard)
            *boot_level(pa + ARCH_KERNEL_BASE, 0) = pa | image_bits(pa);
}

/* The direct map: small pages where the image is (its text stays read-only there too), large ones elsewhere. */
static void map_direct(paddr_t top)
{
    paddr_t end = (uintptr_t)kernel_end - ARCH_KERNEL_BASE, pa = 0;
    uint64_t bits = KERNEL_BITS | X86_NX | X86_WRITE;

    while (pa < top) {
        uintptr_t va = pa + ARCH_DIRECT_BASE;

        if (pa < end) {
            *boot_level(va, 0) = pa | (image_bits(pa) | X86_NX);
            pa += PAGE_SIZE;
        } else if (pa & (SPAN(1) - 1)) {
            *boot_level(va, 0) = pa | bits;
            pa += PAGE_SIZE;
        } else if (cpu_features.gigapages && !(pa & (SPAN(2) - 1)) && pa + SPAN(2) <= top) {
            *boot_level(va, 2) = pa | bits | X86_LARGE;
            pa += SPAN(2);
        } else {
            *boot_level(va, 1) = pa | bits | X86_LARGE;
            pa += SPAN(1);
        }
    }
}

void paging_init(paddr_t ram_end)
{
    kernel_root = boot_page();
    root_table = phys_to_virt(kernel_root);
    map_image();
    map_direct(ram_end);
    boot_level(ARCH_DEVICE_BASE, 2); /* its top-level slot exists from now on */
    this_cpu()->loaded_root = kernel_root;
    load_root(kernel_root);
}

void *arch_map_device(paddr_t base, size_t size)
{
    uintptr_t start = device_next;
    paddr_t first = ROUND_DOWN(base, PAGE_SIZE), end = ROUND_UP(base + size, PAGE_SIZE);

    for (paddr_t pa = first; pa < end; pa += PAGE_SIZE, device_next += PAGE_SIZE) {
        uint64_t *table = root_table;

        for (int l = 3; l > 0; l--) {
            uint64_t *entry = &table[SLOT(device_next, l)];

            if (!*entry) {
                paddr_t page = frame_alloc_zeroed();

                if (!page)
                    return NULL;
                *entry = page | X86_PRESENT | X86_WRITE;
            }
            table = phys_to_virt(*entry & X86_FRAME);
        }
        table[SLOT(device_next, 0)] =
            pa | KERNEL_BITS | X86_NX | X86_WRITE | X86_PCD | X86_PWT;
    }
    return (void *)(start + (base - first));
}

int pt_create(struct pagetable *pt)
{
    uint64_t *table;
    paddr_t page = frame_alloc();

    if (!page)
        return JG_ERR_NO_MEMORY;
    table = phys_to_virt(page);
    memset(table, 0, PAGE_SIZE / 2);
    memcpy(table + 256, root_table + 256, PAGE_SIZE / 2);
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

void pt_unload(const struct pagetable *pt)
{
    if (this_cpu()->loaded_root == pt->root)
        switch_root(kernel_root);
}

void pt_destroy(struct pagetable *pt)
{
    pt_unload(pt);
    free_below(pt, phys_to_virt(pt->root), 3, 0, 0, 1ul << 47);
    frame_free(pt->root);
    pt->root = 0;
    pt->tables = 0;
}

void pt_flush_page(const struct pagetable *pt, uintptr_t va)
{
    if (this_cpu()->loaded_root == pt->root)
        __asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

void pt_flush_all(const struct pagetable *pt)
{
    if (this_cpu()->loaded_root == pt->root)
        load_root(pt->root);
}
