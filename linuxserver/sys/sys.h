/*
 * What every handler has at hand. A handler takes the task and the six arguments as they came in
 * registers, and returns the result or -errno (or a restart code of linux.h where it waited). One
 * that must answer with changed registers sets t->outcome->answer.
 */
#pragma once

#include <linux.h>
#include <mm.h>
#include <task.h>

#define CALL(number, name, handler, support, note)                                                 \
    int64_t handler(struct task *t, const uint64_t *a);
#include "table.def"
#undef CALL

/* timespec and timeval as programs have them; -EFAULT, -EINVAL for bad ones. */
int64_t time_in(struct task *t, uint64_t va, jg_time_t *out);
int64_t time_out(struct task *t, uint64_t va, jg_time_t ns);
int64_t timeval_in(struct task *t, uint64_t va, jg_time_t *out);
int64_t timeval_out(struct task *t, uint64_t va, jg_time_t ns);

/* When a relative wait of ns ends; saturates. */
jg_time_t deadline_after(jg_time_t ns);

/* When the wall clock will be at `at`; 0 if that is long ago. */
jg_time_t deadline_at_wall(jg_time_t at);

/* May `t` make `other` as favoured as `nice`? By RLIMIT_NICE or a privilege. tasks_lock is held. */
bool may_favour(const struct task *t, const struct task *other, int nice);

/* struct rusage at `va`. 0 or -EFAULT. */
int64_t usage_out(struct task *t, uint64_t va, const struct usage *usage);

/* Reads a clock of clock_gettime(2). Returns 0 or -EINVAL. */
int64_t clock_read(struct task *t, int id, jg_time_t *now);

#define RW_MAX       0x7ffff000ull /* MAX_RW_COUNT: no more bytes are moved by a call */
#define VECTOR_LIMIT 1024u         /* UIO_MAXIOV */

/*
 * A program's vector, cut to RW_MAX bytes in all, which *total tells; the caller frees *out. 0, or -EINVAL (more than
 * VECTOR_LIMIT parts, a negative length), -EFAULT, -ENOMEM: nothing is to be freed.
 */
int64_t vector_in(struct task *t, uint64_t va, uint64_t count, struct iovec **out, uint64_t *total);

struct file;
struct io;

/* May the file be read (written), and can it be? 0, -EBADF, -EINVAL. */
int64_t move_check(const struct file *f, bool write);

/*
 * One transfer at the file's own position, which moves; `io` may be the server's. Takes file->lock if there is a position. As
 * the operation.
 */
int64_t move_here(struct task *t, struct file *f, struct io *io, bool write);

/* Of the caller with its arguments; false: no more of them. */
typedef bool (*task_visitor)(struct task *t, struct task *other, const uint64_t *a, int64_t *result);

/*
 * Shows `each` the threads that `which` (PRIO_PROCESS, PRIO_PGRP, PRIO_USER) and `who` (0: the caller's) mean. tasks_lock
 * is held meanwhile. `*result` is -ESRCH at first; the last is returned.
 */
int64_t tasks_selected(struct task *t, int which, int who, task_visitor each, const uint64_t *a);

/* The limits that mappings of `t` ask for. */
struct mm_limits memory_limits(struct task *t);

/* Is every page of the range in a region? 0 or -ENOMEM. Takes mm->lock. */
int64_t check_mapped(struct task *t, uint64_t start, uint64_t length);
