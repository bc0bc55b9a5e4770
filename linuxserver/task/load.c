/*
 * Load averages. See load.h.
 *
 * Each sample moves an average towards the present load by 1 - e^(-5 s / its period), in fixed
 * point, rounded up while the load rises: so that it reaches 0 and a whole number, as Linux's do.
 */
#include "load.h"

#include <jg/rt/time.h>
#include <jg/stubs.h>

#include <task.h>

#define ONE      (1ull << LOAD_SHIFT)
#define INTERVAL (5 * NS_PER_SEC + 4000000)

static uint64_t averages[3];
static struct timer timer;

static unsigned count(bool blocked_too)
{
    struct jg_info_system info;
    unsigned n = 0;

    if (jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) > 0)
        n = (unsigned)info.runnable;
    LIST_FOR_EACH(it, &all_processes)
    {
        LIST_FOR_EACH(at, &LIST_ENTRY(it, struct process, link)->tasks)
        {
            const struct task *t = LIST_ENTRY(at, struct task, link);

            n += t->in_server && (!t->sleeps || (blocked_too && t->sleeps == 'D'));
        }
    }
    return n;
}

static uint64_t moved(uint64_t average, uint64_t keep, uint64_t active)
{
    uint64_t sum = average * keep + active * (ONE - keep);

    return (active >= average ? sum + ONE - 1 : sum) / ONE;
}

static void sample(struct timer *t)
{
    static const uint64_t keep[3] = {1884, 2014, 2037}; /* 2048 / e^(5/60), (5/300), (5/900) */
    uint64_t active = count(true) * ONE;

    for (int i = 0; i < 3; i++)
        averages[i] = moved(averages[i], keep[i], active);
    timer_arm(t, time_monotonic() + INTERVAL);
}

void load_start(void)
{
    timer_init(&timer, sample);
    mutex_lock(&tasks_lock);
    timer_arm(&timer, time_monotonic() + INTERVAL);
    mutex_unlock(&tasks_lock);
}

void load_averages(uint64_t out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = averages[i];
}

unsigned load_running(void)
{
    return count(false);
}
