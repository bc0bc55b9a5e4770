/*
 * Where the entry code calls up: system calls, faults and exceptions, and what is left to do before a
 * thread is in user mode.
 *
 * In:    the hooks of core/hooks.h but kernel_syscall(), which is in fastpath.c.
 * Life:  a native call runs its handler to the end; a thread with levels traps instead. Afterwards the
 *        consequences of closed handles and killed processes are settled, so none is seen half done.
 * Locks: the big lock, taken by the entry code.
 */
#include <core/hooks.h>
#include <core/log.h>
#include <object/answers.h>
#include <object/call.h>
#include <object/sched.h>
#include <syscall/message.h>
#include <syscall/syscall.h>

typedef int64_t handler(struct thread *t, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                        uint64_t e);

static handler *const handlers[JG_SYS_COUNT] = {
#define JG_SYSCALL(number, name, ...) [number] = sys_##name,
#include <jg/syscalls.def>
#undef JG_SYSCALL
};

WARM void syscall_slow(struct thread *t)
{
    uint64_t number = arch_syscall_number(&t->arch);

    if (thread_is_trapped(t)) {
        trap_send(t, JG_TRAP_SYSCALL);
    } else {
        handler *handle = number < JG_SYS_COUNT ? handlers[number] : NULL;
        int64_t result = JG_ERR_NOT_SUPPORTED;

        if (handle)
            result = handle(t, arch_arg(&t->arch, 0), arch_arg(&t->arch, 1), arch_arg(&t->arch, 2),
                            arch_arg(&t->arch, 3), arch_arg(&t->arch, 4));
        /* A handler that waits, exits or kills its own thread has left: `t` may be gone by now. */
        if (current_thread() == t)
            arch_set_result(&t->arch, result);
    }
    object_settle();
    arch_leave();
}

void kernel_syscall_compat(struct thread *t)
{
    if (thread_is_trapped(t)) {
        if (answer(t, JG_ENTRY_INT80))
            return;
        trap_send(t, JG_TRAP_SYSCALL);
        object_settle();
    } else {
        arch_set_result(&t->arch, JG_ERR_NOT_SUPPORTED);
    }
}

/* A trap that is no system call: its words travel in the thread. */
static void trap_with(struct thread *t, enum jg_trap reason, uint64_t a, uint64_t b, uint64_t c,
                      uint64_t d, uint64_t e)
{
    uint64_t words[JG_CALL_WORDS] = {a, b, c, d, e};

    for (unsigned i = 0; i < JG_CALL_WORDS; i++)
        t->words[i] = words[i];
    trap_send(t, reason);
    object_settle();
}

/* A native thread did what it must not: its process ends. */
static void kill_native(struct thread *t, unsigned vector, uintptr_t address, const char *what)
{
    log_print("%s: %s (vector %u) at 0x%lx, pc 0x%lx sp 0x%lx: ended", t->process->name, what,
              vector, address, arch_pc(&t->arch), arch_sp(&t->arch));
    process_kill(t->process, JG_ERR_BAD_ADDRESS);
    object_settle();
}

void kernel_fault(struct thread *t, uintptr_t va, unsigned flags, jg_status_t why)
{
    if (thread_is_trapped(t))
        trap_with(t, why == JG_ERR_NO_MEMORY ? JG_TRAP_NO_MEMORY : JG_TRAP_FAULT, va, flags,
                  (uint64_t)(int64_t)why, arch_pc(&t->arch), arch_sp(&t->arch));
    else
        kill_native(t, 14, va, why == JG_ERR_NO_MEMORY ? "out of memory" : "page fault");
}

void kernel_exception(struct thread *t, unsigned vector, uint64_t error, uintptr_t address)
{
    if (thread_is_trapped(t))
        trap_with(t, JG_TRAP_EXCEPTION, vector, error, address, arch_pc(&t->arch), 0);
    else
        kill_native(t, vector, address, "exception");
}

/* Who was preempted from above, or has no turns, keeps its place; whose slice is over goes behind its equals. */
static void reschedule(struct thread *t)
{
    bool above = sched.ready_bands >> t->priority > 1;

    if (!above && !sched_first(t->priority))
        return;
    sched_leave(t);
    if (!t->turn || !sched.turn_over)
        sched_ready_first(t);
    else
        sched_ready(t);
}

void kernel_exit_work(struct thread *t)
{
    if (t->arch.work & WORK_RECEIVE) {
        t->arch.work &= ~WORK_RECEIVE;
        call_receive(t);
        object_settle();
    } else if (t->arch.work & WORK_BIRTH) {
        unsigned level = 31u - (unsigned)__builtin_clz(t->births);

        t->births &= (uint8_t) ~(1u << level);
        if (!t->births)
            t->arch.work &= ~WORK_BIRTH;
        for (unsigned i = 0; i < JG_CALL_WORDS; i++)
            t->words[i] = 0;
        t->words[0] = t->object.koid;
        t->see_result = 0;
        trap_send_to(t, level, JG_TRAP_BIRTH);
        object_settle();
    } else if (t->arch.work & WORK_KICK) {
        t->arch.work &= ~WORK_KICK;
        if (thread_is_trapped(t))
            trap_with(t, JG_TRAP_KICK, 0, 0, 0, 0, 0);
    } else {
        t->arch.work = 0;
        reschedule(t);
    }
}
