/*
 * The instructions and registers of x86-64 that C has no name for, and what the files of this folder tell each
 * other. Nothing outside arch/x86_64/ includes it.
 */
#pragma once

#include <arch/cpu.h>
#include <arch/thread.h>
#include <core/hooks.h>
#include <machine/layout.h>
#include <machine/offsets.h>

#define MSR_APIC_BASE 0x1bu
#define MSR_EFER 0xc0000080u
#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_CSTAR 0xc0000083u
#define MSR_SFMASK 0xc0000084u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

#define CR0_TS 0x8ul
#define CR4_PGE (1ul << 7)
#define CR4_OSFXSR (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define CR4_UMIP (1ul << 11)
#define CR4_FSGSBASE (1ul << 16)
#define CR4_OSXSAVE (1ul << 18)
#define CR4_SMEP (1ul << 20)
#define CR4_SMAP (1ul << 21)

#define FLAG_TF 0x100ul
#define FLAG_IF 0x200ul
#define FLAG_DF 0x400ul
#define FLAG_AC 0x40000ul
#define FLAGS_FIXED (FLAG_IF | 2ul)
#define FLAGS_USER 0x240dd5ul /* CF PF AF ZF SF TF DF OF AC ID */

#define VECTOR_IRQ_FIRST 0x30u /* irq n is vector VECTOR_IRQ_FIRST + n, but for 0x80 (irq 80) */
#define VECTOR_SYSCALL32 0x80u
#define VECTOR_TIMER 0xf0u
#define VECTOR_SPURIOUS 0xffu

/* What the entry code pushes when the kernel itself is interrupted. */
struct kernel_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

struct cpu_features {
    bool fsgsbase, smep, smap, umip, gigapages, xsave, xsaveopt;
};
extern struct cpu_features cpu_features;
extern struct cpu boot_cpu;

static inline void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t inb(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void outw(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint16_t inw(uint16_t port)
{
    uint16_t value;

    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void outl(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint32_t inl(uint16_t port)
{
    uint32_t value;

    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return low | (uint64_t)high << 32;
}

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return low | (uint64_t)high << 32;
}

static inline void cpuid(uint32_t leaf, uint32_t sub, uint32_t out[4])
{
    __asm__ volatile("cpuid"
                     : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
                     : "a"(leaf), "c"(sub));
}

static inline uint64_t read_cr0(void)
{
    uint64_t v;

    __asm__ volatile("mov %%cr0, %0" : "=r"(v));
    return v;
}

static inline void write_cr0(uint64_t v)
{
    __asm__ volatile("mov %0, %%cr0" : : "r"(v) : "memory");
}

static inline uint64_t read_cr2(void)
{
    uint64_t v;

    __asm__ volatile("mov %%cr2, %0" : "=r"(v));
    return v;
}

static inline uint64_t read_cr4(void)
{
    uint64_t v;

    __asm__ volatile("mov %%cr4, %0" : "=r"(v));
    return v;
}

static inline void write_cr4(uint64_t v)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(v) : "memory");
}

static inline void load_root(uint64_t root)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(root) : "memory");
}

/* Loads `root` and remembers it, if it is not loaded. */
static inline void switch_root(uint64_t root)
{
    struct cpu *cpu = this_cpu();

    if (cpu->loaded_root != root) {
        cpu->loaded_root = root;
        load_root(root);
    }
}

static inline struct arch_thread *arch_of(struct thread *t)
{
    return (struct arch_thread *)t; /* the first member */
}

/* descriptor.c: GDT, TSS, IDT and system call registers of this processor. */
void descriptors_init(void);
/* features.c: finds out what the processor has and turns it on. */
void features_init(void);
/* vector.c: sizes of the vector state; needs features_init() and the heap only at first use. */
void vector_init(void);
/* #NM of `t` in user mode: gives it the vector unit. False: no memory for its state. */
bool vector_claim(struct thread *t);
/* Forgets `t`. */
void vector_forget(struct thread *t);
/* paging.c: the kernel's final tables; boot_pages gives pages for them. */
void paging_init(paddr_t ram_end);
/* The root of the kernel's own tables. */
extern paddr_t kernel_root;
/* memory.c: reads the memory map, sets up frames. Fills in boot. */
void memory_init(paddr_t start_info, struct boot_info *boot);
/* memory.c: a zeroed page before the frame allocator exists. */
paddr_t boot_page(void);
/* apic.c: local APIC and IOAPIC. */
void apic_init(void);
/* apic.c: end of interrupt. */
void apic_eoi(void);
/* apic.c: starts the timer counting down from `count` (0 stops it); and what is left of it. */
void apic_timer_start(uint32_t count);
/* As apic_timer_start(). */
uint32_t apic_timer_count(void);
/* apic.c: runs kernel_interrupt() for `irq`, unless it is masked. */
void irq_deliver(unsigned irq);
/* clock.c: calibrates the counter and the timer, reads the RTC. */
void clock_init(void);

/* thread.c, trap.c: stores the segment bases of cpu->user_owner, which user mode may have changed. */
static inline void bases_save(struct cpu *cpu)
{
    struct arch_thread *out = (struct arch_thread *)cpu->user_owner;

    if (!out || !cpu_features.fsgsbase)
        return;
    __asm__ volatile("rdfsbase %0" : "=r"(out->regs.fs_base));
    __asm__ volatile("swapgs; rdgsbase %0; swapgs" : "=r"(out->regs.gs_base));
}

/* Loads the segment bases of `in`; the kernel's own GS stays. */
static inline void bases_load(const struct arch_thread *in)
{
    if (likely(cpu_features.fsgsbase)) {
        __asm__ volatile("wrfsbase %0" : : "r"(in->regs.fs_base));
        __asm__ volatile("swapgs; wrgsbase %0; swapgs" : : "r"(in->regs.gs_base));
    } else {
        wrmsr(MSR_FS_BASE, in->regs.fs_base);
        wrmsr(MSR_KERNEL_GS_BASE, in->regs.gs_base);
    }
}

/* clock.c: the timer came due. */
void timer_interrupt(void);
/* vector.c: copies the vector state of a thread. False: no memory, and dst is as it was. */
bool vector_copy(struct arch_thread *dst, struct arch_thread *src);
