/*
 * The tree of procfs. A table: each entry names its parent. Directories of processes, threads and
 * descriptors have no entries of their own; their names are numbers, kept in struct proc_node.
 */
#include "proc_tree.h"

#include <jg/rt/string.h>

#include <file.h>
#include <task.h>
#include <task/levels.h>

#define FOLDER(name, parent)                                                                       \
    {                                                                                              \
        name, parent, DIRECTORY, 0555, NULL, NULL                                                  \
    }
#define FILE(name, parent, mode, text)                                                             \
    {                                                                                              \
        name, parent, TEXT, mode, text, NULL                                                       \
    }
#define FILE_RW(name, parent, text, write)                                                         \
    {                                                                                              \
        name, parent, TEXT, 0644, text, write                                                      \
    }
#define SECRET(name, mode, text)                                                                   \
    {                                                                                              \
        name, TID, LOOKED, mode, text, NULL                                                        \
    }
#define LINK(name, parent, kind)                                                                   \
    {                                                                                              \
        name, parent, kind, 0777, NULL, NULL                                                       \
    }
#define VALUE(name, parent)    FILE(name, parent, 0444, proc_sys_value)
#define VALUE_RW(name, parent) FILE_RW(name, parent, proc_sys_value, proc_sys_set)

/* Where TID is the parent the entry is shown under PID too. */
static const struct proc_entry entries[] = {
    [ROOT] = FOLDER("", ROOT),
    [PID] = FOLDER(NULL, ROOT),
    [TASKS] = FOLDER("task", PID),
    [TID] = FOLDER(NULL, TASKS),
    [FDS] = {"fd", TID, DIRECTORY, 0500, NULL, NULL},
    [FD] = {NULL, FDS, MAGIC, 0700, NULL, NULL},
    [FDINFOS] = FOLDER("fdinfo", TID),
    [FDINFO] = {NULL, FDINFOS, LOOKED, 0444, proc_fdinfo, NULL},
    [SYS] = FOLDER("sys", ROOT),
    [SYS_KERNEL] = FOLDER("kernel", SYS),
    [SYS_KERNEL_RANDOM] = FOLDER("random", SYS_KERNEL),
    [SYS_KERNEL_PTY] = FOLDER("pty", SYS_KERNEL),
    [SYS_VM] = FOLDER("vm", SYS),
    [SYS_FS] = FOLDER("fs", SYS),
    [SYS_FS_EPOLL] = FOLDER("epoll", SYS_FS),
    [SYS_FS_MQUEUE] = FOLDER("mqueue", SYS_FS),
    [SYSVIPC] = FOLDER("sysvipc", ROOT),
    [CHILDREN] = FILE("children", TID, 0444, proc_children),
    [NAMED] = FILE("cpuinfo", ROOT, 0444, proc_cpuinfo),
    FILE("meminfo", ROOT, 0444, proc_meminfo),
    FILE("vmstat", ROOT, 0444, proc_vmstat),
    FILE("stat", ROOT, 0444, proc_system_stat),
    FILE("loadavg", ROOT, 0444, proc_loadavg),
    FILE("uptime", ROOT, 0444, proc_uptime),
    FILE("version", ROOT, 0444, proc_version),
    FILE("filesystems", ROOT, 0444, proc_filesystems),
    FILE("devices", ROOT, 0444, proc_devices),
    FILE("swaps", ROOT, 0444, proc_swaps),
    FILE("locks", ROOT, 0444, proc_locks),
    FILE("partitions", ROOT, 0444, proc_empty),
    {"personalities", ROOT, TEXT, 0644, proc_personalities, proc_personalities_set},
    FILE("cmdline", ROOT, 0444, proc_kernel_cmdline),
    LINK("mounts", ROOT, SYMLINK),
    LINK("self", ROOT, SYMLINK),
    LINK("thread-self", ROOT, SYMLINK),
    FILE("stat", TID, 0444, proc_stat_line),
    FILE("statm", TID, 0444, proc_statm),
    FILE("status", TID, 0444, proc_status),
    FILE("cmdline", TID, 0444, proc_cmdline),
    SECRET("environ", 0400, proc_environ),
    SECRET("auxv", 0400, proc_auxv),
    FILE_RW("comm", TID, proc_comm, proc_comm_set),
    SECRET("maps", 0444, proc_maps),
    SECRET("smaps", 0444, proc_smaps),
    SECRET("smaps_rollup", 0444, proc_smaps_rollup),
    FILE("limits", TID, 0444, proc_limits),
    FILE("mounts", TID, 0444, proc_mounts),
    FILE("mountinfo", TID, 0444, proc_mountinfo),
    FILE_RW("oom_score_adj", TID, proc_oom_score_adj, proc_oom_score_adj_set),
    FILE("oom_score", TID, 0444, proc_oom_score),
    FILE("cgroup", TID, 0444, proc_empty),
    FILE("wchan", TID, 0444, proc_constant),
    FILE("loginuid", TID, 0444, proc_constant),
    FILE("sessionid", TID, 0444, proc_constant),
    LINK("exe", TID, MAGIC),
    LINK("cwd", TID, MAGIC),
    LINK("root", TID, MAGIC),
    VALUE("ostype", SYS_KERNEL),
    VALUE("osrelease", SYS_KERNEL),
    VALUE("version", SYS_KERNEL),
    VALUE("arch", SYS_KERNEL),
    VALUE_RW("hostname", SYS_KERNEL),
    VALUE_RW("domainname", SYS_KERNEL),
    VALUE("pid_max", SYS_KERNEL),
    VALUE("threads-max", SYS_KERNEL),
    VALUE("ngroups_max", SYS_KERNEL),
    VALUE("cap_last_cap", SYS_KERNEL),
    VALUE("sem", SYS_KERNEL),
    VALUE("msgmax", SYS_KERNEL),
    VALUE("msgmnb", SYS_KERNEL),
    VALUE("msgmni", SYS_KERNEL),
    VALUE("overflowuid", SYS_KERNEL),
    VALUE("overflowgid", SYS_KERNEL),
    VALUE("uuid", SYS_KERNEL_RANDOM),
    VALUE("boot_id", SYS_KERNEL_RANDOM),
    VALUE("entropy_avail", SYS_KERNEL_RANDOM),
    VALUE("poolsize", SYS_KERNEL_RANDOM),
    FILE_RW("max", SYS_KERNEL_PTY, proc_pty_limit, proc_set_pty_limit),
    FILE("nr", SYS_KERNEL_PTY, 0444, proc_pty_count),
    FILE("msg", SYSVIPC, 0444, proc_sysvipc_msg),
    FILE("sem", SYSVIPC, 0444, proc_sysvipc_sem),
    FILE("shm", SYSVIPC, 0444, proc_sysvipc_shm),
    FILE_RW("overcommit_memory", SYS_VM, proc_overcommit, proc_set_overcommit),
    {"drop_caches", SYS_VM, TEXT, 0200, proc_empty, proc_drop_caches},
    VALUE("max_map_count", SYS_VM),
    VALUE("mmap_min_addr", SYS_VM),
    FILE_RW("max_user_watches", SYS_FS_EPOLL, proc_watch_limit, proc_set_watch_limit),
    VALUE("queues_max", SYS_FS_MQUEUE),
    VALUE("msg_max", SYS_FS_MQUEUE),
    VALUE("msgsize_max", SYS_FS_MQUEUE),
    VALUE("msg_default", SYS_FS_MQUEUE),
    VALUE("msgsize_default", SYS_FS_MQUEUE),
    VALUE("file-max", SYS_FS),
    VALUE("file-nr", SYS_FS),
    VALUE("nr_open", SYS_FS),
    VALUE("pipe-max-size", SYS_FS),
    VALUE("overflowuid", SYS_FS),
    VALUE("overflowgid", SYS_FS),
};

const unsigned proc_entry_count = sizeof entries / sizeof *entries;

const struct proc_entry *proc_entry(struct proc_node at)
{
    return &entries[at.entry];
}

const struct proc_entry *proc_entry_at(unsigned index)
{
    return &entries[index];
}

const char *proc_entry_name(struct proc_node at)
{
    return proc_entry(at)->name;
}

struct process *proc_process(struct proc_node at)
{
    struct process *p = process_find(at.pid);

    return p && p->start_time == at.born ? p : NULL;
}

struct task *proc_task(struct proc_node at)
{
    struct process *p = proc_process(at);
    struct task *t = at.tid ? task_find(at.tid) : NULL;

    if (at.tid)
        return t && t->process == p ? t : NULL;
    return p ? process_any_task(p) : NULL;
}

bool proc_exists(struct proc_node at)
{
    bool there;

    if (!at.pid)
        return true;
    mutex_lock(&tasks_lock);
    /* A first thread that ended before the others, or a zombie's, is still listed. */
    there = proc_process(at) && (!at.tid || at.tid == at.pid || proc_task(at));
    mutex_unlock(&tasks_lock);
    return there;
}

struct file *proc_descriptor(struct proc_node at)
{
    struct file *f;
    struct task *t;

    mutex_lock(&tasks_lock);
    t = proc_task(at);
    f = t && t->files ? files_lookup(t->files, at.fd) : NULL;
    mutex_unlock(&tasks_lock);
    return f;
}

/* A decimal number without leading zeros; -1 if it is none. */
static int parse_number(const char *name, size_t length)
{
    int n = 0;

    if (!length || length > 9 || (name[0] == '0' && length > 1))
        return -1;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return -1;
        n = n * 10 + name[i] - '0';
    }
    return n;
}

bool proc_is_child(unsigned index, uint16_t parent)
{
    const struct proc_entry *e = &entries[index];

    if (index == ROOT || (index == CHILDREN && parent == PID))
        return false;
    return e->parent == parent || (parent == PID && e->parent == TID);
}

/* A number below a directory of numbers. */
static int64_t step_number(struct proc_node *at, int number)
{
    struct process *p;
    struct file *f;

    switch (at->entry) {
    case ROOT:
        at->entry = PID;
        at->pid = number;
        mutex_lock(&tasks_lock);
        p = process_find(number);
        at->born = p ? p->start_time : 0;
        mutex_unlock(&tasks_lock);
        return p ? 0 : -ENOENT;
    case TASKS:
        at->entry = TID;
        at->tid = number;
        return number && proc_exists(*at) ? 0 : -ENOENT;
    case FDS:
    case FDINFOS:
        at->fd = number;
        at->entry = at->entry == FDS ? FD : FDINFO;
        f = proc_descriptor(*at);
        if (!f)
            return -ENOENT;
        file_put(f);
        return 0;
    default:
        return -ENOENT;
    }
}

int64_t proc_step(struct proc_node *at, const char *name, size_t length)
{
    int number = parse_number(name, length);

    /* Linux asks these two directories' processes before it looks for the name. */
    if ((at->entry == PID || at->entry == TASKS) && !proc_exists(*at))
        return -ESRCH;
    if (number >= 0)
        return step_number(at, number);
    for (uint16_t i = 1; i < proc_entry_count; i++) {
        if (proc_is_child(i, at->entry) && entries[i].name && strlen(entries[i].name) == length &&
            !memcmp(entries[i].name, name, length)) {
            at->entry = i;
            return proc_exists(*at) ? 0 : -ENOENT;
        }
    }
    return -ENOENT;
}

bool proc_step_up(struct proc_node *at)
{
    uint16_t parent = proc_entry(*at)->parent;

    if (at->entry == ROOT)
        return false;
    if (at->entry == FD || at->entry == FDINFO)
        at->fd = -1;
    if (parent == TID && !at->tid)
        parent = PID;
    if (at->entry == TID)
        at->tid = 0;
    if (at->entry == PID)
        at->pid = 0, at->born = 0;
    at->entry = parent;
    return true;
}

bool proc_has_numbers(struct proc_node at)
{
    return at.entry == ROOT || at.entry == TASKS || at.entry == FDS || at.entry == FDINFOS;
}

int proc_next_number(struct proc_node at, int least)
{
    int best = -1;
    struct process *p;
    struct task *t;

    mutex_lock(&tasks_lock);
    if (at.entry == FDS || at.entry == FDINFOS) {
        t = proc_task(at);
        best = t && t->files ? fd_next(t->files, least) : -1;
    } else if (at.entry == ROOT) {
        LIST_FOR_EACH(it, &all_processes)
        {
            int pid = LIST_ENTRY(it, struct process, link)->pid;

            if (pid >= least && (best < 0 || pid < best))
                best = pid;
        }
    } else if ((p = proc_process(at))) {
        if (p->pid >= least)
            best = p->pid;
        LIST_FOR_EACH(it, &p->tasks)
        {
            int tid = LIST_ENTRY(it, struct task, link)->tid;

            if (tid >= least && (best < 0 || tid < best))
                best = tid;
        }
    }
    mutex_unlock(&tasks_lock);
    return best;
}

/* How many processes or threads a directory of them shows, in one pass. */
static uint32_t count_numbers(struct proc_node at)
{
    struct process *p;
    uint32_t n = 0;

    mutex_lock(&tasks_lock);
    if (at.entry == ROOT) {
        LIST_FOR_EACH(it, &all_processes)
        n++;
    } else if ((p = proc_process(at))) {
        n = p->task_count + !p->leader;
    }
    mutex_unlock(&tasks_lock);
    return n;
}

uint32_t proc_links(struct proc_node at)
{
    uint32_t links = 2;

    if (at.entry >= SYS && at.entry <= SYS_FS_EPOLL)
        return 1; /* as sysctl's directories have it */
    for (unsigned i = 1; i < proc_entry_count; i++)
        links += proc_is_child(i, at.entry) && entries[i].name && entries[i].kind == DIRECTORY;
    return links + (at.entry == ROOT || at.entry == TASKS ? count_numbers(at) : 0);
}

/*
 * One number for each place, as long as pids stay below 2^22 and descriptors below 2^21. A thread's
 * id is unique, so its process's is not needed.
 */
uint64_t proc_number(struct proc_node at)
{
    uint64_t who = at.tid ? (uint64_t)at.tid << 1 | 1 : (uint64_t)at.pid << 1;

    return 1 + at.entry + ((uint64_t)(at.fd + 1) << 8) + (who << 30);
}
