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

struct payer;
struct posix_timer;

struct sigqueue {
    struct list link; /* in a struct pending, or in none */
    siginfo_t info;
    struct payer *payer;       /* the user whose RLIMIT_SIGPENDING it counts against */
    struct posix_timer *timer; /* whose own entry this is, or NULL */
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

/*
 * Pending sets (queue.c). tasks_lock is held. Makes one empty; drops the signals of `set` (bit n - 1) that are
 * pending; drops those that POSIX timers sent.
 */
void pending_init(struct pending *p);
void pending_flush(struct pending *p, uint64_t set);
void pending_flush_timers(struct pending *p);

/*
 * Adds a signal for `payer`'s user. Returns 0, also where a standard signal was pending already or its siginfo found
 * no room; -EAGAIN for a real-time signal without room.
 */
int pending_add(struct pending *p, struct task *payer, const siginfo_t *info);

/* Adds a timer's own entry, which is in no queue. */
void pending_add_timer(struct pending *p, struct sigqueue *q);

/* Takes the first signal of `set` with its siginfo. Returns it, or 0. */
int pending_take(struct pending *p, uint64_t set, siginfo_t *info);

/*
 * Counts an entry for `payer`'s user; false: that would be more than RLIMIT_SIGPENDING, which `over_limit` passes
 * over. And takes it off the count. The entry itself is the caller's.
 */
bool sigqueue_reserve(struct sigqueue *q, struct task *payer, bool over_limit);
void sigqueue_release(struct sigqueue *q);

/* How many count for a user: /proc/PID/status, SigQ. */
unsigned signals_queued(uint32_t uid);

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
/*
 * As kill(2) does it, with its permission: to the task `t` of `p`, or (NULL) to the process. Signal 0 only asks.
 * Returns 0, -EINVAL, -EPERM or -EAGAIN. tasks_lock is held.
 */
int64_t signal_send_permitted(struct task *from, struct process *p, struct task *t,
                              const siginfo_t *info);
/*
 * Sends a timer's entry to `t`, or (NULL) to the process; one that is queued still counts an overrun. False: the
 * signal is ignored now, or nobody is left, and nothing was queued. tasks_lock is held.
 */
bool signal_send_timer(struct process *p, struct task *t, struct sigqueue *q);
/* To every process of a group. Returns 0 or -ESRCH. */
int signal_send_group(int pgid, const siginfo_t *info);

/*
 * A fault: cannot be blocked or ignored; if it is, or `fatal` says so, the process dies, pid 1 too. The first takes
 * tasks_lock, for the other it is held.
 */
void signal_force(struct task *t, const siginfo_t *info);
void signal_force_locked(struct task *t, const siginfo_t *info, bool fatal);

/* A signal to a task for what it does itself, as by kill(2). Takes tasks_lock. */
void signal_self(struct task *t, int sig);

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
/* Blocks more. tasks_lock is held. */
void signal_block_locked(struct task *t, uint64_t more);

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
    int64_t result;
    enum answer answer;
    bool syscall; /* result is meaningful, restart is possible */
    bool yields;  /* others of its priority run first */
    bool slept;
};

/* The info word of its reply. */
static inline uint64_t outcome_info(const struct outcome *out)
{
    return (out->answer == ANSWER_RESUME ? JG_REPLY_RESUME : 0) |
           (out->yields ? JG_REPLY_YIELD : 0);
}

/*
 * Delivers what is pending: default actions, stops, handler frames, restarts. Called by the task's
 * worker with no lock. On return t->killed says that the task must exit with its process' status.
 */
void signal_deliver(struct task *t, struct outcome *out);

/* Decides on a restart when nothing was delivered. */
void signal_finish(struct task *t, struct outcome *out);

/* What the registers must show of a call that a handler interrupted. */
struct call_end {
    bool ended; /* there was a call: `result` is its value, unless */
    bool again; /* ... it is made once more afterwards */
    int64_t result;
};

/*
 * arch: builds a handler's frame on the program's stack and sets registers and (initial) vector state for it. The
 * task's own worker, no lock. Returns 0, -EFAULT or -ENOMEM, and then the registers are as they were.
 */
int frame_build(struct task *t, const struct call_end *end, int sig, const struct action *action,
                const siginfo_t *info, uint64_t mask);
/* arch: the most bytes that a handler's frame takes from its stack (AT_MINSIGSTKSZ). */
uint64_t frame_size_max(void);
/* arch: undoes it; the caller answers RESUME. Returns 0, -EFAULT or -ENOMEM. */
int frame_restore(struct task *t, uint64_t *mask);
/* arch: points the registers back at the syscall instruction. */
void regs_rewind(struct jg_regs *regs, uint64_t number);

/*
 * Job control. tasks_lock is held. process_stop() asks all tasks to stop; each says when it has, or ends
 * (process_stop_arrived()), and with the last the parent is told. process_continue() undoes a stop.
 */
void process_stop(struct process *p, int sig);
void process_stop_arrived(struct task *t);
void process_continue(struct process *p);

/* Default actions; whether a signal with this handler does nothing. */
bool signal_default_ignored(int sig);
bool signal_default_stops(int sig);
bool signal_handler_ignored(uint64_t handler, int sig);

/*
 * The alternate stack: whether `sp` lies on it, also when it disarms itself; whether it is in use; SS_* as
 * sigaltstack(2) tells them; a new one while the program is at `sp`: 0, -EPERM, -EINVAL or -ENOMEM.
 */
bool altstack_contains(const struct altstack *s, uint64_t sp);
bool altstack_in_use(const struct altstack *s, uint64_t sp);
uint32_t altstack_state(const struct altstack *s, uint64_t sp);
int altstack_set(struct task *t, const struct altstack *new, uint64_t sp);
