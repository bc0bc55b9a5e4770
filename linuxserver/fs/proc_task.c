/*
 * Texts of procfs about processes. Source: proc(5), Linux 6.1's formats.
 */
#include "proc_text.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <server.h>
#include <signal.h>
#include <task.h>

#include "inode.h"
#include "proc_tree.h"
#include "tty.h"

/* What a text needs of a process, taken under tasks_lock. */
struct snapshot {
    int pid, tid, ppid, pgid, sid, tty, tty_group, nice, threads, exit_signal, status;
    char state;
    char comm[16];
    uint64_t user, system, child_user, child_system;
    uint64_t pending, shared, blocked, ignored, caught;
    jg_time_t start;
    struct cred cred;
    struct mm *mm; /* a reference, or NULL */
    bool no_new_privs;
};

static char state_of(struct process *p, struct task *t, struct task *reader)
{
    if (p->zombie || !t)
        return 'Z';
    if (p->stopped)
        return 'T';
    return t == reader || !t->in_server ? 'R' : 'S';
}

static void signal_sets(struct task *t, struct snapshot *s)
{
    for (int i = 0; i < SIGNALS; i++) {
        uint64_t h = t->sighand->action[i].handler;

        if (h == (uint64_t)SIG_IGN)
            s->ignored |= 1ull << i;
        else if (h != (uint64_t)SIG_DFL)
            s->caught |= 1ull << i;
    }
}

static int64_t take(struct task *reader, struct proc_node at, struct snapshot *s)
{
    struct process *p;
    struct task *t;

    memset(s, 0, sizeof *s);
    mutex_lock(&tasks_lock);
    p = proc_process(at);
    t = proc_task(at);
    if (!p || (at.tid && !t)) {
        mutex_unlock(&tasks_lock);
        return -ESRCH;
    }
    s->pid = p->pid;
    s->tid = t && at.tid ? t->tid : p->pid;
    s->ppid = p->parent ? p->parent->pid : 0;
    s->pgid = p->pgid;
    s->sid = p->sid;
    s->tty = tty_device_of(p);
    s->tty_group = tty_group_of(p);
    s->nice = t ? t->sched.nice : 0;
    s->threads = (int)p->task_count;
    s->exit_signal = p->exit_signal;
    s->status = p->exit_status;
    s->state = state_of(p, t, reader);
    s->start = p->start_time;
    s->child_user = p->child_user_ns;
    s->child_system = p->child_system_ns;
    s->shared = p->shared.set;
    if (at.tid && t)
        task_times(t, &s->user, &s->system);
    else
        process_times(p, &s->user, &s->system);
    memcpy(s->comm, t ? t->comm : p->comm, sizeof s->comm);
    if (t) {
        s->cred = t->cred;
        s->blocked = t->blocked;
        s->pending = t->pending.set;
        s->no_new_privs = t->no_new_privs;
        signal_sets(t, s);
        s->mm = t->mm ? mm_get(t->mm) : NULL;
    } else {
        s->cred.uid = s->cred.euid = s->cred.suid = s->cred.fsuid = p->uid;
    }
    mutex_unlock(&tasks_lock);
    return 0;
}

int64_t proc_stat_line(struct task *reader, struct proc_node at, struct text *out)
{
    const uint64_t tick = NS_PER_SEC / HZ_USER;
    struct mm_usage usage = {0};
    struct snapshot s;
    int64_t err = take(reader, at, &s);

    if (err)
        return err;
    if (s.mm)
        mm_usage(s.mm, &usage);
    text_add(out, "%d (%s) %c %d %d %d %d %d 0 0 0 0 0 %lu %lu %lu %lu %d %d %d 0 %lu %lu %lu ",
             s.tid, s.comm, s.state, s.ppid, s.pgid, s.sid, s.tty, s.tty_group, s.user / tick,
             s.system / tick, s.child_user / tick, s.child_system / tick, 20 + s.nice, s.nice,
             s.threads, (uint64_t)s.start / tick, usage.virtual_pages * PAGE_SIZE, usage.resident);
    text_add(out,
             "18446744073709551615 %lu %lu %lu 0 0 %lu %lu %lu %lu 0 0 0 %d 0 0 0 0 0 0 %lu %lu "
             "%lu %lu %lu %lu %lu %d\n",
             s.mm ? s.mm->code_start : 0, s.mm ? s.mm->code_end : 0, s.mm ? s.mm->stack_start : 0,
             s.pending & 0x7fffffff, s.blocked & 0x7fffffff, s.ignored & 0x7fffffff,
             s.caught & 0x7fffffff, s.exit_signal, s.mm ? s.mm->data_start : 0,
             s.mm ? s.mm->data_end : 0, s.mm ? s.mm->brk_start : 0, s.mm ? s.mm->arg_start : 0,
             s.mm ? s.mm->arg_end : 0, s.mm ? s.mm->env_start : 0, s.mm ? s.mm->env_end : 0,
             s.status);
    mm_put(s.mm);
    return 0;
}

int64_t proc_statm(struct task *reader, struct proc_node at, struct text *out)
{
    struct mm_usage usage = {0};
    struct snapshot s;
    int64_t err = take(reader, at, &s);

    if (err)
        return err;
    if (s.mm)
        mm_usage(s.mm, &usage);
    text_add(out, "%lu %lu %lu %lu 0 %lu 0\n", usage.virtual_pages, usage.resident, usage.shared,
             s.mm ? (s.mm->code_end - s.mm->code_start + PAGE_SIZE - 1) / PAGE_SIZE : 0,
             usage.virtual_pages);
    mm_put(s.mm);
    return 0;
}

static const char *state_name(char state)
{
    switch (state) {
    case 'R':
        return "R (running)";
    case 'T':
        return "T (stopped)";
    case 'Z':
        return "Z (zombie)";
    default:
        return "S (sleeping)";
    }
}

static void add_groups(struct text *out, const struct cred *c)
{
    text_add(out, "Groups:\t");
    for (uint32_t i = 0; i < c->group_count; i++)
        text_add(out, "%u ", c->groups[i]);
    text_add(out, "\n");
}

int64_t proc_status(struct task *reader, struct proc_node at, struct text *out)
{
    struct mm_usage usage = {0};
    struct snapshot s;
    int64_t err = take(reader, at, &s);
    const struct cred *c = &s.cred;

    if (err)
        return err;
    text_add(out,
             "Name:\t%s\nUmask:\t0022\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%"
             "d\nTracerPid:\t0\n",
             s.comm, state_name(s.state), s.pid, s.tid, s.ppid);
    text_add(out, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t64\n", c->uid, c->euid,
             c->suid, c->fsuid, c->gid, c->egid, c->sgid, c->fsgid);
    add_groups(out, c);
    if (s.mm) {
        mm_usage(s.mm, &usage);
        text_add(out,
                 "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t%8u kB\nVmPin:\t%8u kB\nVmHWM:\t%8lu "
                 "kB\nVmRSS:\t%8lu kB\n",
                 usage.virtual_pages * 4, usage.virtual_pages * 4, 0, 0, s.mm->max_rss_pages * 4,
                 usage.resident * 4);
        text_add(out, "RssAnon:\t%8lu kB\nRssFile:\t%8lu kB\nRssShmem:\t%8u kB\n",
                 (usage.resident - usage.shared) * 4, usage.shared * 4, 0);
        text_add(out, "VmPTE:\t%8lu kB\nVmSwap:\t%8u kB\n", usage.tables * 4, 0);
    }
    text_add(out,
             "Threads:\t%d\nSigQ:\t0/"
             "4096\nSigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%"
             "016lx\n",
             s.threads, s.pending, s.shared, s.blocked, s.ignored, s.caught);
    text_add(out,
             "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%"
             "016x\nNoNewPrivs:\t%d\nSeccomp:\t0\n",
             c->cap_inheritable, c->cap_permitted, c->cap_effective, c->cap_bounding, 0,
             s.no_new_privs);
    text_add(out, "Cpus_allowed:\t1\nCpus_allowed_list:\t0\n");
    mm_put(s.mm);
    return 0;
}

/* A range of the program's own memory: its arguments, its environment. */
static void add_range(struct text *out, struct mm *mm, uint64_t start, uint64_t end)
{
    uint8_t part[512];

    while (start < end) {
        size_t n = end - start < sizeof part ? end - start : sizeof part;

        n = copy_in_some(mm, part, start, n);
        if (!n)
            return;
        text_add_bytes(out, part, n);
        start += n;
    }
}

/* What a text shows of a program's own memory. */
typedef void (*memory_text)(struct text *out, struct mm *mm);

static int64_t memory_part(struct task *reader, struct proc_node at, struct text *out,
                           memory_text add)
{
    struct snapshot s;
    int64_t err = take(reader, at, &s);

    if (err)
        return err;
    if (s.mm)
        add(out, s.mm);
    mm_put(s.mm);
    return 0;
}

static void add_arguments(struct text *out, struct mm *mm)
{
    add_range(out, mm, mm->arg_start, mm->arg_end);
}

static void add_environment(struct text *out, struct mm *mm)
{
    add_range(out, mm, mm->env_start, mm->env_end);
}

static void add_auxv(struct text *out, struct mm *mm)
{
    text_add_bytes(out, mm->auxv, mm->auxv_words * 8);
}

int64_t proc_cmdline(struct task *reader, struct proc_node at, struct text *out)
{
    return memory_part(reader, at, out, add_arguments);
}

int64_t proc_environ(struct task *reader, struct proc_node at, struct text *out)
{
    return proc_check_look(reader, at) == -EACCES ? -EACCES
                                                  : memory_part(reader, at, out, add_environment);
}

int64_t proc_auxv(struct task *reader, struct proc_node at, struct text *out)
{
    return proc_check_look(reader, at) == -EACCES ? -EACCES
                                                  : memory_part(reader, at, out, add_auxv);
}

int64_t proc_comm(struct task *reader, struct proc_node at, struct text *out)
{
    struct snapshot s;
    int64_t err = take(reader, at, &s);

    if (!err) {
        text_add(out, "%s\n", s.comm);
        mm_put(s.mm);
    }
    return err;
}

static void add_region(struct text *out, const struct region *r, const char *name)
{
    const struct backing *b = r->backing;
    char line[8];
    size_t before = out->used;

    line[0] = r->prot & 1 ? 'r' : '-';
    line[1] = r->prot & 2 ? 'w' : '-';
    line[2] = r->prot & 4 ? 'x' : '-';
    line[3] = r->flags & REGION_SHARED ? 's' : 'p';
    line[4] = 0;
    text_add(out, "%08lx-%08lx %s %08lx %02x:%02x %lu ", r->start, r->end, line, b ? r->offset : 0,
             b ? (unsigned)(b->device >> 8) : 0, b ? (unsigned)b->device & 0xff : 0,
             b ? b->inode : 0);
    if (*name) {
        while (out->used - before < 73 && !out->failed)
            text_add(out, " ");
        text_add(out, "%s", name);
    }
    text_add(out, "\n");
}

/* The regions with what they show, copied so that no lock is held while vfsd is asked for names. */
static struct region *copy_regions(struct mm *mm, unsigned *count)
{
    struct region *copy;

    mutex_lock(&mm->lock);
    copy = rt_alloc((mm->count ? mm->count : 1) * sizeof *copy);
    *count = copy ? mm->count : 0;
    for (unsigned i = 0; i < *count; i++) {
        copy[i] = mm->regions[i];
        if (copy[i].backing)
            backing_get(copy[i].backing);
    }
    mutex_unlock(&mm->lock);
    return copy;
}

static void region_name(const struct region *r, char *name, size_t size)
{
    name[0] = 0;
    if (r->flags & REGION_STACK)
        memcpy(name, "[stack]", 8);
    else if (r->flags & REGION_HEAP)
        memcpy(name, "[heap]", 7);
    else if (r->backing) {
        int n = r->backing->path(r->backing, name, size);

        name[n < 0 ? 0 : n] = 0;
    }
}

static int64_t regions_text(struct task *reader, struct proc_node at, struct text *out,
                            bool details)
{
    struct region *regions;
    struct snapshot s;
    unsigned count = 0;
    char *name;
    int64_t err = proc_check_look(reader, at) == -EACCES ? -EACCES : take(reader, at, &s);

    if (err || !s.mm)
        return err;
    name = rt_alloc(PATH_LIMIT);
    regions = name ? copy_regions(s.mm, &count) : NULL;
    out->failed |= !regions;
    for (unsigned i = 0; i < count; i++) {
        const struct region *r = &regions[i];

        region_name(r, name, PATH_LIMIT - 1);
        add_region(out, r, name);
        if (details)
            text_add(out,
                     "Size:           %8lu kB\nKernelPageSize:        4 kB\nMMUPageSize:           "
                     "4 kB\n",
                     (r->end - r->start) / 1024);
        if (r->backing)
            backing_put(r->backing);
    }
    rt_free(regions);
    rt_free(name);
    mm_put(s.mm);
    return 0;
}

int64_t proc_maps(struct task *reader, struct proc_node at, struct text *out)
{
    return regions_text(reader, at, out, false);
}

int64_t proc_smaps(struct task *reader, struct proc_node at, struct text *out)
{
    return regions_text(reader, at, out, true);
}

static void add_limit(struct text *out, uint64_t value)
{
    if (value == RLIM64_INFINITY)
        text_add(out, "unlimited            ");
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

#define MOUNTS_MAX 65536

int64_t proc_mounts(struct task *reader, struct proc_node at, struct text *out)
{
    char *text = rt_alloc(MOUNTS_MAX);
    size_t len = 0;
    int64_t err;

    (void)at;
    if (!text)
        return -ENOMEM;
    err = vfs_errno(vfs_mounts(server.vfs, reader->fs->root->node, text, MOUNTS_MAX, &len));
    if (!err)
        text_add_bytes(out, text, len);
    rt_free(text);
    return err;
}

/* mountinfo from the lines of mounts: "source target type options 0 0". */
int64_t proc_mountinfo(struct task *reader, struct proc_node at, struct text *out)
{
    struct text mounts = {0};
    int64_t err = proc_mounts(reader, at, &mounts);
    int id = 1;

    for (size_t i = 0; !err && i < mounts.used; id++) {
        const char *field[4] = {0};
        size_t length[4] = {0}, end = i;

        while (end < mounts.used && mounts.data[end] != '\n')
            end++;
        for (int k = 0; k < 4 && i < end; k++) {
            field[k] = mounts.data + i;
            while (i < end && mounts.data[i] != ' ')
                i++, length[k]++;
            i++;
        }
        i = end + 1;
        if (field[3])
            text_add(out, "%d %d 0:%d / %.*s %.*s - %.*s %.*s %.*s\n", id, id == 1 ? 0 : 1, id,
                     (int)length[1], field[1], (int)length[3], field[3], (int)length[2], field[2],
                     (int)length[0], field[0], (int)length[3], field[3]);
    }
    rt_free(mounts.data);
    return err;
}

static int64_t process_number(struct proc_node at, struct text *out,
                              int (*get)(const struct process *p))
{
    struct process *p;
    int n = 0;

    mutex_lock(&tasks_lock);
    p = proc_process(at);
    if (p)
        n = get(p);
    mutex_unlock(&tasks_lock);
    if (!p)
        return -ESRCH;
    text_add(out, "%d\n", n);
    return 0;
}

static int get_score_adj(const struct process *p)
{
    return p->oom_score_adj;
}

static int get_score(const struct process *p)
{
    return 666 + p->oom_score_adj * 2 / 3; /* Linux 6.1's scale for a small process */
}

int64_t proc_oom_score_adj(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader;
    return process_number(at, out, get_score_adj);
}

int64_t proc_oom_score(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader;
    return process_number(at, out, get_score);
}

int64_t proc_fdinfo(struct task *reader, struct proc_node at, struct text *out)
{
    struct file *f;
    struct task *t;

    (void)reader;
    mutex_lock(&tasks_lock);
    t = proc_task(at);
    f = t && t->files ? files_lookup(t->files, at.fd) : NULL;
    mutex_unlock(&tasks_lock);
    if (!f)
        return -ENOENT;
    text_add(out, "pos:\t%ld\nflags:\t0%o\nmnt_id:\t1\n", f->pos, f->flags);
    file_put(f);
    return 0;
}
