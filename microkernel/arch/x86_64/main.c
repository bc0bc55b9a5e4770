/*
 * From the boot code to kernel_main(), and the processor's block.
 *
 * In:    arch_main() from boot.S, on the boot tables, with bss zeroed.
 * Order: console, block, features, descriptors, memory, paging, clock; each uses only what is before it.
 */
#include "x86.h"
#include <core/log.h>
#include <core/random.h>
#include <core/time.h>
#include <mm/frame.h>

extern char kernel_stack_end[];
void arch_main(paddr_t start_info) NORETURN;

struct cpu boot_cpu HOT_DATA;

void arch_main(paddr_t start_info)
{
    static struct boot_info boot;
    struct cpu *cpu = &boot_cpu;

    cpu->self = cpu;
    cpu->stack_top = (uintptr_t)kernel_stack_end;
    wrmsr(MSR_GS_BASE, (uintptr_t)cpu);
    wrmsr(MSR_KERNEL_GS_BASE, 0);

    uint64_t begin = rdtsc();

    features_init();
    cpu->bases_by_msr = !cpu_features.fsgsbase;
    descriptors_init();
    memory_init(start_info, &boot);
    clock_init();
    vector_init();
    random_stir(&begin, sizeof begin);
    log_print("jargoon: %lu MiB, %lu MiB free, boot image %lu KiB, up in %ld us",
              frames_total() >> 8, frames_free() >> 8, boot.image_size >> 10,
              (long)(time_monotonic() / 1000));
    kernel_main(&boot);
    arch_leave();
    arch_return_to_user();
    __builtin_unreachable();
}
