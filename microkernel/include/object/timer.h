/*
 * Timers: a packet at a time.
 *
 * Locks: the big lock.
 */
#pragma once

#include <object/deadline.h>
#include <object/object.h>
#include <object/packet.h>

struct port;

struct timer {
    struct object object;
    struct port *port; /* a reference */
    struct packet packet;
    struct deadline deadline;
};

/* Makes a timer that is not set. Returns JG_OK with one reference, JG_ERR_QUOTA, JG_ERR_NO_MEMORY. */
jg_status_t timer_create(struct job *job, struct port *port, uint64_t key, struct timer **out);

/* Sets it; replaces the former time and takes an undelivered arrival back. */
void timer_set(struct timer *timer, jg_time_t at);

/* The timer that begins with this header; its type was checked. */
static inline struct timer *timer_of(struct object *object)
{
    return container_of(object, struct timer, object);
}
