/*
 * What the processor has, and turning it on. CPUID is trusted for features and for nothing else.
 */
#include "x86.h"
#include <core/log.h>

struct cpu_features cpu_features HOT_DATA;
bool arch_has_smap HOT_DATA;

void features_init(void)
{
    uint32_t r[4], max;
    uint64_t cr4 = read_cr4() | CR4_PGE | CR4_OSFXSR | CR4_OSXMMEXCPT;

    cpuid(0, 0, r);
    max = r[0];
    cpuid(1, 0, r);
    cpu_features.xsave = r[2] & (1u << 26);
    if (cpu_features.xsave)
        cr4 |= CR4_OSXSAVE;
    if (max >= 7) {
        cpuid(7, 0, r);
        cpu_features.fsgsbase = r[1] & 1u;
        cpu_features.smep = r[1] & (1u << 7);
        cpu_features.smap = r[1] & (1u << 20);
        cpu_features.umip = r[2] & (1u << 2);
    }
    if (cpu_features.fsgsbase)
        cr4 |= CR4_FSGSBASE;
    if (cpu_features.smep)
        cr4 |= CR4_SMEP;
    if (cpu_features.smap)
        cr4 |= CR4_SMAP;
    if (cpu_features.umip)
        cr4 |= CR4_UMIP;
    cpuid(0x80000001u, 0, r);
    cpu_features.gigapages = r[3] & (1u << 26);
    arch_has_smap = cpu_features.smap;
    write_cr4(cr4);
    this_cpu()->vector_off = true;
    write_cr0(read_cr0() | CR0_TS);
}

uint64_t arch_entropy(void)
{
    uint64_t value = 0;
    uint32_t r[4];
    bool ok = false;

    cpuid(1, 0, r);
    for (unsigned i = 0; i < 16 && !ok && (r[2] & (1u << 30)); i++)
        __asm__ volatile("rdrand %0" : "=r"(value), "=@ccc"(ok));
    return value ^ rdtsc() * 0x9e3779b97f4a7c15ul;
}
