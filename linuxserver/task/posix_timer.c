/*
 * POSIX timers.
 *
 * Life:  a timer expires, sends its one queue entry, and does not run again before that has been taken: overruns are
 *        computed then, so a short interval costs no more than its signals. While the signal is ignored it runs on by
 *        itself, at most once a tick. Deleted with its signal still pending, it lives on until that has gone.
 * Locks: tasks_lock.
 */
#include "posix_timer.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <linux/signal.h>

static jg_time_t now_of(const struct posix_timer *timer)
{
    return timer->is_cpu ? cpu_clock_read(&timer->cpu.clock) : time_monotonic();
}

static void start(struct posix_timer *timer)
{
    timer->active = timer->notify != SIGEV_NONE;
    if (!timer->active)
        return;
    if (timer->is_cpu)
        cpu_timer_arm(&timer->cpu, timer->expires);
    else
        timer_arm(&timer->timer, timer->expires > 0 ? timer->expires : 1);
}

static void stop(struct posix_timer *timer)
{
    timer->active = timer->waiting = false;
    timer_arm(&timer->timer, JG_TIME_INFINITE);
    cpu_timer_disarm(&timer->cpu);
}

/*
 * Moves the time behind `now`. Returns by how many intervals. It may have been before the machine started, and keeps
 * its phase then.
 */
static int64_t forward(struct posix_timer *timer, jg_time_t now)
{
    int64_t n;

    if (now < timer->expires)
        return 0;
    n = (now - timer->expires) / timer->interval;
    timer->expires += n * timer->interval;
    timer->expires = timer->expires < 0 ? timer->expires + timer->interval
                                        : time_after(timer->expires, timer->interval);
    return n + 1;
}

static bool send(struct posix_timer *timer)
{
    struct task *t = NULL;

    if (timer->notify == (SIGEV_SIGNAL | SIGEV_THREAD_ID)) {
        t = timer->tid ? task_find(timer->tid) : NULL;
        if (!t || t->process != timer->process)
            return false;
    }
    return signal_send_timer(timer->process, t, &timer->entry);
}

static void expire(struct posix_timer *timer)
{
    jg_time_t now;

    timer->active = false;
    timer->waiting = timer->interval != 0;
    if (send(timer) || !timer->interval)
        return;
    /* Nobody will take it: it goes on by itself, but not faster than the tick. */
    now = now_of(timer) + (timer->interval < CPU_TICK_NS ? CPU_TICK_NS : 0);
    timer->overrun += forward(timer, now);
    timer->waiting = false;
    start(timer);
}

static void fire(struct timer *timer)
{
    expire(LIST_ENTRY(timer, struct posix_timer, timer));
}

static void cpu_fire(struct cpu_timer *timer)
{
    expire(LIST_ENTRY(timer, struct posix_timer, cpu));
}

static int clamp(int64_t n)
{
    return n > INT32_MAX ? INT32_MAX : (int)n;
}

void posix_timer_delivered(struct posix_timer *timer, siginfo_t *info)
{
    if (timer->deleted || !timer->waiting || !timer->interval)
        return;
    timer->waiting = false;
    timer->overrun += forward(timer, now_of(timer));
    timer->overrun_last = timer->overrun;
    timer->overrun = -1;
    info->si_overrun = clamp(timer->overrun_last + info->si_overrun);
    start(timer);
}

static void release(struct posix_timer *timer)
{
    sigqueue_release(&timer->entry);
    rt_free(timer);
}

void posix_timer_dequeued(struct posix_timer *timer)
{
    if (timer->deleted)
        release(timer);
}

void posix_timer_delete(struct posix_timer *timer)
{
    stop(timer);
    list_remove(&timer->link);
    timer->deleted = true;
    if (list_empty(&timer->entry.link))
        release(timer);
}

void posix_timers_delete(struct process *p)
{
    while (!list_empty(&p->posix_timers))
        posix_timer_delete(LIST_ENTRY(p->posix_timers.next, struct posix_timer, link));
}

void posix_timers_task_ends(struct task *t)
{
    LIST_FOR_EACH(it, &t->process->posix_timers)
    {
        struct posix_timer *timer = LIST_ENTRY(it, struct posix_timer, link);

        if (timer->tid == t->tid)
            timer->tid = 0; /* not for another that gets the same id */
        if (timer->cpu.clock.task != t)
            continue;
        stop(timer);
        timer->cpu.clock = (struct cpu_clock){0};
        timer->interval = 0;
    }
}

struct posix_timer *posix_timer_find(struct process *p, int id)
{
    LIST_FOR_EACH(it, &p->posix_timers)
    {
        struct posix_timer *timer = LIST_ENTRY(it, struct posix_timer, link);

        if (timer->id == id)
            return timer;
    }
    return NULL;
}

static int id_allocate(struct process *p)
{
    int id;

    do {
        id = p->next_timer_id;
        p->next_timer_id = id == INT32_MAX ? 0 : id + 1;
    } while (posix_timer_find(p, id));
    return id;
}

/* Which clocks can have timers. */
static int choose_clock(struct task *t, int id, struct posix_timer *timer)
{
    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_MONOTONIC:
    case CLOCK_BOOTTIME:
    case CLOCK_TAI:
        return 0;
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_REALTIME_ALARM: /* no clock that wakes a sleeping machine */
    case CLOCK_BOOTTIME_ALARM:
        return -EOPNOTSUPP;
    default:
        timer->is_cpu = true;
        return cpu_clock_find(t, id, false, &timer->cpu.clock);
    }
}

struct posix_timer *posix_timer_create(struct task *t, const struct timer_request *r, int *err)
{
    struct posix_timer *timer = rt_zalloc(sizeof *timer);
    siginfo_t *info;

    *err = -EAGAIN;
    if (!timer)
        return NULL;
    timer_init(&timer->timer, fire);
    cpu_timer_init(&timer->cpu, cpu_fire);
    *err = choose_clock(t, r->clock, timer);
    if (!*err && !sigqueue_reserve(&timer->entry, t, false))
        *err = -EAGAIN;
    if (*err) {
        rt_free(timer);
        return NULL;
    }
    timer->process = t->process;
    timer->id = id_allocate(t->process);
    timer->clock = r->clock;
    timer->notify = r->notify;
    timer->tid = r->tid;
    timer->overrun = -1;
    timer->entry.timer = timer;
    info = &timer->entry.info;
    info->si_signo = r->signal;
    info->si_code = SI_TIMER;
    info->si_tid = timer->id;
    info->si_ptr = (void *)(r->value_is_id ? (uint64_t)timer->id : r->value);
    list_add_tail(&t->process->posix_timers, &timer->link);
    return timer;
}

jg_time_t posix_timer_left(struct posix_timer *timer, jg_time_t *interval)
{
    bool silent = timer->notify == SIGEV_NONE;
    jg_time_t now, left;

    *interval = timer->interval;
    if (!timer->interval && !timer->active && !silent)
        return 0;
    now = now_of(timer);
    if (timer->interval && (timer->waiting || silent))
        timer->overrun += forward(timer, now);
    left = timer->expires - now;
    if (left > 0)
        return left;
    return silent ? 0 : 1; /* 0 only when it is off */
}

/* A time on the timer's clock, as one on the clock that serves it. */
static jg_time_t on_our_clock(const struct posix_timer *timer, jg_time_t when)
{
    if (timer->is_cpu || timer->clock == CLOCK_MONOTONIC || timer->clock == CLOCK_BOOTTIME ||
        when == JG_TIME_INFINITE)
        return when;
    return when - time_wall_offset(); /* the wall clock is never set */
}

void posix_timer_set(struct posix_timer *timer, jg_time_t value, jg_time_t interval, bool absolute)
{
    stop(timer);
    timer->interval = 0;
    timer->overrun_last = 0;
    if (!value)
        return;
    timer->interval = interval;
    timer->expires = absolute ? on_our_clock(timer, value) : time_after(now_of(timer), value);
    if (timer->expires == JG_TIME_INFINITE)
        timer->expires = JG_TIME_INFINITE - 1;
    start(timer);
}

int posix_timer_overrun(const struct posix_timer *timer)
{
    return clamp(timer->overrun_last);
}
