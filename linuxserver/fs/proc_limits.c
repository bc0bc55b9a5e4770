/*
 * procfs: limits of a process.
 */
#include <task.h>

#include "proc_text.h"

static void add_limit(struct text *out, uint64_t value)
{
    if (value == RLIM64_INFINITY)
        text_add(out, "%-20s ", "unlimited");
    else
        text_add(out, "%-20lu ", value);
}

int64_t proc_limits(struct task *reader, struct proc_node at, struct text *out)
{
    static const char *const names[RLIM_NLIMITS][2] = {
        {"Max cpu time", "seconds"},     {"Max file size", "bytes"},
        {"Max data size", "bytes"},      {"Max stack size", "bytes"},
        {"Max core file size", "bytes"}, {"Max resident set", "bytes"},
        {"Max processes", "processes"},  {"Max open files", "files"},
        {"Max locked memory", "bytes"},  {"Max address space", "bytes"},
        {"Max file locks", "locks"},     {"Max pending signals", "signals"},
        {"Max msgqueue size", "bytes"},  {"Max nice priority", ""},
        {"Max realtime priority", ""},   {"Max realtime timeout", "us"},
    };
    struct rlimits limits;
    struct process *p;

    (void)reader;
    mutex_lock(&tasks_lock);
    p = proc_process(at);
    if (p)
        limits = p->limits;
    mutex_unlock(&tasks_lock);
    if (!p)
        return -ESRCH;
    text_add(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        text_add(out, "%-25s ", names[i][0]);
        add_limit(out, limits.limit[i].rlim_cur);
        add_limit(out, limits.limit[i].rlim_max);
        text_add(out, "%-10s\n", names[i][1]);
    }
    return 0;
}
