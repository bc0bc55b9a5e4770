/*
 * The dump: every thread, what it waits for, and who holds its token.
 *
 * In:    dump_threads() from jg_debug_dump; kernel_describe_current() from a panic.
 * Locks: the big lock; a panic looks without it.
 */
#include <core/hooks.h>
#include <core/log.h>
#include <object/dump.h>
#include <object/port.h>
#include <object/process.h>
#include <object/sched.h>
#include <object/token.h>

static void dump_wait(const struct thread *thread)
{
    switch ((enum thread_state)thread->state) {
    case THREAD_PARKED:
        log_print("    parked on port %lu", thread->port->object.koid);
        break;
    case THREAD_QUEUED:
        log_print("    queued on port %lu, key 0x%lx", thread->port->object.koid,
                  thread->packet.key);
        break;
    case THREAD_HELD:
        log_print("    its token %lx is held by %s", thread->token,
                  thread->holder ? thread->holder->name : "nobody");
        break;
    case THREAD_FUTEX:
        log_print("    sleeping on %lx until %ld", thread->futex_va,
                  deadline_is_set(&thread->deadline) ? thread->deadline.at : -1L);
        break;
    default:
        break;
    }
}

void dump_threads(void)
{
    struct thread *thread;
    uint32_t index = 0;

    log_print("threads:");
    while ((thread = token_next_thread(&index))) {
        log_print("  %s thread %lu: %s%s%s%s, pc %lx sp %lx", thread->process->name,
                  thread->object.koid, thread_state_name(thread),
                  thread_is_trapped(thread) ? ", trapped" : "",
                  thread->arch.work & WORK_KICK || thread->kicked ? ", kicked" : "",
                  thread == current_thread() ? ", current" : "", arch_pc(&thread->arch),
                  arch_sp(&thread->arch));
        if ((thread->state == THREAD_HELD || thread->state == THREAD_QUEUED) &&
            thread->kind == JG_KIND_TRAP)
            log_print("    trap %u at level %u, number %lu, arguments %lx %lx %lx", thread->reason,
                      thread->level, arch_syscall_number(&thread->arch), arch_arg(&thread->arch, 0),
                      arch_arg(&thread->arch, 1), arch_arg(&thread->arch, 2));
        dump_wait(thread);
    }
}

void kernel_describe_current(void)
{
    struct thread *thread = current_thread();

    if (thread)
        log_print("current: %s thread %lu, pc %lx sp %lx", thread->process->name,
                  thread->object.koid, arch_pc(&thread->arch), arch_sp(&thread->arch));
}
