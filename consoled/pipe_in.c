/*
 * Bytes from the host. See pipe_in.h.
 */
#include "pipe_in.h"

static void give(struct pipe_in *p, unsigned slot)
{
    virtq_add(p->queue, slot, p->physical + (uint64_t)slot * p->slot_size, p->slot_size, true);
}

void pipe_in_init(struct pipe_in *p, struct virtq *q, uint8_t *memory, uint64_t physical, unsigned slots,
                  uint32_t slot_size)
{
    *p = (struct pipe_in){ .queue = q, .memory = memory, .physical = physical, .slot_size = slot_size };
    for (unsigned i = 0; i < slots && i < q->size; i++)
        give(p, i);
    virtq_kick(q);
}

uint32_t pipe_in_peek(struct pipe_in *p, const uint8_t **bytes)
{
    while (!p->holding && p->queue && virtq_take(p->queue, &p->slot, &p->end)) {
        p->at = 0;
        p->end = p->end < p->slot_size ? p->end : p->slot_size;
        p->holding = p->end != 0;
        if (!p->holding)
            give(p, p->slot);
    }
    if (!p->holding)
        return 0;
    *bytes = p->memory + (size_t)p->slot * p->slot_size + p->at;
    return p->end - p->at;
}

void pipe_in_done(struct pipe_in *p, uint32_t n)
{
    p->at += n;
    if (p->at < p->end)
        return;
    p->holding = false;
    give(p, p->slot);
}

void pipe_in_kick(struct pipe_in *p)
{
    if (p->queue)
        virtq_kick(p->queue);
}

bool pipe_in_ready(struct pipe_in *p, bool wake)
{
    const uint8_t *bytes;

    if (!p->queue)
        return false;
    virtq_interrupts(p->queue, wake);
    return pipe_in_peek(p, &bytes) != 0;
}
