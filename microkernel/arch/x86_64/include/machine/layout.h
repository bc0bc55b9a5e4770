/*
 * The kernel's half of the address space on x86-64, and page-sized moves.
 *
 *   0xffff800000000000  direct map of all RAM, never executable
 *   0xfffffe8000000000  device registers, uncached
 *   0xffffffff80000000  the kernel's image, W^X
 */
#pragma once

#include <stdint.h>

#define ARCH_DIRECT_BASE 0xffff800000000000ul
#define ARCH_DEVICE_BASE 0xfffffe8000000000ul
#define ARCH_KERNEL_BASE 0xffffffff80000000ul
#define ARCH_USER_TOP 0x00007ffffffff000ul

static inline void arch_page_zero(void *page)
{
    uint64_t count = 512;

    __asm__ volatile("rep stosq" : "+D"(page), "+c"(count) : "a"(0ul) : "memory");
}

static inline void arch_page_copy(void *dst, const void *src)
{
    uint64_t count = 512;

    __asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(count) : : "memory");
}
