/*
 * Inodes: this server's view of vfsd's nodes, one for each node in use.
 *
 * Life: inode_of() finds or makes one for a node reference that vfsd just gave; the last inode_put() gives
 * all references back. A mapping holds the embedded backing, which holds the inode.
 * Locks: one mutex for the table.
 */
#pragma once

#include <jg/rt/list.h>

#include <file.h>
#include <ipc/vfs_client.h>

#include "known.h"
#include "proc.h"

struct pipe;
struct memfd;

#define VFS_ROOT_NODE 1ull /* every session begins with its tree's root open as node 1 */

/* What watchers want to hear of a file, as vfsd said: fs/inotify.c. Stamp 0: it has to be asked. */
struct interest {
    uint64_t stamp;
    uint32_t mask, word;
};

struct inode {
    struct list link; /* hash chain */
    uint32_t refs;
    jg_handle_t session; /* server.vfs or server.system; JG_HANDLE_NONE: in procfs, see `proc` */
    struct proc_node proc;
    uint64_t node;
    uint32_t node_refs;      /* how many vfsd counts for us */
    uint64_t device, number; /* st_dev, st_ino */
    uint32_t mount;          /* the id of the mount that it was reached through */
    bool silent;             /* reading leaves its atime: that mount is noatime */
    uint32_t mode;
    uint32_t rdev_major, rdev_minor;
    struct known known; /* the name cache's lock */
    struct interest interest;
    struct backing backing;
    struct pipe *fifo; /* while somebody has the FIFO open */
    struct memfd *memfd; /* of a file of memfd_create(2) */
};

/*
 * The inode of an opened node; takes over the node reference in `attr`, also on failure (NULL: no
 * memory).
 */
struct inode *inode_of(jg_handle_t session, const struct vfs_attr *attr);

/* An inode of procfs. NULL: no memory. */
struct inode *inode_of_proc(struct proc_node node, const struct vfs_attr *attr);

static inline bool inode_in_proc(const struct inode *i)
{
    return i->session == JG_HANDLE_NONE;
}

static inline struct inode *inode_get(struct inode *i)
{
    __atomic_add_fetch(&i->refs, 1, __ATOMIC_RELAXED);
    return i;
}

/*
 * Is a file open for writing on a device and, unless `mount` is 0, through that mount? Takes the table's lock.
 */
bool inodes_written(uint64_t device, uint32_t mount);

/* Lets go of one reference; the last closes the node in vfsd. */
void inode_put(struct inode *i);

/* The VMO of a regular file, asked for at first use. Returns 0 or -errno. */
int inode_vmo(struct inode *i, jg_handle_t *vmo);

/* -errno for what a vfs stub returned. */
int64_t vfs_errno(int32_t result);

/* May the task do VFS_WALK_READ, _WRITE, _EXECUTE to the file, which is not in procfs? 0 or -errno. */
int64_t inode_check(struct task *t, const struct inode *i, uint32_t how);

/* Limits and identity as vfsd wants them. */
void vfs_cred_of(struct task *t, struct vfs_cred *out);

static inline bool mode_is(uint32_t mode, uint32_t type)
{
    return (mode & S_IFMT) == type;
}
