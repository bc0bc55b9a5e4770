/*
 * The dispatcher, made from table.def.
 */
#include "sys.h"

#include <jg/rt/log.h>

#include <server.h>

#define NUMBERS 512

typedef int64_t (*handler)(struct task *t, const uint64_t *a);

static const handler handlers[NUMBERS] = {
#define CALL(number, name, handler, support, note) [number] = handler,
#include "table.def"
#undef CALL
};

/* How often each missing call was asked for; the first time is logged. */
static uint32_t missing[NUMBERS + 1];

static int64_t not_there(struct task *t, uint64_t number)
{
    uint32_t slot = number < NUMBERS ? (uint32_t)number : NUMBERS;

    if (__atomic_fetch_add(&missing[slot], 1, __ATOMIC_RELAXED) == 0)
        rt_log("%s: system call %lu is not there", t->comm, number);
    return -ENOSYS;
}

int64_t syscall_dispatch(struct task *t, uint64_t number, const uint64_t *args)
{
    handler h;

    number = (uint32_t)number; /* Linux looks at eax only */
    h = number < NUMBERS ? handlers[number] : NULL;
    return h ? h(t, args) : not_there(t, number);
}
