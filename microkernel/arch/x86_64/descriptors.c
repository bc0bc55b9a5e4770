/*
 * Segments, the task state, the interrupt table and the system call registers: what the processor needs to find
 * the entry code. Set once for each processor.
 */
#include "x86.h"

#define GATE_INTERRUPT 0x8eu
#define GATE_USER 0xeeu /* int 0x80, int3 and into are allowed from user mode */

struct gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_mid;
    uint32_t offset_high, zero;
} __attribute__((packed));

struct task_state {
    uint32_t zero0;
    uint64_t rsp[3], zero1, ist[7], zero2;
    uint16_t zero3, io_map;
} __attribute__((packed));

struct pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

extern char arch_trap_stubs[];
void arch_syscall_entry(void);

static struct gate gates[256] ALIGNED(16);
static struct task_state task;
static uint64_t segments[10] ALIGNED(16) = {
    [KERNEL_CS / 8] = 0x00af9b000000ffff,
    [KERNEL_SS / 8] = 0x00cf93000000ffff,
    [USER_CS32 / 8] = 0x00cffb000000ffff,
    [USER_SS / 8] = 0x00cff3000000ffff,
    [USER_CS / 8] = 0x00affb000000ffff,
};
static char fatal_stack[4096] ALIGNED(16);

static void set_gate(unsigned vector, uint8_t type, uint8_t ist)
{
    uintptr_t to = (uintptr_t)arch_trap_stubs + vector * 16;

    gates[vector] = (struct gate){(uint16_t)to, KERNEL_CS, ist, type, (uint16_t)(to >> 16),
                                  (uint32_t)(to >> 32), 0};
}

static void load_segments(void)
{
    struct pointer gdt = {sizeof segments - 1, (uintptr_t)segments};
    struct pointer idt = {sizeof gates - 1, (uintptr_t)gates};
    uintptr_t base = (uintptr_t)&task;
    uint64_t gs = rdmsr(MSR_GS_BASE);

    segments[TSS_SELECTOR / 8] = (sizeof task - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
                                 (base >> 24 & 0xff) << 56;
    segments[TSS_SELECTOR / 8 + 1] = base >> 32;
    __asm__ volatile("lgdt %0\n"
                     "lidt %1\n"
                     "pushq %2\n"
                     "lea 1f(%%rip), %%rax\n"
                     "pushq %%rax\n"
                     "lretq\n"
                     "1: mov %3, %%ss\n"
                     "mov %4, %%ds\n"
                     "mov %4, %%es\n"
                     "mov %4, %%fs\n"
                     "mov %4, %%gs\n"
                     "ltr %w5\n"
                     :
                     : "m"(gdt), "m"(idt), "i"(KERNEL_CS), "r"(KERNEL_SS), "r"(0),
                       "r"(TSS_SELECTOR)
                     : "rax", "memory");
    wrmsr(MSR_GS_BASE, gs);
}

void descriptors_init(void)
{
    for (unsigned v = 0; v < 256; v++)
        set_gate(v, GATE_INTERRUPT, 0);
    set_gate(2, GATE_INTERRUPT, 1);
    set_gate(8, GATE_INTERRUPT, 1);
    set_gate(18, GATE_INTERRUPT, 1);
    set_gate(3, GATE_USER, 0);
    set_gate(4, GATE_USER, 0);
    set_gate(VECTOR_SYSCALL32, GATE_USER, 0);
    task.rsp[0] = this_cpu()->stack_top;
    task.ist[0] = (uintptr_t)fatal_stack + sizeof fatal_stack;
    task.io_map = sizeof task; /* no port is allowed */
    load_segments();

    /* SYSCALL takes CS and SS from bits 32..47, SYSRET CS = bits 48..63 + 16 and SS = that + 8. */
    _Static_assert(KERNEL_SS == KERNEL_CS + 8 && USER_SS == USER_CS32 + 8, "STAR");
    _Static_assert(USER_CS == USER_CS32 + 16, "STAR");
    wrmsr(MSR_STAR, (uint64_t)KERNEL_CS << 32 | (uint64_t)USER_CS32 << 48);
    wrmsr(MSR_LSTAR, (uintptr_t)arch_syscall_entry);
    wrmsr(MSR_CSTAR, (uintptr_t)arch_syscall_entry); /* 32-bit code cannot run: no such segment base */
    wrmsr(MSR_SFMASK, 0x47700u | FLAG_IF | FLAG_DF | FLAG_TF | FLAG_AC);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | 1u);
}
