/*
 * The first instructions of a native server: rdi is its struct jg_startup, rsp the end of its stack.
 */
    .section .text._start, "ax", @progbits
    .globl _start
    .type _start, @function
_start:
    xor %ebp, %ebp
    and $-16, %rsp
    call startup_begin
    ud2
    .size _start, . - _start

    .section .note.GNU-stack, "", @progbits
