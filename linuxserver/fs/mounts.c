/*
 * Mounts. vfsd has the table; this asks it.
 */
#include "mounts.h"

#include <jg/rt/string.h>

#include <server.h>

#include "namecache.h"
#include "proc.h"

int64_t mount_first(struct task *t)
{
    struct vfs_place at = {.root = 1, .dir = 1};
    static const char pts_options[] = "mode=600,ptmxmode=666";
    struct vfs_cred cred;
    int64_t err;

    vfs_cred_of(t, &cred);
    err = vfs_errno(
        vfs_mount(server.vfs, &at, "/proc", 5, VFS_FS_KIND_FOREIGN,
                  VFS_MOUNT_FLAGS_NOSUID | VFS_MOUNT_FLAGS_NODEV | VFS_MOUNT_FLAGS_NOEXEC, PROC_TAG,
                  "proc", 4, "proc", 4, "", 0, 0, &cred));
    if (err)
        return err;
    return vfs_errno(vfs_mount(server.vfs, &at, "/dev/pts", 8, VFS_FS_KIND_TMPFS,
                               VFS_MOUNT_FLAGS_NOSUID | VFS_MOUNT_FLAGS_NOEXEC, 0, "devpts", 6, "devpts", 6,
                               pts_options, sizeof pts_options - 1, 0, &cred));
}

static uint32_t mount_flags(uint64_t flags)
{
    return (flags & MOUNT_RDONLY ? VFS_MOUNT_FLAGS_RDONLY : 0) |
           (flags & MOUNT_NOSUID ? VFS_MOUNT_FLAGS_NOSUID : 0) |
           (flags & MOUNT_NODEV ? VFS_MOUNT_FLAGS_NODEV : 0) |
           (flags & MOUNT_NOEXEC ? VFS_MOUNT_FLAGS_NOEXEC : 0) |
           (flags & MOUNT_REMOUNT ? VFS_MOUNT_FLAGS_REMOUNT : 0) |
           (flags & MOUNT_NOATIME ? VFS_MOUNT_FLAGS_NOATIME : 0);
}

static bool is(const char *a, const char *b)
{
    return !strcmp(a, b);
}

/* Which of vfsd's kinds a type is. -ENODEV: none. */
static int64_t kind_of(const struct mount_text *text, uint64_t flags, uint32_t *kind, uint32_t *tag)
{
    *tag = 0;
    *kind = VFS_FS_KIND_TMPFS;
    if (flags & MOUNT_BIND) {
        *kind = VFS_FS_KIND_BIND;
        return 0;
    }
    if (is(text->type, "tmpfs") || is(text->type, "ramfs") || is(text->type, "devpts") || (flags & MOUNT_REMOUNT))
        return 0;
    if (is(text->type, "proc")) {
        *kind = VFS_FS_KIND_FOREIGN;
        *tag = PROC_TAG;
        return 0;
    }
    return -ENODEV;
}

int64_t mount_new(struct task *t, uint64_t path_va, const struct mount_text *text, uint64_t flags)
{
    struct inode *source = NULL;
    uint32_t kind, tag;
    struct walk *w, *from;
    int64_t err;

    if (flags & MOUNT_PROPAGATION)
        return 0; /* one namespace: nothing propagates */
    err = kind_of(text, flags, &kind, &tag);
    if (err)
        return err;
    if (kind == VFS_FS_KIND_BIND && !(flags & MOUNT_REMOUNT)) {
        err = path_begin_kernel(t, text->source, &from);
        if (err)
            return err;
        err = path_inode(from, true, &source);
        path_end(from);
        if (!err && inode_in_proc(source))
            err = -EINVAL;
    }
    if (!err)
        err = path_begin(t, AT_FDCWD, path_va, false, &w);
    if (!err) {
        if (w->in_proc)
            err = -EINVAL;
        else
            err = vfs_errno(vfs_mount(w->session, &w->place, w->path, w->length, kind,
                                      mount_flags(flags), tag, text->source, strlen(text->source),
                                      text->type, strlen(text->type), text->options,
                                      strlen(text->options), source ? source->node : 0, &w->cred));
        path_end(w);
    }
    inode_put(source);
    return err;
}

int64_t mount_remove(struct task *t, uint64_t path_va, uint32_t flags)
{
    struct walk *w;
    int64_t err = path_begin(t, AT_FDCWD, path_va, false, &w);

    if (err)
        return err;
    /* Nodes that are only kept for later do not make a mount busy; a few may be kept again meanwhile. */
    for (int tries = 0; tries < 3; tries++) {
        namecache_shrink(true);
        err = w->in_proc ? -EINVAL
                         : vfs_errno(vfs_unmount(w->session, &w->place, w->path, w->length, flags,
                                                 &w->cred));
        if (err != -EBUSY)
            break;
    }
    path_end(w);
    return err;
}
