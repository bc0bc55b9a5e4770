/*
 * CPU time of tasks: the kernel counts user time and time spent on a thread's behalf.
 */
#include <task.h>

void task_times(struct task *t, uint64_t *user, uint64_t *system)
{
    struct jg_info_task info;

    *user = *system = 0;
    if (t->thread && jg_object_info(t->thread, JG_INFO_TASK, &info, sizeof info) > 0) {
        *user = info.user_ns;
        *system = info.server_ns;
    }
}

void process_times(struct process *p, uint64_t *user, uint64_t *system)
{
    *user = p->user_ns;
    *system = p->system_ns;
    LIST_FOR_EACH(it, &p->tasks)
    {
        uint64_t u, s;

        task_times(LIST_ENTRY(it, struct task, link), &u, &s);
        *user += u;
        *system += s;
    }
}
