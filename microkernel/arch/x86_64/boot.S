/*
 * The first instructions: from the PVH entry (32-bit, paging off, ebx = start_info) to arch_main() in the
 * higher half, on the boot tables: 1 GiB of physical memory at 0, at the direct map and at the kernel's base.
 */
#include <machine/offsets.h>

#define PHYS(x) ((x) - 0xffffffff80000000)

    .section .note.pvh, "a", @note
    .long 4, 4, 18
    .asciz "Xen"
    .long boot_entry

    .section .boot, "awx"
    .code32
    .globl boot_entry
boot_entry:
    cld
    cli
    mov $boot_stack_end, %esp
    mov %ebx, %ebp

    /* 512 entries of 2 MiB: present, writable, large. */
    mov $boot_pd, %edi
    mov $0x83, %eax
    xor %ecx, %ecx
1:  mov %eax, (%edi, %ecx, 8)
    add $0x200000, %eax
    inc %ecx
    cmp $512, %ecx
    jne 1b

    mov $boot_pd + 3, %eax
    mov %eax, boot_pdpt
    mov %eax, boot_pdpt + 510 * 8
    mov $boot_pdpt + 3, %eax
    mov %eax, boot_pml4
    mov %eax, boot_pml4 + 511 * 8

    mov $0x20, %eax             /* CR4.PAE */
    mov %eax, %cr4
    mov $boot_pml4, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx       /* EFER: SCE, LME, NXE */
    rdmsr
    or $0x901, %eax
    wrmsr
    mov $0x80010033, %eax       /* CR0: PG, WP, NE, ET, MP, PE */
    mov %eax, %cr0
    lgdt boot_gdt_pointer
    ljmp $0x08, $boot_long

    .code64
boot_long:
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    mov %ebp, %edi
    movabs $boot_high, %rax
    jmp *%rax

    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff
boot_gdt_pointer:
    .word 15
    .long boot_gdt

    .balign 4096
boot_pml4:
    .fill 4096
boot_pdpt:
    .fill 4096
boot_pd:
    .fill 4096
    .fill 256
boot_stack_end:

    .section .text, "ax"
boot_high:
    mov $bss_start, %rax
    mov $bss_end, %rcx
    mov %rdi, %rbx
    mov %rax, %rdi
    sub %rax, %rcx
    shr $3, %rcx
    xor %eax, %eax
    rep stosq
    mov %rbx, %rdi
    mov $kernel_stack_end, %rsp
    xor %ebp, %ebp
    call arch_main              /* does not return */
    ud2

    /* One stack for each processor; the page below it is never mapped (paging.c). Hot data has the rest of its
       topmost page (kernel.ld). */
    .section .data.stack, "aw", @progbits
    .balign 4096
    .globl kernel_stack_guard, kernel_stack_end
kernel_stack_guard:
    .skip 4096
    .skip KERNEL_STACK_SIZE
kernel_stack_end:
    .section .note.GNU-stack, "", @progbits
