/*
 * POSIX timers: timer_create(2) and its sisters. tasks_lock is held throughout.
 */
#pragma once

#include <signal.h>
#include <sync/timer.h>

#include "cpu_timer.h"

struct posix_timer {
    struct list link; /* process->posix_timers */
    struct process *process;
    int id;
    int clock;            /* as it was given; negative ids are clocks of processor time, too */
    bool is_cpu;          /* on cpu.clock; else on the monotonic clock, moved */
    int notify, tid;      /* SIGEV_*; the thread for SIGEV_THREAD_ID */
    struct timer timer;   /* when it is not */
    struct cpu_timer cpu; /* when it is */
    jg_time_t expires;    /* monotonic, also before the start; or on cpu.clock */
    jg_time_t interval;
    bool active;  /* armed */
    bool waiting; /* its signal is pending; with that taken it goes on */
    bool deleted; /* only the pending signal is left of it */
    int64_t overrun, overrun_last;
    struct sigqueue entry;
};

/* What timer_create asks for, checked. */
struct timer_request {
    int clock, notify, tid, signal;
    uint64_t value;
    bool value_is_id; /* no struct sigevent was given */
};

/*
 * Makes a timer of t's process. Returns it, with its id, or NULL and *err: -EAGAIN, -EINVAL, -EOPNOTSUPP.
 * Source: timer_create(2).
 */
struct posix_timer *posix_timer_create(struct task *t, const struct timer_request *r, int *err);

/* By id, or NULL. */
struct posix_timer *posix_timer_find(struct process *p, int id);

/* What is left (0: off), and the interval. Source: timer_gettime(2). */
jg_time_t posix_timer_left(struct posix_timer *timer, jg_time_t *interval);

/* Sets it: `value` from now, or (absolute) on its clock; 0: off. */
void posix_timer_set(struct posix_timer *timer, jg_time_t value, jg_time_t interval, bool absolute);

/* How often it expired between two signals, for the one that was taken last. */
int posix_timer_overrun(const struct posix_timer *timer);

/* Ends it. A signal that is pending stays so. */
void posix_timer_delete(struct posix_timer *timer);
void posix_timers_delete(struct process *p);

/* The task ends: timers on its own clock stand still for ever. */
void posix_timers_task_ends(struct task *t);

/*
 * For the queue of signals: its entry is being taken, whose overrun is filled in; its entry has left the queue. The second
 * may free it.
 */
void posix_timer_delivered(struct posix_timer *timer, siginfo_t *info);
void posix_timer_dequeued(struct posix_timer *timer);
