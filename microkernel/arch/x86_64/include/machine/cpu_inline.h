/* The inline half of arch/cpu.h on x86-64. */
#pragma once

#include <machine/cpu.h>
#include <machine/thread.h>

static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;

    __asm__("mov %%gs:0, %0" : "=r"(cpu)); /* the same for ever on one processor: not volatile */
    return cpu;
}

static inline struct thread *current_thread(void)
{
    struct thread *t;

    __asm__ volatile("mov %%gs:%c1, %0" : "=r"(t) : "i"(CPU_CURRENT) : "memory");
    return t;
}

static inline void cpu_set_current(struct thread *t)
{
    __asm__ volatile("mov %0, %%gs:%c1" : : "r"(t), "i"(CPU_CURRENT) : "memory");
}

static inline void arch_vector_lend(const struct thread *from, struct thread *to)
{
    struct cpu *cpu = this_cpu();

    if (cpu->vector_owner == from && ((struct arch_thread *)to)->no_vector)
        cpu->vector_guest = to;
}

static inline uint64_t arch_counter(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return low | (uint64_t)high << 32;
}
