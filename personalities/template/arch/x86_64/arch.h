/*
 * What the template needs to know of Linux on x86-64.
 */
#pragma once

#include <jg/arch/x86_64/regs.h>

enum {
    NR_write = 1,
    NR_writev = 20,
    NR_exit = 60,
    NR_arch_prctl = 158,
    NR_set_tid_address = 218,
    NR_exit_group = 231,
};
#define ARCH_SET_FS 0x1002u

/* The registers of a program's first thread: at `entry`, with argc at `stack`. */
static inline struct jg_regs arch_program_regs(uint64_t entry, uint64_t stack)
{
    return (struct jg_regs){.rip = entry, .rsp = stack, .rflags = 0x202, .entry_rax = UINT64_MAX};
}

/* The Linux signal of an exception: divide error, invalid opcode, or else a bad access. */
static inline uint32_t arch_signal(uint64_t vector)
{
    return vector == 0 ? 8 : vector == 6 ? 4 : 11;
}
