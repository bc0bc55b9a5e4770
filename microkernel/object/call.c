/*
 * Calls and traps on their way to a receiver: the slow path.
 *
 * In:    call_send() from channel_call, trap_send() from system calls, faults and kicks of trapped threads;
 *        trap_send_to() also from replies that pass on.
 * Life:  the caller is HELD (delivered) or QUEUED (nobody parked) when these return; in both cases it is
 *        registered as waiting before its receiver can run.
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <object/call.h>
#include <object/channel.h>
#include <object/job.h>
#include <object/port.h>
#include <object/process.h>
#include <object/sched.h>
#include <object/token.h>

WARM void call_extra_drop(struct thread *caller)
{
    struct call_extra *extra = &caller->extra;

    if (!caller->extended)
        return;
    for (unsigned i = 0; i < extra->sent_count; i++)
        handle_drop(&extra->sent[i]);
    for (unsigned i = 0; i < extra->given_count; i++)
        handle_drop(&extra->given[i]);
    extra->sent_count = extra->given_count = 0;
    caller->extended = false;
}

void call_queue(struct thread *caller, struct port *port)
{
    struct thread *worker = port_take_worker(port);

    caller->port = port;
    caller->packet.kind = caller->kind;
    if (worker) {
        call_deliver(worker, caller, caller->packet.key);
        sched_ready(worker);
        return;
    }
    caller->state = THREAD_QUEUED;
    caller->packet.queued = true;
    list_add_tail(&port->queue, &caller->packet.link);
}

/* As call_queue() for the current thread, whose receiver runs here and now. */
static void queue_current(struct thread *caller, struct port *port)
{
    struct thread *worker = port_take_worker(port);

    if (!worker) {
        sched_leave(caller);
        call_queue(caller, port);
        return;
    }
    caller->port = port;
    sched_account(caller);
    call_deliver(worker, caller, caller->packet.key);
    sched_switch(caller, worker);
    if (sched.ready_bands >> worker->priority > 1)
        worker->arch.work |= WORK_RESCHEDULE;
}

jg_status_t call_send(struct thread *thread, struct channel *end)
{
    struct channel *peer = end->peer;
    struct port *port;

    ASSERT_TYPE(end, JG_TYPE_CHANNEL);
    if (!peer)
        return JG_ERR_PEER_CLOSED;
    port = peer->port;
    if (!port)
        return JG_ERR_BAD_STATE;
    if (port->closed)
        return JG_ERR_PEER_CLOSED;
    /* Point of no return. */
    thread->kind = JG_KIND_CALL;
    thread->channel = peer;
    thread->packet.key = peer->key;
    queue_current(thread, port);
    return JG_OK;
}

void trap_send_to(struct thread *thread, unsigned level, enum jg_trap reason)
{
    struct port *port = thread->levels[level].port;

    thread->kind = JG_KIND_TRAP;
    thread->reason = (uint8_t)reason;
    thread->level = (uint8_t)level;
    thread->extended = false;
    thread->packet.key = thread->levels[level].cookie;
    if (port->closed) {
        if (thread == current_thread())
            sched_leave(thread);
        thread->state = THREAD_HELD; /* by nobody */
        trap_orphan(thread);
    } else if (thread == current_thread()) {
        queue_current(thread, port);
    } else {
        call_queue(thread, port);
    }
}

void trap_send(struct thread *thread, enum jg_trap reason)
{
    thread->see_result = 0;
    trap_send_to(thread, thread->level_count - 1u, reason);
}

/* A set of levels after one has gone: those above it moved down. */
static uint8_t without_bit(uint8_t set, unsigned level)
{
    return (uint8_t)((set & ((1u << level) - 1)) | (set >> (level + 1) << level));
}

void trap_orphan(struct thread *thread)
{
    unsigned level = thread->level;
    uint32_t policy = thread->process->object.job->orphans;
    struct level gone = thread->levels[level];

    thread->state = THREAD_HELD; /* by nobody, until it is somewhere again */
    token_drop(thread);
    if (policy == JG_ORPHANS_KILL || level == 0) {
        process_kill(thread->process, JG_ERR_PEER_CLOSED);
        return;
    }
    for (unsigned i = level; i + 1 < thread->level_count; i++)
        thread->levels[i] = thread->levels[i + 1];
    thread->level_count--;
    thread->see_result = without_bit(thread->see_result, level);
    thread->births = without_bit(thread->births, level);
    if (!thread->births)
        thread->arch.work &= ~WORK_BIRTH;
    if (policy == JG_ORPHANS_TELL) {
        for (unsigned i = 0; i < JG_CALL_WORDS; i++)
            thread->words[i] = 0;
        trap_send_to(thread, level - 1, JG_TRAP_ORPHAN);
    } else if (thread->reason == JG_TRAP_RESULT || thread->reason == JG_TRAP_BIRTH)
        trap_result_up(thread, level);
    else
        trap_send_to(thread, level - 1, thread->reason);
    object_unref(&gone.port->object);
}
