/*
 * A split virtqueue whose descriptors are fixed: slot i always means buffer i of its user.
 *
 * In:    virtq_init(), then virtq_add() and virtq_kick(); what the device finished comes from virtq_take().
 * Locks: none; one thread and the device.
 *
 * The device is not trusted with our memory safety: what it says is checked before it is used.
 * Source: virtio 1.1, 2.6.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIRTQ_MAX 32u

struct virtq_descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct virtq_avail {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[];
};

struct virtq_used {
    uint16_t flags;
    uint16_t index;
    struct {
        uint32_t slot;
        uint32_t length;
    } ring[];
};

struct virtq {
    volatile struct virtq_descriptor *descriptor;
    volatile struct virtq_avail *avail;
    volatile struct virtq_used *used;
    volatile uint16_t *doorbell;
    uint16_t number;    /* written to the doorbell */
    uint16_t size;      /* a power of two, at most VIRTQ_MAX; 0: the queue is not there */
    uint16_t added;     /* our copy of avail->index */
    uint16_t taken;     /* used->index up to which we have looked */
    uint32_t in_flight; /* bitmap of the slots that the device has */
    bool unkicked;      /* something was added since the last kick */
};

/* Bytes of ring memory for `size` slots; 16-byte alignment is enough. */
#define VIRTQ_USED_AT(size) (((size) * 16u + 6 + 2 * (size) + 7) & ~7u)
#define VIRTQ_BYTES(size) ((VIRTQ_USED_AT(size) + 6 + 8 * (size) + 15) & ~15u)

/*
 * Lays the queue out in `memory`, VIRTQ_BYTES(size) zeroed bytes. The device learns the addresses of
 * the three parts from its user.
 */
void virtq_init(struct virtq *q, void *memory, unsigned size);

/*
 * Hands slot `slot`, which must not be in flight, to the device: `length` bytes at physical `address`, for
 * the device to read, or to write. It may start at once; for certain it does after virtq_kick().
 */
void virtq_add(struct virtq *q, unsigned slot, uint64_t address, uint32_t length, bool device_writes);

/* Tells the device about what was added, if it wants to be told. */
void virtq_kick(struct virtq *q);

/*
 * Takes back the next slot that the device has finished. `length` is what it has written.
 * Returns whether there was one.
 */
bool virtq_take(struct virtq *q, unsigned *slot, uint32_t *length);

/*
 * Asks the device to interrupt, or not to, when it finishes a slot. Asking for it may come too late:
 * look with virtq_take() after it.
 */
void virtq_interrupts(struct virtq *q, bool wanted);
