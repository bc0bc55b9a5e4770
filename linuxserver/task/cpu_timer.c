/*
 * Clocks and timers of processor time.
 *
 * The kernel counts each thread's time; nothing calls us when a count is reached. But a process uses at most one second
 * of processor time in a second (for each processor), so its first timer cannot be due before as much real time has
 * passed: an ordinary timer looks then, and again after what is left.
 *
 * Life:  while every task of the process is in the server its clocks stand still. Looking then *parks* the process's
 *        timers, and the first task to leave goes on (cpu_timers_unpark()). None is missed: a task clears in_server and
 *        then looks at its cpu_parked; we set that and then look at in_server; both sequentially consistent. One that has
 *        been set for nothing is cleared by its task.
 * Locks: tasks_lock.
 */
#include "cpu_timer.h"

#include <jg/rt/time.h>

#include <task.h>

#define CLOCK_PER_THREAD 4 /* in a clock id made from a pid: asm-generic, posix-timers.h */
#define CLOCK_KIND_MASK  3
#define CLOCK_VIRT       1
#define CLOCK_FD         3
#define LEAST_STEP_NS    500000

static struct task *task_of_process(struct process *p, int tid)
{
    struct task *t = task_find(tid);

    return t && t->process == p ? t : NULL;
}

int cpu_clock_find(struct task *t, int id, bool reading, struct cpu_clock *clock)
{
    int number = ~(id >> 3);

    *clock = (struct cpu_clock){.process = t->process};
    if (id == CLOCK_PROCESS_CPUTIME_ID)
        return 0;
    if (id == CLOCK_THREAD_CPUTIME_ID) {
        clock->task = t;
        return 0;
    }
    if (id >= 0 || (id & CLOCK_KIND_MASK) == CLOCK_FD)
        return -EINVAL;
    clock->user_only = (id & CLOCK_KIND_MASK) == CLOCK_VIRT;
    if (id & CLOCK_PER_THREAD) {
        clock->task = number ? task_of_process(t->process, number) : t;
        return clock->task ? 0 : -EINVAL;
    }
    if (!number || number == t->process->pid || (reading && number == t->tid))
        return 0;
    clock->process = reading ? process_find(number) : NULL;
    return clock->process ? 0 : -EINVAL;
}

jg_time_t cpu_clock_read(const struct cpu_clock *clock)
{
    uint64_t user = 0, system = 0;

    if (clock->task)
        task_times(clock->task, &user, &system);
    else if (clock->process && clock->process->cpu_seen)
        user = clock->process->cpu_seen->user, system = clock->process->cpu_seen->system;
    else if (clock->process)
        process_times(clock->process, &user, &system);
    return (jg_time_t)(clock->user_only ? user : user + system);
}

void cpu_timer_init(struct cpu_timer *timer, void (*fire)(struct cpu_timer *timer))
{
    list_init(&timer->link);
    timer->clock = (struct cpu_clock){0};
    timer->expires = 0;
    timer->fire = fire;
}

bool cpu_timer_armed(const struct cpu_timer *timer)
{
    return !list_empty(&timer->link);
}

void cpu_timer_disarm(struct cpu_timer *timer)
{
    list_remove(&timer->link);
}

/* Whether all tasks are in the server; those that are will look for themselves when they leave. */
static bool stands_still(struct process *p)
{
    LIST_FOR_EACH(it, &p->tasks)
    {
        struct task *t = LIST_ENTRY(it, struct task, link);

        __atomic_store_n(&t->cpu_parked, 1, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&t->in_server, __ATOMIC_SEQ_CST))
            return false;
    }
    return true;
}

/* Looks again after `left`, or parks. */
static void look_later(struct process *p, jg_time_t left)
{
    p->cpu_parked = stands_still(p);
    if (p->cpu_parked)
        return;
    timer_arm(&p->cpu_look,
              time_after(time_monotonic(), left > LEAST_STEP_NS ? left : LEAST_STEP_NS));
}

/*
 * Fires what is due, once each; the rest, and what was armed meanwhile, has its turn in the next look. The process's
 * clock is read once, however many timers there are.
 */
static void look(struct process *p)
{
    jg_time_t least = JG_TIME_INFINITE;
    struct list due = LIST_INIT(due), *it;
    struct cpu_seen seen;

    process_times(p, &seen.user, &seen.system);
    p->cpu_seen = &seen;
    LIST_FOR_EACH_SAFE(at, &p->cpu_timers)
    {
        struct cpu_timer *timer = LIST_ENTRY(at, struct cpu_timer, link);
        jg_time_t left = timer->expires - cpu_clock_read(&timer->clock);

        if (left <= 0) {
            list_remove(&timer->link);
            list_add_tail(&due, &timer->link);
        } else if (left < least) {
            least = left;
        }
    }
    while ((it = list_pop(&due))) {
        struct cpu_timer *timer = LIST_ENTRY(it, struct cpu_timer, link);

        timer->fire(timer);
        if (cpu_timer_armed(timer))
            least = 0;
    }
    p->cpu_seen = NULL;
    if (!list_empty(&p->cpu_timers))
        look_later(p, least);
}

static void look_fire(struct timer *timer)
{
    look(LIST_ENTRY(timer, struct process, cpu_look));
}

void cpu_timer_arm(struct cpu_timer *timer, jg_time_t expires)
{
    struct process *p = timer->clock.process;

    list_remove(&timer->link);
    timer->expires = expires;
    if (!p)
        return;
    list_add_tail(&p->cpu_timers, &timer->link);
    /* Soon: the look finds out how long it may wait. In the midst of one, its end does the same. */
    look_later(p, 0);
}

void cpu_timers_task_ends(struct task *t)
{
    LIST_FOR_EACH_SAFE(it, &t->process->cpu_timers)
    {
        struct cpu_timer *timer = LIST_ENTRY(it, struct cpu_timer, link);

        if (timer->clock.task != t)
            continue;
        list_remove(&timer->link);
        timer->clock = (struct cpu_clock){0};
    }
}

void cpu_timers_init(struct process *p)
{
    list_init(&p->cpu_timers);
    timer_init(&p->cpu_look, look_fire);
}

void cpu_timers_unpark(struct task *t)
{
    struct process *p = t->process;

    mutex_lock(&tasks_lock);
    t->cpu_parked = 0;
    if (p->cpu_parked) {
        p->cpu_parked = false;
        look(p);
    }
    mutex_unlock(&tasks_lock);
}
