/*
 * The time page.
 *
 * In:    time_page_map() when the first native thread of an address space starts.
 * Life:  one VMO over the kernel's own page, made on first use, never freed.
 * Locks: the big lock.
 */
#include <core/time.h>
#include <object/time_page.h>

struct vmo *time_page_vmo(void)
{
    static struct vmo *vmo;

    if (!vmo)
        vmo = vmo_from_kernel_page(time_page_address());
    return vmo;
}

jg_status_t time_page_map(struct memory *memory)
{
    struct vmo *vmo = time_page_vmo();
    struct jg_map map = {
        .va = JG_TIME_PAGE,
        .length = PAGE_SIZE,
        .prot = JG_PROT_READ,
        .max_prot = JG_PROT_READ,
    };
    jg_status_t status;

    if (memory->time_mapped)
        return JG_OK;
    if (!vmo)
        return JG_ERR_NO_MEMORY;
    status = aspace_map(memory->as, vmo, &map);
    /* A clone of a native address space has it already. */
    if (status != JG_OK && status != JG_ERR_EXISTS)
        return status;
    memory->time_mapped = true;
    return JG_OK;
}
