/*
 * Ports: where receivers park and where calls, traps, events, timers and interrupts queue.
 *
 * In:    port_raise() from events, timers, interrupts and channels; port_deliver_next() and port_park()
 *        from reply_wait; call.c and trap.c queue whole threads.
 * Life:  at most one of `parked` and `queue` is ever non-empty. Closed by the last handle: parked threads
 *        and callers get JG_ERR_PEER_CLOSED, trapped threads what their job says. References by channels,
 *        levels and events keep only the memory.
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <jg/call.h>
#include <mm/heap.h>
#include <object/call.h>
#include <object/port.h>
#include <object/sched.h>
#include <object/thread.h>
#include <object/token.h>

jg_status_t port_create(struct job *job, struct port **out)
{
    struct port *port = heap_zalloc(sizeof(*port));
    jg_status_t status;

    if (!port)
        return JG_ERR_NO_MEMORY;
    status = object_init(&port->object, JG_TYPE_PORT, job);
    if (status != JG_OK) {
        heap_free(port);
        return status;
    }
    list_init(&port->queue);
    list_init(&port->gone.link);
    port->gone.kind = JG_KIND_GONE;
    *out = port;
    return JG_OK;
}

struct thread *port_take_worker(struct port *port)
{
    struct thread *worker = port->parked;

    if (worker) {
        port->parked = worker->next_parked;
        worker->port = NULL;
    }
    return worker;
}

/* What every delivery says beside its kind. `worker` is not on the port any more. */
static uint64_t delivery_flags(const struct port *port, struct thread *worker)
{
    uint64_t lost = worker->reply_lost;

    worker->reply_lost = 0;
    return lost | (port->parked ? 0 : JG_INFO_LAST_WORKER);
}

static void deliver_packet(struct port *port, struct thread *worker, struct packet *packet)
{
    arch_set_delivery(&worker->arch, JG_OK, packet->key, JG_TOKEN_NONE,
                      (uint64_t)packet->kind << 40 | delivery_flags(port, worker));
    arch_set_call_word(&worker->arch, 0, packet->word);
    packet->word = 0;
}

void call_deliver(struct thread *worker, struct thread *caller, uint64_t key)
{
    uint64_t info = (uint64_t)caller->kind << 40;

    if (worker->state == THREAD_RUNNING)
        sched_account(worker);
    if (caller->kind == JG_KIND_CALL) {
        info |= (uint32_t)arch_call_info(&caller->arch);
        if (caller->extended)
            info |= JG_CALL_EXTENDED | (caller->extra.sent_count ? JG_CALL_EXT_HANDLES : 0);
        arch_copy_words(&worker->arch, &caller->arch);
    } else {
        info |= caller->reason;
        if (caller->reason == JG_TRAP_SYSCALL)
            arch_copy_trap_words(&worker->arch, &caller->arch);
        else
            for (unsigned i = 0; i < JG_CALL_WORDS; i++)
                arch_set_call_word(&worker->arch, i, caller->words[i]);
    }
    info |= delivery_flags(caller->port, worker);
    caller->port = NULL;
    caller->channel = NULL;
    arch_set_delivery(&worker->arch, JG_OK, key, token_give(caller, worker), info);
}

void port_raise(struct port *port, struct packet *packet)
{
    struct thread *worker;

    ASSERT_TYPE(port, JG_TYPE_PORT);
    if (packet->queued || port->closed)
        return;
    worker = port_take_worker(port);
    if (worker) {
        deliver_packet(port, worker, packet);
        sched_ready(worker);
        return;
    }
    packet->queued = true;
    list_add_tail(&port->queue, &packet->link);
}

void port_cancel(struct packet *packet)
{
    if (packet->queued) {
        list_remove(&packet->link);
        packet->queued = false;
    }
    packet->word = 0;
}

WARM bool port_deliver_next(struct port *port, struct thread *worker)
{
    struct list *node = list_pop(&port->queue);
    struct packet *packet;

    if (!node)
        return false;
    packet = list_entry(node, struct packet, link);
    packet->queued = false;
    if (packet->kind == JG_KIND_CALL || packet->kind == JG_KIND_TRAP)
        call_deliver(worker, list_entry(packet, struct thread, packet), packet->key);
    else
        deliver_packet(port, worker, packet);
    return true;
}

WARM void port_park(struct port *port, struct thread *worker)
{
    ASSERT(list_empty(&port->queue) && !port->closed);
    worker->state = THREAD_PARKED;
    worker->port = port;
    worker->next_parked = port->parked;
    port->parked = worker;
}

void port_unpark(struct thread *worker)
{
    struct thread **at = &worker->port->parked;

    while (*at != worker)
        at = &(*at)->next_parked;
    *at = worker->next_parked;
    worker->port = NULL;
    worker->reply_lost = 0;
}

/* The last handle is gone: nobody will ever serve what waits here. */
static void port_no_handles(struct object *object)
{
    struct port *port = port_of(object);
    struct list *node;

    handle_epoch++;
    port->closed = true;
    while (port->parked)
        thread_wake(port->parked, JG_ERR_PEER_CLOSED);
    while ((node = list_pop(&port->queue))) {
        struct packet *packet = list_entry(node, struct packet, link);
        struct thread *caller = list_entry(packet, struct thread, packet);

        packet->queued = false;
        if (packet->kind == JG_KIND_CALL)
            thread_wake(caller, JG_ERR_PEER_CLOSED);
        else if (packet->kind == JG_KIND_TRAP)
            trap_orphan(caller);
    }
}

static void port_destroy(struct object *object)
{
    struct port *port = port_of(object);

    ASSERT(!port->parked && list_empty(&port->queue));
    heap_free(port);
}

const struct object_ops port_ops = {.no_handles = port_no_handles, .destroy = port_destroy};
