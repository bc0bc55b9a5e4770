/*
 * Deadlines that do something: alarms, interval timers, POSIX timers.
 *
 * One kernel timer on the events port serves all of them, set to the earliest.
 */
#pragma once

#include <jg/rt/list.h>
#include <jg/types.h>

struct process;

struct timer {
    struct list link; /* by deadline; not in the list while disarmed */
    jg_time_t deadline;
    void (*fire)(
        struct timer *timer); /* from the events thread, with tasks_lock; may arm it again */
};

#define EVENT_TIMER 3ull

/* `ns` later, but never JG_TIME_INFINITE, which disarms. */
static inline jg_time_t time_after(jg_time_t when, jg_time_t ns)
{
    return ns < JG_TIME_INFINITE - when ? when + ns : JG_TIME_INFINITE - 1;
}

/* Once, at start. 0 or negative. */
int timers_start(void);

/* All with tasks_lock held. */
void timer_init(struct timer *timer, void (*fire)(struct timer *timer));
void timer_arm(struct timer *timer, jg_time_t deadline); /* JG_TIME_INFINITE: disarm */
bool timer_armed(const struct timer *timer);

/* The kernel timer arrived: fires what is due. Takes tasks_lock. */
void timers_run(void);
