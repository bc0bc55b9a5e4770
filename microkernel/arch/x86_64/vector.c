/*
 * Vector state (x87, SSE, AVX): who owns the unit, and its contents when nobody does.
 *
 * One thread owns the unit of a processor; any other runs with CR0.TS set, and its first use (#NM) swaps. A thread
 * that never used it has no area. CR0 is written only when TS changes: here, and in entry.S on the way to another thread.
 * The guest is excepted: a thread that uses no vector registers and answers the owner's traps. It might read and write
 * the owner's state by calls as well, so that nothing is told to it; its process may not change with the owner.
 */
#include "x86.h"
#include <core/assert.h>
#include <core/string.h>
#include <mm/heap.h>

#define AREA_ALIGN 64u
#define LEGACY_SIZE 512u
#define HEADER_SIZE 64u
#define AREA_MAX 4096u
#define XCR0_WANTED 0xe7ul /* x87, SSE, AVX, AVX-512 */
#define MXCSR_DEFAULT 0x1f80u
#define FCW_DEFAULT 0x37fu

struct legacy_area {
    uint16_t fcw, fsw;
    uint8_t ftw, zero;
    uint16_t fop;
    uint64_t fip, fdp;
    uint32_t mxcsr, mxcsr_mask;
    uint8_t registers[LEGACY_SIZE - 32];
};

static size_t area_size = LEGACY_SIZE;
static uint64_t xcr0 = 3;
static uint32_t mxcsr_mask = 0xffbf;
static uint8_t initial[AREA_MAX] ALIGNED(AREA_ALIGN);

static void *area_of(const struct arch_thread *t)
{
    return (void *)ROUND_UP((uintptr_t)t->vector, AREA_ALIGN);
}

static void set_off(struct cpu *cpu, bool off)
{
    if (cpu->vector_off == off)
        return;
    cpu->vector_off = off;
    if (off)
        write_cr0(cpu->cr0_off);
    else
        __asm__ volatile("clts");
}

static void unit_save(void *area)
{
    if (cpu_features.xsave)
        __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" : : "r"(area) : "memory");
}

static void unit_load(const void *area)
{
    if (cpu_features.xsave)
        __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"(-1), "d"(-1) : "memory");
    else
        __asm__ volatile("fxrstor64 (%0)" : : "r"(area) : "memory");
}

void vector_init(void)
{
    struct legacy_area *legacy = (struct legacy_area *)initial;
    struct cpu *cpu = this_cpu();
    uint32_t r[4];

    cpu->cr0_off = read_cr0() | CR0_TS;
    set_off(cpu, false);
    if (cpu_features.xsave) {
        cpuid(0xd, 0, r);
        xcr0 = (r[0] | (uint64_t)r[3] << 32) & XCR0_WANTED;
        if ((xcr0 & 0xe0) != 0xe0)
            xcr0 &= ~0xe0ul;
        __asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)xcr0), "d"((uint32_t)(xcr0 >> 32)));
        cpuid(0xd, 0, r);
        area_size = r[1];
        if (area_size > AREA_MAX)
            panic("vector state of %lu bytes is too large", area_size);
    }
    __asm__ volatile("fninit");
    unit_save(initial);
    if (legacy->mxcsr_mask)
        mxcsr_mask = legacy->mxcsr_mask;
    memset(initial, 0, sizeof initial);
    legacy->fcw = FCW_DEFAULT;
    legacy->mxcsr = MXCSR_DEFAULT;
    set_off(cpu, true);
}

static bool area_make(struct arch_thread *t)
{
    if (t->vector)
        return true;
    t->vector = heap_alloc(area_size + AREA_ALIGN);
    if (t->vector)
        memcpy(area_of(t), initial, area_size);
    return t->vector != NULL;
}

bool vector_claim(struct thread *t)
{
    struct cpu *cpu = this_cpu();

    if (!area_make(arch_of(t)))
        return false;
    set_off(cpu, false);
    if (cpu->vector_owner == t)
        return true;
    if (cpu->vector_owner)
        unit_save(area_of(arch_of(cpu->vector_owner)));
    unit_load(area_of(arch_of(t)));
    cpu->vector_owner = t;
    cpu->vector_guest = NULL;
    return true;
}

void vector_forget(struct thread *t)
{
    struct cpu *cpu = this_cpu();

    if (cpu->vector_owner == t)
        cpu->vector_owner = NULL;
    if (cpu->vector_guest == t)
        cpu->vector_guest = NULL;
}

/* Brings the area in memory up to date, if the state is in the unit. */
static void area_sync(struct arch_thread *t)
{
    struct cpu *cpu = this_cpu();
    bool off = cpu->vector_off;

    if (cpu->vector_owner != (struct thread *)t)
        return;
    set_off(cpu, false);
    unit_save(area_of(t));
    set_off(cpu, off);
}

bool vector_copy(struct arch_thread *dst, struct arch_thread *src)
{
    if (!src->vector) {
        arch_vector_reset(dst);
        return true;
    }
    if (!area_make(dst))
        return false;
    area_sync(src);
    vector_forget((struct thread *)dst);
    memcpy(area_of(dst), area_of(src), area_size);
    return true;
}

size_t arch_vector_size(void)
{
    return area_size;
}

uint64_t arch_vector_features(void)
{
    return xcr0;
}

const void *arch_vector_read(struct arch_thread *t)
{
    if (!t->vector)
        return NULL;
    area_sync(t);
    return area_of(t);
}

const void *arch_vector_initial(void)
{
    return initial;
}

/* A header that XRSTOR would refuse with #GP must not get that far. */
static bool area_valid(const uint8_t *bytes)
{
    const struct legacy_area *legacy = (const struct legacy_area *)bytes;
    const uint64_t *header = (const uint64_t *)(bytes + LEGACY_SIZE);

    if (legacy->mxcsr & ~mxcsr_mask)
        return false;
    if (!cpu_features.xsave)
        return true;
    if (header[0] & ~xcr0)
        return false;
    for (unsigned i = 1; i < HEADER_SIZE / 8; i++)
        if (header[i])
            return false;
    return true;
}

void *arch_vector_open(struct arch_thread *t)
{
    if (!area_make(t))
        return NULL;
    vector_forget((struct thread *)t);
    return area_of(t);
}

jg_status_t arch_vector_close(struct arch_thread *t)
{
    if (area_valid(area_of(t)))
        return JG_OK;
    arch_vector_reset(t);
    return JG_ERR_INVALID_ARGS;
}

void arch_vector_reset(struct arch_thread *t)
{
    vector_forget((struct thread *)t);
    if (t->vector)
        memcpy(area_of(t), initial, area_size);
}
