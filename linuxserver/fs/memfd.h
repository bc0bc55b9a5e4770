/*
 * Files of memfd_create(2): regular files without a name in the tree, whose contents can be sealed.
 *
 * Life:  the inode holds its `struct memfd` until it goes.
 * Locks: memfd->lock, over each change of the contents by a call and over the setting of seals: a seal is
 *        there before or after a write as a whole. Stores through mappings are what backing.shared_writers
 *        counts.
 */
#pragma once

#include <jg/rt/sync.h>

#include <file.h>

struct memfd {
    struct mutex lock;
    uint32_t seals;
    char name[]; /* as /proc shows it: "/memfd:NAME (deleted)" */
};

/* A new file of that name, open for reading and writing. `flags`: MFD_*. 0 or -errno. Source: memfd_create(2). */
int64_t memfd_create(struct task *t, const char *name, uint32_t flags, struct file **out);

/* F_GET_SEALS, F_ADD_SEALS. -EINVAL for files that cannot have any. Source: fcntl(2), "File Sealing". */
int64_t memfd_get_seals(struct file *f);
int64_t memfd_add_seals(struct file *f, uint64_t seals);

/*
 * Begin and end a change by a call; for inodes that are no memfd they do nothing. Each begins with the check
 * of what the change would do: -EPERM, with no lock held, if a seal is against it.
 */
int64_t memfd_begin_write(struct inode *i, uint64_t offset, bool append, size_t *length);
int64_t memfd_begin_resize(struct inode *i, uint64_t size);
int64_t memfd_begin_punch(struct inode *i);
void memfd_end(struct inode *i);

/* The path of a memfd's backing: struct backing, `path`. */
int memfd_path(struct backing *b, char *buf, size_t size);
