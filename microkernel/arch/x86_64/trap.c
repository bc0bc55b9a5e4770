/*
 * What entry.S calls: the big lock, telling traps apart, and the way out.
 *
 * In:    entry_trap() from user mode; entry_kernel_trap() from the idle wait and user copies;
 *        arch_leave() before every return to user mode.
 * Locks: the big lock is taken here on the way in and dropped on the way out, and else only by kernel_syscall(), which
 *        entry.S calls directly.
 */
#include "x86.h"
#include <core/log.h>
#include <jg/call.h>
#include <mm/reaper.h>
#include <vm/aspace.h>

#define VECTOR_NMI 2u
#define VECTOR_NO_VECTOR_UNIT 7u
#define VECTOR_PAGE_FAULT 14u
#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_EXECUTE 16u
#define REAP_AT_EXIT 16u
#define REAP_IN_IDLE 128u

extern char usercopy[], usercopy_end[], usercopy_failed[];
extern bool arch_has_smap;
void entry_trap(struct thread *t, unsigned vector, uint64_t error);
void entry_kernel_trap(struct kernel_frame *frame);
void entry_fatal(struct kernel_frame *frame) NORETURN;
void entry_switch_user(struct thread *t);

static struct kernel_frame *panic_frame;

/* No thread: reap, wait, until one is there. Interrupts are handled inside the wait. */
static void idle(void)
{
    struct cpu *cpu = this_cpu();

    while (!current_thread() && !kernel_schedule()) {
        if (reaper_pending()) {
            reaper_run(REAP_IN_IDLE);
            __asm__ volatile("sti; nop; cli" : : : "memory");
            continue;
        }
        uint64_t begin = rdtsc();

        kernel_unlock();
        arch_wait_for_interrupt();
        kernel_lock();
        cpu->idle_ticks += rdtsc() - begin;
    }
}

/* As arch_leave(), when there is something to do. */
static WARM void leave_slowly(void)
{
    if (reaper_pending())
        reaper_run(REAP_AT_EXIT);
    for (;;) {
        struct thread *t = current_thread();

        if (!t)
            idle();
        else if (arch_of(t)->work)
            kernel_exit_work(t);
        else
            break;
    }
    kernel_unlock();
}

HOT void arch_leave(void)
{
    struct thread *t = current_thread();

    if (unlikely(!t || arch_of(t)->work || reaper_pending()))
        leave_slowly();
    else
        kernel_unlock();
}

static unsigned fault_flags(uint64_t error)
{
    unsigned flags = 0;

    if (error & PF_PRESENT)
        flags |= JG_FAULT_PRESENT;
    if (error & PF_WRITE)
        flags |= JG_FAULT_WRITE;
    if (error & PF_EXECUTE)
        flags |= JG_FAULT_EXECUTE;
    return flags;
}

static void page_fault(struct thread *t, uint64_t error)
{
    uintptr_t va = read_cr2();
    unsigned flags = fault_flags(error);
    jg_status_t why = JG_ERR_BAD_ADDRESS;

    arch_of(t)->faults++;
    if (likely(va < ARCH_USER_TOP))
        why = aspace_fault(arch_of(t)->aspace, va, flags);
    if (unlikely(why != JG_OK))
        kernel_fault(t, va, flags, why);
}

static void interrupt(unsigned vector)
{
    if (vector == VECTOR_TIMER) {
        apic_eoi();
        timer_interrupt();
    } else if (vector != VECTOR_SPURIOUS) {
        irq_deliver(vector - VECTOR_IRQ_FIRST);
        apic_eoi();
    }
}

void entry_trap(struct thread *t, unsigned vector, uint64_t error)
{
    if (arch_has_smap)
        __asm__ volatile("clac" : : : "memory"); /* user mode may have set AC */
    kernel_lock();
    if (likely(vector == VECTOR_PAGE_FAULT)) {
        page_fault(t, error);
    } else if (vector == VECTOR_NO_VECTOR_UNIT) {
        if (arch_of(t)->no_vector)
            kernel_exception(t, vector, error, arch_of(t)->regs.rip);
        else if (!vector_claim(t))
            kernel_fault(t, arch_of(t)->regs.rip, 0, JG_ERR_NO_MEMORY);
    } else if (vector == VECTOR_SYSCALL32) {
        arch_of(t)->entry = ENTRY_INT80;
        arch_of(t)->regs.entry_rax = arch_of(t)->regs.rax;
        kernel_syscall_compat(t);
    } else if (vector >= 32) {
        interrupt(vector);
    } else {
        kernel_exception(t, vector, error, arch_of(t)->regs.rip);
    }
    arch_leave();
}

/* A page fault in usercopy(): retried once the page is there, else it returns false. */
static bool resolve_user_copy(struct kernel_frame *f)
{
    uintptr_t va = read_cr2();

    if (f->rip < (uintptr_t)usercopy || f->rip >= (uintptr_t)usercopy_end)
        return false;
    if (va >= ARCH_USER_TOP ||
        aspace_fault(arch_of(current_thread())->aspace, va, fault_flags(f->error)) != JG_OK)
        f->rip = (uintptr_t)usercopy_failed;
    return true;
}

void entry_kernel_trap(struct kernel_frame *frame)
{
    if (frame->vector == VECTOR_PAGE_FAULT && resolve_user_copy(frame))
        return;
    if (frame->vector < 32 || frame->vector == VECTOR_SYSCALL32) {
        panic_frame = frame;
        panic("exception %lu in the kernel, error %lx, address %lx", frame->vector, frame->error,
              read_cr2());
    }
    kernel_lock();
    interrupt((unsigned)frame->vector);
    kernel_unlock();
}

void entry_fatal(struct kernel_frame *frame)
{
    panic_frame = frame;
    panic("fatal exception %lu", frame->vector);
}

/* `t` is about to run in user mode, and the short way of entry.S cannot change the segment bases. */
void entry_switch_user(struct thread *t)
{
    struct cpu *cpu = this_cpu();
    struct arch_thread *in = arch_of(t);

    bases_save(cpu);
    bases_load(in);
    cpu->user_owner = t;
}

void arch_panic_stop(void)
{
    struct kernel_frame *f = panic_frame;

    if (f)
        log_print("rip %lx rsp %lx flags %lx cs %lx\nrax %lx rbx %lx rcx %lx rdx %lx\n"
                  "rsi %lx rdi %lx rbp %lx r8 %lx\nr9 %lx r10 %lx r11 %lx r12 %lx\n"
                  "r13 %lx r14 %lx r15 %lx",
                  f->rip, f->rsp, f->rflags, f->cs, f->rax, f->rbx, f->rcx, f->rdx, f->rsi, f->rdi,
                  f->rbp, f->r8, f->r9, f->r10, f->r11, f->r12, f->r13, f->r14, f->r15);
    kernel_describe_current();
    arch_backtrace();
    outl(0xf4, 0x10);
    for (;;)
        __asm__ volatile("cli; hlt");
}

extern char kernel_start[], text_end[];

void arch_backtrace(void)
{
    const uintptr_t *fp = panic_frame ? (const uintptr_t *)panic_frame->rbp
                                      : (const uintptr_t *)__builtin_frame_address(0);

    for (unsigned depth = 0; depth < 16; depth++) {
        if ((uintptr_t)fp < ARCH_KERNEL_BASE || ((uintptr_t)fp & 7) ||
            fp[1] < (uintptr_t)kernel_start || fp[1] >= (uintptr_t)text_end)
            return;
        log_print("  called from %lx", fp[1]);
        fp = (const uintptr_t *)fp[0];
    }
}
