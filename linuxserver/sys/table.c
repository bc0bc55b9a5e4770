/*
 * The dispatcher, made from table.def.
 */
#include <handlers.h>

#include <jg/rt/log.h>

#include <task/answers.h>

#include "sys.h"

TRAP_PAGE_HANDLERS const syscall_handler syscall_handlers[HANDLERS] = {
#define CALL(number, name, handler, support, note) [HANDLER_SLOT(number)] = handler,
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
HOT_IO int64_t syscall_failure(struct task *t, int64_t result)
{
    if (result != -EFAULT && result != -ENOMEM)
        return result;
    return __atomic_exchange_n(&t->mm->starved, false, __ATOMIC_RELAXED) ? -ENOMEM : result;
}

int64_t syscall_dispatch(struct task *t, uint64_t number, const uint64_t *args)
{
    syscall_handler h = syscall_find(number);

    return h ? h(t, args) : not_there(t, (uint32_t)number);
}
