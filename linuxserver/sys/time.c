/*
 * Clocks, and times as programs have them.
 */
#include "sys.h"

#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <task/cpu_timer.h>

int64_t time_in(struct task *t, uint64_t va, jg_time_t *out)
{
    int64_t ts[2];

    if (copy_in(t->mm, ts, va, sizeof ts))
        return -EFAULT;
    if (ts[0] < 0 || ts[1] < 0 || ts[1] >= NS_PER_SEC)
        return -EINVAL;
    *out = ts[0] > INT64_MAX / NS_PER_SEC - 1 ? JG_TIME_INFINITE : ts[0] * NS_PER_SEC + ts[1];
    return 0;
}

int64_t time_out(struct task *t, uint64_t va, jg_time_t ns)
{
    int64_t ts[2] = {ns / NS_PER_SEC, ns % NS_PER_SEC};

    return copy_out(t->mm, va, ts, sizeof ts);
}

int64_t timeval_in(struct task *t, uint64_t va, jg_time_t *out)
{
    int64_t tv[2];

    if (copy_in(t->mm, tv, va, sizeof tv))
        return -EFAULT;
    if (tv[0] < 0 || tv[1] < 0 || tv[1] >= 1000000)
        return -EINVAL;
    *out =
        tv[0] > INT64_MAX / NS_PER_SEC - 1 ? JG_TIME_INFINITE : tv[0] * NS_PER_SEC + tv[1] * 1000;
    return 0;
}

int64_t timeval_out(struct task *t, uint64_t va, jg_time_t ns)
{
    int64_t tv[2] = {ns / NS_PER_SEC, ns % NS_PER_SEC / 1000};

    return copy_out(t->mm, va, tv, sizeof tv);
}

jg_time_t deadline_after(jg_time_t ns)
{
    jg_time_t now = time_monotonic();

    return ns > JG_TIME_INFINITE - now ? JG_TIME_INFINITE : now + ns;
}

jg_time_t deadline_at_wall(jg_time_t at)
{
    jg_time_t monotonic = at - time_wall_offset();

    return monotonic > 0 ? monotonic : 0;
}

static int64_t read_cpu_clock(struct task *t, int id, jg_time_t *now)
{
    struct cpu_clock clock;
    int err;

    mutex_lock(&tasks_lock);
    err = cpu_clock_find(t, id, true, &clock);
    if (!err)
        *now = cpu_clock_read(&clock);
    mutex_unlock(&tasks_lock);
    return err;
}

int64_t clock_read(struct task *t, int id, jg_time_t *now)
{
    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_TAI:
        *now = time_wall();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
        *now = time_monotonic();
        return 0;
    default:
        return read_cpu_clock(t, id, now);
    }
}

int64_t sys_clock_gettime(struct task *t, const uint64_t *a)
{
    jg_time_t now;
    int64_t err = clock_read(t, (int)a[0], &now);

    return err ? err : time_out(t, a[1], now);
}

int64_t sys_clock_getres(struct task *t, const uint64_t *a)
{
    bool coarse = a[0] == CLOCK_REALTIME_COARSE || a[0] == CLOCK_MONOTONIC_COARSE;
    jg_time_t now;
    int64_t err = clock_read(t, (int)a[0], &now);

    return err ? err : a[1] ? time_out(t, a[1], coarse ? 4000000 : 1) : 0;
}

int64_t sys_clock_settime(struct task *t, const uint64_t *a)
{
    jg_time_t to;

    if (a[0] != CLOCK_REALTIME)
        return -EINVAL;
    if (time_in(t, a[1], &to))
        return copy_in(t->mm, &to, a[1], sizeof to) ? -EFAULT : -EINVAL;
    return -EPERM;
}

int64_t sys_gettimeofday(struct task *t, const uint64_t *a)
{
    int32_t zone[2] = {0, 0};

    if (a[0] && timeval_out(t, a[0], time_wall()))
        return -EFAULT;
    return a[1] ? copy_out(t->mm, a[1], zone, sizeof zone) : 0;
}

int64_t sys_time(struct task *t, const uint64_t *a)
{
    int64_t now = time_wall() / NS_PER_SEC;

    return a[0] && copy_out(t->mm, a[0], &now, sizeof now) ? -EFAULT : now;
}

int64_t sys_times(struct task *t, const uint64_t *a)
{
    const int64_t tick = NS_PER_SEC / HZ_USER;
    uint64_t user, system;
    int64_t out[4];

    mutex_lock(&tasks_lock);
    process_times(t->process, &user, &system);
    out[0] = (int64_t)user / tick;
    out[1] = (int64_t)system / tick;
    out[2] = (int64_t)t->process->child_user_ns / tick;
    out[3] = (int64_t)t->process->child_system_ns / tick;
    mutex_unlock(&tasks_lock);
    if (a[0] && copy_out(t->mm, a[0], out, sizeof out))
        return -EFAULT;
    return time_monotonic() / tick;
}
