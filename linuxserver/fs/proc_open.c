/*
 * procfs: opening.
 */
#include <jg/rt/string.h>

#include <ipc/vfs_client.h>
#include <task.h>

#include "inode.h"
#include "open.h"
#include "proc_tree.h"

/*
 * The walk has left for what has an inode (and there the file's permissions are asked); a pipe or a
 * stream is shared.
 */
static int64_t open_descriptor(struct proc_node at, uint32_t flags, struct file **out)
{
    struct file *f = proc_descriptor(at);

    if (!f)
        return -ENOENT;
    if (f->inode || (flags & O_EXCL)) {
        file_put(f);
        return (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ? -EEXIST : -ELOOP;
    }
    *out = f;
    return 0;
}

/* May `t` open it in this way? 0 or -errno. */
static int64_t check_open(struct task *t, struct proc_node at, uint32_t flags)
{
    const struct proc_entry *e = proc_entry(at);
    uint32_t access = flags & O_ACCMODE;
    struct vfs_cred who;
    int64_t err;

    if (e->kind == SYMLINK || e->kind == MAGIC)
        return -ELOOP;
    if ((flags & O_CREAT) && (flags & O_EXCL))
        return -EEXIST;
    if (e->kind == DIRECTORY && (access != O_RDONLY || (flags & O_CREAT)))
        return -EISDIR;
    if (e->kind != DIRECTORY && (flags & O_DIRECTORY))
        return -ENOTDIR;
    vfs_cred_of(t, &who);
    err = proc_access(&who, t, at,
                      (access != O_WRONLY ? VFS_WALK_READ : 0) |
                          (access != O_RDONLY || (flags & O_TRUNC) ? VFS_WALK_WRITE : 0));
    if (!err && (e->kind == LOOKED || at.entry == FDINFOS) && proc_check_look(t, at) == -EACCES)
        err = -EACCES;
    return err;
}

/* The same for O_PATH. */
static int64_t check_place(struct proc_node at, uint32_t flags)
{
    enum proc_kind kind = proc_entry(at)->kind;

    if ((kind == SYMLINK || kind == MAGIC) && !(flags & O_NOFOLLOW))
        return -ELOOP;
    return kind != DIRECTORY && (flags & O_DIRECTORY) ? -ENOTDIR : 0;
}

int64_t proc_open(struct task *t, struct proc_node at, uint32_t flags, struct file **out)
{
    struct vfs_attr attr;
    struct inode *inode;
    int64_t err;

    if (at.entry == FD && (flags & (O_PATH | O_NOFOLLOW)) != (O_PATH | O_NOFOLLOW))
        return open_descriptor(at, flags, out);
    err = flags & O_PATH ? check_place(at, flags) : check_open(t, at, flags);
    if (!err)
        err = proc_stat(t, at, false, &attr);
    if (err)
        return err;
    inode = inode_of_proc(at, &attr);
    if (!inode)
        return -ENOMEM;
    if (flags & O_PATH)
        err = file_open_inode(t, inode, flags, out);
    else if (proc_entry(at)->kind == DIRECTORY)
        err = proc_open_directory(flags, inode, out);
    else
        err = proc_open_text(flags, inode, out);
    if (err)
        inode_put(inode);
    return err;
}
