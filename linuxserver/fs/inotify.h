/*
 * inotify: instances, their watches, and what happened.
 *
 * Shape: vfsd has the watches and tells what befalls names (vfs.idl, notices()); what is done to data is told to it by
 *        file_touch(). So what was told before a read or a poll is fetched by it, and event `notices` fetches for those who
 *        sleep.
 * Life:  an instance is an open file. A watch ends with it, by inotify_remove(), or when vfsd says IGNORED.
 * Locks: one mutex for all of it, under which vfsd is called.
 */
#pragma once

#include <file.h>

struct walk;

/* A new instance of the task's user. `flags`: O_NONBLOCK. 0 with a reference, -EMFILE (128 for each user), -ENOMEM. */
int64_t inotify_create(struct task *t, uint32_t flags, struct file **out);

/* Is it an instance? */
bool file_is_inotify(const struct file *f);

/*
 * Watches an inode, or changes the mask of its watch (IN_MASK_ADD, IN_MASK_CREATE as in inotify(7)). Returns the watch's number,
 * -EEXIST, -ENOSPC, -ENOMEM.
 */
int64_t inotify_add(struct file *f, struct inode *i, uint32_t mask);

/* Ends a watch: IN_IGNORED is the last that is heard of it. 0 or -EINVAL. */
int64_t inotify_remove(struct file *f, int number);

/* vfsd has notices. */
void inotify_event(void);

/* As file_touch(), when somebody watches something. */
void inotify_touch(const struct file *f, uint32_t mask);

/* Does anybody watch anything? */
bool inotify_used(void);

/*
 * `mask` (IN_ACCESS, IN_MODIFY, IN_OPEN, IN_CLOSE_WRITE, IN_CLOSE_NOWRITE) was done to an open file. Calls vfsd only if
 * somebody wants to know. file->lock may be held.
 */
static inline void file_touch(const struct file *f, uint32_t mask)
{
    if (f->inode && inotify_used())
        inotify_touch(f, mask);
}
