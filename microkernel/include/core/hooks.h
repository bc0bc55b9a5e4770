/*
 * Where arch/ calls up. The layers below object/ and syscall/ know those only through these functions.
 *
 * All but kernel_syscall() are called with the big lock held, all with interrupts off, on the processor's one kernel stack. None
 * blocks: a thread that must wait is taken off the processor with cpu_set_current(NULL) or another
 * thread, and whoever completes its wait writes its result registers (arch/thread.h).
 *
 * After every hook the exit path runs, in a loop, until a thread can go on in user mode:
 *     no current thread          -> kernel_schedule(), and idle (with the reaper) while it finds none
 *     current->arch.work != 0    -> kernel_exit_work()
 */
#pragma once

#include <core/compiler.h>
#include <jg/types.h>

struct thread;
struct aspace;

/* What the boot loader gave. */
struct boot_info {
    paddr_t image;        /* the boot image (initrd); its frames are reserved, page aligned */
    uint64_t image_size;  /* bytes; 0: there is none */
    const char *cmdline;  /* never NULL */
};

/*
 * Called once, when memory, interrupts and time work. Makes the first process; returns, and the exit path
 * schedules. Misuse: looping here.
 */
void kernel_main(const struct boot_info *boot);

/*
 * `t` (current) made a `syscall`. For native calls and traps alike: looks at t's levels, then at the number.
 * Place it and its fast path in HOT; the slow one is another, COLD function. It takes the big lock itself, and
 * its last act is arch_leave(), or arch_return_to_user() where it knows that there is nothing left to do.
 */
void kernel_syscall(struct thread *t);

/* `t` (current) executed int 0x80. */
void kernel_syscall_compat(struct thread *t);

/*
 * A user-mode page fault of `t` (current) that aspace_fault() could not resolve.
 * `flags` are JG_FAULT_*; `why` is JG_ERR_BAD_ADDRESS, PROTECTED, BEYOND_SIZE, NO_MEMORY or ABSENT.
 */
void kernel_fault(struct thread *t, uintptr_t va, unsigned flags, jg_status_t why);

/* Another exception in user mode. `address` is the faulting PC, or CR2 where it means something. */
void kernel_exception(struct thread *t, unsigned vector, uint64_t error, uintptr_t address);

/* Device interrupt `irq` (as arch_irq_alloc_* numbered it) arrived. arch/ sends the EOI afterwards. */
void kernel_interrupt(unsigned irq);

/* The one-shot timer (arch_timer_set) came due. */
void kernel_tick(void);

/* There is no current thread: choose one with cpu_set_current(). Returns false if none can run. */
bool kernel_schedule(void);

/* `t` (current) has work to do before user mode (t->arch.work): kick, death, end of its slice. Clears the bit. */
void kernel_exit_work(struct thread *t);

/* For panic: one line on what runs now; must touch as little as possible. May be empty. */
void kernel_describe_current(void);
