/*
 * Time. Monotonic nanoseconds count from boot; wall = monotonic + offset (from the RTC).
 */
#pragma once

#include <core/compiler.h>
#include <jg/info.h>
#include <jg/types.h>

/* Nanoseconds since boot. */
jg_time_t time_monotonic(void);

/* Nanoseconds since 1970-01-01 UTC. */
jg_time_t time_wall(void);

/* Nanoseconds in so many ticks of arch_counter(). */
jg_time_t time_of_ticks(uint64_t ticks);

/* The wall clock at monotonic 0. */
jg_time_t time_wall_offset(void);

/* The physical page that holds struct jg_time_page, to be mapped read-only at JG_TIME_PAGE. */
paddr_t time_page_address(void);

/* Called once by arch/ when the counter is calibrated: frequency in Hz, counter value at "boot". */
void time_init(uint64_t counter_hz, uint64_t counter_now, jg_time_t wall_now);
