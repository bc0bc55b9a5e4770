/*
 * The kernel's half of the page tables (four levels), and what processors cache of the others. It is made once; its top-level entries are the same in every
 * address space and never change, so that nothing of the kernel is ever missing from a table.
 */
#include "x86.h"
#include <arch/pte.h>
#include <core/assert.h>
#include <core/string.h>
#include <mm/frame.h>

#define KERNEL_BITS (X86_PRESENT | X86_GLOBAL | X86_ACCESSED | X86_DIRTY)
#define SLOT(va, level) (((va) >> (12 + 9 * (level))) & 511)
#define SPAN(level) (1ul << (12 + 9 * (level)))

_Static_assert(SLOT(ARCH_DIRECT_BASE, 3) == SLOT(ARCH_KERNEL_BASE, 3) && SLOT(ARCH_DIRECT_BASE, 2) == 0 &&
                   ARCH_DIRECT_BASE + ARCH_DIRECT_SIZE == ARCH_KERNEL_BASE,
               "one table for both");

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

/* What the kernel may do with a page of its own image, by physical address; in the direct map nothing is executable. */
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

/* Small pages where the image is (its text stays read-only here too), large ones elsewhere. */
static void map_direct(paddr_t top)
{
    paddr_t end = (uintptr_t)kernel_end - ARCH_KERNEL_BASE, pa = 0;
    paddr_t guard = (uintptr_t)kernel_stack_guard - ARCH_KERNEL_BASE;
    uint64_t bits = KERNEL_BITS | X86_NX | X86_WRITE;

    while (pa < top) {
        uintptr_t va = pa + ARCH_DIRECT_BASE;

        if (pa < end) {
            *boot_level(va, 0) = pa == guard ? 0 : pa | image_bits(pa);
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

/* The direct map's first GiB once more, by the same tables: what its leaves allow, is forbidden one level up in the
   direct map itself. */
static void map_image(void)
{
    uint64_t *first = boot_level(ARCH_DIRECT_BASE, 2);

    *boot_level(ARCH_KERNEL_BASE, 2) = *first;
    *first |= X86_NX;
}

void paging_init(paddr_t ram_end)
{
    kernel_root = boot_page();
    root_table = phys_to_virt(kernel_root);
    map_direct(ram_end);
    map_image();
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

void pt_unload(const struct pagetable *pt)
{
    if (this_cpu()->loaded_root == pt->root)
        switch_root(kernel_root);
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
