/*
 * Clocks, sleeps, interval timers.
 */
#include "sys.h"

#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <task/itimer.h>

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

/* Reads a clock. Returns 0 or -EINVAL. */
static int64_t read_clock(struct task *t, int id, jg_time_t *now)
{
    uint64_t user, system;

    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_TAI:
        *now = time_wall();
        return 0;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME:
        *now = time_monotonic();
        return 0;
    case CLOCK_PROCESS_CPUTIME_ID:
        mutex_lock(&tasks_lock);
        process_times(t->process, &user, &system);
        mutex_unlock(&tasks_lock);
        *now = (jg_time_t)(user + system);
        return 0;
    case CLOCK_THREAD_CPUTIME_ID:
        task_times(t, &user, &system);
        *now = (jg_time_t)(user + system);
        return 0;
    default:
        return -EINVAL;
    }
}

int64_t sys_clock_gettime(struct task *t, const uint64_t *a)
{
    jg_time_t now;
    int64_t err = read_clock(t, (int)a[0], &now);

    return err ? err : time_out(t, a[1], now);
}

int64_t sys_clock_getres(struct task *t, const uint64_t *a)
{
    bool coarse = a[0] == CLOCK_REALTIME_COARSE || a[0] == CLOCK_MONOTONIC_COARSE;
    jg_time_t now;
    int64_t err = read_clock(t, (int)a[0], &now);

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

/*
 * Sleeps to a monotonic deadline; on a signal the rest goes to `left_va`, and the call can be
 * restarted.
 */
static int64_t sleep_until(struct task *t, jg_time_t deadline, uint64_t left_va);

static int64_t sleep_again(struct task *t)
{
    return sleep_until(t, (jg_time_t)t->restart_args[0], t->restart_args[1]);
}

static int64_t sleep_until(struct task *t, jg_time_t deadline, uint64_t left_va)
{
    jg_time_t left;
    int err;

    do {
        wait_prepare(t);
        err = wait_sleep(t, deadline);
    } while (!err);
    if (err == -ETIMEDOUT)
        return 0;
    left = deadline - time_monotonic();
    if (left_va && time_out(t, left_va, left > 0 ? left : 0))
        return -EFAULT;
    t->restart = sleep_again;
    t->restart_args[0] = (uint64_t)deadline;
    t->restart_args[1] = left_va;
    return -ERESTART_RESTARTBLOCK;
}

int64_t sys_restart_syscall(struct task *t, const uint64_t *a)
{
    int64_t (*again)(struct task * t) = t->restart;

    (void)a;
    t->restart = NULL;
    return again ? again(t) : -EINTR;
}

int64_t sys_nanosleep(struct task *t, const uint64_t *a)
{
    jg_time_t ns;
    int64_t err = time_in(t, a[0], &ns);

    return err ? err : sleep_until(t, deadline_after(ns), a[1]);
}

/* An absolute sleep is restarted as it was, with the same time. */
static int64_t sleep_absolute(struct task *t, jg_time_t deadline)
{
    int err;

    do {
        wait_prepare(t);
        err = wait_sleep(t, deadline);
    } while (!err);
    return err == -ETIMEDOUT ? 0 : -ERESTARTNOHAND;
}

int64_t sys_clock_nanosleep(struct task *t, const uint64_t *a)
{
    int id = (int)a[0];
    jg_time_t ns, now;
    int64_t err;

    if (id == CLOCK_THREAD_CPUTIME_ID)
        return -EINVAL;
    if ((err = read_clock(t, id, &now)))
        return err;
    if (id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_MONOTONIC_RAW ||
        id == CLOCK_REALTIME_COARSE || id == CLOCK_MONOTONIC_COARSE)
        return -EOPNOTSUPP;
    if ((err = time_in(t, a[2], &ns)))
        return err;
    if (!(a[1] & TIMER_ABSTIME))
        return sleep_until(t, deadline_after(ns), a[3]);
    /* The wall clock is never set, so it runs beside the monotonic one. */
    return sleep_absolute(t, ns == JG_TIME_INFINITE ? ns : ns - now + time_monotonic());
}

int64_t sys_alarm(struct task *t, const uint64_t *a)
{
    jg_time_t left, interval;

    mutex_lock(&tasks_lock);
    left = itimer_set(t->process, (jg_time_t)(uint32_t)a[0] * NS_PER_SEC, 0, &interval);
    mutex_unlock(&tasks_lock);
    if (!left)
        return 0;
    left = (left + NS_PER_SEC / 2) / NS_PER_SEC;
    return left ? left : 1;
}

static int64_t itimer_out(struct task *t, uint64_t va, jg_time_t left, jg_time_t interval)
{
    if (!va)
        return 0;
    return timeval_out(t, va, interval) || timeval_out(t, va + 16, left) ? -EFAULT : 0;
}

int64_t sys_getitimer(struct task *t, const uint64_t *a)
{
    jg_time_t left, interval;

    if (a[0] != ITIMER_REAL)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    left = itimer_left(t->process);
    interval = t->process->real_interval;
    mutex_unlock(&tasks_lock);
    return itimer_out(t, a[1], left, interval);
}

int64_t sys_setitimer(struct task *t, const uint64_t *a)
{
    jg_time_t value = 0, interval = 0, left, old;
    int64_t err;

    if (a[0] != ITIMER_REAL)
        return -EINVAL;
    if (a[1] &&
        ((err = timeval_in(t, a[1], &interval)) || (err = timeval_in(t, a[1] + 16, &value))))
        return err;
    mutex_lock(&tasks_lock);
    left = itimer_set(t->process, value, interval, &old);
    mutex_unlock(&tasks_lock);
    return itimer_out(t, a[2], left, old);
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
