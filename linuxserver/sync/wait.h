/*
 * The server's one way to wait.
 *
 * A task registers on the queues of everything that could end its wait, *then* checks, then sleeps:
 *
 *     wait_add(&q, &w, t);
 *     for (;;) {
 *         wait_prepare(t);
 *         if (condition)            // under the condition's own lock, released before the sleep
 *             break;
 *         if ((err = wait_sleep(t, deadline)))
 *             break;
 *     }
 *     wait_remove(&w);
 *
 * No wake-up is lost: a waker changes the condition first and calls wait_wake() after; wait_wake()
 * sets the task's sticky `wake` word. If that falls before wait_prepare(), the check sees the
 * changed condition; if it falls after, the sleep finds the word set and returns at once. Signals,
 * kicks and time-outs use the same word. The word also says whether the task sleeps: both sides
 * change it in one atomic step, so either the waker sees a sleeper, or the sleeper the wake-up.
 *
 * Locks: one mutex for all queues, held for a few instructions and inside any other lock.
 */
#pragma once

#include <jg/rt/list.h>
#include <jg/types.h>

struct task;

struct waitqueue {
    struct list waiters;
};

struct waiter {
    struct list link;
    struct task *task;
    /*
     * Called in place of waking the task, with the queues' mutex: wakes others with
     * wait_wake_nested() at most. Returns whether somebody was there to be woken. NULL: the task.
     */
    bool (*notify)(struct waiter *waiter);
    void *owner;    /* notify's own */
    bool exclusive; /* with notify: no more of these once one has returned true */
    bool queued;
};

/* Nobody waits. Before anything else is done with it. */
void wait_queue_init(struct waitqueue *queue);

/*
 * Registers `task`; `waiter` lives on its worker's stack (or in memory it owns) until
 * wait_remove().
 */
void wait_add(struct waitqueue *queue, struct waiter *waiter, struct task *task);

/*
 * As wait_add(), for one with `notify`, `owner` and `exclusive` set: no task sleeps, and it lives until
 * wait_remove().
 */
void wait_add_notify(struct waitqueue *queue, struct waiter *waiter);

/* Takes it off; harmless when the queue went away with wait_queue_close(). */
void wait_remove(struct waiter *waiter);

/* Forgets wake-ups so far: call before checking the condition. */
void wait_prepare(struct task *task);

/*
 * Sleeps until woken, signalled, or `deadline` (monotonic; JG_TIME_INFINITE: none). No lock may be
 * held. Returns 0, -ETIMEDOUT, or -ERESTARTSYS when an unblocked signal is pending (also before
 * sleeping).
 */
int wait_sleep(struct task *task, jg_time_t deadline);

/*
 * The loop above, for one queue: asks `attempt`, and again after each wake-up, until it answers anything but -EAGAIN.
 * With `once` it is asked once and nobody sleeps. A pending signal ends the wait after one more look.
 * Returns what `attempt` did, or -ERESTARTSYS. No lock may be held.
 */
int64_t wait_attempt(struct task *task, struct waitqueue *queue, bool once,
                     int64_t (*attempt)(void *arg), void *arg);

/*
 * As wait_sleep, but only a kill (never a caught signal) ends it: vfork, exec's removal of
 * siblings.
 */
int wait_sleep_killable(struct task *task);

/* Wakes everybody on the queue. Never blocks for long; any context. */
void wait_wake(struct waitqueue *queue);

/* As wait_wake(), from a notify function. Returns whether anybody waited. */
bool wait_wake_nested(struct waitqueue *queue);

/* From a notify function: which wake this is part of. Never 0; other wakes have other numbers. */
uint64_t wait_wake_number(void);

/* Wakes one task wherever it waits (signals). */
void wait_wake_task(struct task *task);

/* Wakes everybody and detaches them: the queue's memory may go afterwards. */
void wait_queue_close(struct waitqueue *queue);
