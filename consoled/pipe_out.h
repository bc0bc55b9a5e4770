/*
 * Bytes to the host: a few large buffers. While the device is busy with one, the next is filled, so that
 * many small writes become few large ones and a lone small one leaves at once.
 *
 * In:    pipe_out_init(); pipe_out_room(), fill, pipe_out_done(); pipe_out_poll() on each interrupt.
 */
#pragma once

#include "virtq.h"

struct pipe_out {
    struct virtq *queue;
    uint8_t *memory;
    uint64_t physical;
    uint32_t slot_size;
    uint32_t free;     /* bitmap of the slots that are neither filled nor in flight */
    bool filling;      /* `slot` holds `fill` bytes that the device does not have yet */
    unsigned slot;
    uint32_t fill;
};

/* Uses `memory` (physical `physical`), `slots` buffers of `slot_size`, with `q`. */
void pipe_out_init(struct pipe_out *p, struct virtq *q, uint8_t *memory, uint64_t physical, unsigned slots,
                   uint32_t slot_size);

/* Shows where the next bytes go. Returns how many fit there in one piece; 0 when all buffers are busy. */
uint32_t pipe_out_room(struct pipe_out *p, uint8_t **at);

/* `n` bytes were put there. pipe_out_send() after the last lets them go, if nothing is on its way. */
void pipe_out_done(struct pipe_out *p, uint32_t n);
void pipe_out_send(struct pipe_out *p);

/*
 * Takes back what the device finished and gives it what was filled meanwhile. Interrupts are asked for when
 * something of ours waits for the device, or, with `wake`, somebody else does.
 */
void pipe_out_poll(struct pipe_out *p, bool wake);

/* Has everything left? */
bool pipe_out_idle(const struct pipe_out *p);

/* Forgets what the device has not got: nobody will read it. */
void pipe_out_discard(struct pipe_out *p);
