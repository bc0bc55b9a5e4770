/*
 * Time from the processor's counter: ns = (counter - base) * mult >> shift, as the time page tells user space.
 */
#include <arch/cpu.h>
#include <core/time.h>
#include <machine/layout.h>

#define SHIFT 32u

/* The whole page goes to user space, read-only: nothing else may share it. */
static union {
    struct jg_time_page time;
    uint8_t bytes[PAGE_SIZE];
} page ALIGNED(PAGE_SIZE);

static struct {
    uint64_t base, mult;
    int64_t wall_offset;
} now HOT_DATA;

void time_init(uint64_t counter_hz, uint64_t counter_now, jg_time_t wall_now)
{
    now.base = counter_now;
    now.mult = (uint64_t)(((unsigned __int128)1000000000u << SHIFT) / counter_hz);
    now.wall_offset = wall_now;
    page.time = (struct jg_time_page){0, SHIFT, now.base, now.mult, now.wall_offset};
}

HOT jg_time_t time_monotonic(void)
{
    return time_of_ticks(arch_counter() - now.base);
}

HOT jg_time_t time_of_ticks(uint64_t ticks)
{
    return (jg_time_t)((unsigned __int128)ticks * now.mult >> SHIFT);
}

HOT jg_time_t time_wall(void)
{
    return time_monotonic() + now.wall_offset;
}

jg_time_t time_wall_offset(void)
{
    return now.wall_offset;
}

paddr_t time_page_address(void)
{
    return (uintptr_t)&page - ARCH_KERNEL_BASE;
}
