/*
 * A virtio device of version 1 on PCI: features, queues, its one interrupt.
 *
 * In:    virtio_find(), virtio_begin(), virtio_queue() for each queue, virtio_go().
 * Life:  found once; begin() resets it, so that a restarted driver finds it new.
 * Source: virtio 1.1, 4.1.
 */
#pragma once

#include "pci.h"
#include "virtq.h"

struct virtio {
    struct pci_device pci;
    volatile uint8_t *common;
    volatile uint8_t *notify;
    volatile uint8_t *specific; /* the device's own configuration */
    volatile uint8_t *msix;     /* the table of vectors */
    uint32_t notify_step, notify_size;
    jg_handle_t interrupt;
};

/*
 * Finds a device by its virtio type and maps its registers. `v->pci` must hold its resources.
 * Returns false when there is none, or it lacks what we need.
 */
bool virtio_find(struct virtio *v, unsigned type);

/*
 * Resets the device, agrees on `features` (VERSION_1 is added) and routes all its interrupts to `port` with
 * `key`. Returns false when the device refuses.
 */
bool virtio_begin(struct virtio *v, uint64_t features, jg_handle_t irq, jg_handle_t port, uint64_t key);

/*
 * Makes queue `number` with at most `size` slots; its rings lie in `memory`, physical `physical`.
 * Returns false, with q->size 0, when the device has no such queue.
 */
bool virtio_queue(struct virtio *v, struct virtq *q, unsigned number, unsigned size, void *memory,
                  uint64_t physical);

/* The queues are ready: the device may work. */
void virtio_go(struct virtio *v);

/* Gives up on the device: it stops using our memory. */
void virtio_fail(struct virtio *v);
