/*
 * The dispatcher, made from table.def.
 */
#include "sys.h"

#include <jg/rt/log.h>

#include <server.h>
#include <task/answers.h>

typedef int64_t (*handler)(struct task *t, const uint64_t *a);

static const handler handlers[SYSCALL_NUMBERS] = {
#define CALL(number, name, handler, support, note) [number] = handler,
#include "table.def"
#undef CALL
};

/*
 * How often each missing call was asked for; the first time is logged. After a task's first number past the table
 * the kernel answers those, and its count is added when the task ends.
 */
static uint32_t missing[SYSCALL_NUMBERS + 1];

static int64_t not_there(struct task *t, uint64_t number)
{
    uint32_t slot = number < SYSCALL_NUMBERS ? (uint32_t)number : SYSCALL_NUMBERS;

    if (__atomic_fetch_add(&missing[slot], 1, __ATOMIC_RELAXED) == 0)
        rt_log("%s: system call %lu is not there", t->comm, number);
    if (slot == SYSCALL_NUMBERS)
        answers_beyond(t);
    return -ENOSYS;
}

void syscall_count_missing(const struct task *t, unsigned long count)
{
    __atomic_fetch_add(&missing[SYSCALL_NUMBERS], (uint32_t)count, __ATOMIC_RELAXED);
    rt_log("%s: %lu more calls of numbers that are not there", t->comm, count);
}

/*
 * Handlers give EFAULT for any copy that failed. Where memory had run out it was no fault of the program's. (Two threads
 * that fail at once may swap the two; there is no memory for either.)
 */
static int64_t fault_or_starved(struct task *t, int64_t result)
{
    return __atomic_exchange_n(&t->mm->starved, false, __ATOMIC_RELAXED) ? -ENOMEM : result;
}

HOT int64_t syscall_dispatch(struct task *t, uint64_t number, const uint64_t *args)
{
    int64_t result;
    handler h;

    number = (uint32_t)number; /* Linux looks at eax only */
    h = number < SYSCALL_NUMBERS ? handlers[number] : NULL;
    result = h ? h(t, args) : not_there(t, number);
    return result == -EFAULT || result == -ENOMEM ? fault_or_starved(t, result) : result;
}
