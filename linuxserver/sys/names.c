/*
 * Changing names: mkdir, mknod, link, symlink, unlink, rename.
 *
 * Nothing can be changed in procfs: what exists there is EPERM or EEXIST, what does not is ENOENT
 * or EPERM as on Linux.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <file.h>
#include <fs/namecache.h>

struct make_args {
    uint32_t mode, major, minor;
    struct vfs_attr found;
};

static int32_t op_make(struct walk *w, void *arg, uint32_t *foreign)
{
    struct make_args *a = arg;
    size_t n;
    int32_t r = vfs_make(w->session, &w->place, w->path, w->length, a->mode, a->major, a->minor,
                         &w->cred, &a->found, w->rest, sizeof w->rest, &n);

    *foreign = r ? 0 : a->found.foreign;
    return r;
}

static int64_t make_at(struct task *t, int dirfd, uint64_t path, struct make_args *args)
{
    struct walk *w;
    int64_t r = path_begin(t, dirfd, path, false, &w);

    if (r)
        return r;
    args->mode &= ~(t->fs->umask & 07777u) | S_IFMT;
    r = path_run(w, false, op_make, args);
    if (!r && w->in_proc)
        r = w->proc_missing ? -ENOENT : -EEXIST;
    path_end(w);
    return r;
}

static int64_t mkdir_at(struct task *t, int dirfd, uint64_t path, uint32_t mode)
{
    struct make_args args = {.mode = S_IFDIR | (mode & 01777)};

    return make_at(t, dirfd, path, &args);
}

int64_t sys_mkdir(struct task *t, const uint64_t *a)
{
    return mkdir_at(t, AT_FDCWD, a[0], (uint32_t)a[1]);
}

int64_t sys_mkdirat(struct task *t, const uint64_t *a)
{
    return mkdir_at(t, (int)a[0], a[1], (uint32_t)a[2]);
}

static int64_t mknod_at(struct task *t, int dirfd, uint64_t path, uint32_t mode, uint32_t dev)
{
    struct make_args args = {
        .mode = mode, .major = dev >> 8 & 0xfff, .minor = (dev & 0xff) | (dev >> 12 & 0xfff00)};

    if (!(mode & S_IFMT))
        args.mode |= S_IFREG;
    if (mode_is(args.mode, S_IFDIR))
        return -EPERM;
    switch (args.mode & S_IFMT) {
    case S_IFREG:
    case S_IFIFO:
    case S_IFSOCK:
    case S_IFCHR:
    case S_IFBLK:
        return make_at(t, dirfd, path, &args);
    default:
        return -EINVAL;
    }
}

int64_t sys_mknod(struct task *t, const uint64_t *a)
{
    return mknod_at(t, AT_FDCWD, a[0], (uint32_t)a[1], (uint32_t)a[2]);
}

int64_t sys_mknodat(struct task *t, const uint64_t *a)
{
    return mknod_at(t, (int)a[0], a[1], (uint32_t)a[2], (uint32_t)a[3]);
}

static int32_t op_unlink(struct walk *w, void *arg, uint32_t *foreign)
{
    uint32_t how = *(uint32_t *)arg, gone;
    size_t n;
    int32_t r = vfs_unlink(w->session, &w->place, w->path, w->length, how, &w->cred, w->rest,
                           sizeof w->rest, &n, foreign, &gone);

    namecache_gone(gone);
    return r;
}

static int64_t unlink_at(struct task *t, int dirfd, uint64_t path, bool directory)
{
    uint32_t how = directory ? VFS_WALK_DIRECTORY : 0;
    struct walk *w;
    int64_t r = path_begin(t, dirfd, path, false, &w);

    if (r)
        return r;
    r = path_run(w, false, op_unlink, &how);
    if (!r && w->in_proc)
        r = w->proc_missing ? -ENOENT : -EPERM;
    path_end(w);
    return r;
}

int64_t sys_unlink(struct task *t, const uint64_t *a)
{
    return unlink_at(t, AT_FDCWD, a[0], false);
}

int64_t sys_rmdir(struct task *t, const uint64_t *a)
{
    return unlink_at(t, AT_FDCWD, a[0], true);
}

int64_t sys_unlinkat(struct task *t, const uint64_t *a)
{
    if (a[2] & ~(uint64_t)AT_REMOVEDIR)
        return -EINVAL;
    return unlink_at(t, (int)a[0], a[1], a[2] & AT_REMOVEDIR);
}

struct symlink_args {
    const char *target;
    size_t length;
};

static int32_t op_symlink(struct walk *w, void *arg, uint32_t *foreign)
{
    struct symlink_args *a = arg;
    size_t n;

    return vfs_symlink(w->session, &w->place, w->path, w->length, a->target, a->length, &w->cred,
                       w->rest, sizeof w->rest, &n, foreign);
}

static int64_t symlink_at(struct task *t, uint64_t target, int dirfd, uint64_t path)
{
    char *text = rt_alloc(PATH_LIMIT);
    struct symlink_args args = {.target = text};
    struct walk *w;
    int64_t r;

    if (!text)
        return -ENOMEM;
    r = copy_in_string(t->mm, text, target, PATH_LIMIT);
    if (r == 0)
        r = -ENOENT;
    if (r > 0) {
        args.length = (size_t)r;
        r = path_begin(t, dirfd, path, false, &w);
        if (!r) {
            r = path_run(w, false, op_symlink, &args);
            if (!r && w->in_proc)
                r = w->proc_missing ? -ENOENT : -EEXIST;
            path_end(w);
        }
    }
    rt_free(text);
    return r;
}

int64_t sys_symlink(struct task *t, const uint64_t *a)
{
    return symlink_at(t, a[0], AT_FDCWD, a[1]);
}

int64_t sys_symlinkat(struct task *t, const uint64_t *a)
{
    return symlink_at(t, a[0], (int)a[1], a[2]);
}

static int32_t op_link(struct walk *w, void *arg, uint32_t *foreign)
{
    const struct inode *from = arg;
    size_t n;

    return vfs_link(w->session, from->node, &w->place, w->path, w->length, &w->cred, w->rest,
                    sizeof w->rest, &n, foreign);
}

static int64_t link_source(struct task *t, int dirfd, uint64_t path, uint32_t flags,
                           struct inode **out)
{
    struct walk *w;
    struct file *f;
    int64_t r = path_begin(t, dirfd, path, flags & AT_EMPTY_PATH, &w);

    if (r == -ENOTDIR && (flags & AT_EMPTY_PATH)) {
        f = fd_get(t, dirfd);
        *out = f && f->inode ? inode_get(f->inode) : NULL;
        file_put(f);
        return *out ? 0 : -ENOTDIR;
    }
    if (r)
        return r;
    r = path_inode(w, flags & AT_SYMLINK_FOLLOW, out);
    path_end(w);
    return r;
}

static int64_t link_at(struct task *t, int from_dir, uint64_t from, int to_dir, uint64_t to,
                       uint32_t flags)
{
    struct inode *source;
    struct walk *w;
    int64_t r;

    if (flags & ~(uint32_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if ((flags & AT_EMPTY_PATH) && !cred_capable(&t->cred, CAP_DAC_READ_SEARCH))
        return -ENOENT;
    r = link_source(t, from_dir, from, flags, &source);
    if (r)
        return r;
    r = path_begin(t, to_dir, to, false, &w);
    if (!r) {
        if (inode_in_proc(source))
            r = -EXDEV;
        else
            r = path_run(w, false, op_link, source);
        if (!r && w->in_proc)
            r = w->proc_missing ? -ENOENT : -EEXIST;
        path_end(w);
    }
    inode_put(source);
    return r;
}

int64_t sys_link(struct task *t, const uint64_t *a)
{
    return link_at(t, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
}

int64_t sys_linkat(struct task *t, const uint64_t *a)
{
    return link_at(t, (int)a[0], a[1], (int)a[2], a[3], (uint32_t)a[4]);
}

static int64_t rename_at(struct task *t, int from_dir, uint64_t from, int to_dir, uint64_t to,
                         uint32_t flags)
{
    uint32_t foreign = 0, gone = 0, how = 0;
    struct walk *a, *b;
    int64_t r;

    if ((flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) ||
        ((flags & RENAME_EXCHANGE) && (flags & (RENAME_NOREPLACE | RENAME_WHITEOUT))))
        return -EINVAL;
    how = (flags & RENAME_NOREPLACE ? VFS_RENAME_HOW_NOREPLACE : 0) |
          (flags & RENAME_EXCHANGE ? VFS_RENAME_HOW_EXCHANGE : 0) |
          (flags & RENAME_WHITEOUT ? VFS_RENAME_HOW_WHITEOUT : 0);
    r = path_begin(t, from_dir, from, false, &a);
    if (r)
        return r;
    r = path_begin(t, to_dir, to, false, &b);
    if (!r) {
        if (a->in_proc || b->in_proc)
            r = a->in_proc == b->in_proc ? -EPERM : -EXDEV;
        else
            r = vfs_errno(vfs_rename(a->session, &a->place, a->path, a->length, &b->place, b->path,
                                     b->length, how, &a->cred, &foreign, &gone));
        namecache_gone(gone);
        if (!r && foreign)
            r = -EXDEV;
        path_end(b);
    }
    path_end(a);
    return r;
}

int64_t sys_rename(struct task *t, const uint64_t *a)
{
    return rename_at(t, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
}

int64_t sys_renameat(struct task *t, const uint64_t *a)
{
    return rename_at(t, (int)a[0], a[1], (int)a[2], a[3], 0);
}

int64_t sys_renameat2(struct task *t, const uint64_t *a)
{
    return rename_at(t, (int)a[0], a[1], (int)a[2], a[3], (uint32_t)a[4]);
}
