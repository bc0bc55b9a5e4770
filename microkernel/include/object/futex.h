/*
 * Futexes of native threads: sleeping on a word, private to the address space.
 *
 * Locks: the big lock, under which the caller has also looked at the word: a wake-up cannot fall between
 * the look and the sleep.
 */
#pragma once

#include <object/thread.h>

/* Prepares the table. Called once. */
void futex_init(void);

/*
 * Puts the current thread to sleep on `va` until futex_wake(), the deadline (TIMED_OUT), or a kick
 * (INTERRUPTED). The result register is written by whoever ends the wait; it is not current any more.
 */
void futex_sleep(struct thread *thread, uintptr_t va, jg_time_t deadline);

/* Wakes up to `count` sleepers, first in first out. Returns how many. */
uint32_t futex_wake(struct aspace *as, uintptr_t va, uint32_t count);

/* Takes a sleeper out of the table. For thread_stop_waiting(). */
void futex_forget(struct thread *thread);
