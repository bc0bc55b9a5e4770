/*
 * What the whole server shares: its handles, its port, its workers.
 */
#pragma once

#include <jg/call.h>
#include <jg/startup.h>
#include <jg/types.h>

#include <hot.h>
#include <signal.h>
#include <task.h>

/*
 * Handles from init, and the port that every trap and call arrives at. Written once, by
 * server_main().
 */
struct server {
    jg_handle_t job; /* programs live in it */
    jg_handle_t port;
    jg_handle_t events; /* port where consoled's and vfsd's events arrive */
    jg_handle_t vfs;    /* session with the user's tree */
    jg_handle_t system; /* session with the read-only system tree */
    jg_handle_t console;
    jg_handle_t status; /* event: tells init that status() changed */
};
extern struct server server;

#define KEY_CONTROL 1ull /* init's session; task cookies are addresses, far above */

/* Keys on the events port. */
#define EVENT_CONSOLE JG_EVENTS_CONSOLE
#define EVENT_VFS     JG_EVENTS_VFS

/*
 * Starts the first workers. Later ones start when the last parked one is taken, so a request is
 * never left waiting while a worker sleeps in a handler.
 */
int workers_start(void);

/*
 * Makes sure that one more task can block without keeping others from being served. Returns 0 or
 * -EAGAIN. Each success is given back with worker_unreserve() when the task has gone.
 */
int worker_reserve(void);
void worker_unreserve(void);

/*
 * The worker goes to sleep for `t`, whose trap it handles; it is awake again. So that it is known how many could do
 * other work.
 */
void worker_sleeps(struct task *t);
void worker_awakes(void);

/*
 * A trap that is no plain system call, from its arrival on. Fills `out`. Returns whether there is an answer; else the task
 * is gone.
 */
bool trap_handle(struct task *t, const struct jg_received *in, struct outcome *out);

/*
 * The end of a trap that needs more than to be answered: signals, restarts, timers that stood still. May change `out`.
 * Returns as trap_handle().
 */
bool trap_end(struct task *t, struct outcome *out);

#define SYSCALL_NUMBERS 512 /* past all that Linux has */

/* Counts calls past the table that the kernel has answered for `t`, which ends. */
void syscall_count_missing(const struct task *t, unsigned long count);

