/*
 * Into the kernel and out of it.
 *
 * From user mode every integer register is stored in the current thread's frame (struct arch_thread), and
 * the processor's one stack is used from its top. On the way out the frame of cpu->current is loaded, which
 * may be another thread's by then. Interrupts are off from entry to exit, but for the idle wait: only there,
 * and for page faults in user copies, can the kernel itself be interrupted (kernel_trap).
 */
#include <machine/offsets.h>

    .macro SAVE_COMMON          /* all but rdi, rip, rflags, rsp, rcx, r11 */
    mov %rax, T_RAX(%rdi)
    mov %rbx, T_RBX(%rdi)
    mov %rdx, T_RDX(%rdi)
    mov %rsi, T_RSI(%rdi)
    mov %rbp, T_RBP(%rdi)
    mov %r8, T_R8(%rdi)
    mov %r9, T_R9(%rdi)
    mov %r10, T_R10(%rdi)
    mov %r12, T_R12(%rdi)
    mov %r13, T_R13(%rdi)
    mov %r14, T_R14(%rdi)
    mov %r15, T_R15(%rdi)
    .endm

    .macro LOAD_COMMON
    mov T_RAX(%rdi), %rax
    mov T_RBX(%rdi), %rbx
    mov T_RDX(%rdi), %rdx
    mov T_RSI(%rdi), %rsi
    mov T_RBP(%rdi), %rbp
    mov T_R8(%rdi), %r8
    mov T_R9(%rdi), %r9
    mov T_R10(%rdi), %r10
    mov T_R12(%rdi), %r12
    mov T_R13(%rdi), %r13
    mov T_R14(%rdi), %r14
    mov T_R15(%rdi), %r15
    .endm

    .section .text.hot, "ax"
    .globl arch_syscall_entry
    .balign 64
arch_syscall_entry:
    swapgs
    mov %rsp, %gs:CPU_SCRATCH
    mov %rdi, %rsp
    mov %gs:CPU_CURRENT, %rdi
    mov %rsp, T_RDI(%rdi)
    SAVE_COMMON
    mov %rax, T_ENTRY_RAX(%rdi)
    mov %rcx, T_RCX(%rdi)
    mov %rcx, T_RIP(%rdi)
    mov %r11, T_R11(%rdi)
    mov %r11, T_RFLAGS(%rdi)
    mov %gs:CPU_SCRATCH, %rax
    mov %rax, T_RSP(%rdi)
    movl $ENTRY_SYSCALL, T_ENTRY(%rdi)
    mov %gs:CPU_STACK_TOP, %rsp
    xor %ebp, %ebp
    call entry_syscall

    .globl arch_return_to_user
arch_return_to_user:
    mov %gs:CPU_CURRENT, %rdi
    cmp %gs:CPU_USER_OWNER, %rdi
    jne 3f
1:  mov T_ROOT(%rdi), %rax
    cmp %gs:CPU_LOADED_ROOT, %rax
    jne 4f
2:  cmpl $ENTRY_SYSCALL, T_ENTRY(%rdi)
    jne 5f
    LOAD_COMMON
    mov T_RIP(%rdi), %rcx
    mov T_RFLAGS(%rdi), %r11
    mov T_RSP(%rdi), %rsp
    mov T_RDI(%rdi), %rdi
    swapgs
    sysretq

3:  call entry_switch_user      /* segment bases, vector state */
    mov %gs:CPU_CURRENT, %rdi
    jmp 1b
4:  mov %rax, %gs:CPU_LOADED_ROOT
    mov %rax, %cr3
    jmp 2b

5:  pushq $USER_SS
    pushq T_RSP(%rdi)
    pushq T_RFLAGS(%rdi)
    pushq $USER_CS
    pushq T_RIP(%rdi)
    LOAD_COMMON
    mov T_RCX(%rdi), %rcx
    mov T_R11(%rdi), %r11
    mov T_RDI(%rdi), %rdi
    swapgs
    iretq

    /* The stack: vector, error, rip, cs, rflags, rsp, ss. */
    .balign 16
trap_common:
    testb $3, 24(%rsp)
    jz kernel_trap
    swapgs
    push %rdi
    mov %gs:CPU_CURRENT, %rdi
    SAVE_COMMON
    mov %rcx, T_RCX(%rdi)
    mov %r11, T_R11(%rdi)
    pop T_RDI(%rdi)
    pop %rsi                    /* vector */
    pop %rdx                    /* error */
    pop T_RIP(%rdi)
    pop %rax                    /* cs */
    pop T_RFLAGS(%rdi)
    pop T_RSP(%rdi)
    movl $ENTRY_TRAP, T_ENTRY(%rdi)
    movq $-1, T_ENTRY_RAX(%rdi)
    mov %gs:CPU_STACK_TOP, %rsp
    xor %ebp, %ebp
    cld
    call entry_trap
    jmp arch_return_to_user

kernel_trap:
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, %rdi
    cld
    call entry_kernel_trap
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rbp
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rbx
    pop %rax
    add $16, %rsp
    iretq

    .section .text, "ax"
    /* Vectors that run on stacks of their own (IST) and never return: the segment base is unknown. */
fatal_common:
    push %rax
    push %rbx
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %rbp
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, %rdi
    cld
    call entry_fatal
    ud2

    .macro STUB n
    .balign 16
    .if !(\n == 8 || (\n >= 10 && \n <= 14) || \n == 17 || \n == 21 || \n == 29 || \n == 30)
    pushq $0
    .endif
    pushq $\n
    .if \n == 2 || \n == 8 || \n == 18
    jmp fatal_common
    .else
    jmp trap_common
    .endif
    .endm

    .balign 16
    .globl arch_trap_stubs
arch_trap_stubs:
    .altmacro
    .set i, 0
    .rept 256
    STUB %i
    .set i, i + 1
    .endr
    .noaltmacro

    /*
     * bool usercopy(void *dst, const void *src, size_t n): a page fault between the labels that cannot be
     * resolved goes on at usercopy_failed (trap.c). With SMAP the caller opened the window.
     */
    .globl usercopy, usercopy_end, usercopy_failed
usercopy:
    mov %rdx, %rcx
    shr $3, %rcx
    rep movsq
    mov %edx, %ecx
    and $7, %ecx
    jz 2f
1:  movzbl (%rsi), %eax
    mov %al, (%rdi)
    inc %rsi
    inc %rdi
    dec %ecx
    jnz 1b
2:
usercopy_end:
    mov $1, %eax
    ret
usercopy_failed:
    xor %eax, %eax
    ret
    .section .note.GNU-stack, "", @progbits
