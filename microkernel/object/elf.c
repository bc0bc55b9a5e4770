/*
 * The loader of the first process.
 *
 * In:    elf_load() from kernel_main().
 * Locks: the big lock.
 */
#include <core/log.h>
#include <core/string.h>
#include <object/elf.h>

#define PT_LOAD             1u
#define PF_X                1u
#define PF_W                2u
#define PF_R                4u
#define PROGRAM_HEADERS_MAX 32u

struct elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_program {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_program) == 56, "ELF64");

static void copy_segment(struct aspace *as, struct vmo *image, uint64_t from, uintptr_t va,
                         uint64_t size, const char *name)
{
    static uint8_t buffer[PAGE_SIZE];

    while (size) {
        size_t n = MIN(size, sizeof(buffer));

        if (vmo_read(image, from, buffer, n) != n ||
            aspace_write(as, va, buffer, n, JG_COPY_FORCE) != (int64_t)n)
            panic("%s cannot be loaded: not enough memory", name);
        from += n;
        va += n;
        size -= n;
    }
}

static void load_segment(struct aspace *as, struct vmo *image, uint64_t offset, uint64_t size,
                         const struct elf_program *p, const char *name)
{
    struct jg_map map = {
        .va = ROUND_DOWN(p->vaddr, PAGE_SIZE),
        .flags = JG_MAP_PRIVATE,
    };

    if (p->offset > size || p->filesz > size - p->offset || p->filesz > p->memsz ||
        p->vaddr >= JG_USER_TOP || p->memsz > JG_USER_TOP - p->vaddr)
        panic("%s is corrupt: a segment lies outside the file or the address space", name);
    if ((p->flags & PF_W) && (p->flags & PF_X))
        panic("%s has a segment that is writable and executable", name);
    map.prot = (p->flags & PF_R ? JG_PROT_READ : 0) | (p->flags & PF_W ? JG_PROT_WRITE : 0) |
               (p->flags & PF_X ? JG_PROT_EXECUTE : 0);
    map.max_prot = map.prot;
    map.length = ROUND_UP(p->vaddr + p->memsz, PAGE_SIZE) - map.va;
    if (map.length == 0)
        return;
    if (aspace_map(as, NULL, &map) != JG_OK)
        panic("%s cannot be loaded: segments overlap, or not enough memory", name);
    copy_segment(as, image, offset + p->offset, p->vaddr, p->filesz, name);
}

uintptr_t elf_load(struct aspace *as, struct vmo *image, uint64_t offset, uint64_t size,
                   const char *name)
{
    struct elf_header head;

    if (size < sizeof(head) || vmo_read(image, offset, &head, sizeof(head)) != sizeof(head) ||
        memcmp(head.ident, "\177ELF\2\1\1", 7) != 0 || head.type != 2 ||
        head.phentsize != sizeof(struct elf_program) || head.phnum > PROGRAM_HEADERS_MAX ||
        head.phoff > size || head.phnum * sizeof(struct elf_program) > size - head.phoff)
        panic("%s is no static ELF64 executable, or is damaged", name);
    for (unsigned i = 0; i < head.phnum; i++) {
        struct elf_program p;

        if (vmo_read(image, offset + head.phoff + i * sizeof(p), &p, sizeof(p)) != sizeof(p))
            panic("%s is damaged", name);
        if (p.type == PT_LOAD)
            load_segment(as, image, offset, size, &p, name);
    }
    if (head.entry >= JG_USER_TOP)
        panic("%s is corrupt: its entry point is outside the address space", name);
    return head.entry;
}
