/*
 * What the boot loader said about memory: the map, the boot image, the command line. Lays out the frame table.
 *
 * Layout of low memory: page 0 unused, free up to the BIOS area, the kernel from 1 MiB, then the pages that
 * boot_page() gave (tables), then the frame table, then free frames.
 */
#include "x86.h"
#include <core/log.h>
#include <core/string.h>
#include <mm/boot.h>
#include <mm/frame.h>

extern char kernel_end[];

struct start_info {
    uint32_t magic, version, flags, module_count;
    uint64_t modules, cmdline, rsdp, map;
    uint32_t map_count, zero;
};
#define START_MAGIC 0x336ec578u

struct start_module {
    uint64_t base, size, cmdline, zero;
};

struct start_range {
    uint64_t base, size;
    uint32_t type, zero; /* 1: RAM */
};

#define RANGES_MAX 32u
#define LOW_END 0x9f000ul
#define KERNEL_LOAD 0x100000ul

static struct start_range ranges[RANGES_MAX];
static unsigned range_count;
static paddr_t boot_next, boot_limit;
static char cmdline[256];

paddr_t boot_page(void)
{
    paddr_t page = boot_next;

    if (page + PAGE_SIZE > boot_limit)
        panic("too little memory to start");
    boot_next += PAGE_SIZE;
    memset(phys_to_virt(page), 0, PAGE_SIZE);
    return page;
}

/* Copies what must outlive the first allocation. The boot tables map the first GiB. */
static void read_start_info(paddr_t where, struct boot_info *boot)
{
    const struct start_info *info = phys_to_virt(where);
    const struct start_range *map = phys_to_virt(info->map);

    if (info->magic != START_MAGIC)
        panic("not started by a PVH loader");
    for (unsigned i = 0; i < info->map_count && range_count < RANGES_MAX; i++)
        if (map[i].type == 1 && map[i].size)
            ranges[range_count++] = map[i];
    if (info->module_count) {
        const struct start_module *m = phys_to_virt(info->modules);

        boot->image = m->base;
        boot->image_size = m->size;
    }
    if (info->cmdline)
        strlcpy(cmdline, phys_to_virt(info->cmdline), sizeof cmdline);
    boot->cmdline = cmdline;
}

static paddr_t range_end(const struct start_range *range)
{
    return MIN(ROUND_DOWN(range->base + range->size, PAGE_SIZE), ARCH_DIRECT_SIZE);
}

/* Gives [base, end) to the allocator, but for the boot image. */
static void give(paddr_t base, paddr_t end, const struct boot_info *boot)
{
    paddr_t image = boot->image, image_end = ROUND_UP(boot->image + boot->image_size, PAGE_SIZE);

    if (boot->image_size && image < end && image_end > base) {
        if (base < image)
            frames_give(base, image);
        if (image_end < end)
            frames_give(image_end, end);
        return;
    }
    if (base < end)
        frames_give(base, end);
}

void memory_init(paddr_t start_info, struct boot_info *boot)
{
    paddr_t top = 0, kernel_top = ROUND_UP((uintptr_t)kernel_end - ARCH_KERNEL_BASE, PAGE_SIZE);

    read_start_info(start_info, boot);
    boot_next = kernel_top;
    for (unsigned i = 0; i < range_count; i++) {
        paddr_t end = range_end(&ranges[i]);

        top = MAX(top, end);
        if (ranges[i].base <= KERNEL_LOAD && end > KERNEL_LOAD)
            boot_limit = end;
    }
    if (boot->image_size && boot->image > boot_next)
        boot_limit = MIN(boot_limit, boot->image);
    boot_limit = MIN(boot_limit, 1ul << 30);

    size_t table_bytes = ROUND_UP((top >> PAGE_SHIFT) * sizeof(struct frame), PAGE_SIZE);

    paging_init(top);
    if (boot_next + table_bytes > boot_limit)
        panic("too little memory to start");
    frame_table = phys_to_virt(boot_next);
    memset(frame_table, 0, table_bytes);
    boot_next += table_bytes;
    frames_init(top);

    /* The largest range first: it is the one from which frames are taken first. */
    for (unsigned i = 0; i < range_count; i++) {
        paddr_t base = ROUND_UP(ranges[i].base, PAGE_SIZE);
        paddr_t end = range_end(&ranges[i]);

        if (base <= KERNEL_LOAD && end > KERNEL_LOAD)
            give(boot_next, end, boot);
        else if (end <= KERNEL_LOAD)
            give(MAX(base, PAGE_SIZE), MIN(end, LOW_END), boot);
        else
            give(base, end, boot);
    }
}
