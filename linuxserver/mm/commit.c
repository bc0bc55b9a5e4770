/*
 * Overcommit. See commit.h.
 */
#include "commit.h"

#define SMALL (16ul << 20) /* no machine is so small that a guess would refuse this */
#define RATIO 50           /* vm.overcommit_ratio */

static unsigned mode = COMMIT_GUESS;
static int64_t promised;

static uint64_t total_memory(void)
{
    struct jg_info_system info;

    if (jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) < 0)
        return UINT64_MAX;
    return info.total_frames * PAGE_SIZE;
}

uint64_t commit_limit(void)
{
    return total_memory() / 100 * RATIO;
}

uint64_t commit_promised(void)
{
    int64_t sum = __atomic_load_n(&promised, __ATOMIC_RELAXED);

    return sum > 0 ? (uint64_t)sum : 0;
}

bool commit_allows(uint64_t bytes)
{
    switch (commit_mode()) {
    case COMMIT_ALWAYS:
        return true;
    case COMMIT_NEVER:
        return commit_promised() + bytes <= commit_limit();
    default:
        return bytes < SMALL || bytes <= total_memory();
    }
}

void commit_add(int64_t bytes)
{
    __atomic_add_fetch(&promised, bytes, __ATOMIC_RELAXED);
}

void commit_settle(struct mm *m)
{
    if (m->accounted == m->accounted_known)
        return;
    commit_add((int64_t)(m->accounted - m->accounted_known));
    m->accounted_known = m->accounted;
}

unsigned commit_mode(void)
{
    return __atomic_load_n(&mode, __ATOMIC_RELAXED);
}

void commit_set_mode(unsigned wanted)
{
    __atomic_store_n(&mode, wanted, __ATOMIC_RELAXED);
}
