/*
 * What the whole server shares: its handles, its port, its workers.
 */
#pragma once

/* What every trap runs: such functions stand together, in few pages (each costs after a change of address space). */
#define HOT __attribute__((hot))
/* And what it reads and writes. */
#define HOT_DATA __attribute__((section(".data.hot"), aligned(64)))

#include <jg/call.h>
#include <jg/startup.h>
#include <jg/types.h>

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

/* Handles one trap of `t`; fills the reply. False: the task is gone, there is nothing to answer. */
bool trap_handle(struct task *t, const struct jg_received *in, struct jg_message *reply);

#define SYSCALL_NUMBERS 512 /* past all that Linux has */

/* Counts calls past the table that the kernel has answered for `t`, which ends. */
void syscall_count_missing(const struct task *t, unsigned long count);

/* Calls the handler of a number (sys/table.c). Returns the result; -ENOSYS is counted by number. */
int64_t syscall_dispatch(struct task *t, uint64_t number, const uint64_t *args);
