/*
 * Answers without a server: a thread's own small table of what its system calls return.
 *
 * Life:  set by its personality, owned by the thread, gone when it ends. Never inherited: what a number returns
 *        is different for each thread.
 * Locks: the big lock.
 */
#pragma once

#include <core/compiler.h>
#include <jg/call.h>
#include <object/thread.h>

struct answers {
    struct answers_hint hint;
    uint64_t beyond_hits;
    int64_t beyond;
    uint32_t count;
    int64_t value[JG_ANSWERS_VALUES];
    uint64_t hits[JG_ANSWERS_VALUES];
    uint8_t which[]; /* `count` of them */
};

/*
 * Answers the present system call of `thread`, which has a level, from its table for `entry`.
 * Returns false with nothing done: the table does not know, or must not be used.
 */
static inline bool answer(struct thread *thread, unsigned entry)
{
    const struct answers_hint *hint = &thread->answers_hint[entry];
    uint64_t number = arch_syscall_number(&thread->arch) & hint->mask;
    struct answers *a;

    if (likely(!(hint->may >> number % 64 & 1) && number < hint->beyond_from))
        return false;
    a = thread->answers[entry];
    if (!a || unlikely(thread->level_count != 1))
        return false;
    if (likely(number < a->count) && a->which[number]) {
        unsigned index = a->which[number] - 1u;

        a->hits[index]++;
        arch_set_result(&thread->arch, a->value[index]);
        return true;
    }
    if (number < hint->beyond_from)
        return false;
    a->beyond_hits++;
    arch_set_result(&thread->arch, a->beyond);
    return true;
}

/*
 * Replaces the table of a thread that has not ended. Takes `made` (NULL: none) over, and charges the thread's job for it.
 * Returns JG_OK; JG_ERR_BAD_STATE or JG_ERR_QUOTA: nothing changed, `made` is still the caller's.
 */
jg_status_t answers_replace(struct thread *thread, unsigned entry, struct answers *made);

/* Takes both tables away. For a thread that ends. */
void answers_drop(struct thread *thread);
