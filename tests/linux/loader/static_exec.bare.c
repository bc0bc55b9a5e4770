/*
 * A static ET_EXEC of a few hundred bytes, no libc: headers, auxv, BSS over a page's end.
 */
#include "bare.h"

extern const Elf64_Ehdr __ehdr_start;
static char bss[20000];
static volatile int data = 5;

int bare_main(uintptr_t *stack)
{
    if (((uintptr_t)stack & 15) != 0)
        return 2;
    if (__ehdr_start.e_type != ET_EXEC || auxv_value(stack, AT_BASE) != 0)
        return 3;
    if (auxv_value(stack, AT_PHDR) != (uintptr_t)&__ehdr_start + __ehdr_start.e_phoff)
        return 4;
    if (auxv_value(stack, AT_PHNUM) != __ehdr_start.e_phnum || auxv_value(stack, AT_PHENT) != 56)
        return 5;
    if (auxv_value(stack, AT_ENTRY) != __ehdr_start.e_entry)
        return 6;
    for (size_t i = 0; i < sizeof bss; i++)
        if (bss[i])
            return 7;
    bss[sizeof bss - 1] = 1;
    data++;
    return data == 6 ? 0 : 8;
}
