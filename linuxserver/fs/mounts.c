/*
 * Mounts. vfsd has the table; this asks it.
 */
#include "mounts.h"

#include <jg/rt/string.h>

#include <linux/mount.h>
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
    err =
        vfs_errno(vfs_mount(server.vfs, &at, "/proc", 5, VFS_FS_KIND_FOREIGN,
                            VFS_MOUNT_FLAGS_NOSUID | VFS_MOUNT_FLAGS_NODEV | VFS_MOUNT_FLAGS_NOEXEC,
                            PROC_TAG, "proc", 4, "proc", 4, "", 0, 0, &cred));
    if (err)
        return err;
    return vfs_errno(vfs_mount(server.vfs, &at, "/dev/pts", 8, VFS_FS_KIND_TMPFS,
                               VFS_MOUNT_FLAGS_NOSUID | VFS_MOUNT_FLAGS_NOEXEC, 0, "devpts", 6,
                               "devpts", 6, pts_options, sizeof pts_options - 1, 0, &cred));
}

#define MS_KINDS (MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED)
#define MS_ATIME (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)

/* Linux's flags as vfsd numbers them. What all file systems here do anyway (MS_SYNCHRONOUS, ...) has none. */
static uint32_t mount_flags(uint64_t flags)
{
    static const struct {
        uint64_t flag;
        uint32_t how;
    } names[] = {
        {MS_RDONLY, VFS_MOUNT_FLAGS_RDONLY},         {MS_NOSUID, VFS_MOUNT_FLAGS_NOSUID},
        {MS_NODEV, VFS_MOUNT_FLAGS_NODEV},           {MS_NOEXEC, VFS_MOUNT_FLAGS_NOEXEC},
        {MS_NODIRATIME, VFS_MOUNT_FLAGS_NODIRATIME}, {MS_STRICTATIME, VFS_MOUNT_FLAGS_STRICTATIME},
        {MS_REMOUNT, VFS_MOUNT_FLAGS_REMOUNT},       {MS_REC, VFS_MOUNT_FLAGS_RECURSIVE},
    };
    uint32_t how = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        how |= flags & names[i].flag ? names[i].how : 0;
    if ((flags & (MS_NOATIME | MS_STRICTATIME)) == MS_NOATIME)
        how |= VFS_MOUNT_FLAGS_NOATIME;
    if ((flags & (MS_REMOUNT | MS_BIND)) == MS_REMOUNT)
        how |= VFS_MOUNT_FLAGS_FILE_SYSTEM;
    if (!(flags & MS_ATIME))
        how |= VFS_MOUNT_FLAGS_KEEP_ATIME;
    return how;
}

/* What vfsd is asked for. */
struct request {
    uint32_t kind, how, tag;
    const struct mount_text *text;
    const char *source, *type;
    struct inode *bound;
};

static int64_t ask(struct task *t, uint64_t path_va, const struct request *r)
{
    const char *options = r->text->options;
    struct walk *w;
    int64_t err = path_begin(t, AT_FDCWD, path_va, false, &w);

    if (err)
        return err;
    if (w->in_proc)
        err = -EINVAL;
    else
        err =
            vfs_errno(vfs_mount(w->session, &w->place, w->path, w->length, r->kind, r->how, r->tag,
                                r->source, strlen(r->source), r->type, strlen(r->type), options,
                                strlen(options), r->bound ? r->bound->node : 0, &w->cred));
    path_end(w);
    return err;
}

static bool is(const char *a, const char *b)
{
    return !strcmp(a, b);
}

static int64_t mount_type(struct task *t, uint64_t path_va, const struct mount_text *text,
                          uint64_t flags)
{
    struct request r = {.kind = VFS_FS_KIND_TMPFS,
                        .how = mount_flags(flags),
                        .text = text,
                        .source = text->source,
                        .type = text->type};

    if (is(text->type, "proc")) {
        r.kind = VFS_FS_KIND_FOREIGN;
        r.tag = PROC_TAG;
    } else if (!*text->type) {
        return -EINVAL;
    } else if (!is(text->type, "tmpfs") && !is(text->type, "ramfs") && !is(text->type, "devpts") &&
               !is(text->type, "devtmpfs")) {
        return -ENODEV;
    }
    return ask(t, path_va, &r);
}

/* The inode of a path of the server's own copy, with a reference. */
static int64_t inode_at(struct task *t, const char *path, struct inode **out)
{
    struct walk *w;
    int64_t err = *path ? path_begin_kernel(t, path, &w) : -EINVAL;

    if (err)
        return err;
    err = path_inode(w, true, out);
    path_end(w);
    return err;
}

static int64_t bind(struct task *t, uint64_t path_va, const struct mount_text *text, uint64_t flags)
{
    struct request r = {.kind = VFS_FS_KIND_BIND, .how = mount_flags(flags), .text = text};
    int64_t err = inode_at(t, text->source, &r.bound);

    if (err)
        return err;
    r.source = r.type = "";
    if (inode_in_proc(r.bound) && r.bound->proc.entry == PROC_ROOT.entry) {
        /* Its root is not in vfsd: the same file system once more. */
        r.kind = VFS_FS_KIND_FOREIGN;
        r.how = VFS_MOUNT_FLAGS_NOSUID | VFS_MOUNT_FLAGS_NODEV | VFS_MOUNT_FLAGS_NOEXEC;
        r.tag = PROC_TAG;
        r.source = r.type = "proc";
    } else if (inode_in_proc(r.bound)) {
        err = -EINVAL;
    }
    if (!err)
        err = ask(t, path_va, &r);
    inode_put(r.bound);
    return err;
}

/* EBUSY when what is to be read-only is open for writing in a program of ours. */
static int64_t check_writers(struct task *t, uint64_t path_va, bool whole)
{
    struct vfs_attr found;
    struct walk *w;
    int64_t err = path_begin(t, AT_FDCWD, path_va, false, &w);

    if (err)
        return err;
    err = path_stat(w, 0, &found);
    path_end(w);
    return err ? err : inodes_written(found.dev, whole ? 0 : found.mount) ? -EBUSY : 0;
}

static int64_t remount(struct task *t, uint64_t path_va, const struct mount_text *text,
                       uint64_t flags)
{
    struct request r = {.kind = VFS_FS_KIND_TMPFS, .how = mount_flags(flags), .text = text};
    int64_t err = flags & MS_RDONLY ? check_writers(t, path_va, !(flags & MS_BIND)) : 0;

    r.source = r.type = "";
    return err ? err : ask(t, path_va, &r);
}

static int64_t set_kind(struct task *t, uint64_t path_va, const struct mount_text *text,
                        uint64_t flags)
{
    struct request r = {.kind = VFS_FS_KIND_KIND, .how = mount_flags(flags), .text = text};

    r.source = r.type = "";
    switch (flags & ~(uint64_t)(MS_REC | MS_SILENT)) {
    case MS_SHARED:
        r.tag = VFS_MOUNT_KIND_SHARED;
        break;
    case MS_PRIVATE:
        r.tag = VFS_MOUNT_KIND_PRIVATE;
        break;
    case MS_SLAVE:
        r.tag = VFS_MOUNT_KIND_SLAVE;
        break;
    case MS_UNBINDABLE:
        r.tag = VFS_MOUNT_KIND_UNBINDABLE;
        break;
    default:
        return -EINVAL;
    }
    return ask(t, path_va, &r);
}

static int64_t move(struct task *t, uint64_t path_va, const struct mount_text *text)
{
    struct walk *from, *to;
    int64_t err = *text->source ? path_begin_kernel(t, text->source, &from) : -EINVAL;

    if (err)
        return err;
    err = path_begin(t, AT_FDCWD, path_va, false, &to);
    if (!err) {
        if (from->in_proc || to->in_proc || from->session != to->session)
            err = -EINVAL;
        else
            err = vfs_errno(vfs_move_mount(from->session, &from->place, from->path, from->length,
                                           &to->place, to->path, to->length, &to->cred));
        path_end(to);
    }
    path_end(from);
    return err;
}

int64_t mount_do(struct task *t, uint64_t path_va, const struct mount_text *text, uint64_t flags)
{
    if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
        flags &= ~(uint64_t)MS_MGC_MSK;
    if (flags & 1ull << 31) /* MS_NOUSER */
        return -EINVAL;
    if (flags & MS_REMOUNT)
        return remount(t, path_va, text, flags);
    if (flags & MS_BIND)
        return bind(t, path_va, text, flags);
    if (flags & MS_KINDS)
        return set_kind(t, path_va, text, flags);
    if (flags & MS_MOVE)
        return move(t, path_va, text);
    return mount_type(t, path_va, text, flags);
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

/* Every task whose root or working folder was the old root goes to the new one. */
static void move_roots(struct inode *old, struct inode *new)
{
    mutex_lock(&tasks_lock);
    LIST_FOR_EACH(it, &all_processes)
    {
        LIST_FOR_EACH(at, &LIST_ENTRY(it, struct process, link)->tasks)
        {
            struct task *t = LIST_ENTRY(at, struct task, link);

            if (t->fs)
                fs_replace(t->fs, old, new);
        }
    }
    mutex_unlock(&tasks_lock);
}

int64_t mount_pivot(struct task *t, uint64_t new_va, uint64_t old_va)
{
    struct inode *new_root = NULL, *old_root = fs_inode(t->fs, true);
    struct walk *new, *old;
    int64_t err = path_begin(t, AT_FDCWD, new_va, false, &new);

    if (err)
        goto out_root;
    err = path_begin(t, AT_FDCWD, old_va, false, &old);
    if (err)
        goto out_new;
    err = new->in_proc || old->in_proc || new->session != old->session
              ? -EINVAL
              : path_inode(new, true, &new_root);
    if (!err && inode_in_proc(new_root))
        err = -EINVAL;
    if (!err)
        err = vfs_errno(vfs_pivot_root(new->session, &new->place, new->path, new->length, old->path,
                                       old->length, &new->cred));
    if (!err)
        move_roots(old_root, new_root);
    inode_put(new_root);
    path_end(old);
out_new:
    path_end(new);
out_root:
    inode_put(old_root);
    return err;
}
