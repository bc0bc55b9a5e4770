/*
 * Futexes.
 *
 * In:    futex_sleep(), futex_wake() from their calls; timed_out() from the timer interrupt.
 * Life:  a sleeper is in one bucket's list, and its deadline in the heap, until the wait ends.
 * Locks: the big lock.
 */
#include <object/futex.h>
#include <object/sched.h>

#define BUCKETS 256u

static struct list buckets[BUCKETS];

void futex_init(void)
{
    for (unsigned i = 0; i < BUCKETS; i++)
        list_init(&buckets[i]);
}

static struct list *bucket_of(const struct aspace *as, uintptr_t va)
{
    uint64_t key = ((uintptr_t)as >> 6) ^ (va >> 2);

    return &buckets[(key * 0x9e3779b97f4a7c15ull) >> 56];
}

static void timed_out(struct deadline *d)
{
    thread_wake(container_of(d, struct thread, deadline), JG_ERR_TIMED_OUT);
}

WARM void futex_sleep(struct thread *thread, uintptr_t va, jg_time_t deadline)
{
    sched_leave(thread);
    thread->state = THREAD_FUTEX;
    thread->futex_as = thread->arch.aspace;
    thread->futex_va = va;
    list_add_tail(bucket_of(thread->futex_as, va), &thread->futex_link);
    if (deadline != JG_TIME_INFINITE)
        deadline_set(&thread->deadline, deadline, timed_out);
}

WARM uint32_t futex_wake(struct aspace *as, uintptr_t va, uint32_t count)
{
    struct list *bucket = bucket_of(as, va);
    uint32_t woken = 0;

    list_for_each_safe(node, bucket)
    {
        struct thread *thread = list_entry(node, struct thread, futex_link);

        if (woken == count)
            break;
        if (thread->futex_as != as || thread->futex_va != va)
            continue;
        thread_wake(thread, JG_OK);
        woken++;
    }
    return woken;
}

WARM void futex_forget(struct thread *thread)
{
    list_remove(&thread->futex_link);
    deadline_cancel(&thread->deadline);
}
