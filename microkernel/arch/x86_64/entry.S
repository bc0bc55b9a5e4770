/*
 * Into the kernel and out of it.
 *
 * From user mode every integer register is stored in the current thread's frame (struct arch_thread), and
 * the processor's one stack is used from its top. On the way out the frame of cpu->current is loaded, which
 * may be another thread's by then. Interrupts are off from entry to exit, but for the idle wait: only there,
 * and for page faults in user copies, can the kernel itself be interrupted (kernel_trap).
 */
#include <machine/offsets.h>

    .macro SAVE_COMMON at       /* all but rdi, rip, rflags, rsp, rcx, r11 */
    mov %rax, T_RAX(\at)
    mov %rbx, T_RBX(\at)
    mov %rdx, T_RDX(\at)
    mov %rsi, T_RSI(\at)
    mov %rbp, T_RBP(\at)
    mov %r8, T_R8(\at)
    mov %r9, T_R9(\at)
    mov %r10, T_R10(\at)
    mov %r12, T_R12(\at)
    mov %r13, T_R13(\at)
    mov %r14, T_R14(\at)
    mov %r15, T_R15(\at)
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
arch_syscall_entry:             /* rcx and r11 are rip and rflags: not stored twice (thread.c) */
    swapgs
    mov %rsp, %gs:CPU_SCRATCH
    mov %gs:CPU_CURRENT, %rsp
    SAVE_COMMON %rsp
    mov %rdi, T_RDI(%rsp)
    mov %rax, T_ENTRY_RAX(%rsp)
    mov %rcx, T_RIP(%rsp)
    mov %r11, T_RFLAGS(%rsp)
    movw $ENTRY_SYSCALL, T_ENTRY(%rsp)
    mov %rsp, %rdi
    mov %gs:CPU_SCRATCH, %rax
    mov %rax, T_RSP(%rdi)
    mov %gs:CPU_STACK_TOP, %rsp
    xor %ebp, %ebp
    call kernel_syscall

    .globl arch_return_to_user
arch_return_to_user:
    mov %gs:CPU_CURRENT, %rdi
    mov %gs:CPU_USER_OWNER, %rsi
    mov T_ROOT(%rdi), %rax
    cmp %rsi, %rdi
    jne 3f
    cmp %gs:CPU_LOADED_ROOT, %rax
    jne 4f
1:  swapgs
2:  cmpw $ENTRY_SYSCALL, T_ENTRY(%rdi)
    jne 5f
    LOAD_COMMON
    mov T_RIP(%rdi), %rcx
    mov T_RFLAGS(%rdi), %r11
    mov T_RSP(%rdi), %rsp
    mov T_RDI(%rdi), %rdi
    sysretq

    /*
     * Another thread (rdi) than the one whose segment bases are loaded (rsi). The bases that user mode may have
     * changed are stored, and the page tables are loaded last: what follows touches only rdi's frame.
     */
3:  xor %ecx, %ecx
    cmp %rdi, %gs:CPU_VECTOR_OWNER
    je 10f
    cmp %rdi, %gs:CPU_VECTOR_GUEST
    setne %cl
10: cmp %gs:CPU_VECTOR_OFF, %cl
    jne 6f
9:  test %rsi, %rsi
    jz 7f
    cmpb $0, %gs:CPU_BASES_BY_MSR
    jne 7f
    mov %rdi, %gs:CPU_USER_OWNER
    rdfsbase %rcx
    mov %rcx, T_FS_BASE(%rsi)
    cmp %gs:CPU_LOADED_ROOT, %rax
    mov %rax, %gs:CPU_LOADED_ROOT
    swapgs
    rdgsbase %rcx
    mov %rcx, T_GS_BASE(%rsi)
    mov T_GS_BASE(%rdi), %rcx
    mov T_FS_BASE(%rdi), %rdx
    wrgsbase %rcx
    wrfsbase %rdx
    je 2b
    mov %rax, %cr3
    jmp 2b

4:  mov %rax, %gs:CPU_LOADED_ROOT
    mov %rax, %cr3
    jmp 1b
6:  mov %cl, %gs:CPU_VECTOR_OFF
    test %cl, %cl
    jz 8f
    mov %gs:CPU_CR0_OFF, %rcx
    mov %rcx, %cr0
    jmp 9b
8:  clts
    jmp 9b
7:  call entry_switch_user
    jmp arch_return_to_user

5:  pushq $USER_SS
    pushq T_RSP(%rdi)
    pushq T_RFLAGS(%rdi)
    pushq $USER_CS
    pushq T_RIP(%rdi)
    LOAD_COMMON
    mov T_RCX(%rdi), %rcx
    mov T_R11(%rdi), %r11
    mov T_RDI(%rdi), %rdi
    iretq

    /* The stack: vector, error, rip, cs, rflags, rsp, ss. */
    .balign 16
trap_common:
    testb $3, 24(%rsp)
    jz kernel_trap
    swapgs
    push %rdi
    mov %gs:CPU_CURRENT, %rdi
    SAVE_COMMON %rdi
    mov %rcx, T_RCX(%rdi)
    mov %r11, T_R11(%rdi)
    pop T_RDI(%rdi)
    pop %rsi                    /* vector */
    pop %rdx                    /* error */
    pop T_RIP(%rdi)
    pop %rax                    /* cs */
    pop T_RFLAGS(%rdi)
    pop T_RSP(%rdi)
    movw $ENTRY_TRAP, T_ENTRY(%rdi)
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

    .section .text.hot, "ax"
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
