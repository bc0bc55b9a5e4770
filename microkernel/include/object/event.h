/*
 * Events: bits that coalesce on a port. The event itself is the node in the queue.
 *
 * Locks: the big lock.
 */
#pragma once

#include <object/object.h>
#include <object/packet.h>

struct port;

struct event {
    struct object object;
    struct port *port; /* a reference */
    struct packet packet;
};

/* Makes an event. Returns JG_OK with one reference in *out, JG_ERR_QUOTA or JG_ERR_NO_MEMORY. */
jg_status_t event_create(struct job *job, struct port *port, uint64_t key, struct event **out);

/* Raises bits. Never blocks, allocates or fails. */
void event_raise(struct event *event, uint64_t bits);

/* The event that begins with this header; its type was checked. */
static inline struct event *event_of(struct object *object)
{
    return container_of(object, struct event, object);
}
