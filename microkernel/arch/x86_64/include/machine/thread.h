/* struct arch_thread on x86-64. The start is struct jg_regs, so that reading state is a copy. */
#pragma once

#include <jg/arch/x86_64/regs.h>
#include <machine/offsets.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct aspace;

struct arch_thread {
    struct jg_regs regs;   /* fs_base, gs_base: current only when not cpu.user_owner */
    uint64_t root;         /* of the page tables */
    uint32_t work;         /* ARCH_WORK_*: looked at before user mode */
    uint16_t entry;        /* ENTRY_*: how it came in; SYSCALL may leave by sysret */
    bool no_vector;        /* JG_THREAD_NO_VECTOR */
    struct aspace *aspace;
    void *vector;          /* XSAVE area; NULL: never used */
    uint64_t faults;       /* page faults in user mode */
};

_Static_assert(offsetof(struct arch_thread, regs.rsp) == T_RSP, "entry.S");
_Static_assert(offsetof(struct arch_thread, regs.r15) == T_R15, "entry.S");
_Static_assert(offsetof(struct arch_thread, regs.rip) == T_RIP, "entry.S");
_Static_assert(offsetof(struct arch_thread, regs.fs_base) == T_FS_BASE, "entry.S");
_Static_assert(offsetof(struct arch_thread, regs.entry_rax) == T_ENTRY_RAX, "entry.S");
_Static_assert(offsetof(struct arch_thread, root) == T_ROOT, "entry.S");
_Static_assert(offsetof(struct arch_thread, work) == T_WORK, "entry.S");
_Static_assert(offsetof(struct arch_thread, entry) == T_ENTRY, "entry.S");
