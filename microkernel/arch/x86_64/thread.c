/*
 * The register state of threads: made, copied, read and written from outside, sanitised.
 */
#include "x86.h"
#include <core/string.h>
#include <mm/heap.h>
#include <vm/aspace.h>


static bool is_user_address(uint64_t va)
{
    return va < ARCH_USER_TOP;
}

/* Brings the bases in memory up to date; what is written to them then is loaded at the next way out. */
static void bases_sync(struct arch_thread *t)
{
    struct cpu *cpu = this_cpu();

    if (cpu->user_owner != (struct thread *)t)
        return;
    bases_save(cpu);
    cpu->user_owner = NULL;
}

void arch_thread_init(struct arch_thread *t)
{
    memset(t, 0, sizeof *t);
    t->regs.rflags = FLAGS_FIXED;
    t->regs.entry_rax = (uint64_t)-1;
    t->entry = ENTRY_TRAP;
}

void arch_thread_destroy(struct arch_thread *t)
{
    struct cpu *cpu = this_cpu();

    if (cpu->user_owner == (struct thread *)t)
        cpu->user_owner = NULL;
    vector_forget((struct thread *)t);
    heap_free(t->vector);
    t->vector = NULL;
}

void arch_thread_set_aspace(struct arch_thread *t, struct aspace *as)
{
    t->aspace = as;
    t->root = as->pt.root;
}

void arch_thread_set_entry(struct arch_thread *t, uintptr_t pc, uintptr_t sp, uint64_t argument)
{
    bases_sync(t);
    memset(&t->regs, 0, sizeof t->regs);
    t->regs.rip = pc;
    t->regs.rsp = sp;
    t->regs.rdi = argument;
    t->regs.rflags = FLAGS_FIXED;
    t->regs.entry_rax = (uint64_t)-1;
    t->entry = ENTRY_TRAP;
}

/* A system call's entry does not store what rip and rflags say as well. */
static void regs_complete(struct arch_thread *t)
{
    if (t->entry != ENTRY_SYSCALL)
        return;
    t->regs.rcx = t->regs.rip;
    t->regs.r11 = t->regs.rflags;
}

jg_status_t arch_thread_copy(struct arch_thread *dst, struct arch_thread *src)
{
    if (!vector_copy(dst, src))
        return JG_ERR_NO_MEMORY;
    bases_sync(src);
    bases_sync(dst);
    regs_complete(src);
    dst->regs = src->regs;
    dst->entry = ENTRY_TRAP;
    return JG_OK;
}

void arch_thread_read_regs(struct arch_thread *t, struct jg_regs *regs)
{
    bases_sync(t);
    regs_complete(t);
    *regs = t->regs;
}

jg_status_t arch_thread_write_regs(struct arch_thread *t, const struct jg_regs *regs)
{
    if (!is_user_address(regs->rip) || !is_user_address(regs->fs_base) ||
        !is_user_address(regs->gs_base))
        return JG_ERR_INVALID_ARGS;
    bases_sync(t);
    t->regs = *regs;
    t->regs.rflags = (regs->rflags & FLAGS_USER) | FLAGS_FIXED;
    t->entry = ENTRY_TRAP; /* every register is loaded, rcx and r11 too */
    return JG_OK;
}
