/* Operations of regular files and directories, for open.c. */
#pragma once

#include <file.h>

extern const struct file_ops regular_ops;
extern const struct file_ops directory_ops;
extern const struct file_ops path_ops; /* O_PATH: nothing but its name */

/*
 * May the file get this size? Only growing is bounded. 0, or -EFBIG with SIGXFSZ sent: RLIMIT_FSIZE.
 * No lock is held.
 */
int64_t regular_may_grow(struct task *t, struct inode *i, uint64_t size);

/* Signals SIGXFSZ: a file would outgrow RLIMIT_FSIZE (getrlimit(2)), or any. Returns -EFBIG. */
int64_t regular_too_large(struct task *t);
