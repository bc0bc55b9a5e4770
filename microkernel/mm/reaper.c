/* The reaper's queue: first in, first taken apart. */
#include <mm/reaper.h>

struct list reaper_list HOT_DATA = LIST_INIT(reaper_list);
static bool running;

void reaper_add(struct reap *item)
{
    list_add_tail(&reaper_list, &item->link);
}

bool reaper_run(unsigned budget)
{
    struct reap *item;

    /* A step may free something whose end comes back here through an allocation: it must not run twice. */
    if (running || list_empty(&reaper_list))
        return false;
    running = true;
    item = container_of(reaper_list.next, struct reap, link);
    list_remove(&item->link);
    if (!item->step(item, budget))
        list_add(&reaper_list, &item->link);
    running = false;
    return true;
}

void reaper_quiesce(void)
{
    while (reaper_run(1024))
        ;
}
