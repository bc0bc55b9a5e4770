/*
 * ITIMER_REAL and alarm, ITIMER_VIRTUAL, ITIMER_PROF. Source: setitimer(2).
 */
#include "itimer.h"

#include <jg/rt/time.h>

#include <linux/signal.h>
#include <signal.h>

#include "cpu_timer.h"

#define LEAST_LEFT_NS 1000 /* due, but not delivered yet: never 0, in microseconds */

static void send(struct process *p, int sig)
{
    siginfo_t info;

    siginfo_kernel(&info, sig);
    signal_send_process(p, &info);
}

static void real_fire(struct timer *timer)
{
    send(LIST_ENTRY(timer, struct process, real_timer), SIGALRM);
}

void itimer_taken(struct process *p)
{
    jg_time_t now, missed;

    if (!p->real_interval || timer_armed(&p->real_timer))
        return;
    now = time_monotonic();
    missed = now > p->real_timer.deadline ? (now - p->real_timer.deadline) / p->real_interval : 0;
    timer_arm(&p->real_timer,
              time_after(p->real_timer.deadline, (missed + 1) * p->real_interval));
}

static void cpu_fire(struct process *p, int which, int sig)
{
    struct cpu_itimer *it = &p->cpu_itimer[which];

    send(p, sig);
    if (it->interval)
        cpu_timer_arm(&it->timer, time_after(it->timer.expires, it->interval));
}

static void virtual_fire(struct cpu_timer *timer)
{
    cpu_fire(LIST_ENTRY(timer, struct process, cpu_itimer[0].timer), 0, SIGVTALRM);
}

static void prof_fire(struct cpu_timer *timer)
{
    cpu_fire(LIST_ENTRY(timer, struct process, cpu_itimer[1].timer), 1, SIGPROF);
}

void itimers_init(struct process *p)
{
    timer_init(&p->real_timer, real_fire);
    cpu_timer_init(&p->cpu_itimer[0].timer, virtual_fire);
    cpu_timer_init(&p->cpu_itimer[1].timer, prof_fire);
    p->cpu_itimer[0].timer.clock = (struct cpu_clock){.process = p, .user_only = true};
    p->cpu_itimer[1].timer.clock = (struct cpu_clock){.process = p};
}

void itimers_stop(struct process *p)
{
    p->real_interval = 0;
    timer_arm(&p->real_timer, JG_TIME_INFINITE);
    cpu_timer_disarm(&p->cpu_itimer[0].timer);
    cpu_timer_disarm(&p->cpu_itimer[1].timer);
}

static struct cpu_itimer *cpu_itimer(struct process *p, int which)
{
    return &p->cpu_itimer[which == ITIMER_PROF];
}

jg_time_t itimer_left(struct process *p, int which, jg_time_t *interval)
{
    struct cpu_itimer *it;
    jg_time_t left;

    if (which == ITIMER_REAL) {
        *interval = p->real_interval;
        if (!timer_armed(&p->real_timer))
            return 0;
        left = p->real_timer.deadline - time_monotonic();
        return left > LEAST_LEFT_NS ? left : LEAST_LEFT_NS;
    }
    it = cpu_itimer(p, which);
    *interval = it->interval;
    if (!cpu_timer_armed(&it->timer))
        return 0;
    left = it->timer.expires - cpu_clock_read(&it->timer.clock);
    return left > 0 ? left : CPU_TICK_NS;
}

void itimer_set(struct process *p, int which, jg_time_t value, jg_time_t interval)
{
    struct cpu_itimer *it;

    if (which == ITIMER_REAL) {
        p->real_interval = value ? interval : 0;
        timer_arm(&p->real_timer, value ? time_after(time_monotonic(), value) : JG_TIME_INFINITE);
        return;
    }
    it = cpu_itimer(p, which);
    it->interval = interval;
    if (value)
        cpu_timer_arm(&it->timer, time_after(cpu_clock_read(&it->timer.clock), value));
    else
        cpu_timer_disarm(&it->timer);
}
