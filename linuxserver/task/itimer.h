/*
 * The three interval timers of a process, and alarm. tasks_lock is held throughout.
 */
#pragma once

#include <task.h>

/* A new process: none is set. */
void itimers_init(struct process *p);

/* The process ends: none fires any more. */
void itimers_stop(struct process *p);

/*
 * What is left of timer `which` (ITIMER_*), 0 when it is off, and its interval.
 */
jg_time_t itimer_left(struct process *p, int which, jg_time_t *interval);

/* Sets it: `value` from now (0: off), then every `interval`. */
void itimer_set(struct process *p, int which, jg_time_t value, jg_time_t interval);

/*
 * A SIGALRM was taken off the pending ones: ITIMER_REAL goes on only then, so that one that nobody takes costs nothing.
 */
void itimer_taken(struct process *p);
