/*
 * procfs: the files under /proc, made from the server's own tables. vfsd knows only that a foreign
 * mount is there.
 *
 * A place in procfs is a plain value; nothing is held by it, and the process it names may go at any
 * time (then operations give ENOENT or ESRCH).
 */
#pragma once

#include <jg/types.h>

#include <linux.h>

struct task;
struct file;
struct inode;
struct vfs_attr;
struct vfs_cred;

struct proc_node {
    uint16_t entry; /* index into the table of entries; 0 is the root */
    uint16_t zero;
    int32_t pid;    /* of /proc/PID/..., else 0 */
    int32_t tid;    /* of /proc/PID/task/TID/..., else 0 */
    int32_t fd;     /* of .../fd/N, else -1 */
    jg_time_t born; /* when that process began: another one with its number is not it */
};

#define PROC_ROOT ((struct proc_node){.fd = -1})
#define PROC_TAG  1u /* the foreign tag of every proc mount, and its st_dev */

/* Where a walk that began in procfs ended. */
enum proc_end {
    PROC_HERE, /* `*at` is it */
    PROC_LEAVES, /* goes on outside with `*rest` from `*outside` (a reference; NULL: from the task's root) */
    PROC_MISSING, /* the last component does not exist (parents do) */
};

/* What openat2(2)'s RESOLVE_* forbid. */
struct proc_rules {
    bool no_links, no_magic; /* ELOOP at any link; at a magic one */
    bool stay;               /* EXDEV at a magic link that leads outside */
    const struct proc_node *root; /* not NULL: the walk began there, and ".." does not leave it ... */
    bool beneath;                 /* ... but is EXDEV */
};

/*
 * Walks `path` (relative, may be empty) from `*at`. Follows links in the middle, and the last one
 * if `follow`. A magic link (exe, cwd, root, fd/N) that leads to a file of vfsd leaves. `path` is
 * overwritten: on PROC_LEAVES it holds what remains; `size` is its room. Returns 0 or -errno.
 */
int64_t proc_walk(struct task *t, struct proc_node *at, char *path, size_t size, bool follow,
                  const struct proc_rules *rules, enum proc_end *end, struct inode **outside);

/*
 * stat(2) of a place; with `follow`, of what a descriptor's link shows. Returns 0 or -errno. A place
 * whose process has gone still has attributes (of root's), as an open file of it has: who comes by
 * name has been told -ENOENT by the walk.
 */
int64_t proc_stat(struct task *t, struct proc_node at, bool follow, struct vfs_attr *out);

/*
 * Whether `who` may open it: `how` is VFS_WALK_READ, _WRITE, _EXECUTE, as for vfsd's files. Returns
 * 0, -EACCES, or -ENOENT: the process has gone.
 */
int64_t proc_access(const struct vfs_cred *who, const struct task *t, struct proc_node at,
                    uint32_t how);

/*
 * Opens it. For fd/N that is no file of vfsd: the same description again.
 * Returns 0 with a reference in *out, or -errno. Source: proc(5).
 */
int64_t proc_open(struct task *t, struct proc_node at, uint32_t flags, struct file **out);

/* readlink(2): the length, or -errno. */
int64_t proc_readlink(struct task *t, struct proc_node at, char *buf, size_t size);

/* The path of a directory in procfs, "/proc/...". The length, or -errno. */
int64_t proc_path(struct proc_node at, char *buf, size_t size);
