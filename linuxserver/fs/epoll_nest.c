/*
 * epoll instances that watch each other: no circles, and not too deep. Each check visits an instance
 * once.
 */
#include "epoll_nest.h"

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
