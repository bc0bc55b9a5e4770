/*
 * ITIMER_REAL and alarm. Source: setitimer(2).
 */
#include "itimer.h"

#include <jg/rt/time.h>

#include <linux/signal.h>
#include <signal.h>

/* Never JG_TIME_INFINITE, which disarms. */
static jg_time_t after(jg_time_t when, jg_time_t ns)
{
    return ns < JG_TIME_INFINITE - when ? when + ns : JG_TIME_INFINITE - 1;
}

void itimer_fire(struct timer *timer)
{
    struct process *p = LIST_ENTRY(timer, struct process, real_timer);
    siginfo_t info;

    siginfo_kernel(&info, SIGALRM);
    signal_send_process(p, &info);
    if (p->real_interval) {
        jg_time_t next = after(timer->deadline, p->real_interval);

        timer_arm(timer,
                  next > time_monotonic() ? next : after(time_monotonic(), p->real_interval));
    }
}

jg_time_t itimer_left(const struct process *p)
{
    jg_time_t left;

    if (!timer_armed(&p->real_timer))
        return 0;
    left = p->real_timer.deadline - time_monotonic();
    return left > 0 ? left : 1; /* due, but not delivered yet: never 0 */
}

jg_time_t itimer_set(struct process *p, jg_time_t value, jg_time_t interval,
                     jg_time_t *old_interval)
{
    jg_time_t left = itimer_left(p);

    *old_interval = p->real_interval;
    p->real_interval = interval;
    timer_arm(&p->real_timer, value ? after(time_monotonic(), value) : JG_TIME_INFINITE);
    return left;
}
