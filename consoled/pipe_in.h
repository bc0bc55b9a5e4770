/*
 * Bytes from the host: buffers that the device fills, read in order.
 *
 * In:    pipe_in_init(), then pipe_in_peek() and pipe_in_done(), as often as there is something.
 */
#pragma once

#include "virtq.h"

struct pipe_in {
    struct virtq *queue;
    uint8_t *memory;
    uint64_t physical;
    uint32_t slot_size;
    bool holding;      /* a buffer is being read: `slot`, from `at` to `end` */
    unsigned slot;
    uint32_t at, end;
};

/*
 * Hands all of `memory` (physical `physical`), `slots` buffers of `slot_size`, to the device through `q`.
 */
void pipe_in_init(struct pipe_in *p, struct virtq *q, uint8_t *memory, uint64_t physical, unsigned slots,
                  uint32_t slot_size);

/* Shows the next bytes, in one piece. Returns how many; 0 when nothing has come. */
uint32_t pipe_in_peek(struct pipe_in *p, const uint8_t **bytes);

/*
 * The first `n` of them were taken. The device gets its buffers back; it is told by pipe_in_kick(), which
 * the caller does once after its last pipe_in_done().
 */
void pipe_in_done(struct pipe_in *p, uint32_t n);
void pipe_in_kick(struct pipe_in *p);

/* Is anything there? With `wake` the device interrupts when that becomes true. */
bool pipe_in_ready(struct pipe_in *p, bool wake);
