/*
 * Signals: sending, masks, delivery, job control.
 *
 * All state is guarded by tasks_lock (task.h). A signal that a task must look at sets
 * task->signalled; the task's worker delivers on its way out, and a task that runs in user mode is
 * kicked. No signal is lost between the two: the worker clears in_server and then looks at
 * `signalled` again; a sender sets `signalled` and then looks at in_server; both sequentially
 * consistent, so at least one of them sees the other.
 */
#pragma once

#include <jg/rt/list.h>
#include <jg/stubs.h>

#include <linux.h>
#include <task.h>

struct action {
    uint64_t handler; /* SIG_DFL, SIG_IGN or an address */
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
};

struct sighand {
    uint32_t refs;
    struct action action[SIGNALS];
};

struct sigqueue {
    struct list link;
    siginfo_t info;
};

static inline uint64_t sigbit(int sig)
{
    return 1ull << (sig - 1);
}

#define SIG_UNBLOCKABLE (1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1))

/* All handlers default; a copy; one more reference; one less. NULL: no memory. */
struct sighand *sighand_create(void);
struct sighand *sighand_clone(struct sighand *from);
struct sighand *sighand_get(struct sighand *s);
void sighand_put(struct sighand *s);
/* exec: handlers become default; ignored ones stay so. */
void sighand_reset(struct sighand *s);

/* Makes it empty; drops the signals of `set` (bit n - 1) that are pending. */
void pending_init(struct pending *p);
void pending_flush(struct pending *p, uint64_t set);

/* Fills a siginfo as kill(2) by `from` does. */
void siginfo_user(siginfo_t *info, int sig, int code, struct task *from);
/* ... and as the kernel does itself. */
void siginfo_kernel(siginfo_t *info, int sig);

/*
 * Sends to one task, or (group) to a process. tasks_lock is held; no permission is checked. Returns
 * 0, or -EAGAIN when a queued real-time signal finds no room. Source: signal(7), kill(2),
 * sigqueue(3).
 */
int signal_send_task(struct task *t, const siginfo_t *info);
int signal_send_process(struct process *p, const siginfo_t *info);
/* To every process of a group. Returns 0 or -ESRCH. */
int signal_send_group(int pgid, const siginfo_t *info);

/* A fault: cannot be blocked or ignored; if it is, the process dies. Takes tasks_lock. */
void signal_force(struct task *t, const siginfo_t *info);

/* A write that nobody can read: SIGPIPE to the writer. Takes tasks_lock. Returns -EPIPE. */
int64_t signal_broken_pipe(struct task *t);

/* May `from` signal `to`? tasks_lock is held. */
bool signal_permitted(struct task *from, struct process *to, int sig);

/* Recomputes t->signalled after masks, pending sets or states changed. tasks_lock is held. */
void signal_update(struct task *t);

/* Makes the task look at its signals wherever it is. tasks_lock is held. */
void signal_notify(struct task *t);

/* Changes the blocked mask. Takes tasks_lock. */
void signal_set_blocked(struct task *t, uint64_t mask);

/*
 * For ppoll, sigsuspend...: this mask until the call returns; delivery or return restores the old
 * one.
 */
void signal_use_mask(struct task *t, uint64_t mask);
/*
 * Restores it before delivery: the call was not interrupted, so that what the old mask blocks stays
 * pending.
 */
void signal_restore_mask(struct task *t);

/*
 * `t` will not take the process' pending signals of `set` (it blocks them, or ends): others are
 * told. tasks_lock is held.
 */
void signal_retarget(struct task *t, uint64_t set);

/* Takes the first signal of `set`. tasks_lock is held. Returns it, or 0. */
int signal_take(struct task *t, uint64_t set, siginfo_t *info);

/* How a trap that is being answered looks to delivery. */
struct outcome {
    bool syscall; /* result is meaningful, restart is possible */
    int64_t result;
    enum answer answer;
    bool yields; /* others of its priority run first */
};

/*
 * Delivers what is pending: default actions, stops, handler frames, restarts. Called by the task's
 * worker with no lock. On return t->killed says that the task must exit with its process' status.
 */
void signal_deliver(struct task *t, struct outcome *out);

/* Decides on a restart when nothing was delivered. */
void signal_finish(struct task *t, struct outcome *out);

/* arch: builds a handler frame and points the registers at it. Returns 0 or -EFAULT. */
int frame_build(struct task *t, struct jg_regs *regs, int sig, const struct action *action,
                const siginfo_t *info, uint64_t mask);
/* arch: undoes it; the caller answers RESUME. Returns 0 or -EFAULT. */
int frame_restore(struct task *t, uint64_t *mask);
/* arch: points the registers back at the syscall instruction. */
void regs_rewind(struct jg_regs *regs, uint64_t number);

/* Job control: a child's parent is told. tasks_lock is held. */
void notify_parent_stop(struct process *p, bool continued);
void process_continue(struct process *p);
bool signal_default_ignored(int sig);
bool signal_default_stops(int sig);
