/*
 * When memory is short: no new tasks; and when there is none left: who pays.
 *
 * In:    memory_short() from clone.c, memory_exhausted() from trap.c.
 * Choice: a process that has a good part of the memory goes itself. Where there is none, a crowd has it: then the youngest
 *        of the process group that has the most together goes, so that a shell survives what it started.
 * Life:  a victim is killed as by SIGKILL. While it goes, others that find no memory wait for it rather than name the
 *        next one; a victim that takes too long is passed over.
 * Locks: tasks_lock.
 */
#include "oom.h"

#include <jg/info.h>
#include <jg/rt/log.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <fs/namecache.h>
#include <linux/signal.h>
#include <mm.h>

#define NEVER    (-1000)      /* oom_score_adj: not this one */
#define GRACE_NS 1000000000ll /* a victim has this long to go */
#define STEP_NS  2000000ll
#define LINE_NS  200000000ll
#define GROUPS   256u

static jg_time_t last_kill;       /* tasks_lock */
static int64_t group_sum[GROUPS]; /* tasks_lock; by pgid, of one choice */

/*
 * Twice what the kernel keeps back from programs' pages (mm/frame.c), so that fork fails before
 * anybody's next page.
 */
static bool below_margin(void)
{
    struct jg_info_system info;

    return jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &info, sizeof info) > 0 &&
           info.free_frames < 64 + info.total_frames / 16;
}

bool memory_short(void)
{
    if (!below_margin())
        return false;
    jg_system_quiesce();
    return below_margin();
}

/* In pages, moved by oom_score_adj as Linux does: a thousandth of all memory for each point. */
static int64_t weight(struct process *p, uint64_t total)
{
    struct task *t = process_any_task(p);
    struct jg_info_aspace info;

    if (!t || !t->mm || p == init_process || p->oom_score_adj == NEVER ||
        jg_object_info(t->mm->aspace, JG_INFO_ASPACE, &info, sizeof info) < 0)
        return -1;
    return (int64_t)(info.private_pages + info.shared_pages + info.table_pages + p->task_count) +
           p->oom_score_adj * (int64_t)(total / 1000);
}

/*
 * Adds up what groups have. Returns the heaviest process and its weight; *dying: a victim is on its
 * way already.
 */
static struct process *heaviest(uint64_t total, int64_t *most, bool *dying)
{
    struct process *found = NULL;

    memset(group_sum, 0, sizeof group_sum);
    *dying = false;
    *most = -1;
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);
        int64_t w;

        if (p->zombie)
            continue;
        *dying |= p->group_exit;
        w = p->group_exit ? -1 : weight(p, total);
        if (w < 0)
            continue;
        group_sum[p->pgid % GROUPS] += w;
        if (w >= *most) {
            *most = w;
            found = p;
        }
    }
    return found;
}

static struct process *youngest_of_crowd(uint64_t total)
{
    struct process *found = NULL;
    int64_t most = 0;

    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        if (group_sum[p->pgid % GROUPS] >= most && !p->zombie && !p->group_exit &&
            weight(p, total) >= 0) {
            most = group_sum[p->pgid % GROUPS];
            found = p;
        }
    }
    return found;
}

static struct process *choose(bool *dying)
{
    struct jg_info_system system = {0};
    struct process *p;
    int64_t most;

    jg_object_info(JG_HANDLE_NONE, JG_INFO_SYSTEM, &system, sizeof system);
    p = heaviest(system.total_frames, &most, dying);
    if (p && most < (int64_t)(system.total_frames / 16))
        p = youngest_of_crowd(system.total_frames);
    return p;
}

/* A crowd may lose hundreds: not a line for each. */
static void tell(const struct process *victim, int toucher, uint64_t address, jg_time_t now)
{
    static jg_time_t last_line;
    static unsigned untold;

    if (last_line && now - last_line < LINE_NS) {
        untold++;
        return;
    }
    rt_log("%d (%s): killed, out of memory (%d touched %lx; %u more since the last line)",
           victim->pid, victim->leader ? victim->leader->comm : victim->comm, toucher, address,
           untold);
    last_line = now;
    untold = 0;
}

void memory_exhausted(struct task *t, uint64_t address)
{
    struct process *victim;
    jg_time_t now = time_monotonic();
    bool dying;

    namecache_shrink(true);
    mutex_lock(&tasks_lock);
    victim = choose(&dying);
    if (!dying || now - last_kill > GRACE_NS) {
        if (!victim)
            victim = t->process;
        last_kill = now;
        tell(victim, t->tid, address, now);
        process_group_exit(victim, SIGKILL);
    }
    mutex_unlock(&tasks_lock);
    wait_prepare(t);
    if (!t->killed)
        wait_sleep(t, now + STEP_NS);
    jg_system_quiesce();
}
