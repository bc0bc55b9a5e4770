/*
 * The fast paths of a call, of a trapped system call and of a reply: the common case, or nothing.
 *
 * In:    trap_fast(), call_fast(), reply_wait_fast() from kernel_syscall().
 * Life:  each first checks everything, leaving for the slow path at the first doubt; below its line "Point
 *        of no return" there are only stores, which leave the same state as the slow path would.
 * Locks: the big lock. No queue, no scheduler, no allocation, no vector registers.
 */
#include <object/call.h>
#include <object/channel.h>
#include <object/port.h>
#include <object/process.h>
#include <object/sched.h>
#include <object/token.h>

/* Hands `caller`, whose words have been copied, to `worker`, which was parked, and runs it. Only stores. */
static inline void deliver(struct thread *caller, struct thread *worker, struct port *port,
                           uint64_t key, uint64_t info)
{
    uint64_t now = arch_counter();

    port->parked = worker->next_parked;
    worker->port = NULL;
    info |= worker->reply_lost | (port->parked ? 0 : JG_INFO_LAST_WORKER);
    worker->reply_lost = 0;
    arch_set_delivery(&worker->arch, JG_OK, key, token_give(caller, worker), info);
    caller->run_ticks += now - sched.stamp;
    sched.stamp = now;
    sched.switches++;
    worker->state = THREAD_RUNNING;
    cpu_set_current(worker);
}

HOT bool trap_fast(struct thread *thread)
{
    unsigned top = thread->level_count - 1u;
    struct level *level = &thread->levels[top];
    struct thread *worker = level->port->parked;

    if (unlikely(!worker || thread->arch.work))
        return false;

    /* Point of no return. */
    thread->kind = JG_KIND_TRAP;
    thread->reason = JG_TRAP_SYSCALL;
    thread->level = (uint8_t)top;
    thread->see_result = 0;
    arch_copy_trap_words(&worker->arch, &thread->arch);
    deliver(thread, worker, level->port, level->cookie,
            (uint64_t)JG_KIND_TRAP << 40 | JG_TRAP_SYSCALL);
    return true;
}

HOT bool call_fast(struct thread *thread)
{
    struct handle_slot *slot =
        handle_slot(&thread->process->handles, (jg_handle_t)arch_call_handle(&thread->arch));
    uint64_t info = arch_call_info(&thread->arch);
    struct channel *peer;
    struct thread *worker;

    if (unlikely(!slot || slot->object->type != JG_TYPE_CHANNEL ||
                 !(slot->rights & JG_RIGHT_CALL) || (info & JG_CALL_EXTENDED)))
        return false;
    peer = channel_of(slot->object)->peer;
    if (unlikely(!peer || !peer->port))
        return false;
    worker = peer->port->parked;
    if (unlikely(!worker || thread->arch.work || thread->kicked))
        return false;

    /* Point of no return. */
    thread->kind = JG_KIND_CALL;
    thread->extended = false;
    arch_copy_words(&worker->arch, &thread->arch);
    deliver(thread, worker, peer->port, peer->key, (uint64_t)JG_KIND_CALL << 40 | (uint32_t)info);
    return true;
}

HOT bool reply_wait_fast(struct thread *thread)
{
    struct handle_slot *slot =
        handle_slot(&thread->process->handles, (jg_handle_t)arch_call_handle(&thread->arch));
    uint64_t info = arch_call_info(&thread->arch), now;
    struct thread *caller = token_get(arch_call_ext(&thread->arch), thread->process);
    struct port *port;

    if (unlikely(!slot || slot->object->type != JG_TYPE_PORT || !(slot->rights & JG_RIGHT_WAIT) ||
                 !caller || (info & (JG_REPLY_PASS | JG_REPLY_POLL | JG_REPLY_RESUME |
                                     JG_REPLY_YIELD))))
        return false;
    port = port_of(slot->object);
    if (unlikely(!list_empty(&port->queue) || thread->arch.work || thread->kicked ||
                 !sched_may_switch(caller)))
        return false;
    if (caller->kind == JG_KIND_CALL) {
        if (unlikely(caller->extended && (caller->extra.room || caller->extra.sent_count)))
            return false;
    } else if (unlikely(caller->reason != JG_TRAP_SYSCALL || caller->see_result)) {
        return false;
    }

    /* Point of no return. */
    now = arch_counter();
    thread->run_ticks += now - sched.stamp;
    sched.stamp = now;
    sched.switches++;
    token_use(caller, thread);
    if (caller->kind == JG_KIND_CALL) {
        caller->extended = false;
        arch_copy_words(&caller->arch, &thread->arch);
        arch_set_call_result(&caller->arch, JG_OK, JG_INFO_LABEL(info));
    } else {
        arch_set_result(&caller->arch, (int64_t)arch_call_word(&thread->arch, 0));
    }
    thread->state = THREAD_PARKED;
    thread->port = port;
    thread->next_parked = port->parked;
    port->parked = thread;
    caller->state = THREAD_RUNNING;
    cpu_set_current(caller);
    return true;
}
