/*
 * The scheduler.
 *
 * In:    sched_ready() from whoever ends a wait; kernel_schedule() when no thread is current;
 *        kernel_tick() from the one-shot timer.
 * Life:  the timer is set to the first deadline, and to the end of the slice while anybody else is ready.
 *        It is moved only forwards in time: a tick that comes too early does nothing and sets it again.
 * Locks: the big lock.
 */
#include <core/hooks.h>
#include <core/time.h>
#include <mm/frame.h>
#include <object/deadline.h>
#include <object/sched.h>

HOT_DATA struct sched sched;

void sched_init(void)
{
    for (unsigned i = 0; i < SCHED_BANDS; i++)
        list_init(&sched.ready[i]);
    sched.armed = JG_TIME_INFINITE;
    sched.stamp = arch_counter();
    sched.idle = true;
}

static void make_ready(struct thread *thread)
{
    struct thread *current = current_thread();

    thread->state = THREAD_READY;
    sched.ready_bands |= 1u << thread->priority;
    if (thread->rank)
        sched.slice_over = true; /* whom a server serves is not known here: its reply finds out */
    if (current && (thread->priority > current->priority ||
                    (thread->priority == current->priority && thread->rank > current->rank)))
        current->arch.work |= WORK_RESCHEDULE;
    sched_timer_changed();
}

/* The place behind all of a band whose rank is `above` or more. */
static struct list *place_below(unsigned band, unsigned above)
{
    list_for_each(node, &sched.ready[band])
    {
        if (container_of(node, struct thread, packet.link)->rank < above)
            return node;
    }
    return &sched.ready[band];
}

WARM void sched_ready(struct thread *thread)
{
    struct list *place = &sched.ready[thread->priority];

    if (thread->rank)
        place = place_below(thread->priority, thread->rank);
    list_add_tail(place, &thread->packet.link);
    make_ready(thread);
}

void sched_ready_first(struct thread *thread)
{
    thread->slice_left = thread->turn ? MAX(sched.slice_end - time_monotonic(), 1) : 0;
    list_add_tail(place_below(thread->priority, thread->rank + 1u), &thread->packet.link);
    make_ready(thread);
}

void sched_set_turn(struct thread *thread, uint8_t rank, jg_time_t turn)
{
    struct thread *first;
    bool ready = thread->state == THREAD_READY;

    if (ready)
        sched_remove(thread);
    thread->rank = rank;
    thread->turn = turn;
    if (ready)
        sched_ready(thread);
    first = sched_first(thread->priority);
    if (thread == current_thread() && first && first->rank > rank)
        thread->arch.work |= WORK_RESCHEDULE;
}

void sched_remove(struct thread *thread)
{
    list_remove(&thread->packet.link);
    if (list_empty(&sched.ready[thread->priority]))
        sched.ready_bands &= ~(1u << thread->priority);
}

uint64_t sched_count(unsigned band)
{
    uint64_t count = 0;

    list_for_each(node, &sched.ready[band])
        count++;
    return count;
}

WARM void sched_leave(struct thread *thread)
{
    ASSERT(thread == current_thread());
    sched_account(thread);
    cpu_set_current(NULL);
}

WARM void sched_timer_changed(void)
{
    jg_time_t wanted = deadline_next();

    if (sched.ready_bands && current_thread())
        wanted = MIN(wanted, sched.slice_end);
    if (wanted >= sched.armed)
        return;
    sched.armed = wanted;
    arch_timer_set(wanted);
}

/* Time that the last thread of a rank had is taken from the budget, which is new in each second. */
static void count_rank(jg_time_t now)
{
    if (sched.ranked_since)
        sched.ranked_left -= now - sched.ranked_since;
    sched.ranked_since = 0;
    if (now < sched.second_end)
        return;
    sched.second_end = now + JG_TURN_MOST_NS;
    sched.ranked_left = SCHED_RANKED_NS;
}

/*
 * Who ran over its slices by a turn or more, as the timer came late, misses turns: shares are right however short turns
 * are. Returns the first from `next` on that owes none. A debt is bounded, so it ends.
 */
static struct thread *pay(struct thread *next)
{
    struct list *band = &sched.ready[next->priority];

    while (next->turn && next->slice_left + next->turn <= 0) {
        struct list *after = next->packet.link.next;

        next->slice_left += next->turn;
        if (after == band)
            continue;
        list_remove(&next->packet.link);
        list_add_tail(band, &next->packet.link);
        next = container_of(after, struct thread, packet.link);
    }
    return next;
}

/* Whose turn it is: the first of the highest band, or, when ranks have had enough, the first without one. */
static struct thread *choose(void)
{
    unsigned band = 31u - (unsigned)__builtin_clz(sched.ready_bands);
    struct thread *first = sched_first(band);

    if (!first->rank)
        return pay(first);
    if (sched.ranked_left > 0)
        return first;
    list_for_each(node, &sched.ready[band])
    {
        struct thread *other = container_of(node, struct thread, packet.link);

        if (!other->rank)
            return pay(other);
    }
    return first;
}

static jg_time_t slice_of(const struct thread *thread)
{
    jg_time_t slice = thread->slice_left > 0 ? thread->slice_left : thread->turn + thread->slice_left;

    slice = slice > 0 ? slice : JG_TURN_MOST_NS;
    return thread->rank && sched.ranked_left > 0 ? MIN(slice, sched.ranked_left) : slice;
}

WARM bool kernel_schedule(void)
{
    uint64_t now = arch_counter();
    jg_time_t time = time_monotonic();
    struct thread *next;

    if (sched.idle)
        sched.idle_ticks += now - sched.stamp;
    sched.stamp = now;
    count_rank(time);
    sched.idle = !sched.ready_bands;
    if (sched.idle)
        return false;
    next = choose();
    sched_remove(next);
    next->state = THREAD_RUNNING;
    next->arch.work &= ~WORK_RESCHEDULE;
    sched.switches++;
    sched.slice_over = !list_empty(&sched.ready[SCHED_PROGRAMS]) && sched_first(SCHED_PROGRAMS)->rank;
    sched.turn_over = false;
    sched.slice_end = time + slice_of(next);
    sched.ranked_since = next->rank ? time : 0;
    next->slice_left = 0;
    cpu_set_current(next);
    sched_timer_changed();
    return true;
}

void kernel_tick(void)
{
    struct thread *current;
    jg_time_t now = time_monotonic();

    sched.armed = JG_TIME_INFINITE;
    deadline_run(now);
    current = current_thread();
    if (current && now >= sched.slice_end && sched.ready_bands) {
        sched.turn_over = true;
        sched.slice_over = true; /* for a server on a lent slice: the reply honours it */
        if (sched.ready_bands >> current->priority)
            current->arch.work |= WORK_RESCHEDULE;
        if (current->priority == SCHED_PROGRAMS && !current->rank)
            current->slice_left = MAX(sched.slice_end - now, -SCHED_DEBT_NS);
        sched.slice_end = now + JG_TURN_NS;
    }
    sched_timer_changed();
}

uint64_t sched_ticks_ns(uint64_t ticks)
{
    const struct jg_time_page *page = phys_to_virt(time_page_address());

    return (uint64_t)((unsigned __int128)ticks * page->mult >> page->shift);
}
