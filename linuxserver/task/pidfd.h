/*
 * Descriptors that stand for a process. See pidfd.c.
 */
#pragma once

#include <file.h>
#include <task.h>

/*
 * A new open file for `p`, with its own reference to it. `flags`: O_NONBLOCK or 0. NULL: no memory.
 * tasks_lock may be held.
 */
struct file *pidfd_create(struct process *p, uint32_t flags);

/*
 * The process that `f` stands for, good as long as the caller holds `f`; it may have ended and been
 * reaped. NULL: `f` is no pidfd.
 */
struct process *pidfd_process(struct file *f);
