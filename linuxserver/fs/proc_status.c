/*
 * procfs: status of a process. Source: proc(5), Linux 6.1's format.
 */
#include "proc_task.h"

static const char *state_name(char state)
{
    switch (state) {
    case 'R':
        return "R (running)";
    case 'D':
        return "D (disk sleep)";
    case 'T':
        return "T (stopped)";
    case 'Z':
        return "Z (zombie)";
    default:
        return "S (sleeping)";
    }
}

/* On one line whatever is in it. */
static void add_name(struct text *out, const char *name)
{
    text_add(out, "Name:\t");
    for (; *name; name++) {
        if (*name == '\n')
            text_add(out, "\\n");
        else
            text_add(out, *name == '\\' ? "\\\\" : "%c", *name);
    }
    text_add(out, "\n");
}

static void add_ids(struct text *out, const struct snapshot *s)
{
    const struct cred *c = &s->cred;

    text_add(out,
             "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n"
             "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%d\nGroups:\t",
             s->pid, s->tid, s->ppid, c->uid, c->euid, c->suid, c->fsuid, c->gid, c->egid, c->sgid,
             c->fsgid, s->descriptors);
    for (uint32_t i = 0; i < c->group_count; i++)
        text_add(out, i ? " %u" : "%u", c->groups[i]);
    text_add(out, " \nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", s->pid, s->tid, s->pgid,
             s->sid);
}

static void add_size(struct text *out, const char *name, uint64_t bytes)
{
    text_add(out, "%s:\t%8lu kB\n", name, bytes / 1024);
}

static void add_memory(struct text *out, struct mm *mm)
{
    struct mm_usage usage = {0};
    struct mm_parts parts;

    mm_usage(mm, &usage);
    mm_parts(mm, &parts);
    add_size(out, "VmPeak", usage.virtual_peak * PAGE_SIZE);
    add_size(out, "VmSize", usage.virtual_pages * PAGE_SIZE);
    add_size(out, "VmLck", parts.locked);
    add_size(out, "VmPin", 0);
    add_size(out, "VmHWM", usage.resident_peak * PAGE_SIZE);
    add_size(out, "VmRSS", usage.resident * PAGE_SIZE);
    add_size(out, "RssAnon", (usage.resident - usage.shared) * PAGE_SIZE);
    add_size(out, "RssFile", 0); /* all files are in memory: what Linux counts for tmpfs is next */
    add_size(out, "RssShmem", usage.shared * PAGE_SIZE);
    add_size(out, "VmData", parts.data);
    add_size(out, "VmStk", parts.stack);
    add_size(out, "VmExe", parts.code);
    add_size(out, "VmLib", parts.libraries);
    add_size(out, "VmPTE", (usage.tables - !!usage.tables) * PAGE_SIZE); /* not the topmost */
    add_size(out, "VmSwap", 0);
    add_size(out, "HugetlbPages", 0);
    text_add(out, "CoreDumping:\t0\nTHP_enabled:\t0\n");
}

static void add_signals(struct text *out, const struct snapshot *s)
{
    text_add(out, "Threads:\t%d\nSigQ:\t%lu/%lu\n", s->threads, s->queued, s->queued_limit);
    text_add(
        out,
        "SigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n",
        s->pending, s->shared, s->blocked, s->ignored, s->caught);
}

static void add_powers(struct text *out, const struct snapshot *s)
{
    const struct cred *c = &s->cred;

    text_add(out,
             "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016x\n"
             "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n",
             c->cap_inheritable, c->cap_permitted, c->cap_effective, c->cap_bounding, 0,
             s->no_new_privs);
    text_add(out, "Speculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunknown\n"
                  "Cpus_allowed:\t1\nCpus_allowed_list:\t0\n"
                  "Mems_allowed:\t1\nMems_allowed_list:\t0\n");
}

int64_t proc_status(struct task *reader, struct proc_node at, struct text *out)
{
    struct snapshot s;
    int64_t err = snapshot_take(reader, at, &s);

    if (err)
        return err;
    add_name(out, s.comm);
    if (s.mm)
        text_add(out, "Umask:\t%04o\n", s.umask);
    text_add(out, "State:\t%s\n", state_name(s.state));
    add_ids(out, &s);
    if (s.mm)
        add_memory(out, s.mm);
    add_signals(out, &s);
    add_powers(out, &s);
    text_add(out, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t0\n",
             s.used.switches);
    snapshot_drop(&s);
    return 0;
}
