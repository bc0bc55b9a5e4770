/*
 * What threads ask of the processors that other threads run on: yielding and barriers.
 */
#include "sys.h"

#include <linux/membarrier.h>

#include <mm.h>
#include <signal.h>

TRAP_PAGE_CALL int64_t sys_sched_yield(struct task *t, const uint64_t *a)
{
    (void)a;
    t->outcome->yields = true;
    return 0;
}

#define MEMBARRIERS                                                                                \
    (MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |                                     \
     MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |                 \
     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |      \
     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE)

/*
 * Every other thread is in the kernel, or was stopped by an interrupt, while a system call runs; so
 * the call itself is the barrier. What remains is to say who may ask for it.
 */
int64_t sys_membarrier(struct task *t, const uint64_t *a)
{
    uint32_t command = (uint32_t)a[0];
    uint32_t *registered = &t->mm->barriers;

    if (a[1] & 0xffffffff)
        return -EINVAL;
    switch (command) {
    case MEMBARRIER_CMD_QUERY:
        return MEMBARRIERS;
    case MEMBARRIER_CMD_GLOBAL:
    case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
        return 0;
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
        __atomic_fetch_or(registered, command, __ATOMIC_SEQ_CST);
        return 0;
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
    case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
        /* A registration is the command's next bit. */
        return __atomic_load_n(registered, __ATOMIC_SEQ_CST) & command << 1 ? 0 : -EPERM;
    default:
        return -EINVAL;
    }
}
