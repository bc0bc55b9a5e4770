/*
 * Copies between the kernel and the current thread's memory: arch/user.h.
 *
 * The window that SMAP closes is open only inside usercopy(). The current thread's tables may not be loaded yet
 * when it became current inside the kernel.
 */
#include "x86.h"
#include <arch/user.h>

extern bool arch_has_smap;
bool usercopy(void *dst, const void *src, size_t n);

static INLINE bool copy(void *dst, const void *src, size_t n)
{
    bool ok;

    switch_root(arch_of(current_thread())->root);
    if (arch_has_smap)
        __asm__ volatile("stac" : : : "memory");
    ok = usercopy(dst, src, n);
    if (arch_has_smap)
        __asm__ volatile("clac" : : : "memory");
    return ok;
}

static INLINE bool is_user_range(uintptr_t va, size_t length)
{
    return va < ARCH_USER_TOP && length <= ARCH_USER_TOP - va;
}

HOT bool copy_from_user(void *dst, uintptr_t user_src, size_t length)
{
    return is_user_range(user_src, length) && copy(dst, (const void *)user_src, length);
}

HOT bool copy_to_user(uintptr_t user_dst, const void *src, size_t length)
{
    return is_user_range(user_dst, length) && copy((void *)user_dst, src, length);
}

WARM bool read_user_u32(uintptr_t va, uint32_t *value)
{
    return !(va & 3) && copy_from_user(value, va, sizeof *value);
}
