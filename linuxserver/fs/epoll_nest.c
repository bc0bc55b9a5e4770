/*
 * epoll instances that watch each other: no circles, not too deep, and not too many ways from a file up to
 * those that wait. Each check visits an instance, and a file, once. Source: eventpoll.c of Linux 6.1.
 */
#include "epoll_nest.h"

#include <jg/rt/string.h>

/* The most ways from a file to instances that nobody watches, by how many instances lie between. */
static const uint32_t ways_allowed[EPOLL_NESTS + 1] = {UINT32_MAX, 500, 100, 50, 10};

#define MANY 1000u /* more are not told apart */

static uint64_t check; /* numbers the checks; under epoll_lock */

/*
 * How many instances lie below `ep`, one under the other; more than EPOLL_NESTS when `avoid` is among
 * them. No way down is longer, as none was allowed to become so.
 */
static int below(struct epoll *ep, const struct epoll *avoid)
{
    int most = 0;

    if (ep->seen_down == check)
        return ep->below;
    for (unsigned i = 0; i < EPOLL_HASH && most <= EPOLL_NESTS; i++) {
        LIST_FOR_EACH(it, &ep->watches[i])
        {
            struct epoll *inner = epoll_of(LIST_ENTRY(it, struct watch, link)->file);
            int way = !inner ? 0 : inner == avoid ? EPOLL_NESTS + 1 : 1 + below(inner, avoid);

            most = way > most ? way : most;
        }
    }
    ep->seen_down = check;
    ep->below = most;
    return most;
}

/* How many instances lie above `ep`, one over the other. There are no circles. */
static int above(struct epoll *ep)
{
    int most = 0;

    if (ep->seen_up == check)
        return ep->above;
    LIST_FOR_EACH(it, &ep->file->watches)
    {
        int way = 1 + above(LIST_ENTRY(it, struct watch, other)->epoll);

        most = way > most ? way : most;
    }
    ep->seen_up = check;
    ep->above = most;
    return most;
}

int64_t epoll_check_nesting(struct epoll *outer, struct file *target)
{
    struct epoll *inner = epoll_of(target);

    if (!inner)
        return 0;
    check++;
    return below(inner, outer) + 1 + above(outer) > EPOLL_NESTS ? -ELOOP : 0;
}

/* Counts the ways from `ep` to instances that nobody watches, by their length. */
static void count_ways(struct epoll *ep)
{
    if (ep->seen_ways == check)
        return;
    ep->seen_ways = check;
    memset(ep->ways, 0, sizeof ep->ways);
    ep->ways[0] = list_empty(&ep->file->watches);
    LIST_FOR_EACH(it, &ep->file->watches)
    {
        struct epoll *outer = LIST_ENTRY(it, struct watch, other)->epoll;

        count_ways(outer);
        for (int i = 0; i < EPOLL_NESTS; i++) {
            ep->ways[i + 1] += outer->ways[i];
            if (ep->ways[i + 1] > MANY)
                ep->ways[i + 1] = MANY;
        }
    }
}

/* The mark that a file was seen is in the first of its watches. */
static bool seen(struct file *f)
{
    struct watch *first = LIST_ENTRY(f->watches.next, struct watch, other);
    bool before = first->seen_file == check;

    first->seen_file = check;
    return before;
}

static bool too_many_above(struct file *f)
{
    uint32_t ways[EPOLL_NESTS + 1] = {0};

    LIST_FOR_EACH(it, &f->watches)
    {
        struct epoll *ep = LIST_ENTRY(it, struct watch, other)->epoll;

        count_ways(ep);
        for (int i = 1; i <= EPOLL_NESTS; i++) {
            ways[i] += ep->ways[i];
            if (ways[i] > ways_allowed[i])
                return true;
        }
    }
    return false;
}

static bool too_many_for_one_below(struct epoll *ep)
{
    if (ep->seen_files == check)
        return false;
    ep->seen_files = check;
    for (unsigned i = 0; i < EPOLL_HASH; i++) {
        LIST_FOR_EACH(it, &ep->watches[i])
        {
            struct file *f = LIST_ENTRY(it, struct watch, link)->file;
            struct epoll *inner = epoll_of(f);

            if (inner ? too_many_for_one_below(inner) : !seen(f) && too_many_above(f))
                return true;
        }
    }
    return false;
}

bool epoll_too_many_ways(struct epoll *outer, struct file *target)
{
    struct epoll *inner = epoll_of(target);

    if (!inner && list_empty(&outer->file->watches))
        return false; /* one more direct way: as many as one likes */
    check++;
    return inner ? too_many_for_one_below(inner) : too_many_above(target);
}
