/*
 * Resource limits that need more than a look at a number. See rlimit.c.
 */
#pragma once

#include <task.h>

/* RLIMIT_CPU of `p` was set, or is in force from now on. tasks_lock is held. */
void rlimit_cpu_arm(struct process *p);

/* The timer's action: looks how much time was used. tasks_lock is held. */
void rlimit_cpu_fire(struct timer *timer);

/*
 * How many tasks user `uid` has, as RLIMIT_NPROC counts them: those that have ended too, until they
 * are waited for. Looks at all processes. tasks_lock is held.
 */
uint64_t rlimit_tasks(uint32_t uid);
