/*
 * Timers.
 *
 * In:    timer_set() from its call; expired() from the timer interrupt.
 * Life:  ends with the last handle, set or not.
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <jg/call.h>
#include <mm/heap.h>
#include <object/port.h>
#include <object/timer.h>

jg_status_t timer_create(struct job *job, struct port *port, uint64_t key, struct timer **out)
{
    struct timer *timer = heap_zalloc(sizeof(*timer));
    jg_status_t status;

    if (!timer)
        return JG_ERR_NO_MEMORY;
    status = object_init(&timer->object, JG_TYPE_TIMER, job);
    if (status != JG_OK) {
        heap_free(timer);
        return status;
    }
    object_ref(&port->object);
    timer->port = port;
    timer->packet.kind = JG_KIND_TIMER;
    timer->packet.key = key;
    *out = timer;
    return JG_OK;
}

static void expired(struct deadline *d)
{
    struct timer *timer = container_of(d, struct timer, deadline);

    port_raise(timer->port, &timer->packet);
}

void timer_set(struct timer *timer, jg_time_t at)
{
    ASSERT_TYPE(timer, JG_TYPE_TIMER);
    deadline_cancel(&timer->deadline);
    port_cancel(&timer->packet);
    if (at != JG_TIME_INFINITE)
        deadline_set(&timer->deadline, at, expired);
}

static void timer_destroy(struct object *object)
{
    struct timer *timer = timer_of(object);

    deadline_cancel(&timer->deadline);
    port_cancel(&timer->packet);
    object_unref(&timer->port->object);
    heap_free(timer);
}

const struct object_ops timer_ops = {.destroy = timer_destroy};
