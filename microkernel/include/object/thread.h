/*
 * Threads: what one is, and how it begins, waits and ends.
 *
 * No thread ever blocks inside the kernel on a stack: a waiting thread is its saved user frame and a
 * place in one queue, and whoever ends its wait writes its result registers.
 *
 *   NEW ---start--> READY <-> RUNNING --+--> PARKED   (jg_reply_wait, on port->parked)
 *                     ^                 +--> QUEUED   (its call or trap waits for a receiver)
 *                     |                 +--> HELD     (a receiver has its token)
 *                     +-----------------+--> FUTEX
 *   any of them ---kill, exit--> ENDED
 *
 * Locks: the big lock.
 */
#pragma once

#include <arch/thread.h>
#include <core/list.h>
#include <jg/call.h>
#include <jg/thread.h>
#include <object/deadline.h>
#include <object/handle.h>
#include <object/packet.h>

struct answers;
struct aspace;
struct channel;
struct port;
struct process;

enum thread_state {
    THREAD_NEW,
    THREAD_READY,
    THREAD_RUNNING,
    THREAD_PARKED,
    THREAD_QUEUED,
    THREAD_HELD,
    THREAD_FUTEX,
    THREAD_ENDED,
};

/* struct arch_thread.work: what must happen before the thread is in user mode again. */
#define WORK_KICK       ARCH_WORK_KICK /* a trapped thread was kicked; latched until delivered */
#define WORK_RESCHEDULE ARCH_WORK_RESCHEDULE /* another thread should run first */
#define WORK_BIRTH      0x10u                /* upper levels have not been told yet */
#define WORK_RECEIVE    0x20u /* a reply must be finished in the caller's own memory */

struct level {
    struct port *port; /* a reference; NULL: a base that was not inherited and not set yet */
    uint64_t cookie;
};

/* What a channel call carries beyond registers (slow path only). */
struct call_extra {
    uint64_t user; /* where its struct jg_call_ext is */
    uint64_t in, in_size, out, out_size;
    struct handle_moving sent[JG_CALL_HANDLES];  /* from the caller, until taken or replied */
    struct handle_moving given[JG_CALL_HANDLES]; /* from the receiver, until the caller runs */
    uint8_t sent_count, given_count, room;
    bool gave; /* jg_call_give was made */
};

/* Where a handle led when it was last used (syscall/fastpath.c). */
struct route {
    uint64_t epoch; /* good while handle_epoch is this */
    struct port *port;
    uint64_t key;
    jg_handle_t handle;
};

/* What a table of answers says at a glance, so that it is not touched for the numbers that it does not know. */
struct answers_hint {
    uint64_t mask, may; /* bit n of `may`: perhaps the numbers n modulo 64, masked, are in the table */
    uint64_t beyond_from;
};

struct thread {
    struct arch_thread arch; /* first: entry code finds the saved frame here */
    uint8_t state;           /* enum thread_state */
    uint8_t priority;        /* JG_PRIORITY_* */
    uint8_t rank;            /* in its band: higher ones go first */
    uint8_t level_count;     /* not 0: a trapped thread */
    uint8_t level;           /* the level that the present trap is at */
    uint8_t kind;            /* QUEUED, HELD: JG_KIND_CALL or JG_KIND_TRAP */
    uint8_t reason;          /* of the present trap, enum jg_trap */
    uint8_t see_result;      /* bit n: level n asked to see the result */
    uint8_t births;          /* bit n: level n has not been told of this thread; WORK_BIRTH if any */
    bool kicked;             /* a native thread: its present or next wait is INTERRUPTED */
    bool extended;           /* its call has a struct call_extra */
    struct process *process; /* a reference */
    jg_token_t token;        /* HELD: the right to reply, else JG_TOKEN_NONE */
    struct process *holder;  /* HELD: whose it is; no reference, process death looks for it */
    struct thread *server;   /* HELD: the thread it was delivered to, while that serves nobody else */
    struct thread *serving;  /* the other way: whom it serves, whose token is good. See token_drop() */
    struct route call, wait; /* of its last channel_call and reply_wait */
    uint64_t space_epoch;    /* its last small copy (syscall/copy.c): as struct route */
    struct aspace *space;
    jg_handle_t space_handle;
    jg_handle_t file_handle; /* its last transfer, in the same way */
    uint64_t file_epoch;
    struct vmo *file;
    uint64_t reply_lost;     /* PARKED: JG_INFO_REPLY_LOST or 0, for the coming delivery */
    struct thread *next_parked;
    struct port *port; /* PARKED, QUEUED: where; no reference: closing it empties both queues */
    struct channel *channel; /* QUEUED by a call: the receiving end; no reference */
    jg_token_t lost_token;   /* the last token that was taken away from its holder */
    uint64_t born;           /* token generation when it was made */
    uint64_t run_ticks;      /* TSC ticks it ran */
    uint64_t server_ticks;   /* TSC ticks that others ran on its behalf */
    uint64_t serve_start;    /* a worker: run_ticks + server_ticks when the call was delivered */
    jg_time_t slice_left;    /* READY: what it had not used when it was preempted, or, negative, ran too long */
    jg_time_t turn;          /* its slice; 0: until it waits */
    struct answers *answers[JG_ENTRIES]; /* NULL: none; owned */
    struct answers_hint answers_hint[JG_ENTRIES];
    struct level levels[JG_LEVELS_MAX];
    struct packet packet; /* QUEUED: its place in the port's queue; READY: in the ready queue */
    uint64_t words[JG_CALL_WORDS]; /* of a trap that is no SYSCALL; those are in the frame */
    struct call_extra extra;
    uint64_t futex_va; /* FUTEX: the key is this and the address space */
    struct aspace *futex_as;
    struct list futex_link;
    struct deadline deadline; /* FUTEX */
    uint32_t index;           /* in the thread table; part of its tokens */
    struct list in_process;   /* struct process.threads */
    struct object object;
};

/* The thread as entry code knows it. */
static inline struct thread *thread_of(struct arch_thread *arch)
{
    return (struct thread *)arch;
}

/*
 * Makes a thread of `process` that has not started, with levels above the base one (and with JG_THREAD_COPY_STATE all
 * registers) of `like`, which may be NULL and else is held in a trap. `flags` are of jg_thread_create.
 *
 * Returns JG_OK with one reference in *out; JG_ERR_QUOTA, JG_ERR_NO_MEMORY, JG_ERR_BAD_STATE (the
 * process has ended).
 */
jg_status_t thread_create(struct process *process, struct thread *like, uint32_t flags,
                          struct thread **out);

/* Makes a new thread runnable. Returns JG_OK or JG_ERR_BAD_STATE (not new, a base level missing). */
jg_status_t thread_start(struct thread *thread);

/*
 * Ends a thread in whatever state it is. Its token is taken from the holder, its place in queues is
 * given up. Ending the last started one ends its process with `code`. Idempotent.
 */
void thread_end(struct thread *thread, int64_t code);

/* jg_thread_kick. */
void thread_kick(struct thread *thread);

/*
 * Gives up what the thread waits for, whatever it is, and leaves it in no queue (state THREAD_READY in
 * name only: the caller makes it ready or ends it). Handles that travelled with its call are closed.
 */
void thread_stop_waiting(struct thread *thread);

/* As thread_stop_waiting, and the native call that waited returns `status`; the thread is ready. */
void thread_wake(struct thread *thread, jg_status_t status);

/* Pushes a level, or fills in the base one under inherited ones. JG_OK, OUT_OF_RANGE, BAD_STATE. */
jg_status_t thread_set_level(struct thread *thread, struct port *port, uint64_t cookie);

/* Can its registers be read and written: not started, or held in a trap? */
static inline bool thread_is_still(const struct thread *thread)
{
    return thread->state == THREAD_NEW ||
           (thread->state == THREAD_HELD && thread->kind == JG_KIND_TRAP);
}

/* Whether its system calls are traps: it has a level. */
static inline bool thread_is_trapped(const struct thread *thread)
{
    return thread->level_count > 0;
}

/* The word of a state, for jg_debug_dump. */
const char *thread_state_name(const struct thread *thread);
