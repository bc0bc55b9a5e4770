/*
 * Clocks from the time page, which the kernel maps into every native process.
 *
 * In:   time_monotonic(), time_wall(), time_wall_offset(). Reads are repeated while the kernel is changing the page.
 */
#include <jg/info.h>
#include <jg/rt/time.h>

#include "arch/x86_64/arch.h"

struct clocks {
    jg_time_t monotonic;
    int64_t wall_offset;
};

static struct clocks read_clocks(void)
{
    const struct jg_time_page *page = (const struct jg_time_page *)JG_TIME_PAGE;
    struct clocks c;
    uint32_t before;

    do {
        before = __atomic_load_n(&page->sequence, __ATOMIC_ACQUIRE);
        unsigned __int128 ticks = arch_read_counter() - page->tsc_base;

        c.monotonic = (jg_time_t)(ticks * page->mult >> page->shift);
        c.wall_offset = page->wall_offset;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while ((before & 1) || before != __atomic_load_n(&page->sequence, __ATOMIC_RELAXED));
    return c;
}

jg_time_t time_monotonic(void)
{
    return read_clocks().monotonic;
}

jg_time_t time_wall_offset(void)
{
    return read_clocks().wall_offset;
}

jg_time_t time_wall(void)
{
    struct clocks c = read_clocks();

    return c.monotonic + c.wall_offset;
}
