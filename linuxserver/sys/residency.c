/*
 * What is in memory and what must stay there: mincore, the mlock family. The work is in mm/lock.c.
 */
#include "sys.h"

#include <jg/rt/heap.h>

#include <mm.h>

#define MINCORE_BATCH 1024ull

static int64_t copy_presence(struct task *t, uint64_t va, struct jg_info_mapped *m)
{
    for (uint64_t i = 0; i < m->pages; i++)
        m->page[i] &= JG_PAGE_PRESENT;
    return copy_out(t->mm, va, m->page, m->pages);
}

int64_t sys_mincore(struct task *t, const uint64_t *a)
{
    uint64_t pages = page_up(a[1]) / PAGE_SIZE;
    struct jg_info_mapped *m;
    int64_t err;

    if (a[0] & ~PAGE_MASK)
        return -EINVAL;
    if (a[0] + a[1] > JG_USER_TOP || a[0] + a[1] < a[0])
        return -ENOMEM;
    err = check_mapped(t, a[0], a[1]);
    if (err)
        return err;
    m = rt_alloc(sizeof *m + MINCORE_BATCH);
    if (!m)
        return -EAGAIN;
    for (uint64_t i = 0; i < pages && !err; i += MINCORE_BATCH) {
        m->va = a[0] + i * PAGE_SIZE;
        m->pages = pages - i < MINCORE_BATCH ? pages - i : MINCORE_BATCH;
        if (jg_object_info(t->mm->aspace, JG_INFO_MAPPED, m, sizeof *m + m->pages) < 0)
            err = -EAGAIN;
        else
            err = copy_presence(t, a[2] + i, m);
    }
    rt_free(m);
    return err;
}

int64_t sys_mlock(struct task *t, const uint64_t *a)
{
    struct mm_limits limits = memory_limits(t);

    return mm_lock(t->mm, a[0], a[1], MM_LOCK_POPULATE, &limits);
}

int64_t sys_mlock2(struct task *t, const uint64_t *a)
{
    struct mm_limits limits = memory_limits(t);

    if (a[2] & ~(uint64_t)MLOCK_ONFAULT)
        return -EINVAL;
    return mm_lock(t->mm, a[0], a[1], a[2] ? MM_LOCK_ONFAULT : MM_LOCK_POPULATE, &limits);
}

int64_t sys_munlock(struct task *t, const uint64_t *a)
{
    struct mm_limits limits = memory_limits(t);

    return mm_lock(t->mm, a[0], a[1], MM_UNLOCKED, &limits);
}

int64_t sys_mlockall(struct task *t, const uint64_t *a)
{
    struct mm_limits limits = memory_limits(t);
    enum mm_lock how = a[0] & MCL_ONFAULT ? MM_LOCK_ONFAULT : MM_LOCK_POPULATE;

    if (!a[0] || a[0] == MCL_ONFAULT ||
        (a[0] & ~(uint64_t)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)))
        return -EINVAL;
    return mm_lock_all(t->mm, a[0] & MCL_CURRENT, how, a[0] & MCL_FUTURE ? how : MM_UNLOCKED,
                       &limits);
}

int64_t sys_munlockall(struct task *t, const uint64_t *a)
{
    struct mm_limits limits = memory_limits(t);

    (void)a;
    return mm_lock_all(t->mm, true, MM_UNLOCKED, MM_UNLOCKED, &limits);
}
