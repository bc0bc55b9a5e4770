/*
 * The tree of procfs. A table: each entry names its parent. Directories of processes, threads and
 * descriptors have no entries of their own; their names are numbers, kept in struct proc_node.
 */
#include "proc_tree.h"

#include <jg/rt/string.h>

#include <file.h>
#include <task.h>

/* Where TID is the parent the entry is shown under PID too. */
static const struct proc_entry entries[] = {
    [ROOT] = {"", ROOT, DIRECTORY, 0555, NULL},
    [PID] = {NULL, ROOT, DIRECTORY, 0555, NULL},
    [TASKS] = {"task", PID, DIRECTORY, 0555, NULL},
    [TID] = {NULL, TASKS, DIRECTORY, 0555, NULL},
    [FDS] = {"fd", TID, DIRECTORY, 0500, NULL},
    [FD] = {NULL, FDS, MAGIC, 0700, NULL},
    [FDINFOS] = {"fdinfo", TID, DIRECTORY, 0555, NULL},
    [FDINFO] = {NULL, FDINFOS, TEXT, 0444, proc_fdinfo},
    [SYS] = {"sys", ROOT, DIRECTORY, 0555, NULL},
    [SYS_KERNEL] = {"kernel", SYS, DIRECTORY, 0555, NULL},
    [SYS_KERNEL_RANDOM] = {"random", SYS_KERNEL, DIRECTORY, 0555, NULL},
    [SYS_VM] = {"vm", SYS, DIRECTORY, 0555, NULL},
    [SYS_FS] = {"fs", SYS, DIRECTORY, 0555, NULL},
    [NAMED] = {"cpuinfo", ROOT, TEXT, 0444, proc_cpuinfo},
    {"meminfo", ROOT, TEXT, 0444, proc_meminfo},
    {"stat", ROOT, TEXT, 0444, proc_system_stat},
    {"loadavg", ROOT, TEXT, 0444, proc_loadavg},
    {"uptime", ROOT, TEXT, 0444, proc_uptime},
    {"version", ROOT, TEXT, 0444, proc_version},
    {"filesystems", ROOT, TEXT, 0444, proc_filesystems},
    {"cmdline", ROOT, TEXT, 0444, proc_kernel_cmdline},
    {"mounts", ROOT, SYMLINK, 0777, NULL},
    {"self", ROOT, SYMLINK, 0777, NULL},
    {"thread-self", ROOT, SYMLINK, 0777, NULL},
    {"stat", TID, TEXT, 0444, proc_stat_line},
    {"statm", TID, TEXT, 0444, proc_statm},
    {"status", TID, TEXT, 0444, proc_status},
    {"cmdline", TID, TEXT, 0444, proc_cmdline},
    {"environ", TID, TEXT, 0400, proc_environ},
    {"auxv", TID, TEXT, 0400, proc_auxv},
    {"comm", TID, TEXT, 0644, proc_comm},
    {"maps", TID, TEXT, 0444, proc_maps},
    {"smaps", TID, TEXT, 0444, proc_smaps},
    {"limits", TID, TEXT, 0444, proc_limits},
    {"mounts", TID, TEXT, 0444, proc_mounts},
    {"mountinfo", TID, TEXT, 0444, proc_mountinfo},
    {"oom_score_adj", TID, TEXT, 0644, proc_oom_score_adj},
    {"oom_score", TID, TEXT, 0444, proc_oom_score},
    {"exe", TID, MAGIC, 0777, NULL},
    {"cwd", TID, MAGIC, 0777, NULL},
    {"root", TID, MAGIC, 0777, NULL},
    {"ostype", SYS_KERNEL, TEXT, 0444, proc_sys_value},
    {"osrelease", SYS_KERNEL, TEXT, 0444, proc_sys_value},
    {"version", SYS_KERNEL, TEXT, 0444, proc_sys_value},
    {"hostname", SYS_KERNEL, TEXT, 0644, proc_sys_value},
    {"pid_max", SYS_KERNEL, TEXT, 0644, proc_sys_value},
    {"threads-max", SYS_KERNEL, TEXT, 0644, proc_sys_value},
    {"ngroups_max", SYS_KERNEL, TEXT, 0444, proc_sys_value},
    {"cap_last_cap", SYS_KERNEL, TEXT, 0444, proc_sys_value},
    {"uuid", SYS_KERNEL_RANDOM, TEXT, 0444, proc_sys_value},
    {"boot_id", SYS_KERNEL_RANDOM, TEXT, 0444, proc_sys_value},
    {"overcommit_memory", SYS_VM, TEXT, 0644, proc_sys_value},
    {"max_map_count", SYS_VM, TEXT, 0644, proc_sys_value},
    {"file-max", SYS_FS, TEXT, 0644, proc_sys_value},
    {"nr_open", SYS_FS, TEXT, 0644, proc_sys_value},
    {"pipe-max-size", SYS_FS, TEXT, 0644, proc_sys_value},
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
    return process_find(at.pid);
}

struct task *proc_task(struct proc_node at)
{
    struct process *p = proc_process(at);
    struct task *t = at.tid ? task_find(at.tid) : NULL;

    if (at.tid)
        return t && t->process == p ? t : NULL;
    return p ? process_any_task(p) : NULL;
}

/* Does the process (and the thread) of a place still exist? */
bool proc_exists(struct proc_node at)
{
    bool there;

    if (!at.pid)
        return true;
    mutex_lock(&tasks_lock);
    there = proc_process(at) && (!at.tid || proc_task(at));
    mutex_unlock(&tasks_lock);
    return there;
}

int64_t proc_check_look(const struct task *reader, struct proc_node at)
{
    struct task *t;
    int64_t err;

    mutex_lock(&tasks_lock);
    t = proc_task(at);
    err = !t ? -ENOENT : task_may_look(reader, t, false) ? 0 : -EACCES;
    mutex_unlock(&tasks_lock);
    return err;
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

    return index != ROOT && (e->parent == parent || (parent == PID && e->parent == TID));
}

/* One component below `at`. Returns 0 or -ENOENT. */
int64_t proc_step(struct proc_node *at, const char *name, size_t length)
{
    int number = parse_number(name, length);

    if (number >= 0) {
        if (at->entry == ROOT) {
            at->entry = PID;
            at->pid = number;
        } else if (at->entry == TASKS) {
            at->entry = TID;
            at->tid = number;
        } else if (at->entry == FDS || at->entry == FDINFOS) {
            struct file *f;

            at->fd = number;
            f = proc_descriptor(*at);
            if (!f)
                return -ENOENT;
            file_put(f);
            at->entry = at->entry == FDS ? FD : FDINFO;
        } else {
            return -ENOENT;
        }
        return number && proc_exists(*at)               ? 0
               : at->entry == FD || at->entry == FDINFO ? 0
                                                        : -ENOENT;
    }
    for (uint16_t i = 1; i < proc_entry_count; i++) {
        if (proc_is_child(i, at->entry) && entries[i].name && strlen(entries[i].name) == length &&
            !memcmp(entries[i].name, name, length)) {
            at->entry = i;
            return proc_exists(*at) ? 0 : -ENOENT;
        }
    }
    return -ENOENT;
}

/* "..". Returns false at the root. */
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
        at->pid = 0;
    at->entry = parent;
    return true;
}

uint64_t proc_number(struct proc_node at)
{
    return 1 + at.entry + ((uint64_t)(uint32_t)at.pid << 32) +
           ((uint64_t)(uint32_t)(at.fd + 1) << 8) + ((uint64_t)(uint32_t)at.tid << 20);
}
