/*
 * PCI configuration space, through ports 0xcf8 and 0xcfc.
 *
 * In:    pci_find(), then the others with what it found.
 * Locks: none; one thread.
 */
#pragma once

#include <jg/types.h>

struct pci_device {
    jg_handle_t ports; /* JG_RESOURCE_PORTS over 0xcf8..0xcff */
    jg_handle_t mmio;  /* JG_RESOURCE_MEMORY */
    uint32_t address;  /* what 0xcf8 takes, without the register */
};

enum pci_register {
    PCI_ID = 0x00,
    PCI_COMMAND = 0x04, /* the status is its upper half */
    PCI_HEADER = 0x0c,
    PCI_BAR = 0x10,
    PCI_CAPABILITIES = 0x34,
};

enum pci_capability_id {
    PCI_CAPABILITY_VENDOR = 0x09,
    PCI_CAPABILITY_MSIX = 0x11,
};

/*
 * Finds the first device of `vendor` on bus 0 whose device id is one of `count` `ids`. `found` must hold
 * its `ports` and `mmio`.
 * Returns whether there is one.
 */
bool pci_find(struct pci_device *found, uint16_t vendor, const uint16_t *ids, unsigned count);

/* Reads and writes one aligned 32-bit register. */
uint32_t pci_read(const struct pci_device *d, unsigned at);
void pci_write(const struct pci_device *d, unsigned at, uint32_t value);

/* Reads a byte. */
uint8_t pci_read8(const struct pci_device *d, unsigned at);

/*
 * Finds the next capability of kind `id` after the one at `after` (0: the first).
 * Returns where it is in configuration space, or 0.
 */
unsigned pci_capability(const struct pci_device *d, uint8_t id, unsigned after);

/* Switches the device's memory decoding and bus mastering on, and its INTx line off. */
void pci_enable(const struct pci_device *d);

/*
 * Maps `size` bytes at `offset` of a memory BAR. A BAR that no firmware has placed, or that was
 * placed where our resource does not reach, gets an address first.
 * Returns NULL when that is not possible.
 */
volatile void *pci_map_bar(const struct pci_device *d, unsigned bar, uint32_t offset, uint32_t size);
