/*
 * Futexes. Source: futex(2).
 */
#pragma once

#include <jg/types.h>

#include <linux.h>

struct task;
struct mm;
struct sleeper;

/*
 * FUTEX_WAIT_BITSET; deadline is monotonic. 0, -EAGAIN, -EFAULT, -EINVAL, -ETIMEDOUT, -ERESTARTSYS.
 */
int64_t futex_wait(struct task *t, uint64_t va, bool shared, uint32_t expected, uint32_t bitset,
                   jg_time_t deadline);

/*
 * Wakes sleepers with a bit in common: one at least, then until there are `count`. Returns how many,
 * -EFAULT, or -EINVAL.
 */
int64_t futex_wake(struct task *t, uint64_t va, bool shared, int count, uint32_t bitset);

/*
 * FUTEX_REQUEUE, FUTEX_CMP_REQUEUE: wakes `wake`, moves up to `move` to va2. `expected` NULL: no
 * comparison. Returns how many of both, or -errno.
 */
int64_t futex_requeue(struct task *t, uint64_t va, uint64_t va2, bool shared, int wake, int move,
                      const uint32_t *expected);

/* FUTEX_WAKE_OP. */
int64_t futex_wake_op(struct task *t, uint64_t va, uint64_t va2, bool shared, int wake, int wake2,
                      uint32_t op);

/*
 * FUTEX_LOCK_PI, FUTEX_TRYLOCK_PI: makes the word t's; deadline is monotonic. 0, -EAGAIN (try),
 * -EDEADLK, -ESRCH (the owner is no task), -EINVAL (the word disagrees with what is known), -EFAULT,
 * -ETIMEDOUT, -ERESTARTNOINTR.
 */
int64_t futex_lock_pi(struct task *t, uint64_t va, bool shared, jg_time_t deadline, bool try);

/* FUTEX_UNLOCK_PI: gives the word to the next waiter, or frees it. 0, -EPERM, -EINVAL, -EFAULT. */
int64_t futex_unlock_pi(struct task *t, uint64_t va, bool shared);

/*
 * futex_waitv: waits for any of `count` words, with as many sleepers in `s`. Returns the index of
 * one that was woken, or as futex_wait().
 */
int64_t futex_wait_many(struct task *t, const struct futex_waitv *v, unsigned count,
                        struct sleeper *s, jg_time_t deadline);

/* For an ending task: wakes up to `count` waiters of a word, as a shared futex. */
void futex_wake_word(struct mm *mm, uint64_t va, int count);

/* Walks the robust list of an ending task: marks the owner dead, wakes one waiter each. */
void futex_release_robust(struct task *t);

/*
 * Gives what the task owns and others wait for to them. `ends`: nobody may wait for it from now on;
 * otherwise (exec) it goes on.
 */
void futex_release_owned(struct task *t, bool ends);
