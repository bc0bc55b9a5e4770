/*
 * Filling a new address space from an executable.
 *
 * In:   load_elf(), load_zeros(), load_bytes(). No state.
 * Note: bytes go from the file's VMO to their place in one move; the loader never maps the file.
 */
#include <jg/rt/load.h>
#include <jg/stubs.h>

#define READ_WRITE (JG_PROT_READ | JG_PROT_WRITE)

int64_t load_zeros(jg_handle_t aspace, uint64_t va, uint64_t length, uint32_t max_prot)
{
    struct jg_map m = {
        .va = va,
        .length = length,
        .prot = READ_WRITE,
        .max_prot = READ_WRITE | max_prot,
        .flags = JG_MAP_PRIVATE | JG_MAP_COMMIT,
    };

    return jg_aspace_map(aspace, &m);
}

int64_t load_bytes(jg_handle_t aspace, uint64_t va, const void *bytes, uint64_t size)
{
    struct jg_copy c = {aspace, JG_COPY_WRITE, va, (uintptr_t)bytes, size};
    int64_t n = size ? jg_aspace_copy(&c) : 0;

    return n < 0 ? n : (uint64_t)n == size ? JG_OK : JG_ERR_NO_MEMORY;
}

static int64_t load_segment(jg_handle_t aspace, jg_handle_t file, uint64_t offset,
                            const struct elf_segment *s)
{
    uint64_t from = s->va & ~(JG_PAGE_SIZE - 1);
    uint64_t length = (s->va + s->memory_size - from + JG_PAGE_SIZE - 1) & ~(JG_PAGE_SIZE - 1);
    struct jg_transfer t = {
        .op = JG_TRANSFER_READ,
        .aspace = aspace,
        .va = s->va,
        .length = s->file_size,
        .offset = offset + s->offset,
    };
    int64_t status = load_zeros(aspace, from, length, s->prot);

    if (status >= 0 && s->file_size)
        status = jg_vmo_transfer(file, &t);
    if (status < 0)
        return status;
    if (s->file_size && (uint64_t)status != s->file_size)
        return JG_ERR_BAD_FORMAT;
    return jg_aspace_protect(aspace, from, length, s->prot);
}

int64_t load_elf(jg_handle_t aspace, jg_handle_t file, uint64_t offset, uint64_t size,
                 struct elf_image *elf)
{
    char head[ELF_HEAD_MAX];
    struct jg_transfer t = {
        .op = JG_TRANSFER_READ,
        .va = (uintptr_t)head,
        .length = size < sizeof head ? size : sizeof head,
        .offset = offset,
    };
    int64_t status = t.length ? jg_vmo_transfer(file, &t) : 0;

    if (status < 0)
        return status;
    status = elf_read(head, (size_t)status, size, elf);
    for (uint32_t i = 0; status >= 0 && i < elf->segment_count; i++)
        status = load_segment(aspace, file, offset, &elf->segment[i]);
    return status < 0 ? status : JG_OK;
}
