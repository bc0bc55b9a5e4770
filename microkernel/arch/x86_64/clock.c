/*
 * Time on x86-64: the TSC counts, the local APIC's timer interrupts, the RTC says what day it is.
 *
 * Both rates are measured once, against the ACPI PM timer (or the PIT where that stands still). CPUID is not
 * asked: emulators answer nonsense.
 *
 * The timer is programmed only when an earlier deadline comes; a later one is set when the earlier has passed.
 */
#include "x86.h"
#include <core/log.h>
#include <core/time.h>

#define PM_TIMER_PORT 0x608u
#define PM_TIMER_HZ 3579545u
#define PM_TIMER_MASK 0xffffffu
#define PIT_HZ 1193182u
#define MEASURE_DIVISOR 250u /* of a second: 4 ms */

static uint64_t timer_mult; /* timer ticks per ns, << 32 */
static jg_time_t armed = JG_TIME_INFINITE, wanted = JG_TIME_INFINITE;

struct sample {
    uint64_t counter, reference;
    uint32_t timer;
};

static uint64_t pm_read(void)
{
    return inl(PM_TIMER_PORT) & PM_TIMER_MASK;
}

static uint64_t pit_read(void)
{
    uint8_t low;

    outb(0x43, 0x80); /* latch channel 2 */
    low = inb(0x42);
    return 0xffffu - (low | (unsigned)inb(0x42) << 8); /* counts up, like the other */
}

/* The tightest of a few tries, so that a pause of the host between two reads does not count. */
static struct sample sample_now(uint64_t (*read)(void))
{
    struct sample best = {0, 0, 0};
    uint64_t best_gap = UINT64_MAX;

    for (unsigned i = 0; i < 4; i++) {
        uint64_t before = rdtsc();
        uint64_t reference = read();
        uint32_t timer = apic_timer_count();
        uint64_t after = rdtsc();

        if (after - before < best_gap) {
            best_gap = after - before;
            best = (struct sample){before, reference, timer};
        }
    }
    return best;
}

static bool pm_runs(void)
{
    uint64_t first = pm_read();

    for (unsigned i = 0; i < 100; i++)
        if (pm_read() != first)
            return true;
    return false;
}

/* Measures; returns the TSC's rate in Hz and stores the timer's. */
static uint64_t calibrate(void)
{
    bool pm = pm_runs();
    uint64_t (*read)(void) = pm ? pm_read : pit_read;
    uint64_t hz = pm ? PM_TIMER_HZ : PIT_HZ, mask = pm ? PM_TIMER_MASK : 0xffffu;
    struct sample a, b;
    uint64_t passed;

    if (!pm) {
        outb(0x61, (inb(0x61) & ~2u) | 1u);
        outb(0x43, 0xb4); /* channel 2, both bytes, rate */
        outb(0x42, 0xff);
        outb(0x42, 0xff);
    }
    apic_timer_start(UINT32_MAX);
    a = sample_now(read);
    while (((read() - a.reference) & mask) < hz / MEASURE_DIVISOR)
        __builtin_ia32_pause();
    b = sample_now(read);
    apic_timer_start(0);
    passed = (b.reference - a.reference) & mask;

    uint64_t timer_hz = (uint64_t)(a.timer - b.timer) * hz / passed;

    timer_mult = (timer_hz << 32) / 1000000000u;
    return (b.counter - a.counter) * hz / passed;
}

static uint8_t cmos(uint8_t reg)
{
    outb(0x70, reg);
    return inb(0x71);
}

static unsigned cmos_number(uint8_t reg, bool binary)
{
    uint8_t v = cmos(reg);

    return binary ? v : (v >> 4) * 10u + (v & 15u);
}

/* Seconds since 1970 as the RTC (UTC) has it; read while it is not being updated. */
static int64_t rtc_seconds(void)
{
    bool binary = cmos(0x0b) & 4, hours24 = cmos(0x0b) & 2;
    unsigned s, mi, h, d, mo, y;

    do {
        for (unsigned i = 0; i < 10000 && (cmos(0x0a) & 0x80); i++)
            __builtin_ia32_pause();
        s = cmos_number(0, binary);
        mi = cmos_number(2, binary);
        h = cmos(4);
        d = cmos_number(7, binary);
        mo = cmos_number(8, binary);
        y = cmos_number(9, binary) + 2000;
    } while (s != cmos_number(0, binary));

    bool pm = !hours24 && (h & 0x80);

    h &= 0x7f;
    h = binary ? h : (h >> 4) * 10u + (h & 15u);
    if (!hours24)
        h = h % 12 + (pm ? 12 : 0);

    /* Days from civil: the year begins in March. */
    int64_t year = mo <= 2 ? (int64_t)y - 1 : y;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (int64_t)(mo > 2 ? mo - 3 : mo + 9) + 2) / 5 + (int64_t)d - 1;
    int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;

    return days * 86400 + (int64_t)h * 3600 + (int64_t)mi * 60 + (int64_t)s;
}

void clock_init(void)
{
    uint64_t begin = rdtsc();

    apic_init();

    uint64_t hz = calibrate();
    uint64_t now = rdtsc();

    time_init(hz, begin, rtc_seconds() * 1000000000 - (jg_time_t)((now - begin) * 1000000 / (hz / 1000)));
}

static void program(jg_time_t deadline)
{
    jg_time_t now = time_monotonic(), delta = deadline - now;
    uint64_t count = 1;

    if (delta > 1000000000)
        delta = 1000000000; /* look again then */
    if (delta > 0)
        count = ((uint64_t)delta * timer_mult >> 32) + 1;
    armed = now + MAX(delta, 0);
    apic_timer_start((uint32_t)MIN(count, UINT32_MAX));
}

void arch_timer_set(int64_t deadline)
{
    wanted = deadline;
    if (deadline < armed)
        program(deadline);
}

void timer_interrupt(void)
{
    armed = JG_TIME_INFINITE;
    if (wanted == JG_TIME_INFINITE)
        return;
    if (time_monotonic() < wanted) {
        program(wanted);
        return;
    }
    wanted = JG_TIME_INFINITE;
    kernel_tick();
}
