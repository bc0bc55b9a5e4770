/*
 * Load averages: how many tasks run, wait for a processor, or wait for what only a kill interrupts,
 * averaged over 1, 5 and 15 minutes. Source: getloadavg(3), proc(5).
 */
#pragma once

#include <jg/types.h>

#define LOAD_SHIFT 11 /* bits after the point */

/* Begins to sample. Once, at start, after timers_start(). */
void load_start(void);

/* The averages now, with LOAD_SHIFT bits after the point. tasks_lock is held. */
void load_averages(uint64_t out[3]);

/* Tasks that run or could run now, the caller's among them. tasks_lock is held. */
unsigned load_running(void);
