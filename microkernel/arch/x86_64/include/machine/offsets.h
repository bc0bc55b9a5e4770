/* Offsets that entry.S uses; asserted in machine/thread.h and machine/cpu.h. */
#pragma once

#define CPU_SELF 0
#define CPU_CURRENT 8
#define CPU_STACK_TOP 16
#define CPU_SCRATCH 24
#define CPU_LOADED_ROOT 32
#define CPU_USER_OWNER 40
#define CPU_VECTOR_OWNER 48
#define CPU_VECTOR_OFF 56
#define CPU_BASES_BY_MSR 57
#define CPU_CR0_OFF 64
#define CPU_VECTOR_GUEST 72

#define T_RAX 0
#define T_RBX 8
#define T_RCX 16
#define T_RDX 24
#define T_RSI 32
#define T_RDI 40
#define T_RBP 48
#define T_RSP 56
#define T_R8 64
#define T_R9 72
#define T_R10 80
#define T_R11 88
#define T_R12 96
#define T_R13 104
#define T_R14 112
#define T_R15 120
#define T_RIP 128
#define T_RFLAGS 136
#define T_FS_BASE 144
#define T_GS_BASE 152
#define T_ENTRY_RAX 160
#define T_ROOT 176
#define T_WORK 184
#define T_ENTRY 188

#define ENTRY_SYSCALL 0
#define ENTRY_INT80 1
#define ENTRY_TRAP 2

#define KERNEL_CS 0x10
#define KERNEL_SS 0x18
#define USER_CS32 0x23
#define USER_SS 0x2b
#define USER_CS 0x33
#define TSS_SELECTOR 0x40

#define KERNEL_STACK_SIZE (16384 + 2048)
