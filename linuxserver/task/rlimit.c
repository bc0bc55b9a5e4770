/*
 * RLIMIT_CPU and RLIMIT_NPROC. Source: getrlimit(2).
 *
 * In:    prlimit and publish() arm the processor's limit; set*uid, clone and exec ask for the other.
 * Life:  a process with a limit has its timer armed for the earliest time at which it could have used that much. When it
 *        fires it looks, acts, and is armed for the next such time: a process that sleeps costs next to nothing.
 * Locks: tasks_lock throughout.
 */
#include "rlimit.h"

#include <jg/rt/time.h>

#include <linux/signal.h>
#include <signal.h>

#define SOONEST_NS 4000000ll /* the clock of used time lags a little */

static uint64_t nanoseconds(uint64_t seconds)
{
    return seconds < INT64_MAX / NS_PER_SEC ? seconds * NS_PER_SEC : INT64_MAX;
}

static void arm(struct process *p, uint64_t used)
{
    const struct rlimit64 *limit = &p->limits.limit[RLIMIT_CPU];
    uint64_t at =
        nanoseconds(limit->rlim_cur < limit->rlim_max ? limit->rlim_cur : limit->rlim_max);
    jg_time_t left = at > used ? (jg_time_t)(at - used) : 0, now = time_monotonic();

    if (left < SOONEST_NS)
        left = SOONEST_NS;
    timer_arm(&p->cpu_timer,
              at == INT64_MAX || left >= JG_TIME_INFINITE - now ? JG_TIME_INFINITE : now + left);
}

void rlimit_cpu_arm(struct process *p)
{
    uint64_t user, system;

    if (p->limits.limit[RLIMIT_CPU].rlim_cur == RLIM64_INFINITY) {
        if (timer_armed(&p->cpu_timer))
            timer_arm(&p->cpu_timer, JG_TIME_INFINITE);
        return;
    }
    process_times(p, &user, &system);
    arm(p, user + system);
}

void rlimit_cpu_fire(struct timer *timer)
{
    struct process *p = LIST_ENTRY(timer, struct process, cpu_timer);
    struct rlimit64 *limit = &p->limits.limit[RLIMIT_CPU];
    uint64_t user, system;
    siginfo_t info;

    process_times(p, &user, &system);
    if (user + system >= nanoseconds(limit->rlim_max)) {
        siginfo_kernel(&info, SIGKILL);
        signal_send_process(p, &info);
        return;
    }
    if (user + system >= nanoseconds(limit->rlim_cur)) {
        siginfo_kernel(&info, SIGXCPU);
        signal_send_process(p, &info);
        limit->rlim_cur++; /* again after each further second, as Linux does */
    }
    arm(p, user + system);
}

uint64_t rlimit_tasks(uint32_t uid)
{
    uint64_t count = 0;

    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);
        struct task *any = process_any_task(p);

        if ((any ? any->cred.uid : p->uid) == uid)
            count += p->zombie ? 1 : p->task_count;
    }
    return count;
}
