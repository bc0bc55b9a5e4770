/*
 * Bytes to the host. See pipe_out.h.
 */
#include "pipe_out.h"

void pipe_out_init(struct pipe_out *p, struct virtq *q, uint8_t *memory, uint64_t physical, unsigned slots,
                   uint32_t slot_size)
{
    unsigned n = slots < q->size ? slots : q->size;

    *p = (struct pipe_out){ .queue = q, .memory = memory, .physical = physical, .slot_size = slot_size };
    p->free = (1u << n) - 1;
    virtq_interrupts(q, false);
}

static void reclaim(struct pipe_out *p)
{
    unsigned slot;
    uint32_t length;

    while (virtq_take(p->queue, &slot, &length))
        p->free |= 1u << slot;
}

static void submit(struct pipe_out *p)
{
    virtq_add(p->queue, p->slot, p->physical + (uint64_t)p->slot * p->slot_size, p->fill, false);
    p->filling = false;
}

uint32_t pipe_out_room(struct pipe_out *p, uint8_t **at)
{
    if (!p->queue)
        return 0;
    if (!p->filling) {
        if (!p->free)
            reclaim(p);
        if (!p->free)
            return 0;
        p->slot = (unsigned)__builtin_ctz(p->free);
        p->free &= ~(1u << p->slot);
        p->filling = true;
        p->fill = 0;
    }
    *at = p->memory + (size_t)p->slot * p->slot_size + p->fill;
    return p->slot_size - p->fill;
}

void pipe_out_done(struct pipe_out *p, uint32_t n)
{
    p->fill += n;
    if (p->fill == p->slot_size)
        submit(p);
}

void pipe_out_send(struct pipe_out *p)
{
    reclaim(p);
    if (p->filling && p->fill && !p->queue->in_flight)
        submit(p);
    virtq_kick(p->queue);
    if (p->filling && p->fill)
        pipe_out_poll(p, false);
}

void pipe_out_poll(struct pipe_out *p, bool wake)
{
    bool waiting;

    if (!p->queue)
        return;
    reclaim(p);
    if (p->filling && p->fill && !p->queue->in_flight)
        submit(p);
    virtq_kick(p->queue);
    waiting = p->queue->in_flight && (wake || (p->filling && p->fill));
    virtq_interrupts(p->queue, waiting);
    if (!waiting)
        return;
    /* The device may have finished before it saw that we want to know. */
    reclaim(p);
    if (p->filling && p->fill && !p->queue->in_flight)
        submit(p);
    virtq_kick(p->queue);
}

bool pipe_out_idle(const struct pipe_out *p)
{
    return !p->queue || (!p->queue->in_flight && !(p->filling && p->fill));
}

void pipe_out_discard(struct pipe_out *p)
{
    p->fill = 0;
}
