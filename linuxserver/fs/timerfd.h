/* Timerfds. Source: timerfd_create(2). */
#pragma once

#include <file.h>

/* A new one that is off; flags are TFD_*. NULL: no memory. */
struct file *timerfd_create(int clock, uint32_t flags);

/*
 * What is left of it (0: off), and its interval. Returns 0, or -EINVAL: the file is none.
 */
int64_t timerfd_left(struct file *f, jg_time_t *left, jg_time_t *interval);

/*
 * Sets it: `value` from now, or (absolute) on its clock; 0: off. What it counted is forgotten. -EINVAL: the file is none.
 */
int64_t timerfd_set(struct file *f, jg_time_t value, jg_time_t interval, bool absolute);
