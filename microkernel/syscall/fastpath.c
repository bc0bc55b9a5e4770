/*
 * The fast paths of a call, of a trapped system call and of a reply: the common case, or nothing.
 *
 * In:    kernel_syscall(), from the entry code.
 * Life:  each first checks everything, leaving for the slow path at the first doubt; below its line "Point
 *        of no return" there are only stores, which leave the same state as the slow path would. What leads from a
 *        handle to the port behind it is remembered in the thread (struct route) and good while no handle
 *        anywhere has been closed, so that the tables and objects in between are not touched again.
 *        Exit work of the thread that waits (arch.work) is no matter here: it stays with the thread until that is about
 *        to be in user mode again.
 * Locks: the big lock. No queue, no scheduler, no allocation, no vector registers.
 */
#include <core/hooks.h>
#include <mm/reaper.h>
#include <object/answers.h>
#include <object/channel.h>
#include <object/port.h>
#include <object/sched.h>
#include <object/token.h>
#include <syscall/copy.h>
#include <syscall/message.h>
#include <syscall/syscall.h>

/* Runs `to` instead of `from`, which waits from now on. */
static INLINE void change(struct thread *from, struct thread *to)
{
    uint64_t now = arch_counter();

    from->run_ticks += now - sched.stamp;
    sched.stamp = now;
    sched.switches++;
    to->state = THREAD_RUNNING;
    cpu_set_current(to);
}

/* Hands `caller`, whose words have been copied, to `worker`, which was parked, and runs it. Only stores. */
static INLINE void deliver(struct thread *caller, struct thread *worker, struct port *port,
                           uint64_t key, uint64_t info)
{
    struct thread *next = worker->next_parked;

    port->parked = next;
    worker->port = NULL;
    info |= worker->reply_lost | (next ? 0 : JG_INFO_LAST_WORKER);
    worker->reply_lost = 0;
    arch_set_delivery(&worker->arch, JG_OK, key, token_give(caller, worker), info);
    change(caller, worker);
}

static INLINE bool trap_fast(struct thread *thread)
{
    unsigned top = thread->level_count - 1u;
    struct level *level = &thread->levels[top];
    struct thread *worker = level->port->parked;

    if (unlikely(!worker))
        return false;

    /* Point of no return. */
    thread->kind = JG_KIND_TRAP;
    thread->reason = JG_TRAP_SYSCALL;
    thread->level = (uint8_t)top;
    thread->see_result = 0;
    arch_copy_trap_words(&worker->arch, &thread->arch);
    arch_vector_lend(thread, worker);
    deliver(thread, worker, level->port, level->cookie,
            (uint64_t)JG_KIND_TRAP << 40 | JG_TRAP_SYSCALL);
    return true;
}

/* Finds out where calls on the handle of the present call arrive. */
static bool call_route(struct thread *thread)
{
    jg_handle_t h = (jg_handle_t)arch_call_handle(&thread->arch);
    struct object *object;
    struct channel *peer;

    if (get(thread, h, JG_TYPE_CHANNEL, JG_RIGHT_CALL, &object) != JG_OK)
        return false;
    peer = channel_of(object)->peer;
    if (!peer || !peer->port)
        return false;
    thread->call = (struct route){handle_epoch, peer->port, peer->key, h};
    return true;
}

/* Finds the port behind the handle that is waited on. */
static bool wait_route(struct thread *thread)
{
    jg_handle_t h = (jg_handle_t)arch_call_handle(&thread->arch);
    struct object *object;

    if (get(thread, h, JG_TYPE_PORT, JG_RIGHT_WAIT, &object) != JG_OK)
        return false;
    thread->wait = (struct route){handle_epoch, port_of(object), 0, h};
    return true;
}

static INLINE bool route_is_good(const struct route *route, const struct thread *thread)
{
    return likely(route->handle == (jg_handle_t)arch_call_handle(&thread->arch) &&
                  route->epoch == handle_epoch);
}

/* The call of a thread whose windows, if any, have been read. */
static INLINE bool call_now(struct thread *thread, bool extended)
{
    uint64_t info = arch_call_info(&thread->arch);
    struct thread *worker = thread->call.port->parked;

    if (unlikely(!worker || thread->kicked))
        return false;

    /* Point of no return. */
    thread->kind = JG_KIND_CALL;
    thread->extended = extended;
    arch_copy_words(&worker->arch, &thread->arch);
    deliver(thread, worker, thread->call.port, thread->call.key,
            (uint64_t)JG_KIND_CALL << 40 | (extended ? JG_CALL_EXTENDED : 0) | (uint32_t)info);
    return true;
}

static INLINE bool reply_wait_fast(struct thread *thread)
{
    uint64_t info = arch_call_info(&thread->arch);
    struct thread *caller = thread->serving;
    struct port *port;

    if (unlikely(!caller || caller->token != arch_call_ext(&thread->arch) ||
                 (info & (JG_REPLY_PASS | JG_REPLY_POLL | JG_REPLY_RESUME | JG_REPLY_YIELD))))
        return false;
    port = thread->wait.port;
    if (unlikely(!list_empty(&port->queue) || thread->kicked || !sched_may_switch(caller)))
        return false;
    if (caller->kind == JG_KIND_CALL) {
        if (unlikely(caller->extended && (caller->extra.room || caller->extra.sent_count)))
            return false;
    } else if (unlikely(caller->reason != JG_TRAP_SYSCALL || caller->see_result)) {
        return false;
    }

    /* Point of no return. */
    thread->state = THREAD_PARKED;
    thread->port = port;
    thread->next_parked = port->parked;
    port->parked = thread;
    change(thread, caller);
    token_use(caller, thread);
    if (caller->kind == JG_KIND_CALL) {
        caller->extended = false;
        arch_copy_words(&caller->arch, &thread->arch);
        arch_set_call_result(&caller->arch, JG_OK, JG_INFO_LABEL(info));
    } else {
        arch_set_result(&caller->arch, (int64_t)arch_call_word(&thread->arch, 0));
    }
    return true;
}

/* The call of `t` has been looked at: done by a fast path, or left to the slow one. */
static INLINE void finish(struct thread *t, bool done)
{
    if (unlikely(!done)) {
        syscall_slow(t);
    } else if (unlikely(current_thread()->arch.work || reaper_pending())) {
        arch_leave();
    } else {
        kernel_unlock();
        arch_return_to_user();
    }
}

static COLD void call_by_new_route(struct thread *t, bool extended)
{
    finish(t, call_route(t) && call_now(t, extended));
}

static COLD void wait_by_new_route(struct thread *t)
{
    finish(t, wait_route(t) && reply_wait_fast(t));
}

/* The windows come first: reading them may fault, and what is known of the route be old then. */
static HOT NOINLINE void call_with_windows(struct thread *t)
{
    if (unlikely(!call_windows_read(t, arch_call_ext(&t->arch))))
        syscall_slow(t);
    else if (route_is_good(&t->call, t))
        finish(t, call_now(t, true));
    else
        call_by_new_route(t, true);
}

/* Calls that are short enough to be worth an own way, and the slow ones. */
static HOT NOINLINE void other_call(struct thread *t, uint64_t number)
{
    switch (number) {
    case JG_SYS_aspace_copy:
        finish(t, copy_fast(t));
        break;
    case JG_SYS_vmo_transfer:
        finish(t, transfer_fast(t));
        break;
    case JG_SYS_call_read:
        finish(t, window_fast(t, true));
        break;
    case JG_SYS_call_write:
        finish(t, window_fast(t, false));
        break;
    default:
        syscall_slow(t);
    }
}

HOT void kernel_syscall(struct thread *t)
{
    uint64_t number = arch_syscall_number(&t->arch);

    kernel_lock();
    if (likely(thread_is_trapped(t)))
        finish(t, answer(t, JG_ENTRY_SYSCALL) || likely(trap_fast(t)));
    else if (likely(number == JG_SYS_reply_wait) && route_is_good(&t->wait, t))
        finish(t, reply_wait_fast(t));
    else if (number == JG_SYS_reply_wait)
        wait_by_new_route(t);
    else if (number != JG_SYS_channel_call)
        other_call(t, number);
    else if (arch_call_info(&t->arch) & JG_CALL_EXTENDED)
        call_with_windows(t);
    else if (route_is_good(&t->call, t))
        finish(t, call_now(t, false));
    else
        call_by_new_route(t, false);
}
