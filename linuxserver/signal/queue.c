/*
 * Pending signals: their sets and queues, and whose limit a queued one counts against.
 *
 * A signal's bit says that it is pending; its entry, if there is one, says what sender and reason were. Entries count
 * for the user who receives them (RLIMIT_SIGPENDING); the entry of a POSIX timer belongs to the timer, counts from its
 * creation on, and is queued at most once.
 *
 * Locks: tasks_lock throughout.
 */
#include <signal.h>

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <linux/signal.h>
#include <task/oom.h>
#include <task/posix_timer.h>

struct payer {
    struct list link;
    uint32_t uid;
    uint32_t count;
};

#define PAYERS_KEPT  8u /* of users with nothing pending */
#define ENTRIES_KEPT 8u

static struct list payers = LIST_INIT(payers);
static unsigned payer_count;

/* Entries that nobody uses: most signals are taken before the next one comes. */
static struct list spare = LIST_INIT(spare);
static unsigned spare_count;

static struct payer *payer_find(uint32_t uid)
{
    LIST_FOR_EACH(it, &payers)
    {
        struct payer *p = LIST_ENTRY(it, struct payer, link);

        if (p->uid == uid)
            return p;
    }
    return NULL;
}

unsigned signals_queued(uint32_t uid)
{
    struct payer *p = payer_find(uid);

    return p ? p->count : 0;
}

static struct payer *payer_charge(uint32_t uid, uint64_t limit)
{
    struct payer *p = payer_find(uid);

    if (!p) {
        if (!limit || !(p = rt_alloc(sizeof *p)))
            return NULL;
        p->uid = uid;
        p->count = 0;
        payer_count++;
        list_add_head(&payers, &p->link);
    }
    if (p->count >= limit)
        return NULL;
    p->count++;
    return p;
}

bool sigqueue_reserve(struct sigqueue *q, struct task *payer, bool over_limit)
{
    uint64_t limit = payer->process->limits.limit[RLIMIT_SIGPENDING].rlim_cur;

    list_init(&q->link);
    q->timer = NULL;
    q->payer = payer_charge(payer->cred.uid, over_limit ? UINT64_MAX : limit);
    return q->payer != NULL;
}

void sigqueue_release(struct sigqueue *q)
{
    struct payer *p = q->payer;

    q->payer = NULL;
    if (--p->count == 0 && payer_count > PAYERS_KEPT) {
        list_remove(&p->link);
        rt_free(p);
        payer_count--;
    }
}

static void entry_free(struct sigqueue *q)
{
    if (spare_count == ENTRIES_KEPT) {
        rt_free(q);
        return;
    }
    list_add_head(&spare, &q->link);
    spare_count++;
}

static struct sigqueue *entry_allocate(void)
{
    struct list *it = list_pop(&spare);

    if (!it)
        return rt_alloc(sizeof(struct sigqueue));
    spare_count--;
    return LIST_ENTRY(it, struct sigqueue, link);
}

/* An entry that left its queue. */
static void entry_drop(struct sigqueue *q)
{
    if (q->timer) {
        posix_timer_dequeued(q->timer);
        return;
    }
    sigqueue_release(q);
    entry_free(q);
}

static struct sigqueue *entry_create(struct task *payer, bool over_limit)
{
    struct sigqueue *q;

    /* A user without a limit must not take what running programs need. */
    if (!over_limit && signals_queued(payer->cred.uid) % 1024 == 1023 && memory_short())
        return NULL;
    q = entry_allocate();
    if (q && !sigqueue_reserve(q, payer, over_limit)) {
        entry_free(q);
        q = NULL;
    }
    return q;
}

void pending_init(struct pending *p)
{
    p->set = 0;
    list_init(&p->queue);
}

void pending_flush(struct pending *p, uint64_t set)
{
    if (!(p->set & set))
        return;
    LIST_FOR_EACH_SAFE(it, &p->queue)
    {
        struct sigqueue *q = LIST_ENTRY(it, struct sigqueue, link);

        if (!(sigbit(q->info.si_signo) & set))
            continue;
        list_remove(&q->link);
        entry_drop(q);
    }
    p->set &= ~set;
}

void pending_flush_timers(struct pending *p)
{
    uint64_t kept = 0, dropped = 0;

    LIST_FOR_EACH_SAFE(it, &p->queue)
    {
        struct sigqueue *q = LIST_ENTRY(it, struct sigqueue, link);
        uint64_t bit = sigbit(q->info.si_signo);

        if (q->info.si_code != SI_TIMER) {
            kept |= bit;
            continue;
        }
        dropped |= bit;
        list_remove(&q->link);
        entry_drop(q);
    }
    p->set &= ~(dropped & ~kept);
}

/* Faults come first, then the lowest number, as on Linux. */
static int first_of(uint64_t set)
{
    const uint64_t faults = sigbit(SIGSEGV) | sigbit(SIGBUS) | sigbit(SIGILL) | sigbit(SIGTRAP) |
                            sigbit(SIGFPE) | sigbit(SIGSYS);

    return __builtin_ctzll(set & faults ? set & faults : set) + 1;
}

/* The first entry of `sig`, taken off the queue; *more says whether another follows. */
static struct sigqueue *entry_take(struct pending *p, int sig, bool *more)
{
    struct sigqueue *found = NULL;

    *more = false;
    LIST_FOR_EACH_SAFE(it, &p->queue)
    {
        struct sigqueue *q = LIST_ENTRY(it, struct sigqueue, link);

        if (q->info.si_signo != sig)
            continue;
        if (found) {
            *more = true;
            break;
        }
        found = q;
        list_remove(&q->link);
    }
    return found;
}

int pending_take(struct pending *p, uint64_t set, siginfo_t *info)
{
    struct sigqueue *q;
    bool more;
    int sig;

    set &= p->set;
    if (!set)
        return 0;
    sig = first_of(set);
    q = entry_take(p, sig, &more);
    if (!more)
        p->set &= ~sigbit(sig);
    if (q) {
        *info = q->info;
        if (q->timer)
            posix_timer_delivered(q->timer, info);
        entry_drop(q);
    } else {
        /* There was no room to say who sent it. */
        siginfo_kernel(info, sig);
        info->si_code = SI_USER;
    }
    return sig;
}

int pending_add(struct pending *p, struct task *payer, const siginfo_t *info)
{
    int sig = info->si_signo;
    struct sigqueue *q;

    if (sig < SIGRTMIN && (p->set & sigbit(sig)))
        return 0; /* standard signals do not queue */
    if (sig != SIGKILL) {
        q = entry_create(payer, sig < SIGRTMIN && info->si_code >= 0);
        if (q) {
            q->info = *info;
            list_add_tail(&p->queue, &q->link);
        } else if (sig >= SIGRTMIN && info->si_code != SI_USER) {
            return -EAGAIN;
        }
    }
    p->set |= sigbit(sig);
    return 0;
}

void pending_add_timer(struct pending *p, struct sigqueue *q)
{
    p->set |= sigbit(q->info.si_signo);
    list_add_tail(&p->queue, &q->link);
}
