/* struct cpu on x86-64, reached through GS in the kernel. */
#pragma once

#include <core/compiler.h>
#include <machine/offsets.h>

struct thread;

struct cpu {
    struct cpu *self;
    struct thread *current;      /* loaded on the way out; NULL: idle */
    uintptr_t stack_top;
    uint64_t scratch;
    uint64_t loaded_root;        /* what CR3 holds */
    struct thread *user_owner;   /* whose FS and GS bases are in the registers */
    struct thread *vector_owner; /* whose vector state is in the registers */
    bool vector_off;             /* CR0.TS as it is */
    bool bases_by_msr;           /* no rdfsbase and its like: entry_switch_user() */
    uint32_t id;
    uint64_t cr0_off; /* CR0 with TS: what turns the vector unit off */
    struct thread *vector_guest; /* runs with the owner's state in the unit, which it does not use: arch_vector_lend() */
    uint64_t idle_ticks; /* of arch_counter() */
};

_Static_assert(offsetof(struct cpu, current) == CPU_CURRENT, "entry.S");
_Static_assert(offsetof(struct cpu, stack_top) == CPU_STACK_TOP, "entry.S");
_Static_assert(offsetof(struct cpu, scratch) == CPU_SCRATCH, "entry.S");
_Static_assert(offsetof(struct cpu, loaded_root) == CPU_LOADED_ROOT, "entry.S");
_Static_assert(offsetof(struct cpu, user_owner) == CPU_USER_OWNER, "entry.S");
_Static_assert(offsetof(struct cpu, vector_owner) == CPU_VECTOR_OWNER, "entry.S");
_Static_assert(offsetof(struct cpu, vector_off) == CPU_VECTOR_OFF, "entry.S");
_Static_assert(offsetof(struct cpu, bases_by_msr) == CPU_BASES_BY_MSR, "entry.S");
_Static_assert(offsetof(struct cpu, cr0_off) == CPU_CR0_OFF, "entry.S");
_Static_assert(offsetof(struct cpu, vector_guest) == CPU_VECTOR_GUEST, "entry.S");
