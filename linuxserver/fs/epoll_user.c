/*
 * How many files a user's epoll instances may watch together.
 *
 * Life:  a count begins with a user's first instance and goes with the last one.
 * Locks: epoll_lock, but for the limit.
 */
#include <jg/rt/heap.h>
#include <jg/stubs.h>

#include "epoll.h"
#include "epoll_nest.h"

#define SHARE 25u /* of the memory that one user's watches may take, as on Linux */
#define UNSET UINT64_MAX

struct watcher {
    struct list link;
    uint32_t uid;
    uint32_t instances;
    uint64_t watches;
};

static struct list watchers = LIST_INIT(watchers);
static uint64_t limit = UNSET;

struct watcher *watcher_get(uint32_t uid)
{
    struct watcher *new;

    LIST_FOR_EACH(it, &watchers)
    {
        struct watcher *watcher = LIST_ENTRY(it, struct watcher, link);

        if (watcher->uid == uid) {
            watcher->instances++;
            return watcher;
        }
    }
    new = rt_zalloc(sizeof *new);
    if (!new)
        return NULL;
    new->uid = uid;
    new->instances = 1;
    list_add_head(&watchers, &new->link);
    return new;
}

void watcher_put(struct watcher *watcher)
{
    if (--watcher->instances)
        return;
    list_remove(&watcher->link);
    rt_free(watcher);
}

bool watcher_charge(struct watcher *watcher)
{
    if (watcher->watches >= epoll_watch_limit())
        return false;
    watcher->watches++;
    return true;
}

void watcher_uncharge(struct watcher *watcher)
{
    watcher->watches--;
}

uint64_t epoll_watch_limit(void)
{
    struct jg_info_system info;
    uint64_t now = __atomic_load_n(&limit, __ATOMIC_RELAXED);

    if (now != UNSET)
        return now;
    if (jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) < 0)
        return 0;
    now = info.total_frames * PAGE_SIZE / SHARE / sizeof(struct watch);
    epoll_set_watch_limit(now);
    return now;
}

void epoll_set_watch_limit(uint64_t new)
{
    __atomic_store_n(&limit, new, __ATOMIC_RELAXED);
}
