/*
 * alarm, interval timers, POSIX timers. Source: setitimer(2), timer_create(2), timer_settime(2).
 */
#include "sys.h"

#include <linux/signal.h>
#include <signal.h>
#include <task/itimer.h>
#include <task/posix_timer.h>

int64_t sys_alarm(struct task *t, const uint64_t *a)
{
    jg_time_t left, interval;

    mutex_lock(&tasks_lock);
    left = itimer_left(t->process, ITIMER_REAL, &interval);
    itimer_set(t->process, ITIMER_REAL, (jg_time_t)(uint32_t)a[0] * NS_PER_SEC, 0);
    mutex_unlock(&tasks_lock);
    if (!left)
        return 0;
    left = (left + NS_PER_SEC / 2) / NS_PER_SEC;
    return left ? left : 1;
}

static int64_t itimer_out(struct task *t, uint64_t va, jg_time_t left, jg_time_t interval)
{
    int64_t out[4] = {interval / NS_PER_SEC, interval % NS_PER_SEC / 1000, left / NS_PER_SEC,
                      left % NS_PER_SEC / 1000};

    return copy_out(t->mm, va, out, sizeof out);
}

int64_t sys_getitimer(struct task *t, const uint64_t *a)
{
    jg_time_t left, interval;

    if (a[0] > ITIMER_PROF)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    left = itimer_left(t->process, (int)a[0], &interval);
    mutex_unlock(&tasks_lock);
    return itimer_out(t, a[1], left, interval);
}

int64_t sys_setitimer(struct task *t, const uint64_t *a)
{
    jg_time_t value = 0, interval = 0, left, old;
    int64_t err;

    if (a[1] &&
        ((err = timeval_in(t, a[1], &interval)) || (err = timeval_in(t, a[1] + 16, &value))))
        return err;
    if (a[0] > ITIMER_PROF)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    left = itimer_left(t->process, (int)a[0], &old);
    itimer_set(t->process, (int)a[0], value, interval);
    mutex_unlock(&tasks_lock);
    return a[2] ? itimer_out(t, a[2], left, old) : 0;
}

struct event {
    uint64_t value;
    int32_t signal, notify, tid;
    int32_t pad[11];
};
_Static_assert(sizeof(struct event) == 64, "struct sigevent");

/* Reads what timer_create is to do. tasks_lock is held. */
static int check_event(struct task *t, const struct event *e, struct timer_request *r)
{
    struct task *thread;

    switch (e->notify) {
    case SIGEV_SIGNAL | SIGEV_THREAD_ID:
        thread = task_find(e->tid);
        if (!thread || thread->process != t->process)
            return -EINVAL;
        /* fallthrough */
    case SIGEV_SIGNAL:
    case SIGEV_THREAD:
        if (e->signal <= 0 || e->signal > SIGNALS)
            return -EINVAL;
        /* fallthrough */
    case SIGEV_NONE:
        break;
    default:
        return -EINVAL;
    }
    r->notify = e->notify;
    r->signal = e->signal;
    r->tid = e->tid;
    r->value = e->value;
    return 0;
}

int64_t sys_timer_create(struct task *t, const uint64_t *a)
{
    struct timer_request request = {.clock = (int)a[0], .signal = SIGALRM, .value_is_id = !a[1]};
    struct posix_timer *timer = NULL;
    struct event event;
    int32_t id = 0;
    int err = 0;

    if (a[1] && (err = copy_in(t->mm, &event, a[1], sizeof event)))
        return err;
    mutex_lock(&tasks_lock);
    if (a[1])
        err = check_event(t, &event, &request);
    if (!err && (timer = posix_timer_create(t, &request, &err)))
        id = timer->id;
    mutex_unlock(&tasks_lock);
    if (!timer)
        return err;
    err = copy_out(t->mm, a[2], &id, sizeof id);
    if (!err)
        return 0;
    mutex_lock(&tasks_lock);
    timer = posix_timer_find(t->process, id);
    if (timer)
        posix_timer_delete(timer);
    mutex_unlock(&tasks_lock);
    return err;
}

static int64_t spec_out(struct task *t, uint64_t va, jg_time_t left, jg_time_t interval)
{
    int64_t out[4] = {interval / NS_PER_SEC, interval % NS_PER_SEC, left / NS_PER_SEC,
                      left % NS_PER_SEC};

    return copy_out(t->mm, va, out, sizeof out);
}

int64_t sys_timer_settime(struct task *t, const uint64_t *a)
{
    jg_time_t value, interval, left = 0, old = 0;
    struct posix_timer *timer;
    int64_t err;

    if (!a[2])
        return -EINVAL;
    if ((err = time_in(t, a[2], &interval)) || (err = time_in(t, a[2] + 16, &value)))
        return err;
    mutex_lock(&tasks_lock);
    timer = posix_timer_find(t->process, (int)a[0]);
    if (timer) {
        left = posix_timer_left(timer, &old);
        posix_timer_set(timer, value, interval, a[1] & TIMER_ABSTIME);
    }
    mutex_unlock(&tasks_lock);
    if (!timer)
        return -EINVAL;
    return a[3] ? spec_out(t, a[3], left, old) : 0;
}

int64_t sys_timer_gettime(struct task *t, const uint64_t *a)
{
    jg_time_t left = 0, interval = 0;
    struct posix_timer *timer;

    mutex_lock(&tasks_lock);
    timer = posix_timer_find(t->process, (int)a[0]);
    if (timer)
        left = posix_timer_left(timer, &interval);
    mutex_unlock(&tasks_lock);
    return timer ? spec_out(t, a[1], left, interval) : -EINVAL;
}

int64_t sys_timer_getoverrun(struct task *t, const uint64_t *a)
{
    struct posix_timer *timer;
    int64_t result = -EINVAL;

    mutex_lock(&tasks_lock);
    timer = posix_timer_find(t->process, (int)a[0]);
    if (timer)
        result = posix_timer_overrun(timer);
    mutex_unlock(&tasks_lock);
    return result;
}

int64_t sys_timer_delete(struct task *t, const uint64_t *a)
{
    struct posix_timer *timer;

    mutex_lock(&tasks_lock);
    timer = posix_timer_find(t->process, (int)a[0]);
    if (timer)
        posix_timer_delete(timer);
    mutex_unlock(&tasks_lock);
    return timer ? 0 : -EINVAL;
}
