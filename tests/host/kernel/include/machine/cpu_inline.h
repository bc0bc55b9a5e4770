/* The "processor" of the host tests: one variable says who runs, another counts. */
#pragma once

#include <machine/cpu.h>

extern struct thread *host_current;
extern uint64_t host_counter;

static inline struct cpu *this_cpu(void)
{
    return (struct cpu *)0; /* nobody on the host looks at it */
}

static inline struct thread *current_thread(void)
{
    return host_current;
}

static inline void cpu_set_current(struct thread *t)
{
    host_current = t;
}

static inline uint64_t arch_counter(void)
{
    return ++host_counter;
}

static inline void arch_vector_lend(const struct thread *from, struct thread *to)
{
    (void)from;
    (void)to;
}
