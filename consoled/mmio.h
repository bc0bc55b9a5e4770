/*
 * Memory that devices share with us: their registers, and RAM that they read and write.
 */
#pragma once

#include <jg/stubs.h>

/*
 * Maps `size` bytes of device registers at physical `base`, at most two pages more than needed.
 *
 * Stays mapped for ever. Returns NULL where the resource (JG_RESOURCE_MEMORY) does not reach.
 */
volatile void *mmio_map(jg_handle_t resource, uint64_t base, size_t size);

/* Contiguous memory that a device may use. */
struct dma {
    uint8_t *memory;
    uint64_t physical;
    size_t size;
};

/*
 * Gets `size` bytes of zeroed contiguous memory; they stay for ever. Needs a JG_RESOURCE_DMA.
 * Returns JG_OK, or what the kernel refused with.
 */
jg_status_t dma_create(jg_handle_t resource, size_t size, struct dma *out);

/* Single accesses to registers, of exactly this width. */
static inline uint8_t mmio_read8(const volatile void *at)
{
    return *(const volatile uint8_t *)at;
}

static inline uint16_t mmio_read16(const volatile void *at)
{
    return *(const volatile uint16_t *)at;
}

static inline uint32_t mmio_read32(const volatile void *at)
{
    return *(const volatile uint32_t *)at;
}

static inline void mmio_write8(volatile void *at, uint8_t value)
{
    *(volatile uint8_t *)at = value;
}

static inline void mmio_write16(volatile void *at, uint16_t value)
{
    *(volatile uint16_t *)at = value;
}

static inline void mmio_write32(volatile void *at, uint32_t value)
{
    *(volatile uint32_t *)at = value;
}

/* A 64-bit register that takes two 32-bit writes (virtio 1.1, 4.1.3.1). */
static inline void mmio_write64(volatile void *at, uint64_t value)
{
    mmio_write32(at, (uint32_t)value);
    mmio_write32((volatile uint8_t *)at + 4, (uint32_t)(value >> 32));
}
