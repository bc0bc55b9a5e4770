/*
 * The vDSO: clocks that a program reads, and where it runs, without a system call.
 *
 * Compiled on its own as a shared object, which linuxserver maps into every program behind the
 * kernel's time page. It runs in the program: it calls nothing but system calls, and writes only
 * where it was told. Source: vdso(7).
 */
#include <stddef.h>
#include <stdint.h>

#include <asm/unistd.h>
#include <jg/info.h>
#include <linux/time.h>

#include "../arch/x86_64/vdso_machine.h"

#define NS_PER_SEC 1000000000l
#define EXPORT     __attribute__((visibility("default")))

/* The page before this image; see image.lds. */
extern const struct jg_time_page time_page __attribute__((visibility("hidden")));

struct timespec_value {
    int64_t seconds, nanoseconds;
};

struct timeval_value {
    int64_t seconds, microseconds;
};

static inline int64_t read_clock(int wall)
{
    uint32_t before;
    int64_t now;

    do {
        before = __atomic_load_n(&time_page.sequence, __ATOMIC_ACQUIRE);
        unsigned __int128 ticks = machine_counter() - time_page.tsc_base;

        now = (int64_t)(ticks * time_page.mult >> time_page.shift);
        if (wall)
            now += time_page.wall_offset;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while ((before & 1) || before != __atomic_load_n(&time_page.sequence, __ATOMIC_RELAXED));
    return now;
}

EXPORT int __vdso_clock_gettime(int clock, struct timespec_value *out);
EXPORT int __vdso_clock_gettime(int clock, struct timespec_value *out)
{
    int64_t now;

    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
        now = read_clock(1);
        break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        now = read_clock(0);
        break;
    default:
        return (int)machine_call(__NR_clock_gettime, clock, (long)out);
    }
    out->seconds = now / NS_PER_SEC;
    out->nanoseconds = now % NS_PER_SEC;
    return 0;
}

EXPORT int __vdso_gettimeofday(struct timeval_value *out, int32_t *zone);
EXPORT int __vdso_gettimeofday(struct timeval_value *out, int32_t *zone)
{
    if (out) {
        int64_t now = read_clock(1);

        out->seconds = now / NS_PER_SEC;
        out->microseconds = now % NS_PER_SEC / 1000;
    }
    if (zone)
        zone[0] = zone[1] = 0;
    return 0;
}

EXPORT int64_t __vdso_time(int64_t *out);
EXPORT int64_t __vdso_time(int64_t *out)
{
    int64_t seconds = read_clock(1) / NS_PER_SEC;

    if (out)
        *out = seconds;
    return seconds;
}

/* There is one processor, and one node: getcpu(2). */
EXPORT int __vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused);
EXPORT int __vdso_getcpu(uint32_t *cpu, uint32_t *node, void *unused)
{
    (void)unused;
    if (cpu)
        *cpu = 0;
    if (node)
        *node = 0;
    return 0;
}

EXPORT int __vdso_clock_getres(int clock, struct timespec_value *out);
EXPORT int __vdso_clock_getres(int clock, struct timespec_value *out)
{
    return (int)machine_call(__NR_clock_getres, clock, (long)out);
}
