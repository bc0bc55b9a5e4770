/*
 * Calls on events, timers and futexes, and yield.
 *
 * Locks: the big lock.
 */
#include <core/time.h>
#include <object/event.h>
#include <object/futex.h>
#include <object/port.h>
#include <object/sched.h>
#include <object/timer.h>
#include <syscall/syscall.h>

SYSCALL(event_create)
{
    struct object *port;
    struct event *event;
    jg_status_t status = get(t, a, JG_TYPE_PORT, JG_RIGHT_WAIT, &port);

    if (status == JG_OK)
        status = event_create(job_of_thread(t), port_of(port), b, &event);
    if (status != JG_OK)
        return status;
    return new_handle(t, &event->object, RIGHTS_COMMON | JG_RIGHT_SIGNAL);
}

SYSCALL(event_raise)
{
    struct object *event;
    jg_status_t status = get(t, a, JG_TYPE_EVENT, JG_RIGHT_SIGNAL, &event);

    if (status != JG_OK)
        return status;
    if (!b)
        return JG_ERR_INVALID_ARGS;
    event_raise(event_of(event), b);
    return JG_OK;
}

SYSCALL(timer_create)
{
    struct object *port;
    struct timer *timer;
    jg_status_t status = get(t, a, JG_TYPE_PORT, JG_RIGHT_WAIT, &port);

    if (status == JG_OK)
        status = timer_create(job_of_thread(t), port_of(port), b, &timer);
    if (status != JG_OK)
        return status;
    return new_handle(t, &timer->object, RIGHTS_COMMON | JG_RIGHT_SIGNAL);
}

SYSCALL(timer_set)
{
    struct object *timer;
    jg_status_t status = get(t, a, JG_TYPE_TIMER, JG_RIGHT_SIGNAL, &timer);

    if (status != JG_OK)
        return status;
    timer_set(timer_of(timer), (jg_time_t)b);
    return JG_OK;
}

WARM SYSCALL(futex_wait)
{
    jg_time_t deadline = (jg_time_t)c;
    uint32_t value;

    if (a & 3)
        return JG_ERR_INVALID_ARGS;
    if (!read_user_u32(a, &value))
        return JG_ERR_BAD_ADDRESS;
    if (value != (uint32_t)b)
        return JG_ERR_WOULD_BLOCK;
    if (t->kicked) {
        t->kicked = false;
        return JG_ERR_INTERRUPTED;
    }
    if (deadline <= time_monotonic())
        return JG_ERR_TIMED_OUT;
    /* The word was read under the same big lock under which a waker looks for us: none can be missed. */
    futex_sleep(t, a, deadline);
    return JG_OK;
}

WARM SYSCALL(futex_wake)
{
    if (a & 3)
        return JG_ERR_INVALID_ARGS;
    return futex_wake(t->arch.aspace, a, (uint32_t)b);
}

SYSCALL(yield)
{
    if (sched.ready_bands >> t->priority & 1) {
        arch_set_result(&t->arch, JG_OK);
        sched_leave(t);
        sched_ready(t);
    }
    return JG_OK;
}
