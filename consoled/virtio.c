/*
 * A virtio device of version 1 on PCI. See virtio.h.
 */
#include "virtio.h"

#include "mmio.h"

#define VENDOR 0x1af4

enum { CFG_COMMON = 1, CFG_NOTIFY = 2, CFG_DEVICE = 4 }; /* cfg_type of a vendor capability */

enum common {
    DEVICE_FEATURE_SELECT = 0x00,
    DEVICE_FEATURE = 0x04,
    DRIVER_FEATURE_SELECT = 0x08,
    DRIVER_FEATURE = 0x0c,
    CONFIG_VECTOR = 0x10,
    STATUS = 0x14,
    QUEUE_SELECT = 0x16,
    QUEUE_SIZE = 0x18,
    QUEUE_VECTOR = 0x1a,
    QUEUE_ENABLE = 0x1c,
    QUEUE_NOTIFY_OFF = 0x1e,
    QUEUE_DESC = 0x20,
    QUEUE_DRIVER = 0x28,
    QUEUE_DEVICE = 0x30,
    COMMON_SIZE = 0x38,
};

enum status { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8, FAILED = 128 };

#define VERSION_1 (1ull << 32)
#define NO_VECTOR 0xffff
#define RESET_TRIES 100000

static void set_status(struct virtio *v, uint8_t status)
{
    mmio_write8(v->common + STATUS, status);
}

/* Maps the part of a BAR that the vendor capability at `at` describes. */
static volatile uint8_t *map_part(struct virtio *v, unsigned at, uint32_t *length)
{
    *length = pci_read(&v->pci, at + 12);
    if (*length == 0 || *length > 1u << 20)
        return NULL;
    return pci_map_bar(&v->pci, pci_read8(&v->pci, at + 4), pci_read(&v->pci, at + 8), *length);
}

static bool map_parts(struct virtio *v)
{
    uint32_t length;

    for (unsigned at = 0; (at = pci_capability(&v->pci, PCI_CAPABILITY_VENDOR, at)) != 0;) {
        unsigned kind = pci_read8(&v->pci, at + 3);

        if (kind == CFG_COMMON && !v->common) {
            v->common = map_part(v, at, &length);
            if (length < COMMON_SIZE)
                return false;
        } else if (kind == CFG_NOTIFY && !v->notify) {
            v->notify = map_part(v, at, &v->notify_size);
            v->notify_step = pci_read(&v->pci, at + 16);
        } else if (kind == CFG_DEVICE && !v->specific) {
            v->specific = map_part(v, at, &length);
        }
    }
    return v->common && v->notify && v->specific;
}

/* Maps the first entry of the MSI-X table. */
static bool map_msix(struct virtio *v)
{
    unsigned at = pci_capability(&v->pci, PCI_CAPABILITY_MSIX, 0);
    uint32_t table;

    if (!at)
        return false;
    table = pci_read(&v->pci, at + 4);
    v->msix = pci_map_bar(&v->pci, table & 7, table & ~7u, 16);
    return v->msix != NULL;
}

bool virtio_find(struct virtio *v, unsigned type)
{
    /* 0x1000 + old number: a device that also speaks the legacy protocol; 0x1040 + type: one that does not. */
    const uint16_t ids[] = { (uint16_t)(0x1040 + type), (uint16_t)(type == 3 ? 0x1003 : 0) };

    if (!pci_find(&v->pci, VENDOR, ids, ids[1] ? 2 : 1))
        return false;
    pci_enable(&v->pci);
    return map_parts(v) && map_msix(v);
}

static bool reset(struct virtio *v)
{
    set_status(v, 0);
    for (unsigned i = 0; i < RESET_TRIES; i++) {
        if (mmio_read8(v->common + STATUS) == 0)
            return true;
    }
    return false;
}

static bool agree(struct virtio *v, uint64_t features)
{
    for (unsigned half = 0; half < 2; half++) {
        uint32_t wanted = (uint32_t)(features >> (32 * half));

        mmio_write32(v->common + DEVICE_FEATURE_SELECT, half);
        if ((mmio_read32(v->common + DEVICE_FEATURE) & wanted) != wanted)
            return false;
        mmio_write32(v->common + DRIVER_FEATURE_SELECT, half);
        mmio_write32(v->common + DRIVER_FEATURE, wanted);
    }
    set_status(v, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    return mmio_read8(v->common + STATUS) & FEATURES_OK;
}

/* One vector for everything: entry 0 of the table. */
static bool route(struct virtio *v, jg_handle_t irq, jg_handle_t port, uint64_t key)
{
    struct jg_interrupt message = { .flags = JG_INTERRUPT_MESSAGE };
    unsigned at = pci_capability(&v->pci, PCI_CAPABILITY_MSIX, 0);
    int64_t handle = jg_interrupt_create(irq, &message, port, key);

    if (handle < 0)
        return false;
    v->interrupt = (jg_handle_t)handle;
    /* Enabled, with all vectors masked until the entry is written. */
    pci_write(&v->pci, at, (pci_read(&v->pci, at) | 0xc0000000u));
    mmio_write32(v->msix, (uint32_t)message.message_address);
    mmio_write32(v->msix + 4, (uint32_t)(message.message_address >> 32));
    mmio_write32(v->msix + 8, message.message_data);
    mmio_write32(v->msix + 12, 0);
    pci_write(&v->pci, at, (pci_read(&v->pci, at) & ~0x40000000u));
    mmio_write16(v->common + CONFIG_VECTOR, NO_VECTOR);
    return true;
}

bool virtio_begin(struct virtio *v, uint64_t features, jg_handle_t irq, jg_handle_t port, uint64_t key)
{
    if (!reset(v))
        return false;
    set_status(v, ACKNOWLEDGE);
    set_status(v, ACKNOWLEDGE | DRIVER);
    if (agree(v, features | VERSION_1) && route(v, irq, port, key))
        return true;
    virtio_fail(v);
    return false;
}

bool virtio_queue(struct virtio *v, struct virtq *q, unsigned number, unsigned size, void *memory,
                  uint64_t physical)
{
    volatile uint8_t *c = v->common;
    unsigned most;
    uint32_t doorbell;

    q->size = 0;
    mmio_write16(c + QUEUE_SELECT, (uint16_t)number);
    most = mmio_read16(c + QUEUE_SIZE);
    doorbell = mmio_read16(c + QUEUE_NOTIFY_OFF) * v->notify_step;
    if (most < size || doorbell + 2 > v->notify_size)
        return false;
    virtq_init(q, memory, size);
    q->number = (uint16_t)number;
    q->doorbell = (volatile uint16_t *)(v->notify + doorbell);
    mmio_write16(c + QUEUE_SIZE, (uint16_t)size);
    mmio_write16(c + QUEUE_VECTOR, 0);
    mmio_write64(c + QUEUE_DESC, physical);
    mmio_write64(c + QUEUE_DRIVER, physical + (uint64_t)((volatile uint8_t *)q->avail - (uint8_t *)memory));
    mmio_write64(c + QUEUE_DEVICE, physical + (uint64_t)((volatile uint8_t *)q->used - (uint8_t *)memory));
    mmio_write16(c + QUEUE_ENABLE, 1);
    return true;
}

void virtio_go(struct virtio *v)
{
    set_status(v, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
}

void virtio_fail(struct virtio *v)
{
    set_status(v, FAILED);
    reset(v);
}
