/*
 * Processors: the block that each has, and what can be told to one.
 *
 * The block is reached through a segment base (GS on x86-64), from the first C function on.
 */
#pragma once

#include <core/compiler.h>
#include <core/lock.h>
#include <machine/cpu.h>

struct thread;

/* This processor's block. */
static inline struct cpu *this_cpu(void);

/* The thread whose registers the next return to user mode loads, or NULL (idle). */
static inline struct thread *current_thread(void);

/*
 * Makes `t` (or NULL) the thread that runs when the kernel is left. Only stores: page tables, segment
 * bases and vector ownership follow on the way out. `t` must have an address space.
 */
static inline void cpu_set_current(struct thread *t);

/*
 * `to` is about to serve a trap of `from`: if it uses no vector registers (JG_THREAD_NO_VECTOR), they are left as they are
 * while it runs. Only stores.
 */
static inline void arch_vector_lend(const struct thread *from, struct thread *to);

/* The counter that time is made of. */
static inline uint64_t arch_counter(void);

#include <machine/cpu_inline.h>

/*
 * The end of an entry: does what is left to do until a thread can run in user mode, and drops the big lock.
 * kernel_syscall() calls it as its last act; after the other hooks the entry code does.
 */
void arch_leave(void);

/*
 * Goes to user mode as the current thread, which has no work to do; the big lock has been dropped. Does not come back. It is not
 * declared so, for then compilers would call it: as a last act it is jumped to, and a return is dear under emulation.
 */
void arch_return_to_user(void);

/* Halts until an interrupt; called with interrupts off and the big lock dropped; returns with them off. */
void arch_wait_for_interrupt(void);

/* Ends the machine by ACPI. Does not return. */
void arch_power_off(void) NORETURN;

/* Resets the machine. Does not return. */
void arch_restart(void) NORETURN;

/* What a panic does last. Prints registers if it can; ends the machine with status 33. */
void arch_panic_stop(void) NORETURN COLD;

/* Prints return addresses from the caller's frame on. */
void arch_backtrace(void) COLD;

/* Writes to the earliest console there is. */
void arch_console_write(const char *text, size_t length);

/* A word from the hardware's random source, or from the counter where there is none. Slow. */
uint64_t arch_entropy(void);

/* One-shot: kernel_tick() at about `deadline` (monotonic ns; in the past: soon; JG_TIME_INFINITE: never). */
void arch_timer_set(int64_t deadline);

/* A port of device I/O space: width 1, 2 or 4. On machines without ports returns all ones. */
uint32_t arch_port_read(uint16_t port, unsigned width);
/* As arch_port_read(). */
void arch_port_write(uint16_t port, unsigned width, uint32_t value);
