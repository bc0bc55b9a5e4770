/*
 * Asking about files: stat, statx, statfs, access, readlink.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <arch/x86_64/stat.h>
#include <file.h>
#include <fs/namecache.h>

static int64_t fd_attr(struct task *t, int fd, struct vfs_attr *out)
{
    struct file *f = fd_get(t, fd);
    int64_t r;

    if (!f)
        return -EBADF;
    if (f->inode && inode_in_proc(f->inode))
        r = proc_stat(t, f->inode->proc, !(f->flags & O_PATH), out);
    else
        r = f->ops->stat(f, out);
    file_put(f);
    return r;
}

/* Attributes of a path, or of `dirfd` itself for an empty path with AT_EMPTY_PATH. */
static int64_t attr_at(struct task *t, int dirfd, uint64_t path, uint32_t flags,
                       struct vfs_attr *out)
{
    struct walk *w;
    char first;
    int64_t r;

    if (flags & AT_EMPTY_PATH) {
        r = copy_in(t->mm, &first, path, 1);
        if (r)
            return r;
        if (!first && dirfd != AT_FDCWD)
            return fd_attr(t, dirfd, out);
    }
    r = path_begin(t, dirfd, path, flags & AT_EMPTY_PATH, &w);
    if (r)
        return r;
    r = path_stat(w, flags & AT_SYMLINK_NOFOLLOW ? VFS_WALK_NOFOLLOW : 0, out);
    path_end(w);
    return r;
}

static int64_t stat_out(struct task *t, uint64_t va, const struct vfs_attr *attr)
{
    struct linux_stat st;

    stat_from_attr(attr, &st);
    return copy_out(t->mm, va, &st, sizeof st);
}

static int64_t stat_at(struct task *t, int dirfd, uint64_t path, uint32_t flags, uint64_t va)
{
    struct vfs_attr attr;
    int64_t r = attr_at(t, dirfd, path, flags, &attr);

    return r ? r : stat_out(t, va, &attr);
}

HOT_PATH int64_t sys_stat(struct task *t, const uint64_t *a)
{
    return stat_at(t, AT_FDCWD, a[0], 0, a[1]);
}

int64_t sys_lstat(struct task *t, const uint64_t *a)
{
    return stat_at(t, AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW, a[1]);
}

int64_t sys_fstat(struct task *t, const uint64_t *a)
{
    struct vfs_attr attr;
    int64_t r = fd_attr(t, (int)a[0], &attr);

    return r ? r : stat_out(t, a[1], &attr);
}

int64_t sys_newfstatat(struct task *t, const uint64_t *a)
{
    if (a[3] & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
        return -EINVAL;
    return stat_at(t, (int)a[0], a[1], (uint32_t)a[3], a[2]);
}

static struct statx_timestamp stamp(int64_t ns)
{
    return (struct statx_timestamp){.tv_sec = ns / NS_PER_SEC,
                                    .tv_nsec = (uint32_t)(ns % NS_PER_SEC)};
}

int64_t sys_statx(struct task *t, const uint64_t *a)
{
    struct vfs_attr attr;
    struct statx x;
    int64_t r;

    if (a[2] &
        ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE))
        return -EINVAL;
    if ((a[2] & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE || (a[3] & STATX__RESERVED))
        return -EINVAL;
    r = attr_at(t, (int)a[0], a[1], (uint32_t)a[2], &attr);
    if (r)
        return r;
    memset(&x, 0, sizeof x);
    x.stx_mask = STATX_BASIC_STATS | (attr.btime ? STATX_BTIME : 0);
    x.stx_blksize = PAGE_SIZE;
    x.stx_nlink = attr.nlink;
    x.stx_uid = attr.uid;
    x.stx_gid = attr.gid;
    x.stx_mode = (uint16_t)attr.mode;
    x.stx_ino = attr.ino;
    x.stx_size = attr.size;
    x.stx_blocks = attr.blocks;
    x.stx_atime = stamp(attr.atime);
    x.stx_btime = stamp(attr.btime);
    x.stx_ctime = stamp(attr.ctime);
    x.stx_mtime = stamp(attr.mtime);
    x.stx_rdev_major = attr.rdev_major;
    x.stx_rdev_minor = attr.rdev_minor;
    x.stx_dev_minor = (uint32_t)attr.dev; /* no file system here has a device: major 0 */
    x.stx_attributes = attr.mount_root ? STATX_ATTR_MOUNT_ROOT : 0;
    x.stx_attributes_mask = STATX_ATTR_MOUNT_ROOT | STATX_ATTR_APPEND | STATX_ATTR_IMMUTABLE |
                            STATX_ATTR_NODUMP; /* these three are known, and no file has them */
    if (a[3] & STATX_MNT_ID) {
        x.stx_mask |= STATX_MNT_ID;
        x.stx_mnt_id = attr.mount;
    }
    return copy_out(t->mm, a[4], &x, sizeof x);
}

struct access_args {
    uint32_t how;
    struct vfs_attr found;
};

static int32_t op_access(struct walk *w, void *arg, uint32_t *foreign)
{
    struct access_args *a = arg;
    uint32_t how = a->how | (w->length ? 0 : VFS_WALK_EMPTY_PATH);
    size_t n;
    int32_t r;

    if (namecache_absent(w, how))
        return VFS_ERROR_NOENT;
    r = vfs_access(w->session, &w->place, w->path, w->length, how, &w->cred, &a->found, w->rest,
                   sizeof w->rest, &n);

    *foreign = r ? 0 : a->found.foreign;
    return r;
}

/* access(2) asks with the real ids; without capabilities unless the real user is root. */
static void use_real_ids(struct task *t, struct vfs_cred *cred)
{
    struct cred saved = t->cred;

    t->cred.fsuid = saved.uid;
    t->cred.fsgid = saved.gid;
    t->cred.cap_effective = saved.uid ? 0 : saved.cap_permitted;
    vfs_cred_of(t, cred);
    t->cred = saved;
}

static int64_t access_at(struct task *t, int dirfd, uint64_t path, uint32_t mode, uint32_t flags)
{
    struct access_args args = {0};
    struct walk *w;
    int64_t r;

    if ((mode & ~7u) || (flags & ~(uint32_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)))
        return -EINVAL;
    args.how = (mode & 4 ? VFS_WALK_READ : 0) | (mode & 2 ? VFS_WALK_WRITE : 0) |
               (mode & 1 ? VFS_WALK_EXECUTE : 0) |
               (flags & AT_SYMLINK_NOFOLLOW ? VFS_WALK_NOFOLLOW : 0);
    r = path_begin(t, dirfd, path, flags & AT_EMPTY_PATH, &w);
    if (r)
        return r;
    if (!(flags & AT_EACCESS))
        use_real_ids(t, &w->cred);
    r = path_run(w, !(flags & AT_SYMLINK_NOFOLLOW), op_access, &args);
    if (!r && w->in_proc)
        r = w->proc_missing ? -ENOENT : proc_access(&w->cred, t, w->proc, args.how);
    path_end(w);
    return r;
}

int64_t sys_access(struct task *t, const uint64_t *a)
{
    return access_at(t, AT_FDCWD, a[0], (uint32_t)a[1], 0);
}

int64_t sys_faccessat(struct task *t, const uint64_t *a)
{
    return access_at(t, (int)a[0], a[1], (uint32_t)a[2], 0);
}

int64_t sys_faccessat2(struct task *t, const uint64_t *a)
{
    return access_at(t, (int)a[0], a[1], (uint32_t)a[2], (uint32_t)a[3]);
}

struct readlink_args {
    char *target;
    size_t length;
};

static int32_t op_readlink(struct walk *w, void *arg, uint32_t *foreign)
{
    struct readlink_args *a = arg;
    size_t n;

    return vfs_readlink(w->session, &w->place, w->path, w->length,
                        w->length ? 0 : VFS_WALK_EMPTY_PATH, &w->cred, a->target, PATH_LIMIT,
                        &a->length, w->rest, sizeof w->rest, &n, foreign);
}

static int64_t readlink_at(struct task *t, int dirfd, uint64_t path, uint64_t buf, int64_t size)
{
    struct readlink_args args = {.target = rt_alloc(PATH_LIMIT)};
    struct walk *w;
    int64_t r = -ENOMEM;

    if (size <= 0) {
        r = -EINVAL;
        goto out;
    }
    if (!args.target)
        goto out;
    r = path_begin(t, dirfd, path, true, &w);
    if (r)
        goto out;
    if (!w->length && dirfd == AT_FDCWD)
        r = -ENOENT;
    else
        r = path_run(w, false, op_readlink, &args);
    if (!r && w->in_proc) {
        r = w->proc_missing ? -ENOENT : proc_readlink(t, w->proc, args.target, PATH_LIMIT);
        args.length = r > 0 ? (size_t)r : 0;
    }
    path_end(w);
    if (r >= 0) {
        size_t n = args.length < (size_t)size ? args.length : (size_t)size;

        r = copy_out(t->mm, buf, args.target, n) ? -EFAULT : (int64_t)n;
    }
out:
    rt_free(args.target);
    return r;
}

int64_t sys_readlink(struct task *t, const uint64_t *a)
{
    return readlink_at(t, AT_FDCWD, a[0], a[1], (int)a[2]);
}

int64_t sys_readlinkat(struct task *t, const uint64_t *a)
{
    return readlink_at(t, (int)a[0], a[1], a[2], (int)a[3]);
}

struct linux_statfs {
    int64_t f_type, f_bsize;
    uint64_t f_blocks, f_bfree, f_bavail, f_files, f_ffree;
    int32_t f_fsid[2];
    int64_t f_namelen, f_frsize, f_flags, f_spare[4];
};
_Static_assert(sizeof(struct linux_statfs) == 120, "asm/statfs.h, x86-64");

#define PROC_SUPER_MAGIC 0x9fa0
#define PIPEFS_MAGIC     0x50495045

static int64_t statfs_inode(struct task *t, struct inode *i, uint64_t va)
{
    struct linux_statfs st = {.f_bsize = PAGE_SIZE, .f_frsize = PAGE_SIZE, .f_namelen = 255};
    struct vfs_fs_info info;
    int64_t r;

    if (!i) {
        st.f_type = PIPEFS_MAGIC;
    } else if (inode_in_proc(i)) {
        st.f_type = PROC_SUPER_MAGIC;
    } else {
        r = vfs_errno(vfs_statfs(i->session, i->node, &info));
        if (r)
            return r;
        st.f_type = (int64_t)info.type;
        st.f_bsize = st.f_frsize = (int64_t)info.block_size;
        st.f_blocks = info.blocks;
        st.f_bfree = st.f_bavail = info.blocks_free;
        st.f_files = info.files;
        st.f_ffree = info.files_free;
        st.f_fsid[0] = (int32_t)info.fsid;
        st.f_namelen = info.name_max;
        st.f_flags = info.mount_flags;
    }
    return copy_out(t->mm, va, &st, sizeof st);
}

int64_t sys_statfs(struct task *t, const uint64_t *a)
{
    struct inode *i;
    struct walk *w;
    int64_t r = path_begin(t, AT_FDCWD, a[0], false, &w);

    if (r)
        return r;
    r = path_inode(w, true, &i);
    path_end(w);
    if (r)
        return r;
    r = statfs_inode(t, i, a[1]);
    inode_put(i);
    return r;
}

int64_t sys_fstatfs(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r;

    if (!f)
        return -EBADF;
    r = statfs_inode(t, f->inode, a[1]);
    file_put(f);
    return r;
}
