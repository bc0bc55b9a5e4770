/*
 * Pipes and FIFOs. Source: pipe(7), fifo(7).
 */
#pragma once

#include <file.h>

/* A new pipe: out[0] reads, out[1] writes; flags: O_NONBLOCK, O_DIRECT refused. 0 or -ENOMEM. */
int64_t pipe_create(uint32_t flags, struct file *out[2]);

/* Opens a FIFO's inode; waits for the other side as fifo(7) says. 0 with a reference, or -errno (ENXIO, ERESTARTSYS). The inode's
 * reference is taken over on success. */
int64_t fifo_open(struct task *t, struct inode *inode, uint32_t flags, struct file **out);

/* fcntl F_GETPIPE_SZ, F_SETPIPE_SZ. -EBADF unless `f` is a pipe. */
int64_t pipe_get_size(struct file *f);
int64_t pipe_set_size(struct task *t, struct file *f, uint64_t size);
