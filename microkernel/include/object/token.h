/*
 * Tokens: the right to reply once. A token is a generation, counted up with every delivery, and the
 * index of the thread that waits; the thread says whether it is good and whose it is.
 *
 * Locks: the big lock.
 */
#pragma once

#include <object/thread.h>

#define TOKEN_INDEX_BITS 20
#define TOKEN_CHUNK      512u
#define TOKEN_CHUNKS     128u /* at most 65536 threads */

extern uint64_t token_generation;
extern struct thread **token_table[TOKEN_CHUNKS];

/* Gives a new thread its index. Returns JG_OK, JG_ERR_NO_MEMORY or JG_ERR_QUOTA (65535 threads). */
jg_status_t token_add_thread(struct thread *thread);

/* Takes the index back. */
void token_remove_thread(struct thread *thread);

/* Every thread there is, in turn: start with index 0; NULL at the end. For dumps and dead servers. */
struct thread *token_next_thread(uint32_t *index);

/*
 * Gives the right to answer `caller` to the process of `worker`; the caller is HELD from now on.
 * It must be in no queue.
 */
static inline jg_token_t token_give(struct thread *caller, struct thread *worker)
{
    if (__builtin_expect(worker->serving != NULL, 0))
        worker->serving->server = NULL; /* a kept token: another thread may answer it */
    worker->serving = caller;
    caller->server = worker;
    caller->token = ++token_generation << TOKEN_INDEX_BITS | caller->index;
    caller->holder = worker->process;
    caller->state = THREAD_HELD;
    worker->serve_start = worker->run_ticks + worker->server_ticks;
    return caller->token;
}

/* The token of `caller` is no more, whoever was to answer it. */
static inline void token_drop(struct thread *caller)
{
    if (__builtin_expect(caller->server != NULL, 1))
        caller->server->serving = NULL;
    caller->server = NULL;
    caller->token = JG_TOKEN_NONE;
    caller->holder = NULL;
}

/* `thread` goes away: it serves nobody, and nobody serves it. */
static inline void token_forget(struct thread *thread)
{
    token_drop(thread);
    if (thread->serving)
        thread->serving->server = NULL;
    thread->serving = NULL;
}

/* The token is used up; what the worker ran since the delivery was on the caller's behalf. */
static inline void token_use(struct thread *caller, const struct thread *worker)
{
    token_drop(caller);
    caller->server_ticks += worker->run_ticks + worker->server_ticks - worker->serve_start;
}

/* The thread that waits for the answer to a token which `holder` may give, or NULL. */
static inline struct thread *token_get(jg_token_t token, const struct process *holder)
{
    uint32_t index = token & ((1u << TOKEN_INDEX_BITS) - 1);
    struct thread **chunk =
        index < TOKEN_CHUNK * TOKEN_CHUNKS ? token_table[index / TOKEN_CHUNK] : NULL;
    struct thread *thread;

    if (__builtin_expect(!chunk, 0))
        return NULL;
    thread = chunk[index % TOKEN_CHUNK];
    /* A free entry is odd: the link to the next one. */
    if (__builtin_expect((uintptr_t)thread & 1, 0) || thread->token != token ||
        thread->holder != holder || token == JG_TOKEN_NONE)
        return NULL;
    return thread;
}

/*
 * As token_get, with the reason: JG_OK; JG_ERR_CALLER_GONE (killed, or interrupted, since it was
 * delivered), JG_ERR_BAD_TOKEN (never given, used, another process's).
 */
jg_status_t token_find(jg_token_t token, const struct process *holder, struct thread **out);
