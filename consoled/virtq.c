/*
 * A split virtqueue. See virtq.h.
 */
#include "virtq.h"

#define DEVICE_WRITES 2u
#define NO_INTERRUPT 1u
#define NO_NOTIFY 1u

/*
 * x86 keeps stores in order and loads in order, so most barriers stop the compiler only. One must be
 * real: a store of ours before a load of what the device stored (index, then flags; flags, then index), for
 * else each side could miss the other's change and both would wait.
 */
static void barrier(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void virtq_init(struct virtq *q, void *memory, unsigned size)
{
    uint8_t *at = memory;
    size_t used = VIRTQ_USED_AT(size);

    *q = (struct virtq){
        .descriptor = (volatile struct virtq_descriptor *)at,
        .avail = (volatile struct virtq_avail *)(at + size * 16u),
        .used = (volatile struct virtq_used *)(at + used),
        .size = (uint16_t)size,
    };
}

void virtq_add(struct virtq *q, unsigned slot, uint64_t address, uint32_t length, bool device_writes)
{
    q->descriptor[slot].address = address;
    q->descriptor[slot].length = length;
    q->descriptor[slot].flags = device_writes ? DEVICE_WRITES : 0;
    q->avail->ring[q->added & (q->size - 1)] = (uint16_t)slot;
    q->in_flight |= 1u << slot;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    q->avail->index = ++q->added;
    q->unkicked = true;
}

void virtq_kick(struct virtq *q)
{
    if (!q->unkicked)
        return;
    q->unkicked = false;
    barrier();
    if (!(q->used->flags & NO_NOTIFY))
        *q->doorbell = q->number;
}

bool virtq_take(struct virtq *q, unsigned *slot, uint32_t *length)
{
    while (q->size && q->used->index != q->taken) {
        unsigned at = q->taken++ & (q->size - 1);

        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        *slot = q->used->ring[at].slot;
        *length = q->used->ring[at].length;
        if (*slot < q->size && (q->in_flight >> *slot & 1)) {
            q->in_flight &= ~(1u << *slot);
            return true;
        }
    }
    return false;
}

void virtq_interrupts(struct virtq *q, bool wanted)
{
    uint16_t flags = wanted ? 0 : NO_INTERRUPT;

    if (!q->size || q->avail->flags == flags)
        return;
    q->avail->flags = flags;
    barrier();
}
