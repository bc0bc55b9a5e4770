/* What the kernel's lower layers call on a real machine, for a program on the host. */
#include "host.h"

#include <arch/pte.h>
#include <core/log.h>
#include <core/time.h>
#include <mm/boot.h>
#include <stdarg.h>

unsigned char *host_ram;
paddr_t kernel_root;
unsigned host_fail_rate;
long host_blocks;

void host_start(uint32_t frames)
{
    paddr_t top = (paddr_t)frames << PAGE_SHIFT;

    host_ram = aligned_alloc(PAGE_SIZE, top);
    frame_table = calloc(frames, sizeof *frame_table);
    CHECK(host_ram && frame_table);
    memset(host_ram, 0xa5, top);
    memset(host_ram + PAGE_SIZE, 0, PAGE_SIZE); /* the kernel's own root, of which new ones copy a half */
    kernel_root = PAGE_SIZE;
    frames_init(top);
    frames_give(2 * PAGE_SIZE, top / 2);
    frames_give(top / 2, top);
}

static uint64_t state = 0x2545f4914f6cdd1d;

void host_seed(uint64_t seed)
{
    state ^= seed * 0x9e3779b97f4a7c15;
}

uint32_t pick(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % n;
}

void panic(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    abort();
}

jg_time_t time_wall(void)
{
    static jg_time_t now;

    return ++now;
}

void pt_unload(const struct pagetable *pt)
{
    (void)pt;
}

void pt_flush_page(const struct pagetable *pt, uintptr_t va)
{
    (void)pt, (void)va;
}

void pt_flush_all(const struct pagetable *pt)
{
    (void)pt;
}
