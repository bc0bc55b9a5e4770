/*
 * Proves that elf_read() takes a good executable as it is, refuses what it must, and survives every
 * damaged byte: each result that it accepts obeys the header's promises.
 */
#include <elf.h>
#include <string.h>

#include "check.h"
#include <jg/memory.h>
#include <jg/rt/elf.h>

enum { FILE_SIZE = 0x3000 };

struct file {
    Elf64_Ehdr e;
    Elf64_Phdr p[3];
};

static void good(struct file *f)
{
    memset(f, 0, sizeof *f);
    memcpy(f->e.e_ident,
           "\x7f"
           "ELF\2\1\1",
           7);
    f->e.e_type = ET_EXEC;
    f->e.e_machine = EM_X86_64;
    f->e.e_entry = 0x401010;
    f->e.e_phoff = sizeof f->e;
    f->e.e_phentsize = sizeof *f->p;
    f->e.e_phnum = 3;
    f->p[0] = (Elf64_Phdr){PT_LOAD, PF_R, 0, 0x400000, 0, 0x200, 0x200, 0x1000};
    f->p[1] = (Elf64_Phdr){PT_LOAD, PF_R | PF_X, 0x1000, 0x401000, 0, 0x800, 0x800, 0x1000};
    f->p[2] = (Elf64_Phdr){PT_LOAD, PF_R | PF_W, 0x1800, 0x402800, 0, 0x100, 0x5000, 0x1000};
}

static jg_status_t read_file(const struct file *f, struct elf_image *out)
{
    return elf_read(f, sizeof *f, FILE_SIZE, out);
}

static void promises(const struct elf_image *i)
{
    uint64_t end = 0;

    CHECK(i->segment_count <= ELF_SEGMENTS_MAX);
    for (uint32_t n = 0; n < i->segment_count; n++) {
        const struct elf_segment *s = &i->segment[n];

        CHECK(s->va >= end && s->va < JG_USER_TOP && s->memory_size <= JG_USER_TOP - s->va);
        CHECK(s->file_size <= s->memory_size && s->offset + s->file_size <= FILE_SIZE);
        CHECK((s->va - s->offset) % 4096 == 0);
        CHECK((s->prot & (JG_PROT_WRITE | JG_PROT_EXECUTE)) != (JG_PROT_WRITE | JG_PROT_EXECUTE));
        end = s->va + s->memory_size;
    }
}

int main(void)
{
    struct elf_image i;
    struct file f, bad;

    good(&f);
    CHECK(read_file(&f, &i) == JG_OK && i.segment_count == 3 && i.entry == 0x401010);
    CHECK(i.headers_va == 0x400040 && i.header_count == 3);
    CHECK(i.segment[2].memory_size == 0x5000 &&
          i.segment[1].prot == (JG_PROT_READ | JG_PROT_EXECUTE));
    promises(&i);
    CHECK(elf_read(&f, 63, FILE_SIZE, &i) == JG_ERR_BAD_FORMAT);
    CHECK(elf_read(&f, sizeof f - 1, FILE_SIZE, &i) == JG_ERR_BAD_FORMAT);

#define REFUSED(change, status)                                                                    \
    do {                                                                                           \
        bad = f;                                                                                   \
        change;                                                                                    \
        CHECK(read_file(&bad, &i) == (status));                                                    \
    } while (0)
    REFUSED(bad.e.e_type = ET_DYN, JG_ERR_NOT_SUPPORTED);
    REFUSED(bad.p[0].p_type = PT_INTERP, JG_ERR_NOT_SUPPORTED);
    REFUSED(bad.e.e_machine = EM_AARCH64, JG_ERR_BAD_FORMAT);
    REFUSED(bad.e.e_phnum = 4, JG_ERR_BAD_FORMAT);
    REFUSED(bad.e.e_phoff = UINT64_MAX - 8, JG_ERR_BAD_FORMAT);
    REFUSED(bad.e.e_entry = 0x400010, JG_ERR_BAD_FORMAT);
    REFUSED(bad.p[1].p_flags |= PF_W, JG_ERR_BAD_FORMAT);
    REFUSED(bad.p[1].p_vaddr = 0x401004, JG_ERR_BAD_FORMAT);
    REFUSED(bad.p[1].p_vaddr = 0x400000, JG_ERR_BAD_FORMAT);
    REFUSED(bad.p[2].p_filesz = 0x5001, JG_ERR_BAD_FORMAT);
    REFUSED(bad.p[2].p_offset = 0x4800, JG_ERR_BAD_FORMAT);
    REFUSED(bad.p[2].p_memsz = UINT64_MAX, JG_ERR_BAD_FORMAT);
    REFUSED(bad.p[2].p_vaddr = 0xffffffff80000800, JG_ERR_BAD_FORMAT);
    REFUSED(bad.p[0].p_vaddr = 0, JG_ERR_BAD_FORMAT);

    for (size_t at = 0; at < sizeof f; at++)
        for (int value = 0; value < 256; value++) {
            bad = f;
            ((unsigned char *)&bad)[at] = (unsigned char)value;
            if (read_file(&bad, &i) == JG_OK)
                promises(&i);
        }
    return 0;
}
