/*
 * The head of an ELF64 executable.
 *
 * In:   elf_read(). The file may be damaged or hostile: each field is checked before it is used.
 */
#include <jg/memory.h>
#include <jg/rt/elf.h>
#include <jg/rt/string.h>

#include "arch/x86_64/arch.h"

struct file_header {
    unsigned char ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, headers, sections;
    uint32_t flags;
    uint16_t size, header_size, header_count, section_size, section_count, names;
};
_Static_assert(sizeof(struct file_header) == 64, "Elf64_Ehdr");

struct program_header {
    uint32_t type, flags;
    uint64_t offset, va, pa, file_size, memory_size, align;
};
_Static_assert(sizeof(struct program_header) == 56, "Elf64_Phdr");

enum { TYPE_EXEC = 2, TYPE_DYN = 3 };
enum { PT_LOAD = 1, PT_INTERP = 3 };
enum { PF_X = 1, PF_W = 2, PF_R = 4 };

static const unsigned char ident[7] = {0x7f, 'E', 'L', 'F', 2, 1, 1}; /* 64 bits, little endian */

static uint64_t page_down(uint64_t at)
{
    return at & ~(JG_PAGE_SIZE - 1);
}

static uint64_t page_up(uint64_t at)
{
    return page_down(at + JG_PAGE_SIZE - 1);
}

static bool segment_fits(const struct program_header *h, uint64_t file_size)
{
    return h->offset <= file_size && h->file_size <= file_size - h->offset &&
           h->file_size <= h->memory_size && h->va >= JG_PAGE_SIZE && h->va < JG_USER_TOP &&
           h->memory_size <= JG_USER_TOP - h->va && (h->va - h->offset) % JG_PAGE_SIZE == 0 &&
           (h->flags & (PF_W | PF_X)) != (PF_W | PF_X);
}

static jg_status_t add_segment(struct elf_image *out, const struct program_header *h,
                               uint64_t file_size)
{
    struct elf_segment *s = &out->segment[out->segment_count];

    if (!h->memory_size)
        return JG_OK;
    if (out->segment_count == ELF_SEGMENTS_MAX || !segment_fits(h, file_size))
        return JG_ERR_BAD_FORMAT;
    if (out->segment_count && page_down(h->va) < page_up(s[-1].va + s[-1].memory_size))
        return JG_ERR_BAD_FORMAT;
    *s = (struct elf_segment){h->va, h->memory_size, h->offset, h->file_size, 0};
    s->prot = (h->flags & PF_R ? JG_PROT_READ : 0) | (h->flags & PF_W ? JG_PROT_WRITE : 0) |
              (h->flags & PF_X ? JG_PROT_EXECUTE : 0);
    out->segment_count++;
    return JG_OK;
}

static bool inside(const struct elf_segment *s, uint64_t offset, uint64_t size)
{
    return offset >= s->offset && offset - s->offset <= s->file_size &&
           size <= s->file_size - (offset - s->offset);
}

static jg_status_t check_whole(const struct file_header *f, struct elf_image *out)
{
    bool executable = false;

    for (uint32_t i = 0; i < out->segment_count; i++) {
        const struct elf_segment *s = &out->segment[i];

        if ((s->prot & JG_PROT_EXECUTE) && out->entry >= s->va &&
            out->entry < s->va + s->memory_size)
            executable = true;
        if (inside(s, f->headers, (uint64_t)f->header_count * sizeof(struct program_header)))
            out->headers_va = s->va + (f->headers - s->offset);
    }
    return executable ? JG_OK : JG_ERR_BAD_FORMAT;
}

jg_status_t elf_read(const void *head, size_t head_size, uint64_t file_size, struct elf_image *out)
{
    struct file_header f;
    struct program_header h;
    jg_status_t status;

    if (head_size < sizeof f || head_size > file_size)
        return JG_ERR_BAD_FORMAT;
    memcpy(&f, head, sizeof f);
    if (memcmp(f.ident, ident, sizeof ident) || f.machine != ARCH_ELF_MACHINE ||
        f.header_size != sizeof h || f.headers > head_size ||
        f.header_count > (head_size - f.headers) / sizeof h)
        return JG_ERR_BAD_FORMAT;
    if (f.type != TYPE_EXEC)
        return f.type == TYPE_DYN ? JG_ERR_NOT_SUPPORTED : JG_ERR_BAD_FORMAT;

    *out = (struct elf_image){.entry = f.entry, .header_count = f.header_count};
    for (unsigned i = 0; i < f.header_count; i++) {
        memcpy(&h, (const char *)head + f.headers + i * sizeof h, sizeof h);
        if (h.type == PT_INTERP)
            return JG_ERR_NOT_SUPPORTED;
        status = h.type == PT_LOAD ? add_segment(out, &h, file_size) : JG_OK;
        if (status != JG_OK)
            return status;
    }
    return check_whole(&f, out);
}
