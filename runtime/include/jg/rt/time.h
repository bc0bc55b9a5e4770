/*
 * Clocks, read from the kernel's time page without a call.
 */
#pragma once

#include <jg/types.h>

/* Nanoseconds since boot; never goes back. Any context. */
jg_time_t time_monotonic(void);

/* Nanoseconds since 1970-01-01 00:00 UTC. Any context. */
jg_time_t time_wall(void);

/* What a time on the wall clock is more than the same on the monotonic one. */
jg_time_t time_wall_offset(void);
