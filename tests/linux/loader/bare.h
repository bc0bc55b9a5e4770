/*
 * Start-up without any C library, for programs that look at what the kernel gives.
 *
 * bare_main() gets the initial stack pointer: argc, argv, envp, auxv; its value is the exit status.
 */
#pragma once

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

int bare_main(uintptr_t *stack);

__asm__(".globl _start\n"
        "_start: xor %ebp, %ebp\n"
        "mov %rsp, %rdi\n"
        "and $-16, %rsp\n"
        "call bare_main\n"
        "mov %eax, %edi\n"
        "mov $231, %eax\n"
        "syscall\n"
        "hlt\n");

static inline uintptr_t auxv_value(uintptr_t *stack, uintptr_t wanted)
{
    uintptr_t *at = stack + 1 + *stack + 1; /* behind argv's NULL */

    while (*at)
        at++;
    for (at++; at[0] != AT_NULL; at += 2)
        if (at[0] == wanted)
            return at[1];
    return 0;
}
