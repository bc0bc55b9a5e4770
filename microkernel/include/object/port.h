/*
 * Ports: where receivers park and where what they wait for queues.
 *
 * Locks: the big lock.
 */
#pragma once

#include <object/object.h>
#include <object/packet.h>

struct thread;

struct port {
    struct object object;
    struct thread *parked; /* LIFO through next_parked: the last one to park is the warmest */
    struct list queue; /* struct packet.link, first in first out; empty while anybody is parked */
    bool closed;       /* the last handle is gone: nobody can ever park again */
    struct packet gone; /* JG_KIND_GONE */
};

/* Makes a port. Returns JG_OK with one reference in *out, JG_ERR_QUOTA or JG_ERR_NO_MEMORY. */
jg_status_t port_create(struct job *job, struct port **out);

/*
 * Puts a packet on the port, or hands it to a parked receiver at once. A packet that is queued stays
 * where it is (the caller has merged what it says); on a closed port nothing happens.
 */
void port_raise(struct port *port, struct packet *packet);

/* Takes a packet back, if it is queued. */
void port_cancel(struct packet *packet);

/*
 * Delivers the first thing in the queue to `worker`, which is in no queue: its registers are written.
 * Returns false if there is nothing.
 */
bool port_deliver_next(struct port *port, struct thread *worker);

/* Parks `worker` (the current thread, in no queue) on the port, whose queue is empty. */
void port_park(struct port *port, struct thread *worker);

/* Takes a parked thread off its port. */
void port_unpark(struct thread *worker);

/* Takes the last parked thread off the port for a delivery, or returns NULL. */
struct thread *port_take_worker(struct port *port);

/* The port that begins with this header; its type was checked. */
static inline struct port *port_of(struct object *object)
{
    return container_of(object, struct port, object);
}
