/*
 * Paths: from what a program gives to vfsd and procfs.
 *
 * A walk is set up once, then an operation of vfsd's is tried; when vfsd meets a foreign mount the
 * walk goes on in procfs, and perhaps out of it again, until one of the two has the last component.
 */
#pragma once

#include <file.h>

#include "inode.h"

/* What openat2(2) asks of a walk beside the flags of open(2). */
struct path_rules {
    uint32_t how;  /* VFS_WALK_NO_LINKS, _ONE_MOUNT, _BENEATH */
    bool in_root;  /* the start is the root, too */
    bool no_magic; /* links of procfs to files are not followed */
    bool cached;   /* -EAGAIN for what is not known without asking a disk: as tmpfs, what is not there */
};

struct walk {
    struct task *task;
    jg_handle_t session;
    struct vfs_place place;
    jg_handle_t root_session; /* of place.root */
    struct vfs_cred cred;
    bool in_proc;      /* `proc` is where it stands (after path_run) */
    bool made;         /* path_open() made it */
    bool proc_missing; /* ... but the last component does not exist */
    bool proc_scoped;  /* it began in procfs, at proc_start, and must stay below */
    struct proc_node proc, proc_start;
    struct path_rules rules;
    struct inode *hold; /* keeps place.dir alive when procfs led there */
    struct inode *base; /* keeps the start alive */
    size_t length;
    char path[PATH_LIMIT]; /* what remains to be walked */
    char rest[PATH_LIMIT];
};

/* Starts a walk at a descriptor (or AT_FDCWD) with a path of the program's. 0 or -errno (EFAULT, ENAMETOOLONG, EBADF, ENOTDIR,
 * ENOENT for an empty path unless `empty_ok`). On success path_end() must follow. Heap-allocated: a worker's stack is small. */
int64_t path_begin(struct task *t, int dirfd, uint64_t path_va, bool empty_ok, struct walk **out);
/* The same for a walk that keeps to `rules`. */
int64_t path_begin_ruled(struct task *t, int dirfd, uint64_t path_va,
                         const struct path_rules *rules, struct walk **out);
/* The same with a path of the server's own. */
int64_t path_begin_kernel(struct task *t, const char *path, struct walk **out);
void path_end(struct walk *w);

/*
 * One operation on w->session, w->place, w->path. Puts what remains at a foreign mount into w->rest
 * and its tag into *foreign. Returns what the stub returned.
 */
typedef int32_t (*path_op)(struct walk *w, void *arg, uint32_t *foreign);

/*
 * Runs `op` until it was answered by vfsd. Returns its result as 0 or -errno; or 0 with w->in_proc
 * set when the path ends in procfs (op was not done). `follow`: links at the end are followed.
 */
int64_t path_run(struct walk *w, bool follow, path_op op, void *arg);

/* Opens: a reference to the inode, or with w->in_proc nothing (*out is NULL). 0 or -errno. */
int64_t path_open(struct walk *w, uint32_t how, uint32_t mode, struct inode **out);
/* Stat without opening; in procfs too. */
int64_t path_stat(struct walk *w, uint32_t how, struct vfs_attr *found);
/* The inode of what the path names (any type, no permission needed but search). 0 or -errno. */
int64_t path_inode(struct walk *w, bool follow, struct inode **out);
/* The same of a directory; else -ENOTDIR. */
int64_t path_directory(struct walk *w, bool follow, struct inode **out);
