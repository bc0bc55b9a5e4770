/*
 * procfs: cpuinfo.
 */
#include <jg/rt/string.h>

#include <arch/x86_64/cpu.h>

#include "proc_text.h"

static void cpu_brand(char brand[49])
{
    for (uint32_t i = 0; i < 3; i++) {
        struct cpuid part = cpuid(0x80000002u + i);

        memcpy(brand + i * 16, &part, 16);
    }
    brand[48] = 0;
}

int64_t proc_cpuinfo(struct task *reader, struct proc_node at, struct text *out)
{
    char brand[49], vendor[13] = {0};
    struct cpuid maker = cpuid(0);
    struct cpuid features = cpuid(1);
    uint32_t a = features.a, c = features.c;

    (void)reader, (void)at;
    memcpy(vendor, (uint32_t[]){maker.b, maker.d, maker.c}, 12);
    cpu_brand(brand);
    text_add(out,
             "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: "
             "%s\nstepping\t: %u\n",
             vendor, a >> 8 & 15, (a >> 4 & 15) | (a >> 12 & 0xf0), brand, a & 15);
    text_add(out,
             "physical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\nfpu\t\t: yes\n");
    text_add(out,
             "flags\t\t: fpu tsc msr pae cx8 apic sep cmov mmx fxsr sse sse2 syscall nx lm%s%s%s\n",
             c & 1 ? " pni" : "", c >> 28 & 1 ? " avx" : "", c >> 30 & 1 ? " rdrand" : "");
    text_add(out, "bogomips\t: 2000.00\nclflush size\t: 64\ncache_alignment\t: 64\n\n");
    return 0;
}
