/*
 * procfs: stat and statm of a process. Source: proc(5), Linux 6.1's formats.
 */
#include <jg/rt/string.h>

#include "proc_task.h"
#include "proc_tree.h"

#define TICK_NS (NS_PER_SEC / HZ_USER)

#define FORKED_ONLY 0x40u /* PF_FORKNOEXEC */
#define EXITING     0x04u /* PF_EXITING */

static unsigned flags_of(const struct snapshot *s)
{
    return (s->executed ? 0 : FORKED_ONLY) | (s->state == 'Z' ? EXITING : 0);
}

/* As the kernel counts it: real-time ones are below zero. */
static int priority_of(const struct sched *sched)
{
    if (sched->policy == SCHED_FIFO || sched->policy == SCHED_RR)
        return -1 - sched->priority;
    return 20 + sched->nice;
}

/* The last fields: where its parts lie. Who may not look into it sees no addresses. */
static void add_places(struct text *out, const struct snapshot *s, const struct mm *mm)
{
    if (!mm || !s->looked) {
        text_add(out, " 0 0 0 0 0 0 0");
        return;
    }
    text_add(out, " %lu %lu %lu %lu %lu %lu %lu", mm->data_start, mm->data_end, mm->brk_start,
             mm->arg_start, mm->arg_end, mm->env_start, mm->env_end);
}

int64_t proc_stat_line(struct task *reader, struct proc_node at, struct text *out)
{
    struct mm_usage usage = {0};
    struct snapshot s;
    int64_t err = snapshot_take(reader, at, &s);
    const struct mm *mm = s.mm;
    uint64_t hidden = mm ? 1 : 0; /* what is shown of code to others */

    if (err)
        return err;
    if (mm)
        mm_usage(s.mm, &usage);
    text_add(out, "%d (%s) %c %d %d %d %d %d %u %lu %lu 0 0 %lu %lu %lu %lu", s.tid, s.comm,
             s.state, s.ppid, s.pgid, s.sid, s.tty, s.tty_group, flags_of(&s), s.used.faults,
             s.child_faults, s.used.user_ns / TICK_NS, s.used.system_ns / TICK_NS,
             s.child_user / TICK_NS, s.child_system / TICK_NS);
    text_add(out, " %d %d %d 0 %lu %lu %lu %lu", priority_of(&s.sched), s.sched.nice, s.threads,
             (uint64_t)s.start / TICK_NS, usage.virtual_pages * PAGE_SIZE, usage.resident,
             s.rss_limit);
    text_add(out, " %lu %lu %lu 0 0 %lu %lu %lu %lu", mm && s.looked ? mm->code_start : hidden,
             mm && s.looked ? mm->code_end : hidden, mm && s.looked ? mm->stack_start : 0,
             s.pending & 0x7fffffff, s.blocked & 0x7fffffff, s.ignored & 0x7fffffff,
             s.caught & 0x7fffffff);
    text_add(out, " %d 0 0 %d 0 %d %d 0 0 0", s.looked && s.state != 'R' && s.threads < 2,
             s.exit_signal, s.sched.priority, s.sched.policy);
    add_places(out, &s, mm);
    text_add(out, " %d\n", s.status);
    snapshot_drop(&s);
    return 0;
}

int64_t proc_statm(struct task *reader, struct proc_node at, struct text *out)
{
    struct mm_parts parts = {0};
    struct mm_usage usage = {0};
    struct snapshot s;
    int64_t err = snapshot_take(reader, at, &s);

    if (err)
        return err;
    if (s.mm) {
        mm_usage(s.mm, &usage);
        mm_parts(s.mm, &parts);
    }
    text_add(out, "%lu %lu %lu %lu 0 %lu 0\n", usage.virtual_pages, usage.resident, usage.shared,
             parts.code / PAGE_SIZE, (parts.data + parts.stack) / PAGE_SIZE);
    snapshot_drop(&s);
    return 0;
}
