/*
 * What init needs to know of x86-64.
 */
#pragma once

#include <jg/arch/x86_64/regs.h>

/* The registers of a process's first thread: at `entry`, with its start-up list at `list`. */
static inline struct jg_regs arch_first_regs(uint64_t entry, uint64_t list)
{
    return (struct jg_regs){
        .rip = entry,
        .rdi = list,
        .rsp = list & ~15ull,
        .rflags = 0x202,
        .entry_rax = UINT64_MAX,
    };
}
