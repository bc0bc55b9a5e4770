/*
 * Calls and traps: from the thread that waits to the thread that serves, and back.
 *
 * The fast paths (syscall/fastpath.c) do the whole of the common case or nothing; the slow ones (call.c, trap.c,
 * reply.c) do the rest. Both leave current_thread() as the thread that runs next, or NULL.
 *
 * Locks: the big lock.
 */
#pragma once

#include <object/thread.h>

struct channel;

/*
 * Delivers a call on `end` (or queues the caller). `thread` is current; its registers are the message,
 * thread->extra is filled in if `thread->extended`, and belongs to the call from now on.
 * Returns JG_OK (the caller waits, and is not current any more), JG_ERR_PEER_CLOSED, JG_ERR_BAD_STATE.
 */
jg_status_t call_send(struct thread *thread, struct channel *end);

/*
 * Makes `thread` trap to its top level. `thread` is current. SYSCALL: the words are in its frame; else
 * they are in thread->words.
 */
void trap_send(struct thread *thread, enum jg_trap reason);

/* As trap_send, to one level; `thread` is current or in no queue. */
void trap_send_to(struct thread *thread, unsigned level, enum jg_trap reason);

/*
 * The trap of `thread`, in no queue, has its result: shows it to the next level from `level` upwards that asked
 * (JG_REPLY_SEE_RESULT), or makes the thread ready.
 */
void trap_result_up(struct thread *thread, unsigned level);

/*
 * A trapped thread's server is gone (or its port): what its job's policy says. `thread` is in no queue and
 * waits at thread->level.
 */
void trap_orphan(struct thread *thread);

/*
 * Answers `token` with the words and the info in the registers of `replier`.
 * Returns JG_OK, JG_ERR_CALLER_GONE, JG_ERR_BAD_TOKEN, JG_ERR_BAD_STATE (PASS with no level below; the token
 * is still good).
 */
jg_status_t reply_send(struct thread *replier, jg_token_t token, uint64_t info);

/*
 * Writes the call or the trap of `caller`, in no queue, into the registers of `worker`, in no queue, and gives
 * it the token. What becomes of the worker is the caller's business.
 */
void call_deliver(struct thread *worker, struct thread *caller, uint64_t key);

/*
 * Puts a caller, which is in no queue and has its kind and its packet's key set, on a port: delivers it to a
 * parked worker, which becomes ready, or queues it. The port is not closed.
 */
void call_queue(struct thread *caller, struct port *port);

/* Closes the handles that travel with a call, in both directions. */
void call_extra_drop(struct thread *caller);
