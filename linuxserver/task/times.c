/*
 * CPU time of tasks: the kernel counts user time and time spent on a thread's behalf.
 */
#include <task.h>

uint64_t user_ns_ended;

void task_times(struct task *t, uint64_t *user, uint64_t *system)
{
    struct jg_info_task info;

    *user = *system = 0;
    if (t->thread && jg_object_info(t->thread, JG_INFO_TASK, &info, sizeof info) > 0) {
        *user = info.user_ns;
        *system = info.server_ns;
    }
}

void task_usage(struct task *t, struct usage *usage)
{
    struct jg_info_task info;

    *usage = (struct usage){.switches = t->switches};
    if (t->thread && jg_object_info(t->thread, JG_INFO_TASK, &info, sizeof info) > 0) {
        usage->user_ns = info.user_ns;
        usage->system_ns = info.server_ns;
        usage->faults = info.faults;
    }
}

void process_usage(struct process *p, struct usage *usage)
{
    *usage = (struct usage){.user_ns = p->user_ns,
                            .system_ns = p->system_ns,
                            .faults = p->min_faults,
                            .switches = p->switches,
                            .max_rss = p->max_rss};
    LIST_FOR_EACH(it, &p->tasks)
    {
        struct usage one;

        task_usage(LIST_ENTRY(it, struct task, link), &one);
        usage->user_ns += one.user_ns;
        usage->system_ns += one.system_ns;
        usage->faults += one.faults;
        usage->switches += one.switches;
    }
}

void children_usage(const struct process *p, struct usage *usage)
{
    *usage = (struct usage){.user_ns = p->child_user_ns,
                            .system_ns = p->child_system_ns,
                            .faults = p->child_min_faults,
                            .switches = p->child_switches,
                            .max_rss = p->child_max_rss};
}

void process_times(struct process *p, uint64_t *user, uint64_t *system)
{
    struct jg_info_task info;

    *user = p->user_ns;
    *system = p->system_ns;
    if (p->handle && jg_object_info(p->handle, JG_INFO_TASK, &info, sizeof info) > 0) {
        *user = info.user_ns; /* with its threads that have ended */
        *system = info.server_ns;
    }
}
