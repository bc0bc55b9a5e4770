/*
 * What texts about a process need of it, taken at one moment.
 */
#pragma once

#include <task.h>

#include "proc_text.h"

struct snapshot {
    int pid, tid, ppid, pgid, sid, tty, tty_group, threads, exit_signal, status;
    char state; /* as proc(5) tells it: R, S, D, T, Z */
    char comm[16];
    struct usage used;
    struct sched sched;
    uint64_t child_user, child_system, child_faults;
    uint64_t pending, shared, blocked, ignored, caught;
    uint64_t rss_limit, queued, queued_limit;
    jg_time_t start;
    struct cred cred;
    uint32_t umask;
    int descriptors;
    struct mm *mm; /* a reference, or NULL; snapshot_drop() */
    bool looked;   /* the reader may look into the process */
    bool executed; /* since its fork */
    bool no_new_privs;
};

/*
 * Takes it under tasks_lock. For a place of a thread, times and signals are the thread's. Returns 0
 * or -ESRCH; after 0 it is dropped with snapshot_drop().
 */
int64_t snapshot_take(struct task *reader, struct proc_node at, struct snapshot *s);
void snapshot_drop(struct snapshot *s);
