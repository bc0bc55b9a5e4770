/*
 * The table of tasks and processes: ids, look-ups, groups. tasks_lock is held by callers.
 */
#include "table.h"

#include <jg/rt/list.h>

#include <signal.h>

#define PID_MAX 32768
#define HASH    256

struct mutex tasks_lock = MUTEX_INIT;
struct list all_processes = LIST_INIT(all_processes);
struct process *init_process;
uint64_t forks_total;

static unsigned total;
static int last_id;
static bool wrapped;
static bool taken; /* an id was chosen by a program */

static bool id_used(int id)
{
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        if (p->pid == id || p->pgid == id || p->sid == id)
            return true;
        LIST_FOR_EACH(at, &p->tasks)
        {
            if (LIST_ENTRY(at, struct task, link)->tid == id)
                return true;
        }
    }
    return false;
}

int id_allocate(void)
{
    for (int tries = 0; tries < PID_MAX; tries++) {
        if (++last_id >= PID_MAX) {
            last_id = 300; /* as Linux: low numbers are for those that came first */
            wrapped = true;
        }
        if ((!wrapped && !taken) || !id_used(last_id))
            return last_id;
    }
    return -EAGAIN;
}

int id_take(int id)
{
    if (id < 1 || id >= PID_MAX)
        return -EINVAL;
    taken = true;
    return id_used(id) ? -EEXIST : id;
}

void table_add(struct task *t)
{
    struct process *p = t->process;

    list_add_tail(&p->tasks, &t->link);
    t->cpu_parked = p->cpu_parked; /* it will leave the server for its first time */
    p->task_count++;
    total++;
    forks_total++;
    if (list_empty(&p->link))
        list_add_tail(&all_processes, &p->link);
}

void table_remove(struct task *t)
{
    list_remove(&t->link);
    t->process->task_count--;
    total--;
}

struct process *process_find(int pid)
{
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        if (p->pid == pid)
            return p;
    }
    return NULL;
}

struct task *task_find(int tid)
{
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        LIST_FOR_EACH(at, &p->tasks)
        {
            struct task *t = LIST_ENTRY(at, struct task, link);

            if (t->tid == tid)
                return t;
        }
    }
    return NULL;
}

struct task *process_any_task(struct process *p)
{
    if (p->leader)
        return p->leader;
    return list_empty(&p->tasks) ? NULL : LIST_ENTRY(p->tasks.next, struct task, link);
}

bool process_group_exists(int pgid, int sid)
{
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        if (p->pgid == pgid && p->sid == sid)
            return true;
    }
    return false;
}

bool process_group_orphaned(int pgid, int sid)
{
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        if (p->pgid == pgid && !p->zombie && p->parent && p->parent != init_process &&
            p->parent->pgid != pgid && p->parent->sid == sid)
            return false;
    }
    return true;
}

unsigned task_total(void)
{
    return total;
}
