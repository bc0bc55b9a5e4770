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
    if (current && thread->priority > current->priority)
        current->arch.work |= WORK_RESCHEDULE;
    sched_timer_changed();
}

void sched_ready(struct thread *thread)
{
    list_add_tail(&sched.ready[thread->priority], &thread->packet.link);
    make_ready(thread);
}

void sched_ready_first(struct thread *thread)
{
    thread->slice_left = MAX(sched.slice_end - time_monotonic(), 1);
    list_add(&sched.ready[thread->priority], &thread->packet.link);
    make_ready(thread);
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

void sched_leave(struct thread *thread)
{
    ASSERT(thread == current_thread());
    sched_account(thread);
    cpu_set_current(NULL);
}

void sched_timer_changed(void)
{
    jg_time_t wanted = deadline_next();

    if (sched.ready_bands && current_thread())
        wanted = MIN(wanted, sched.slice_end);
    if (wanted >= sched.armed)
        return;
    sched.armed = wanted;
    arch_timer_set(wanted);
}

bool kernel_schedule(void)
{
    uint64_t now = arch_counter();
    struct thread *next;

    if (sched.idle)
        sched.idle_ticks += now - sched.stamp;
    sched.stamp = now;
    sched.idle = !sched.ready_bands;
    if (sched.idle)
        return false;
    next = container_of(sched.ready[31 - __builtin_clz(sched.ready_bands)].next, struct thread,
                        packet.link);
    sched_remove(next);
    next->state = THREAD_RUNNING;
    next->arch.work &= ~WORK_RESCHEDULE;
    sched.switches++;
    sched.slice_over = false;
    sched.slice_end = time_monotonic() + (next->slice_left ? next->slice_left : SCHED_SLICE_NS);
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
        sched.slice_over = true; /* for a server on a lent slice: the reply honours it */
        if (sched.ready_bands >> current->priority)
            current->arch.work |= WORK_RESCHEDULE;
        sched.slice_end = now + SCHED_SLICE_NS;
    }
    sched_timer_changed();
}

uint64_t sched_ticks_ns(uint64_t ticks)
{
    const struct jg_time_page *page = phys_to_virt(time_page_address());

    return (uint64_t)((unsigned __int128)ticks * page->mult >> page->shift);
}
