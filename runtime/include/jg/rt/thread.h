/*
 * Threads of a native server: detached, with a stack of their own.
 */
#pragma once

#include <jg/thread.h>
#include <jg/types.h>

/*
 * Starts a thread that runs fn(arg) and ends when it returns; the stack is then given back. As all code of servers it uses
 * no vector registers (JG_THREAD_NO_VECTOR).
 *
 * The stack (`stack_bytes`, rounded up to pages) is committed now, with an unmapped page below it,
 * so that the thread never faults for memory that is not there. `priority` is JG_PRIORITY_*.
 * Returns JG_OK, JG_ERR_NO_MEMORY, JG_ERR_QUOTA, or JG_ERR_ACCESS_DENIED (a priority above the
 * job's).
 */
int64_t rt_thread_start(void (*fn)(void *), void *arg, size_t stack_bytes, unsigned priority);
