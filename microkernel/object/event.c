/*
 * Events.
 *
 * In:    event_raise() from its call and from object watches.
 * Life:  the last handle takes an undelivered packet back; a watch that holds a reference keeps it only
 *        as long as the watched object.
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <jg/call.h>
#include <mm/heap.h>
#include <object/event.h>
#include <object/port.h>

jg_status_t event_create(struct job *job, struct port *port, uint64_t key, struct event **out)
{
    struct event *event = heap_zalloc(sizeof(*event));
    jg_status_t status;

    if (!event)
        return JG_ERR_NO_MEMORY;
    status = object_init(&event->object, JG_TYPE_EVENT, job);
    if (status != JG_OK) {
        heap_free(event);
        return status;
    }
    object_ref(&port->object);
    event->port = port;
    event->packet.kind = JG_KIND_EVENT;
    event->packet.key = key;
    *out = event;
    return JG_OK;
}

void event_raise(struct event *event, uint64_t bits)
{
    ASSERT_TYPE(event, JG_TYPE_EVENT);
    event->packet.word |= bits;
    port_raise(event->port, &event->packet);
}

/* Nobody can raise it any more except a watch; what was raised is still delivered. */
static void event_destroy(struct object *object)
{
    struct event *event = event_of(object);

    port_cancel(&event->packet);
    object_unref(&event->port->object);
    heap_free(event);
}

const struct object_ops event_ops = {.destroy = event_destroy};
