/*
 * Opening files by path and by inode.
 */
#pragma once

#include "path.h"

/*
 * open(2)'s middle part: walks, opens, makes the description. flags: O_*; mode: before the umask. 0
 * with a reference, or -errno.
 */
int64_t file_open(struct walk *w, uint32_t flags, uint32_t mode, struct file **out);

/* O_TMPFILE: a regular file without a name on the mount of the directory that the path names. */
int64_t file_open_unnamed(struct walk *w, uint32_t flags, uint32_t mode, struct file **out);

/* A description of an inode that is open already (its reference is taken over on success). */
int64_t file_open_inode(struct task *t, struct inode *inode, uint32_t flags, struct file **out);
