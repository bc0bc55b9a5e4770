/*
 * musl reads the clocks through the vDSO. Source: vdso(7).
 */
#include "nocall.h"

#include <elf.h>
#include <sys/auxv.h>

TEST(nocall, musl_reads_clocks_without_a_system_call)
{
    struct timespec t;

    clocks_make_no_call();
    CHECK_NO_CALL(clock_gettime(CLOCK_REALTIME, &t),
                  syscall(SYS_clock_gettime, CLOCK_REALTIME, &t));
    CHECK_NO_CALL(time(NULL), syscall(SYS_time, NULL));
}

/* A name in the vDSO's own table of symbols. */
static void *vdso_symbol(const char *name)
{
    const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
    const Elf64_Ehdr *head = (const void *)base;
    const Elf64_Phdr *phdr = (const void *)(base + head->e_phoff);
    const Elf64_Sym *symbols = NULL;
    const char *strings = NULL;
    const uint32_t *hash = NULL;
    uintptr_t bias = 0;

    for (int i = 0; i < head->e_phnum; i++)
        if (phdr[i].p_type == PT_LOAD)
            bias = (uintptr_t)base + phdr[i].p_offset - phdr[i].p_vaddr;
    for (int i = 0; i < head->e_phnum; i++) {
        if (phdr[i].p_type != PT_DYNAMIC)
            continue;
        for (const Elf64_Dyn *d = (const void *)(base + phdr[i].p_offset); d->d_tag; d++) {
            const void *at = (const void *)(bias + d->d_un.d_ptr);

            if (d->d_tag == DT_SYMTAB)
                symbols = at;
            else if (d->d_tag == DT_STRTAB)
                strings = at;
            else if (d->d_tag == DT_HASH)
                hash = at;
        }
    }
    CHECK(symbols && strings && hash);
    for (uint32_t i = 0; i < hash[1]; i++)
        if (symbols[i].st_shndx && !strcmp(strings + symbols[i].st_name, name))
            return (void *)(bias + symbols[i].st_value);
    FAIL("the vDSO has no %s", name);
}

TEST(nocall, getcpu_is_in_the_vdso)
{
    long (*getcpu)(unsigned *, unsigned *, void *) = vdso_symbol("__vdso_getcpu");
    unsigned cpu = 99, node = 99;

    CHECK_OK(getcpu(&cpu, &node, NULL));
    CHECK_EQ(cpu, 0);
    CHECK_EQ(node, 0);
    CHECK_OK(getcpu(NULL, NULL, NULL));
    CHECK_NO_CALL(getcpu(&cpu, &node, NULL), syscall(SYS_getcpu, &cpu, &node, NULL));
}
