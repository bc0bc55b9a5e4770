/*
 * Pipes and FIFOs. Source: pipe(7), fifo(7).
 */
#pragma once

#include <file.h>

/* A new pipe: out[0] reads, out[1] writes; flags: O_NONBLOCK, O_DIRECT (packets). 0 or -ENOMEM. */
int64_t pipe_create(uint32_t flags, struct file *out[2]);

/* Opens a FIFO's inode; waits for the other side as fifo(7) says. 0 with a reference, or -errno (ENXIO, ERESTARTSYS). The inode's
 * reference is taken over on success. */
int64_t fifo_open(struct task *t, struct inode *inode, uint32_t flags, struct file **out);

/* fcntl F_GETPIPE_SZ, F_SETPIPE_SZ. -EBADF unless `f` is a pipe. */
int64_t pipe_get_size(struct file *f);
int64_t pipe_set_size(struct task *t, struct file *f, uint64_t size);

/* Is it a pipe or a FIFO? */
bool file_is_pipe(const struct file *f);

/*
 * For splice(2) and its kin. `wait` false: -EAGAIN in place of sleeping.
 *
 * pipe_take(): at most `size` bytes from the front into the server's `buf`, waiting for the first. 0: there are none and no
 * writer. Their room stays promised until pipe_return() has put `size` of them back, from `data`, and freed the room of all `taken`.
 */
int64_t pipe_take(struct task *t, struct file *f, void *buf, size_t size, bool wait);
void pipe_return(struct file *f, const void *data, size_t size, size_t taken);

/* As pipe_take(), of bytes that stay. */
int64_t pipe_peek(struct task *t, struct file *f, void *buf, size_t size, bool wait);

/*
 * pipe_promise(): room for at most `size` bytes, waiting for the first, which nobody else fills until
 * pipe_give() has put in `size` bytes of the `promised` ones. -EPIPE with the signal when there is no reader.
 */
int64_t pipe_promise(struct task *t, struct file *f, size_t size, bool wait);
int64_t pipe_give(struct file *f, const void *data, size_t size, size_t promised);
