/*
 * Devices: resources, interrupts, port input and output, power.
 */
#pragma once

#include <jg/types.h>

enum jg_resource_kind {
    JG_RESOURCE_ROOT = 1,   /* init's: any of the others may be made from it */
    JG_RESOURCE_PORTS = 2,  /* I/O ports base .. base+size-1 */
    JG_RESOURCE_MEMORY = 3, /* physical addresses that are not RAM */
    JG_RESOURCE_IRQ = 4,    /* interrupt lines (GSI); and message-signalled ones with size 0 */
    JG_RESOURCE_DMA = 5,    /* contiguous memory and its physical address */
    JG_RESOURCE_LOG = 6,
    JG_RESOURCE_POWER = 7,
};

struct jg_interrupt {
    uint32_t flags;
    uint32_t line;         /* GSI, unless MESSAGE */
    uint64_t message_address; /* out, with MESSAGE: what the device shall write ... */
    uint32_t message_data;    /* ... and where */
    uint32_t zero;
};
#define JG_INTERRUPT_MESSAGE 1u /* MSI, MSI-X */
#define JG_INTERRUPT_LEVEL 2u   /* level-triggered, active low (PCI); else edge, active high (ISA) */

struct jg_port_io {
    uint16_t port;
    uint8_t width; /* 1, 2, 4 */
    uint8_t write; /* 0: read into value */
    uint32_t value;
};
#define JG_PORT_IO_MAX 16u

enum jg_power {
    JG_POWER_OFF = 1,
    JG_POWER_RESTART = 2,
};
