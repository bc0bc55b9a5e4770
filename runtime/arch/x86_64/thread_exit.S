/*
 * thread_exit_unmap(base, length): gives a thread's stack back and ends the thread.
 *
 * The stack is gone after the first call, so nothing here touches memory: the arguments are moved
 * before it, the second call takes none, and the kernel keeps its state on a stack of its own.
 */
#define JG_SYS_thread_exit 14
#define JG_SYS_aspace_unmap 45

    .section .text.thread_exit_unmap, "ax", @progbits
    .globl thread_exit_unmap
    .type thread_exit_unmap, @function
thread_exit_unmap:
    mov %rsi, %rdx
    mov %rdi, %rsi
    xor %edi, %edi
    mov $JG_SYS_aspace_unmap, %eax
    syscall
    mov $JG_SYS_thread_exit, %eax
    syscall
    ud2
    .size thread_exit_unmap, . - thread_exit_unmap

    .section .note.GNU-stack, "", @progbits
