/*
 * Tasks (Linux threads), processes (thread groups), and what they share.
 *
 * Life of a task: task_clone() makes it, the kernel thread runs, each of its traps arrives at a
 * worker with the task as cookie; task_exit() takes it out of the tree and kills the kernel thread;
 * the worker frees it. A process lives on as a zombie until its parent has waited for it.
 *
 * Locks: `tasks_lock` guards the tree, ids, groups, sessions, states, and all signal state. Order:
 * tasks_lock > wait queues. mm->lock, files->lock and file locks are never held together with tasks_lock, but for
 * reading a task's shared pointers under it. A task's own shared pointers (mm, files, fs, sighand) are
 * changed only by itself, under tasks_lock, so it may read them without.
 */
#pragma once

#include <jg/rt/list.h>
#include <jg/rt/sync.h>
#include <jg/stubs.h>

#include <arch/x86_64/fault.h>
#include <cred.h>
#include <hot.h>
#include <linux.h>
#include <sync/timer.h>
#include <sync/wait.h>
#include <task/cpu_timer.h>

struct mm;
struct files;
struct fs_context;
struct sighand;
struct outcome;

struct pending {
    uint64_t set;      /* bit n-1: signal n */
    struct list queue; /* struct sigqueue, in order of arrival */
};

struct cpu_itimer {
    struct cpu_timer timer;
    jg_time_t interval;
};

struct rlimits {
    struct rlimit64 limit[RLIM_NLIMITS];
};

struct process {
    uint32_t refs; /* the table's, and one for each pidfd */
    int pid;       /* 0: not made public yet */
    int pgid, sid;
    struct list link; /* all processes, by age */
    struct process *parent;
    int parent_tid; /* the parent's thread that made it, or that took it over */
    struct list children, sibling;
    struct list tasks; /* living threads */
    unsigned task_count;
    struct task *leader; /* NULL when it has gone before the others */
    jg_handle_t handle;

    bool zombie;     /* all tasks gone, not yet waited for */
    bool reaped;     /* in no list any more: only pidfds show it */
    bool group_exit; /* every task must end with exit_status */
    int exit_status; /* as wait4 gives it */
    char comm[16];   /* of the last task, for a zombie */
    uint32_t uid;    /* real user id of the last task, for a zombie */
    int exit_signal; /* to the parent, 0: none */
    bool execed;     /* since fork: setpgid by the parent is refused */
    bool subreaper;
    bool stopped, continued;           /* job control state */
    bool report_stop, report_continue; /* not yet waited for */
    int stop_signal;
    unsigned stop_missing;  /* tasks that have still to stop: the parent is told with the last */
    bool unkillable;        /* pid 1: default actions do not apply, until a fault */
    struct task *exec_task; /* removing its siblings */

    int tty;                      /* controlling terminal, -1: none */
    int hung_up_group;            /* a leader's: the foreground group of the terminal that it lost by a hang-up */
    struct pending shared;        /* signals for the whole group */
    struct waitqueue child_wait;  /* wait4: a child changed state; exec: a sibling has gone */
    struct waitqueue stop_wait;   /* stopped tasks sleep here */
    struct waitqueue signal_wait; /* sigtimedwait, signalfd: a blocked signal became pending */
    struct waitqueue end_wait;    /* poll on pidfds */
    struct rlimits limits;
    struct timer real_timer; /* ITIMER_REAL, alarm */
    jg_time_t real_interval;
    struct timer cpu_timer; /* RLIMIT_CPU */
    struct cpu_itimer cpu_itimer[2]; /* ITIMER_VIRTUAL, ITIMER_PROF */
    struct list posix_timers;
    int next_timer_id;
    struct list cpu_timers;       /* those armed on clocks of its processor time */
    struct timer cpu_look;        /* when one of them could be due */
    struct cpu_seen *cpu_seen;    /* their clock, while they are looked at */
    bool cpu_parked;              /* nobody runs: whoever leaves the server first looks */

    jg_time_t start_time;
    uint64_t user_ns, system_ns; /* of tasks that have gone */
    uint64_t child_user_ns, child_system_ns;
    uint64_t min_faults, child_min_faults, max_rss, child_max_rss;
    uint64_t switches, child_switches; /* voluntary ones */
    int oom_score_adj;
    int oom_score_adj_min; /* as low as one without CAP_SYS_RESOURCE may set it */
    bool dumpable;
    struct stack *stack; /* of levels that it runs under, NULL: none (task/levels.h) */
    char *level_problem; /* what its last request for levels failed of, or NULL */
};

/* What the sched_* calls and setpriority left: task/turn.c. */
struct sched {
    int policy, priority, nice;
    int boost;       /* the highest rank of who waits for a futex that it owns */
    uint16_t ioprio; /* as ioprio_set(2) has it */
    bool reset_on_fork;
};

/* A child's, from its parent's. Source: sched(7), "Resetting scheduling policy for child processes". */
static inline void sched_inherit(struct sched *child, const struct sched *parent)
{
    *child = *parent;
    child->boost = 0;
    if (!parent->reset_on_fork)
        return;
    if (parent->policy == SCHED_FIFO || parent->policy == SCHED_RR)
        *child = (struct sched){.policy = SCHED_NORMAL, .ioprio = parent->ioprio};
    child->nice = child->nice < 0 ? 0 : child->nice;
    child->reset_on_fork = false;
}

/* Its place before others: 0, or a real-time priority, its own or one that it inherits. */
int sched_rank(const struct sched *s);

/* Tells the kernel what t->sched means, after it changed. tasks_lock is held, or nobody else knows t. */
void sched_tell(struct task *t);

#define TIMER_SLACK_DEFAULT 50000 /* ns; told, without effect */

struct altstack {
    uint64_t base, size;
    uint32_t flags; /* as they were set */
};

struct task {
    int tid;
    struct process *process;
    struct list link; /* in process->tasks */
    jg_handle_t thread;

    struct mm *mm;
    struct files *files;
    struct fs_context *fs;
    struct sem_undo_list *sem_undo; /* ipc/sem.h; its own task's only */
    struct sighand *sighand;
    struct cred cred;
    char comm[16];

    /* Signals. */
    uint64_t blocked;
    uint64_t saved_blocked; /* valid with restore_blocked: sigsuspend, ppoll */
    bool restore_blocked;
    struct pending pending;
    struct altstack altstack;
    struct machine_fault last_fault;
    bool stop_due;               /* counted in process->stop_missing */
    volatile uint32_t signalled; /* something for delivery to look at; set under tasks_lock */
    volatile uint32_t killed;    /* a fatal signal or a group exit: nothing but exit remains */
    int death_signal;            /* PR_SET_PDEATHSIG */
    bool no_new_privs;
    bool too_many_tasks; /* set*uid went over RLIMIT_NPROC: exec checks again */
    uint32_t personality;
    uint64_t timer_slack;
    struct sched sched;
    bool answers_beyond; /* the kernel answers numbers past the table: task/answers.h */

    /* Waiting: see sync/wait.h. */
    volatile uint32_t wake;
    volatile char sleeps; /* as /proc tells it: 0, 'S', or 'D' when only a kill ends it */
    volatile uint32_t in_server; /* a worker handles a trap of it: wake it, do not kick it */
    volatile uint32_t cpu_parked; /* its process' timers may be parked: look when it leaves the server */
    struct outcome *outcome;      /* of the trap that is being handled */

    /* Restart of nanosleep and friends through restart_syscall(2). */
    int64_t (*restart)(struct task *t);
    uint64_t restart_args[4];

    volatile bool vfork_done; /* the parent that waits for us may go on */
    struct task *vfork_parent;
    uint64_t clear_child_tid, set_child_tid;
    uint64_t robust_list;
    bool futexes_released; /* nobody may wait for what it owns; under futex_lock */
    jg_time_t start_time;
    uint64_t switches; /* times it slept */
};

extern struct mutex tasks_lock;

/* What clone, clone3, fork and vfork ask for. */
struct clone_request {
    uint64_t flags;
    uint64_t stack; /* new stack pointer, 0: the same */
    uint64_t parent_tid, child_tid, tls;
    uint64_t pidfd; /* with CLONE_PIDFD: where its number goes */
    int exit_signal;
    int set_tid; /* the wanted id, 0: any */
};

/*
 * Makes a child of `t` and starts it; with CLONE_VFORK returns when the child has executed or
 * ended. Called from `t`'s own trap. Returns the child's id, or -errno (EAGAIN, ENOMEM, EINVAL).
 * Source: clone(2).
 */
int64_t task_clone(struct task *t, const struct clone_request *request);

/*
 * Makes pid 1, with empty files and address space; it is started with task_start(). NULL: no
 * memory.
 */
struct task *task_create_first(void);

/* Lets a new task run its first instruction. */
int task_start(struct task *t);

/*
 * Ends the calling task (never returns to its program): releases what it holds, tells the family.
 * The caller's worker must not touch `t` afterwards, and has no token to answer.
 */
void task_exit(struct task *t, int status);

/* Makes every task of `t`'s process end with `status` (wait4's form). tasks_lock is held. */
void process_group_exit(struct process *p, int status);

/* Ends all other tasks of the process and waits until they are gone; t becomes the leader. Returns 0 or -EAGAIN
 * when another thread is ending the group. For exec. */
int task_remove_siblings(struct task *t);

/*
 * At exit (`ends`) and exec: robust futexes are marked, owned ones go to their waiters, clear_child_tid
 * is cleared and its waiter woken. No lock is held.
 */
void task_release_words(struct task *t, bool ends);

/*
 * vfork: tells the waiting parent that its address space is its own again. Once; harmless
 * otherwise.
 */
void task_vfork_release(struct task *t);

/* Look-ups; tasks_lock is held, results are good while it is. */
struct process *process_find(int pid);
struct task *task_find(int tid);
struct task *process_any_task(struct process *p);
extern struct list all_processes;
extern struct process *init_process;

/*
 * Whether the group has a member in the session; whether none of it has a parent elsewhere in it.
 * tasks_lock is held.
 */
bool process_group_exists(int pgid, int sid);
bool process_group_orphaned(int pgid, int sid);

/* Counts for sysinfo, /proc/loadavg, /proc/stat. */
unsigned task_total(void);
extern uint64_t forks_total;

/* User time of tasks that have ended, for /proc/stat. tasks_lock is held. */
extern uint64_t user_ns_ended;

/* CPU time of a task or of a living process, in nanoseconds. */
void task_times(struct task *t, uint64_t *user, uint64_t *system);
void process_times(struct process *p, uint64_t *user, uint64_t *system);

/* What getrusage tells. */
struct usage {
    uint64_t user_ns, system_ns, faults, switches;
    uint64_t max_rss; /* pages */
};

/*
 * Of one task; of a process, dead or alive, without its children; of the children it has waited
 * for. tasks_lock is held; max_rss of a living process is left to the caller, who asks its mm.
 */
void task_usage(struct task *t, struct usage *usage);
void process_usage(struct process *p, struct usage *usage);
void children_usage(const struct process *p, struct usage *usage);

/*
 * The task is `new` from now on: RLIMIT_NPROC is noted, and who gained or changed is not dumpable
 * and loses PR_SET_PDEATHSIG. Called by the task itself. Takes tasks_lock.
 */
void task_set_cred(struct task *t, const struct cred *new);

/*
 * May `looker` see what `t` has in hand: memory, descriptors, directories? By its real ids, or by
 * those of the file system. Source: ptrace(2), "Ptrace access mode checking". tasks_lock is held.
 */
bool task_may_look(const struct task *looker, const struct task *t, bool real_ids);

struct exec_request;

/*
 * Executes a program. Replaces everything on success, when it returns 0 and the trap must be
 * answered with RESUME.
 */
int task_exec(struct task *t, struct exec_request *request);

/* wait4 and waitid in one form. */
struct wait_request {
    int idtype, id;         /* P_ALL, P_PID, P_PGID, P_PIDFD */
    struct process *target; /* P_PIDFD: the caller holds the descriptor's file */
    int options; /* WNOHANG, WEXITED, WSTOPPED, WCONTINUED, WNOWAIT, __WALL, __WCLONE, __WNOTHREAD */
};
struct wait_result {
    int pid, uid, status; /* status in wait4's form */
    int code;             /* CLD_* */
    struct usage usage;   /* of the child and of those that it waited for */
};
/* Returns a child's pid, 0 (WNOHANG), -ECHILD or -ERESTARTSYS. Source: wait(2). */
int64_t task_wait(struct task *t, const struct wait_request *request, struct wait_result *result);

/* The worker that handles a trap tells the loop what to answer. */
enum answer {
    ANSWER_RESULT, /* the result in rax */
    ANSWER_RESUME, /* registers as they stand */
    ANSWER_NONE,   /* the task is gone */
};
