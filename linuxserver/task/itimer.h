/* ITIMER_REAL. tasks_lock is held throughout. */
#pragma once

#include <task.h>

/* The timer's action: SIGALRM, and again after the interval. */
void itimer_fire(struct timer *timer);

/*
 * Sets it: `value` from now (0: off), then every `interval`. Returns what was left before, and the
 * old interval.
 */
jg_time_t itimer_set(struct process *p, jg_time_t value, jg_time_t interval,
                     jg_time_t *old_interval);
jg_time_t itimer_left(const struct process *p);
