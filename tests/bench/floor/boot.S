/* From the PVH entry (32-bit, paging off) to floor_main() in long mode, all of 1 GiB mapped as it is. */
    .section .note.pvh, "a", @note
    .long 4, 4, 18
    .asciz "Xen"
    .long entry

    .text
    .code32
    .globl entry
entry:
    cli
    cld
    mov $stack_end, %esp
    mov $pd, %edi
    mov $0x83, %eax             /* present, writable, 2 MiB */
    xor %ecx, %ecx
1:  mov %eax, (%edi, %ecx, 8)
    add $0x200000, %eax
    inc %ecx
    cmp $512, %ecx
    jne 1b
    mov $pd + 3, %eax
    mov %eax, pdpt
    mov $pdpt + 3, %eax
    mov %eax, pml4
    mov $0x20, %eax             /* CR4.PAE */
    mov %eax, %cr4
    mov $pml4, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx       /* EFER.LME */
    rdmsr
    or $0x100, %eax
    wrmsr
    mov $0x80000011, %eax       /* CR0: PG, ET, PE */
    mov %eax, %cr0
    lgdt gdt_pointer
    ljmp $8, $long_mode

    .code64
long_mode:
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    call floor_main
1:  hlt
    jmp 1b

    .data
    .balign 8
gdt:
    .quad 0, 0x00af9b000000ffff
gdt_pointer:
    .word 15
    .long gdt

    .bss
    .balign 4096
pml4:
    .skip 4096
pdpt:
    .skip 4096
pd:
    .skip 4096
    .skip 8192
stack_end:
    .section .note.GNU-stack, "", @progbits
