/*
 * Deadlines that do something. See timer.h.
 */
#include "timer.h"

#include <jg/rt/heap.h>
#include <jg/rt/time.h>
#include <jg/stubs.h>

#include <server.h>
#include <task.h>

static struct list armed = LIST_INIT(armed);
static jg_handle_t kernel_timer;

int timers_start(void)
{
    int64_t h = jg_timer_create(server.events, EVENT_TIMER);

    if (h < 0)
        return (int)h;
    kernel_timer = (jg_handle_t)h;
    return 0;
}

static void program(void)
{
    jg_time_t next = JG_TIME_INFINITE;

    if (!list_empty(&armed))
        next = LIST_ENTRY(armed.next, struct timer, link)->deadline;
    jg_timer_set(kernel_timer, next);
}

void timer_init(struct timer *timer, void (*fire)(struct timer *timer))
{
    list_init(&timer->link);
    timer->deadline = JG_TIME_INFINITE;
    timer->fire = fire;
}

bool timer_armed(const struct timer *timer)
{
    return !list_empty(&timer->link);
}

static void insert(struct timer *timer)
{
    struct list *at = armed.next;

    while (at != &armed && LIST_ENTRY(at, struct timer, link)->deadline <= timer->deadline)
        at = at->next;
    list_insert_before(at, &timer->link);
}

void timer_arm(struct timer *timer, jg_time_t deadline)
{
    list_remove(&timer->link);
    timer->deadline = deadline;
    if (deadline != JG_TIME_INFINITE)
        insert(timer);
    program();
}

void timers_run(void)
{
    jg_time_t now;

    mutex_lock(&tasks_lock);
    now =
        time_monotonic(); /* once: a timer that fires arms itself for later, however short its interval */
    while (!list_empty(&armed)) {
        struct timer *timer = LIST_ENTRY(armed.next, struct timer, link);

        if (timer->deadline > now)
            break;
        list_remove(&timer->link);
        timer->fire(timer);
    }
    program();
    mutex_unlock(&tasks_lock);
}

void timers_release(struct process *p)
{
    timer_arm(&p->real_timer, JG_TIME_INFINITE);
}

void timers_exec(struct process *p)
{
    (void)p; /* interval timers survive exec; there are no POSIX timers yet */
}
