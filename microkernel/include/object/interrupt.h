/*
 * Interrupts: a device's line or message as a packet, delivered once and masked until acknowledged.
 *
 * Locks: the big lock.
 */
#pragma once

#include <jg/device.h>
#include <object/object.h>
#include <object/packet.h>

struct port;

struct interrupt {
    struct object object;
    struct port *port; /* a reference */
    struct packet packet;
    unsigned irq;
};

/*
 * Takes a line or a message (`i` says which, and gets the message's address and data).
 * JG_OK with one reference; JG_ERR_NOT_FOUND, JG_ERR_EXISTS, JG_ERR_NO_MEMORY, JG_ERR_QUOTA.
 */
jg_status_t interrupt_create(struct job *job, struct jg_interrupt *i, struct port *port,
                             uint64_t key, struct interrupt **out);

/* Unmasks it. Harmless when it is not masked. */
void interrupt_ack(struct interrupt *interrupt);

/* The interrupt that begins with this header; its type was checked. */
static inline struct interrupt *interrupt_of(struct object *object)
{
    return container_of(object, struct interrupt, object);
}
