/* The "machine" of the host tests: RAM is one block of this program's memory. Found before the kernel's own. */
#pragma once

#include <stdint.h>
#include <string.h>

extern unsigned char *host_ram;

#define ARCH_DIRECT_BASE ((uintptr_t)host_ram)
#define ARCH_KERNEL_BASE 0xffffffff80000000ul
#define ARCH_USER_TOP 0x00007ffffffff000ul

static inline void arch_page_zero(void *page)
{
    memset(page, 0, 4096);
}

static inline void arch_page_copy(void *dst, const void *src)
{
    memcpy(dst, src, 4096);
}
