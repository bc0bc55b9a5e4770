/*
 * Channels.
 *
 * In:    channel_bind() and the call path.
 * Life:  an end lives with its handles. When the last one goes, the other end knows no peer any more: its
 *        port is told (JG_KIND_CLOSED), its callers that were not delivered yet get JG_ERR_PEER_CLOSED.
 *        Calls already delivered are answered by token, which needs no channel.
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <jg/call.h>
#include <mm/heap.h>
#include <object/call.h>
#include <object/channel.h>
#include <object/handle.h>
#include <object/port.h>
#include <object/thread.h>

static jg_status_t end_create(struct job *job, struct channel **out)
{
    struct channel *end = heap_zalloc(sizeof(*end));
    jg_status_t status;

    if (!end)
        return JG_ERR_NO_MEMORY;
    status = object_init(&end->object, JG_TYPE_CHANNEL, job);
    if (status != JG_OK) {
        heap_free(end);
        return status;
    }
    end->closed.kind = JG_KIND_CLOSED;
    *out = end;
    return JG_OK;
}

jg_status_t channel_create(struct job *job, struct channel *out[2])
{
    jg_status_t status = end_create(job, &out[0]);

    if (status != JG_OK)
        return status;
    status = end_create(job, &out[1]);
    if (status != JG_OK) {
        object_unref(&out[0]->object);
        return status;
    }
    out[0]->peer = out[1];
    out[1]->peer = out[0];
    return JG_OK;
}

/* Moves what is queued for the end from its old port to the new one. */
static void move_queued(struct channel *end, struct port *old, struct port *port)
{
    if (end->closed.queued) {
        port_cancel(&end->closed);
        port_raise(port, &end->closed);
    }
    list_for_each_safe(node, &old->queue)
    {
        struct packet *packet = list_entry(node, struct packet, link);
        struct thread *caller = list_entry(packet, struct thread, packet);

        if (packet->kind != JG_KIND_CALL || caller->channel != end)
            continue;
        port_cancel(packet);
        packet->key = end->key;
        call_queue(caller, port);
    }
}

jg_status_t channel_bind(struct channel *end, struct port *port, uint64_t key)
{
    struct port *old = end->port;

    ASSERT_TYPE(end, JG_TYPE_CHANNEL);
    if (!end->peer)
        return JG_ERR_PEER_CLOSED;
    object_ref(&port->object);
    handle_epoch++;
    end->port = port;
    end->key = end->closed.key = key;
    if (old) {
        if (old != port)
            move_queued(end, old, port);
        object_unref(&old->object);
    }
    return JG_OK;
}

/* Wakes the callers that are queued on the end's port through it, wherever it was bound then. */
static void fail_callers(struct channel *end)
{
    struct port *port = end->port;

    if (!port)
        return;
    list_for_each_safe(node, &port->queue)
    {
        struct packet *packet = list_entry(node, struct packet, link);
        struct thread *caller = list_entry(packet, struct thread, packet);

        if (packet->kind == JG_KIND_CALL && caller->channel == end)
            thread_wake(caller, JG_ERR_PEER_CLOSED);
    }
}

static void channel_no_handles(struct object *object)
{
    struct channel *end = channel_of(object), *peer = end->peer;

    handle_epoch++;
    port_cancel(&end->closed);
    fail_callers(end);
    end->peer = NULL;
    if (peer) {
        peer->peer = NULL;
        object_ended(&peer->object);
        if (peer->port)
            port_raise(peer->port, &peer->closed);
    }
}

static void channel_destroy(struct object *object)
{
    struct channel *end = channel_of(object);

    /* An end whose creation failed half-way never had a handle: its peer must not look for it. */
    if (end->peer)
        end->peer->peer = NULL;
    if (end->port)
        object_unref(&end->port->object);
    heap_free(end);
}

const struct object_ops channel_ops = {.no_handles = channel_no_handles,
                                       .destroy = channel_destroy};
