/*
 * What the runtime needs to know of x86-64.
 */
#pragma once

#include <jg/arch/x86_64/regs.h>

#define ARCH_ELF_MACHINE 62u /* EM_X86_64 */

/* Reads the cycle counter, not before what precedes it in the program. Any context. */
static inline uint64_t arch_read_counter(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* The registers with which a thread begins at fn(arg), as if called, with its stack below `top`. */
static inline struct jg_regs arch_thread_regs(uintptr_t fn, uintptr_t arg, uintptr_t top)
{
    return (struct jg_regs){
        .rip = fn,
        .rdi = arg,
        .rsp = (top & ~(uintptr_t)15) - 8, /* where the return address would be */
        .rflags = 0x202,
        .entry_rax = UINT64_MAX,
    };
}
