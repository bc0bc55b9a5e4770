/*
 * Channels: two ends, one to be called and one to be bound to a port. Nothing is stored in between.
 *
 * Locks: the big lock.
 */
#pragma once

#include <object/object.h>
#include <object/packet.h>

struct port;

struct channel {
    struct object object;
    struct channel *peer; /* NULL: its last handle is gone. No reference */
    struct port *port;    /* where calls from the peer arrive; a reference, or NULL: not bound */
    uint64_t key;
    struct packet closed; /* tells the port that the peer is gone */
};

/* Makes both ends: out[0] to be called, out[1] to be bound. One reference each. */
jg_status_t channel_create(struct job *job, struct channel *out[2]);

/*
 * Says where calls from the other end arrive; calls already queued elsewhere stay there.
 * Returns JG_OK or JG_ERR_PEER_CLOSED.
 */
jg_status_t channel_bind(struct channel *end, struct port *port, uint64_t key);

/* The channel end that begins with this header; its type was checked. */
static inline struct channel *channel_of(struct object *object)
{
    return container_of(object, struct channel, object);
}
