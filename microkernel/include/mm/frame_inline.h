/* The inline half of mm/frame.h. */
#pragma once

#include <machine/layout.h>

static inline void *phys_to_virt(paddr_t pa)
{
    return (void *)(pa + ARCH_DIRECT_BASE);
}

static inline paddr_t virt_to_phys(const void *va)
{
    return (paddr_t)(uintptr_t)va - ARCH_DIRECT_BASE;
}

static inline void *frame_virt(paddr_t pa)
{
    return phys_to_virt(pa);
}

static inline struct frame *frame_of(paddr_t pa)
{
    return &frame_table[pa >> PAGE_SHIFT];
}

static inline void frame_ref(paddr_t pa)
{
    frame_of(pa)->refs++;
}

static inline void frame_unref(paddr_t pa)
{
    struct frame *f = frame_of(pa);

    if (f->refs > 1)
        f->refs--;
    else
        frame_free(pa);
}

static inline void page_zero(void *page)
{
    arch_page_zero(page);
}

static inline void page_copy(void *dst, const void *src)
{
    arch_page_copy(dst, src);
}
