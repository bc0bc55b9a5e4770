/*
 * Coverage: writes out which lines ran, as the machine ends. Part of the build only with
 * -Dcoverage=true; then the linker lets calls of arch_power_off() and arch_restart() come here first.
 *
 * In:    __wrap_arch_power_off(), __wrap_arch_restart().
 * Form:  for the kernel, and for each native process with counters, on the port COVERAGE_PORT:
 *        "JGCV", a byte and as many of name, 4 bytes: how many counters follow. A counter is a number in
 *        groups of 7 bits, the lowest first; after a zero comes how many zeros there are. What lies behind a
 *        process's counters on their last page is written too: tools/jargoon knows where they end.
 * Locks: the big lock.
 */
#include <arch/cpu.h>
#include <core/string.h>
#include <object/memory.h>
#include <object/process.h>
#include <object/token.h>
#include <vm/aspace.h>

#define COVERAGE_PORT 0x402u
#define COUNTERS_VA   0x10000000ul /* in a server; runtime/coverage.ld */
#define COUNTERS_MAX  (1ul << 20)  /* bytes */
#define PROCESSES_MAX 64u

void __wrap_arch_power_off(void);
void __real_arch_power_off(void);
void __wrap_arch_restart(void);
void __real_arch_restart(void);

extern const uint64_t __start___llvm_prf_cnts[], __stop___llvm_prf_cnts[];

static uint64_t zeros; /* counters that are due as one group */

static void put_byte(uint8_t byte)
{
    arch_port_write(COVERAGE_PORT, 1, byte);
}

static void put_number(uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        put_byte((uint8_t)(n | 0x80));
    put_byte((uint8_t)n);
}

static void end_zeros(void)
{
    if (zeros) {
        put_byte(0);
        put_number(zeros);
    }
    zeros = 0;
}

static void put_counters(const uint64_t *counter, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!counter[i]) {
            zeros++;
            continue;
        }
        end_zeros();
        put_number(counter[i]);
    }
}

static void put_head(const char *name, size_t counters)
{
    size_t length = strnlen(name, 255);

    for (const char *magic = "JGCV"; *magic; magic++)
        put_byte((uint8_t)*magic);
    put_byte((uint8_t)length);
    for (size_t i = 0; i < length; i++)
        put_byte((uint8_t)name[i]);
    for (unsigned shift = 0; shift < 32; shift += 8)
        put_byte((uint8_t)(counters >> shift));
}

static bool read_page(struct aspace *as, uintptr_t va, void *page)
{
    return aspace_read(as, va, page, PAGE_SIZE, 0) == (int64_t)PAGE_SIZE;
}

static void dump_process(const struct process *process)
{
    static uint64_t page[PAGE_SIZE / sizeof(uint64_t)];
    struct aspace *as = process->memory ? process->memory->as : NULL;
    uintptr_t end = COUNTERS_VA;

    if (!as || as->program)
        return;
    while (end < COUNTERS_VA + COUNTERS_MAX && read_page(as, end, page))
        end += PAGE_SIZE;
    if (end == COUNTERS_VA)
        return;
    put_head(process->name, (end - COUNTERS_VA) / sizeof(uint64_t));
    for (uintptr_t va = COUNTERS_VA; va < end && read_page(as, va, page); va += PAGE_SIZE)
        put_counters(page, PAGE_SIZE / sizeof(uint64_t));
    end_zeros();
}

static void dump_all(void)
{
    const struct process *seen[PROCESSES_MAX];
    unsigned count = 0;
    struct thread *thread;
    uint32_t index = 0;

    while ((thread = token_next_thread(&index)) && count < PROCESSES_MAX) {
        unsigned i = 0;

        while (i < count && seen[i] != thread->process)
            i++;
        if (i < count)
            continue;
        seen[count++] = thread->process;
        dump_process(thread->process);
    }
    put_head("jargoon-kernel", (size_t)(__stop___llvm_prf_cnts - __start___llvm_prf_cnts));
    put_counters(__start___llvm_prf_cnts, (size_t)(__stop___llvm_prf_cnts - __start___llvm_prf_cnts));
    end_zeros();
}

void __wrap_arch_power_off(void)
{
    dump_all();
    __real_arch_power_off();
}

void __wrap_arch_restart(void)
{
    dump_all();
    __real_arch_restart();
}
