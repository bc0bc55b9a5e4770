/* The register names of arch/thread.h on x86-64; the law is abi/jg/arch/x86_64/call.h. */
#pragma once

#include <machine/thread.h>

static inline uint64_t arch_syscall_number(const struct arch_thread *t)
{
    return t->regs.entry_rax;
}

static inline uint64_t arch_arg(const struct arch_thread *t, unsigned i)
{
    switch (i) {
    case 0:
        return t->regs.rdi;
    case 1:
        return t->regs.rsi;
    case 2:
        return t->regs.rdx;
    case 3:
        return t->regs.r10;
    case 4:
        return t->regs.r8;
    default:
        return t->regs.r9;
    }
}

static inline void arch_set_result(struct arch_thread *t, int64_t value)
{
    t->regs.rax = (uint64_t)value;
}

static inline int64_t arch_result(const struct arch_thread *t)
{
    return (int64_t)t->regs.rax;
}

static inline uint64_t arch_call_handle(const struct arch_thread *t)
{
    return t->regs.rdi;
}

static inline uint64_t arch_call_info(const struct arch_thread *t)
{
    return t->regs.r14;
}

/* channel_call: the address of the extension; reply and reply_wait: the token. */
static inline uint64_t arch_call_ext(const struct arch_thread *t)
{
    return t->regs.r15;
}

static inline uint64_t *arch_word_slot(struct arch_thread *t, unsigned i)
{
    switch (i) {
    case 0:
        return &t->regs.rsi;
    case 1:
        return &t->regs.rdx;
    case 2:
        return &t->regs.r10;
    case 3:
        return &t->regs.r8;
    case 4:
        return &t->regs.r9;
    case 5:
        return &t->regs.rbx;
    case 6:
        return &t->regs.r12;
    default:
        return &t->regs.r13;
    }
}

static inline uint64_t arch_call_word(const struct arch_thread *t, unsigned i)
{
    return *arch_word_slot((struct arch_thread *)(uintptr_t)t, i);
}

static inline void arch_set_call_word(struct arch_thread *t, unsigned i, uint64_t value)
{
    *arch_word_slot(t, i) = value;
}

static inline void arch_copy_words(struct arch_thread *dst, const struct arch_thread *src)
{
    dst->regs.rsi = src->regs.rsi;
    dst->regs.rdx = src->regs.rdx;
    dst->regs.r10 = src->regs.r10;
    dst->regs.r8 = src->regs.r8;
    dst->regs.r9 = src->regs.r9;
    dst->regs.rbx = src->regs.rbx;
    dst->regs.r12 = src->regs.r12;
    dst->regs.r13 = src->regs.r13;
}

static inline void arch_copy_trap_words(struct arch_thread *dst, const struct arch_thread *src)
{
    dst->regs.rsi = src->regs.rdi;
    dst->regs.rdx = src->regs.rsi;
    dst->regs.r10 = src->regs.rdx;
    dst->regs.r8 = src->regs.r10;
    dst->regs.r9 = src->regs.r8;
    dst->regs.rbx = src->regs.r9;
    dst->regs.r12 = src->regs.entry_rax;
    dst->regs.r13 = src->entry;
}

static inline void arch_apply_trap_words(struct arch_thread *t, const struct arch_thread *src)
{
    t->regs.rdi = src->regs.rsi;
    t->regs.rsi = src->regs.rdx;
    t->regs.rdx = src->regs.r10;
    t->regs.r10 = src->regs.r8;
    t->regs.r8 = src->regs.r9;
    t->regs.r9 = src->regs.rbx;
    t->regs.entry_rax = src->regs.r12;
}

static inline void arch_set_delivery(struct arch_thread *t, int64_t status, uint64_t key,
                                     uint64_t token, uint64_t info)
{
    t->regs.rax = (uint64_t)status;
    t->regs.rdi = key;
    t->regs.r15 = token;
    t->regs.r14 = info;
}

static inline void arch_set_call_result(struct arch_thread *t, int64_t status, uint64_t info)
{
    t->regs.rax = (uint64_t)status;
    t->regs.r14 = info;
}

static inline uintptr_t arch_pc(const struct arch_thread *t)
{
    return t->regs.rip;
}

static inline uintptr_t arch_sp(const struct arch_thread *t)
{
    return t->regs.rsp;
}
