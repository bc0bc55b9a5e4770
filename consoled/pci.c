/*
 * PCI configuration space. See pci.h.
 */
#include "pci.h"

#include "mmio.h"

#define ADDRESS_PORT 0xcf8
#define DATA_PORT 0xcfc
#define ENABLE 0x80000000u
#define DEVICES 32u
#define FUNCTIONS 8u
#define PLACE_FROM 0xe0000000u /* free of RAM, of ECAM and of what firmware places on a PC */
#define PLACE_TO 0xf0000000u

uint32_t pci_read(const struct pci_device *d, unsigned at)
{
    struct jg_port_io io[2] = {
        { .port = ADDRESS_PORT, .width = 4, .write = 1, .value = d->address | (at & 0xfc) },
        { .port = DATA_PORT, .width = 4 },
    };

    return jg_port_io(d->ports, io, 2) < 0 ? ~0u : io[1].value;
}

void pci_write(const struct pci_device *d, unsigned at, uint32_t value)
{
    struct jg_port_io io[2] = {
        { .port = ADDRESS_PORT, .width = 4, .write = 1, .value = d->address | (at & 0xfc) },
        { .port = DATA_PORT, .width = 4, .write = 1, .value = value },
    };

    jg_port_io(d->ports, io, 2);
}

uint8_t pci_read8(const struct pci_device *d, unsigned at)
{
    return (uint8_t)(pci_read(d, at) >> (at % 4 * 8));
}

static bool matches(const struct pci_device *d, uint16_t vendor, const uint16_t *ids, unsigned count)
{
    uint32_t id = pci_read(d, PCI_ID);

    for (unsigned i = 0; i < count; i++) {
        if (id == (vendor | (uint32_t)ids[i] << 16))
            return true;
    }
    return false;
}

bool pci_find(struct pci_device *found, uint16_t vendor, const uint16_t *ids, unsigned count)
{
    for (unsigned device = 0; device < DEVICES; device++) {
        unsigned functions = 1;

        for (unsigned function = 0; function < functions; function++) {
            found->address = ENABLE | device << 11 | function << 8;
            if (function == 0) {
                if ((pci_read(found, PCI_ID) & 0xffff) == 0xffff)
                    break;
                if (pci_read8(found, PCI_HEADER + 2) & 0x80)
                    functions = FUNCTIONS;
            }
            if (matches(found, vendor, ids, count))
                return true;
        }
    }
    return false;
}

unsigned pci_capability(const struct pci_device *d, uint8_t id, unsigned after)
{
    unsigned at = after ? pci_read8(d, after + 1) : pci_read8(d, PCI_CAPABILITIES);

    if (!after && !(pci_read(d, PCI_COMMAND) >> 16 & 0x10))
        return 0;
    for (unsigned tries = 0; at >= 0x40 && tries < 48; tries++) {
        at &= 0xfc;
        if (pci_read8(d, at) == id)
            return at;
        at = pci_read8(d, at + 1);
    }
    return 0;
}

void pci_enable(const struct pci_device *d)
{
    uint32_t command = pci_read(d, PCI_COMMAND) & 0xffff;

    pci_write(d, PCI_COMMAND, command | 0x406);
}

/* Gives a memory BAR an address of our own. Returns it, or 0. */
static uint64_t place_bar(const struct pci_device *d, unsigned at, uint32_t low)
{
    static uint32_t next = PLACE_FROM;
    uint32_t command = pci_read(d, PCI_COMMAND) & 0xffff, size, base;

    pci_write(d, PCI_COMMAND, command & ~2u);
    pci_write(d, at, ~0u);
    size = ~(pci_read(d, at) & ~0xfu) + 1;
    base = size ? (next + size - 1) & ~(size - 1) : 0;
    if (!size || base < next || base > PLACE_TO - size) {
        pci_write(d, at, low);
        pci_write(d, PCI_COMMAND, command);
        return 0;
    }
    next = base + size;
    pci_write(d, at, base);
    if ((low & 6) == 4)
        pci_write(d, at + 4, 0);
    pci_write(d, PCI_COMMAND, command | 2);
    return base;
}

volatile void *pci_map_bar(const struct pci_device *d, unsigned bar, uint32_t offset, uint32_t size)
{
    unsigned at = PCI_BAR + 4 * bar;
    volatile void *mapped = NULL;
    uint64_t base;
    uint32_t low;

    if (bar > 5)
        return NULL;
    low = pci_read(d, at);
    if (low & 1)
        return NULL;
    base = low & ~0xfu;
    if ((low & 6) == 4 && bar < 5)
        base |= (uint64_t)pci_read(d, at + 4) << 32;
    if (base)
        mapped = mmio_map(d->mmio, base + offset, size);
    if (!mapped) {
        base = place_bar(d, at, low);
        if (base)
            mapped = mmio_map(d->mmio, base + offset, size);
    }
    return mapped;
}
