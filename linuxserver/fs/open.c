/*
 * Opening files. See open.h. Source: open(2).
 */
#include "open.h"

#include <task.h>

#include "device.h"
#include "pipe.h"
#include "regular.h"

/* Status flags that stay with the description. */
#define KEPT_FLAGS                                                                                 \
    (O_ACCMODE | O_APPEND | O_NONBLOCK | O_DSYNC | O_SYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | \
     O_NOATIME | O_PATH | O_NOFOLLOW | O_TMPFILE | FASYNC)

HOT_PATH int64_t file_open_inode(struct task *t, struct inode *inode, uint32_t flags, struct file **out)
{
    const struct file_ops *ops;

    flags &= KEPT_FLAGS | O_NOCTTY;
    if ((flags & O_DIRECT) && !(flags & O_PATH))
        return -EINVAL; /* as of 6.1 on tmpfs; later kernels let it be */
    if (flags & O_PATH) {
        ops = &path_ops;
    } else {
        switch (inode->mode & S_IFMT) {
        case S_IFREG:
            ops = &regular_ops;
            break;
        case S_IFDIR:
            ops = &directory_ops;
            break;
        case S_IFIFO:
            return fifo_open(t, inode, flags & KEPT_FLAGS, out);
        case S_IFCHR:
            return device_open(t, inode, flags, out);
        default: /* sockets; block devices: there are none */
            return -ENXIO;
        }
    }
    uint32_t access = flags & O_ACCMODE;
    bool claims = ops == &regular_ops && (access == O_WRONLY || access == O_RDWR);

    if (claims && !backing_claim(&inode->backing, false))
        return -ETXTBSY;
    *out = file_create(ops, flags & KEPT_FLAGS, inode, NULL);
    if (!*out && claims)
        backing_unclaim(&inode->backing, false);
    return *out ? 0 : -ENOMEM;
}

static uint32_t walk_flags(uint32_t flags)
{
    uint32_t how = 0, access = flags & O_ACCMODE;

    if (flags & O_NOFOLLOW)
        how |= VFS_WALK_NOFOLLOW;
    if (flags & O_DIRECTORY)
        how |= VFS_WALK_DIRECTORY;
    if (flags & O_PATH)
        return how;
    if (flags & O_NOATIME)
        how |= VFS_WALK_OWNER;
    if (access != O_WRONLY)
        how |= VFS_WALK_READ;
    if (access != O_RDONLY)
        how |= VFS_WALK_WRITE;
    if (flags & O_CREAT)
        how |= VFS_WALK_CREATE;
    if (flags & O_EXCL && flags & O_CREAT)
        how |= VFS_WALK_EXCLUSIVE;
    if (flags & O_TRUNC)
        how |=
            VFS_WALK_WRITE; /* it is cut when the open cannot fail any more: a running program must not be */
    return how;
}

HOT_PATH int64_t file_open(struct walk *w, uint32_t flags, uint32_t mode, struct file **out)
{
    struct task *t = w->task;
    struct inode *inode;
    int64_t err = path_open(w, walk_flags(flags), mode & ~t->fs->umask & 07777, &inode);

    if (err)
        return err;
    if (w->in_proc) {
        if (w->proc_missing)
            return -ENOENT;
        return proc_open(t, w->proc, flags, out);
    }
    if (mode_is(inode->mode, S_IFLNK) && !(flags & O_PATH)) {
        inode_put(inode);
        return -ELOOP;
    }
    err = file_open_inode(t, inode, flags, out);
    if (err) {
        inode_put(inode);
        return err;
    }
    if ((flags & (O_TRUNC | O_PATH)) == O_TRUNC && !w->made && (*out)->ops->truncate) {
        err = (*out)->ops->truncate(t, *out, 0);
        if (err)
            file_put(*out);
    }
    return err;
}

int64_t file_open_unnamed(struct walk *w, uint32_t flags, uint32_t mode, struct file **out)
{
    struct vfs_attr found;
    struct inode *dir, *inode;
    int64_t err = path_directory(w, !(flags & O_NOFOLLOW), &dir);

    if (err)
        return err;
    if (inode_in_proc(dir))
        err = -EOPNOTSUPP;
    else
        err = vfs_errno(vfs_anonymous(dir->session, dir->node,
                                      S_IFREG | (mode & ~w->task->fs->umask & 07777),
                                      flags & O_EXCL ? VFS_WALK_EXCLUSIVE : 0, &w->cred, &found));
    if (!err) {
        inode = inode_of(dir->session, &found);
        err = inode ? file_open_inode(w->task, inode, flags, out) : -ENOMEM;
        if (err)
            inode_put(inode);
    }
    inode_put(dir);
    return err;
}
