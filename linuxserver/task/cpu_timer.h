/*
 * Clocks and timers of processor time: of a process or of one of its tasks. tasks_lock is held throughout.
 */
#pragma once

#include <jg/rt/list.h>
#include <jg/types.h>

struct process;
struct task;

struct cpu_clock {
    struct process *process; /* NULL: none, or its owner has ended */
    struct task *task;       /* NULL: the process, with all tasks that it had */
    bool user_only;          /* else with what was done on its behalf */
};

/* What a process has used, for as long as its timers are looked at. */
struct cpu_seen {
    uint64_t user, system;
};

struct cpu_timer {
    struct list link; /* process->cpu_timers, while armed */
    struct cpu_clock clock;
    jg_time_t expires;                      /* on the clock */
    void (*fire)(struct cpu_timer *timer);  /* disarmed before; may arm it again */
};

/* No accounting is finer than that of a tick: what is left of a timer that is due, and the least step. */
#define CPU_TICK_NS 4000000

/*
 * The clock that an id of clock_gettime(2) names for `t`: CLOCK_*_CPUTIME_ID, or one made from a pid. Returns 0 or
 * -EINVAL. `reading`: it will only be read, so another process's will do.
 */
int cpu_clock_find(struct task *t, int id, bool reading, struct cpu_clock *clock);

/* What it shows; 0 when its owner has ended. */
jg_time_t cpu_clock_read(const struct cpu_clock *clock);

/* In no list, never armed. */
void cpu_timer_init(struct cpu_timer *timer, void (*fire)(struct cpu_timer *timer));

/*
 * Arms it (again) for when its clock shows `expires`: it fires then, or within a tick of the process's running, from the
 * events thread or from here. Disarms it.
 */
void cpu_timer_arm(struct cpu_timer *timer, jg_time_t expires);
void cpu_timer_disarm(struct cpu_timer *timer);
bool cpu_timer_armed(const struct cpu_timer *timer);

/* The task ends: its own timers never fire. */
void cpu_timers_task_ends(struct task *t);

/* A new process: no timers. */
void cpu_timers_init(struct process *p);

/*
 * `t` goes back to user mode, and t->cpu_parked was set. Takes tasks_lock, which is not held.
 */
void cpu_timers_unpark(struct task *t);
