/*
 * A static PIE without a libc: it relocates itself by what the kernel tells it.
 */
#include "bare.h"

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));
extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));
static int target = 77;
static int *volatile pointer = &target; /* needs a relocation */
static char bss[20000];

int bare_main(uintptr_t *stack)
{
    uintptr_t base = (uintptr_t)&__ehdr_start;
    const Elf64_Rela *rela = NULL;
    size_t size = 0;

    if (__ehdr_start.e_type != ET_DYN || auxv_value(stack, AT_BASE) != 0)
        return 3;
    if (auxv_value(stack, AT_PHDR) != base + __ehdr_start.e_phoff)
        return 4;
    if (auxv_value(stack, AT_ENTRY) != base + __ehdr_start.e_entry || base == 0)
        return 5;
    for (const Elf64_Dyn *d = _DYNAMIC; d->d_tag != DT_NULL; d++) {
        if (d->d_tag == DT_RELA)
            rela = (const void *)(base + d->d_un.d_ptr);
        if (d->d_tag == DT_RELASZ)
            size = d->d_un.d_val;
    }
    if (!rela || !size)
        return 6;
    for (size_t i = 0; i < size / sizeof *rela; i++)
        if (ELF64_R_TYPE(rela[i].r_info) == R_X86_64_RELATIVE)
            *(uintptr_t *)(base + rela[i].r_offset) = base + (uintptr_t)rela[i].r_addend;
    for (size_t i = 0; i < sizeof bss; i++)
        if (bss[i])
            return 7;
    bss[100] = 1;
    return pointer == &target && *pointer == 77 ? 0 : 8;
}
