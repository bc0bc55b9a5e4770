/*
 * Texts of procfs: a growing buffer, and one function for each file.
 */
#pragma once

#include <file.h>

#include "proc.h"

struct text {
    char *data;
    size_t used, room;
    bool failed; /* no memory */
    /*
     * Where a long text goes on: 0 at its start. A function that has added TEXT_PART bytes may put
     * another value here and return; it is called again for what follows.
     */
    uint64_t cursor;
};

#define TEXT_PART 32768u

/* Appends; when memory ends `failed` is set, and what is appended from then on is lost. */
void text_add(struct text *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_bytes(struct text *out, const void *bytes, size_t size);

/* Appends a name in which `special` characters are written as octal numbers. */
void text_add_name(struct text *out, const char *name, const char *special);

/* A file's content for `reader`. Returns 0 or -errno (-ESRCH: the process has gone). */
typedef int64_t (*proc_text)(struct task *reader, struct proc_node at, struct text *out);

/* What is written to a file, zero-terminated. Returns 0 (all of it was taken) or -errno. */
typedef int64_t (*proc_write)(struct task *writer, struct proc_node at, char *value, size_t size);

/* About the system. */
int64_t proc_cpuinfo(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_meminfo(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_vmstat(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_system_stat(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_loadavg(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_uptime(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_version(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_filesystems(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_devices(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_locks(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_swaps(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_empty(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_kernel_cmdline(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_sys_value(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_sys_set(struct task *writer, struct proc_node at, char *value, size_t size);
int64_t proc_pty_limit(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_drop_caches(struct task *writer, struct proc_node at, char *value, size_t size);
int64_t proc_set_pty_limit(struct task *writer, struct proc_node at, char *value, size_t size);
int64_t proc_watch_limit(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_set_watch_limit(struct task *writer, struct proc_node at, char *value, size_t size);
int64_t proc_overcommit(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_set_overcommit(struct task *writer, struct proc_node at, char *value, size_t size);
int64_t proc_sysvipc_msg(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_sysvipc_sem(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_sysvipc_shm(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_pty_count(struct task *reader, struct proc_node at, struct text *out);

/* About a process (at.pid) or one of its tasks (at.tid). */
int64_t proc_stat_line(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_statm(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_status(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_cmdline(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_environ(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_auxv(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_comm(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_comm_set(struct task *writer, struct proc_node at, char *value, size_t size);
int64_t proc_maps(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_smaps(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_smaps_rollup(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_limits(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_mounts(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_mountinfo(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_oom_score_adj(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_oom_score_adj_set(struct task *writer, struct proc_node at, char *value, size_t size);
int64_t proc_oom_score(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_fdinfo(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_children(struct task *reader, struct proc_node at, struct text *out);
int64_t proc_constant(struct task *reader, struct proc_node at, struct text *out);

struct file;
struct files;

/* Adds fdinfo's lines of the locks that a descriptor of this table is about. */
void proc_locks_of(const struct file *f, const struct files *owner, struct text *out);

/* The name of the entry, for proc_sys_value. */
const char *proc_entry_name(struct proc_node at);

/* The task that a place speaks of; tasks_lock is held. NULL: gone. */
struct task *proc_task(struct proc_node at);
struct process *proc_process(struct proc_node at);
