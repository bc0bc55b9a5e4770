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

static jg_time_t programmed = JG_TIME_INFINITE; /* what the kernel's timer is set to */

static void program(void)
{
    jg_time_t next = JG_TIME_INFINITE;

    if (!list_empty(&armed))
        next = LIST_ENTRY(armed.next, struct timer, link)->deadline;
    if (next == programmed)
        return;
    programmed = next;
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
    struct list *at = &armed;

    while (at->prev != &armed && LIST_ENTRY(at->prev, struct timer, link)->deadline > timer->deadline)
        at = at->prev;
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
    programmed = JG_TIME_INFINITE;
    now = time_monotonic(); /* once: what fires arms itself for later, however short its interval */
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
