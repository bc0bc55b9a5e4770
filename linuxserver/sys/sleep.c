/*
 * nanosleep, clock_nanosleep, and the restart of what is measured from its first start.
 */
#include "sys.h"

#include <jg/rt/time.h>

#include <task/cpu_timer.h>

int64_t sys_restart_syscall(struct task *t, const uint64_t *a)
{
    int64_t (*again)(struct task * t) = t->restart;

    (void)a;
    t->restart = NULL;
    return again ? again(t) : -EINTR;
}

/* A relative sleep was interrupted: the rest goes to `left_va`, and the call can be restarted. */
static int64_t interrupted(struct task *t, jg_time_t left, jg_time_t until, uint64_t left_va,
                           int64_t (*again)(struct task *t))
{
    if (left <= 0)
        return 0;
    if (left_va && time_out(t, left_va, left))
        return -EFAULT;
    t->restart = again;
    t->restart_args[0] = (uint64_t)until;
    t->restart_args[1] = left_va;
    return -ERESTART_RESTARTBLOCK;
}

/* Sleeps to a monotonic time. 0 or -ERESTARTSYS. */
static int sleep_to(struct task *t, jg_time_t deadline)
{
    int err;

    do {
        wait_prepare(t);
        err = wait_sleep(t, deadline);
    } while (!err);
    return err == -ETIMEDOUT ? 0 : err;
}

static int64_t sleep_again(struct task *t);

static int64_t sleep_relative(struct task *t, jg_time_t deadline, uint64_t left_va)
{
    if (!sleep_to(t, deadline))
        return 0;
    return interrupted(t, deadline - time_monotonic(), deadline, left_va, sleep_again);
}

static int64_t sleep_again(struct task *t)
{
    return sleep_relative(t, (jg_time_t)t->restart_args[0], t->restart_args[1]);
}

int64_t sys_nanosleep(struct task *t, const uint64_t *a)
{
    jg_time_t ns;
    int64_t err = time_in(t, a[0], &ns);

    return err ? err : sleep_relative(t, deadline_after(ns), a[1]);
}

/* A sleep on a clock of processor time, on the sleeper's stack. */
struct cpu_sleep {
    struct cpu_timer timer;
    struct task *task;
    bool over;
};

static void cpu_wake(struct cpu_timer *timer)
{
    struct cpu_sleep *s = LIST_ENTRY(timer, struct cpu_sleep, timer);

    s->over = true;
    wait_wake_task(s->task);
}

/*
 * Until the clock `id` shows `expires`. Returns 0; -ERESTARTSYS, and then what is left; or -EINVAL.
 * Found and armed under one lock: a clock whose thread ends is forgotten in the timer only.
 */
static int64_t sleep_on_cpu(struct task *t, int id, jg_time_t expires, jg_time_t *left)
{
    struct cpu_sleep s = {.task = t};
    int64_t err;

    cpu_timer_init(&s.timer, cpu_wake);
    mutex_lock(&tasks_lock);
    err = cpu_clock_find(t, id, false, &s.timer.clock);
    if (err) {
        mutex_unlock(&tasks_lock);
        return err;
    }
    cpu_timer_arm(&s.timer, expires);
    while (!s.over && !err) {
        wait_prepare(t);
        mutex_unlock(&tasks_lock);
        err = wait_sleep(t, JG_TIME_INFINITE);
        mutex_lock(&tasks_lock);
    }
    cpu_timer_disarm(&s.timer);
    *left = expires - cpu_clock_read(&s.timer.clock); /* forgotten, if its thread has ended */
    mutex_unlock(&tasks_lock);
    return s.over ? 0 : err;
}

static int64_t cpu_sleep_relative(struct task *t, int id, jg_time_t expires, uint64_t left_va);

static int64_t cpu_sleep_again(struct task *t)
{
    return cpu_sleep_relative(t, (int)t->restart_args[2], (jg_time_t)t->restart_args[0],
                              t->restart_args[1]);
}

static int64_t cpu_sleep_relative(struct task *t, int id, jg_time_t expires, uint64_t left_va)
{
    jg_time_t left;
    int64_t err = sleep_on_cpu(t, id, expires, &left);

    if (err != -ERESTARTSYS)
        return err;
    t->restart_args[2] = (uint64_t)id;
    return interrupted(t, left, expires, left_va, cpu_sleep_again);
}

static int64_t cpu_nanosleep(struct task *t, int id, bool absolute, jg_time_t ns, uint64_t left_va)
{
    struct cpu_clock clock;
    jg_time_t now = 0;
    int64_t err;

    mutex_lock(&tasks_lock);
    err = cpu_clock_find(t, id, false, &clock);
    if (!err)
        now = cpu_clock_read(&clock);
    mutex_unlock(&tasks_lock);
    if (err)
        return err;
    if (clock.task == t)
        return -EINVAL; /* it would never end */
    if (!absolute)
        return cpu_sleep_relative(t, id, time_after(now, ns), left_va);
    err = sleep_on_cpu(t, id, ns, &now);
    return err == -ERESTARTSYS ? -ERESTARTNOHAND : err;
}

/* 1: an ordinary clock to sleep on; 2: one of processor time; or why not. */
static int kind_of(int id)
{
    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
        return 1;
    case CLOCK_THREAD_CPUTIME_ID:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_REALTIME_ALARM:
    case CLOCK_BOOTTIME_ALARM:
        return -EOPNOTSUPP;
    default:
        return id == CLOCK_PROCESS_CPUTIME_ID || id < 0 ? 2 : -EINVAL;
    }
}

int64_t sys_clock_nanosleep(struct task *t, const uint64_t *a)
{
    int id = (int)a[0], kind = kind_of(id);
    bool absolute = a[1] & TIMER_ABSTIME;
    jg_time_t ns, now;
    int64_t err;

    if (kind < 0)
        return kind;
    if ((err = time_in(t, a[2], &ns)))
        return err;
    if (kind == 2)
        return cpu_nanosleep(t, id, absolute, ns, a[3]);
    if (!absolute)
        return sleep_relative(t, deadline_after(ns), a[3]);
    if ((err = clock_read(t, id, &now)))
        return err;
    /* The wall clock is never set, so it runs beside the monotonic one. */
    if (ns != JG_TIME_INFINITE)
        ns += time_monotonic() - now;
    return sleep_to(t, ns) ? -ERESTARTNOHAND : 0;
}
