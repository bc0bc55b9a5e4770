/*
 * Memory that devices share with us. See mmio.h.
 */
#include "mmio.h"

static int64_t map(jg_handle_t vmo, size_t size, uint32_t flags, uint64_t *va)
{
    struct jg_map m = {
        .length = size,
        .vmo = vmo,
        .prot = JG_PROT_READ | JG_PROT_WRITE,
        .max_prot = JG_PROT_READ | JG_PROT_WRITE,
        .flags = JG_MAP_ANYWHERE | flags,
    };
    int64_t status = jg_aspace_map(JG_HANDLE_NONE, &m);

    *va = m.va;
    return status;
}

volatile void *mmio_map(jg_handle_t resource, uint64_t base, size_t size)
{
    uint64_t first = base & ~(JG_PAGE_SIZE - 1), end = base + size + JG_PAGE_SIZE - 1, va;
    int64_t vmo, status;

    end &= ~(JG_PAGE_SIZE - 1);
    vmo = jg_vmo_physical(resource, first, end - first);
    if (vmo < 0)
        return NULL;
    status = map((jg_handle_t)vmo, end - first, 0, &va);
    jg_handle_close((jg_handle_t)vmo);
    return status < 0 ? NULL : (volatile uint8_t *)va + (base - first);
}

jg_status_t dma_create(jg_handle_t resource, size_t size, struct dma *out)
{
    int64_t vmo = jg_vmo_create(size, JG_VMO_CONTIGUOUS, resource), status;
    uint64_t va;

    if (vmo < 0)
        return (jg_status_t)vmo;
    status = jg_object_info((jg_handle_t)vmo, JG_INFO_PADDR, &out->physical, sizeof out->physical);
    if (status >= 0)
        status = map((jg_handle_t)vmo, size, JG_MAP_COMMIT, &va);
    jg_handle_close((jg_handle_t)vmo);
    if (status < 0)
        return (jg_status_t)status;
    out->memory = (uint8_t *)va;
    out->size = size;
    return JG_OK;
}
