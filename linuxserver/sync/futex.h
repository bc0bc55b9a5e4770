/*
 * Futexes. Source: futex(2).
 */
#pragma once

#include <jg/types.h>

#include <linux.h>

struct task;
struct mm;

/* FUTEX_WAIT_BITSET; deadline is monotonic. 0, -EAGAIN, -EFAULT, -ETIMEDOUT, -ERESTARTSYS. */
int64_t futex_wait(struct task *t, uint64_t va, bool shared, uint32_t expected, uint32_t bitset,
                   jg_time_t deadline);

/* Wakes up to `count` with a bit in common. Returns how many, or -EFAULT. */
int64_t futex_wake(struct task *t, uint64_t va, bool shared, uint32_t count, uint32_t bitset);

/*
 * FUTEX_REQUEUE, FUTEX_CMP_REQUEUE: wakes `wake`, moves up to `move` to va2. `expected` NULL: no
 * comparison.
 */
int64_t futex_requeue(struct task *t, uint64_t va, uint64_t va2, bool shared, uint32_t wake,
                      uint32_t move, const uint32_t *expected);

/* FUTEX_WAKE_OP. */
int64_t futex_wake_op(struct task *t, uint64_t va, uint64_t va2, bool shared, uint32_t wake,
                      uint32_t wake2, uint32_t op);

/* For an ending task: wakes waiters of a word of `mm`, private and shared. */
void futex_wake_word(struct mm *mm, uint64_t va, uint32_t count);

/* Walks the robust list of an ending task: marks the owner dead, wakes one waiter each. */
void futex_release_robust(struct task *t);
