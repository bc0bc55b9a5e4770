/*
 * A thread's integer state on x86-64, as JG_STATE_REGS shows it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct jg_regs {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rip, rflags;
    uint64_t fs_base, gs_base;
    uint64_t entry_rax; /* rax as it was at the syscall's entry (its number); -1 outside a syscall */
    uint64_t zero;
};

_Static_assert(sizeof(struct jg_regs) == 176, "ABI");
_Static_assert(offsetof(struct jg_regs, rip) == 128, "ABI");
