/*
 * Changing attributes: chmod, chown, utimens, truncate, fallocate.
 */
#include "sys.h"

#include <jg/rt/time.h>
#include <jg/stubs.h>

#include <file.h>
#include <fs/inotify.h>
#include <fs/memfd.h>
#include <fs/path.h>
#include <fs/regular.h>
#include <linux/falloc.h>
#include <linux/inotify.h>

static int64_t change(struct task *t, struct inode *i, const struct vfs_new_attr *to)
{
    struct vfs_cred cred;

    if (!i)
        return -EINVAL;
    if (inode_in_proc(i))
        return -EPERM;
    vfs_cred_of(t, &cred);
    return vfs_errno(vfs_setattr(i->session, i->node, to, &cred));
}

static int64_t change_at(struct task *t, int dirfd, uint64_t path, uint32_t flags,
                         const struct vfs_new_attr *to)
{
    struct inode *i;
    struct walk *w;
    struct file *f;
    int64_t r = path_begin(t, dirfd, path, flags & AT_EMPTY_PATH, &w);

    if (r == -ENOTDIR && (flags & AT_EMPTY_PATH)) {
        f = fd_get(t, dirfd);
        r = f && f->inode ? change(t, f->inode, to) : -ENOTDIR;
        file_put(f);
        return r;
    }
    if (r)
        return r;
    r = path_inode(w, !(flags & AT_SYMLINK_NOFOLLOW), &i);
    path_end(w);
    if (r)
        return r;
    r = change(t, i, to);
    inode_put(i);
    return r;
}

static int64_t change_fd(struct task *t, int fd, const struct vfs_new_attr *to, bool path_ok)
{
    struct file *f = fd_get(t, fd);
    int64_t r;

    if (!f)
        return -EBADF;
    r = (f->flags & O_PATH) && !path_ok ? -EBADF : f->inode ? change(t, f->inode, to) : 0;
    file_put(f);
    return r;
}

static struct vfs_new_attr mode_change(uint64_t mode)
{
    return (struct vfs_new_attr){.what = VFS_CHANGE_MODE, .mode = (uint32_t)mode & 07777};
}

static struct vfs_new_attr owner_change(uint64_t uid, uint64_t gid)
{
    struct vfs_new_attr to = {.uid = (uint32_t)uid, .gid = (uint32_t)gid};

    to.what = (to.uid != ~0u ? VFS_CHANGE_UID : 0) | (to.gid != ~0u ? VFS_CHANGE_GID : 0);
    return to;
}

int64_t sys_chmod(struct task *t, const uint64_t *a)
{
    struct vfs_new_attr to = mode_change(a[1]);

    return change_at(t, AT_FDCWD, a[0], 0, &to);
}

int64_t sys_fchmod(struct task *t, const uint64_t *a)
{
    struct vfs_new_attr to = mode_change(a[1]);

    return change_fd(t, (int)a[0], &to, false);
}

int64_t sys_fchmodat(struct task *t, const uint64_t *a)
{
    struct vfs_new_attr to = mode_change(a[2]);

    return change_at(t, (int)a[0], a[1], 0, &to);
}

int64_t sys_chown(struct task *t, const uint64_t *a)
{
    struct vfs_new_attr to = owner_change(a[1], a[2]);

    return change_at(t, AT_FDCWD, a[0], 0, &to);
}

int64_t sys_lchown(struct task *t, const uint64_t *a)
{
    struct vfs_new_attr to = owner_change(a[1], a[2]);

    return change_at(t, AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW, &to);
}

int64_t sys_fchown(struct task *t, const uint64_t *a)
{
    struct vfs_new_attr to = owner_change(a[1], a[2]);

    return change_fd(t, (int)a[0], &to, false);
}

int64_t sys_fchownat(struct task *t, const uint64_t *a)
{
    struct vfs_new_attr to = owner_change(a[2], a[3]);

    if (a[4] & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    return change_at(t, (int)a[0], a[1], (uint32_t)a[4], &to);
}

static struct vfs_new_attr times_change(const jg_time_t *times)
{
    struct vfs_new_attr to = {.what = VFS_CHANGE_ATIME_NOW | VFS_CHANGE_MTIME_NOW};

    if (times) {
        to.what = VFS_CHANGE_ATIME | VFS_CHANGE_MTIME;
        to.atime = times[0];
        to.mtime = times[1];
    }
    return to;
}

static int64_t utimens(struct task *t, int dirfd, uint64_t path, const struct vfs_new_attr *to,
                       uint32_t flags)
{
    if (!path && dirfd != AT_FDCWD)
        return flags ? -EINVAL : change_fd(t, dirfd, to, false);
    return change_at(t, dirfd, path, flags, to);
}

int64_t sys_utimensat(struct task *t, const uint64_t *a)
{
    struct vfs_new_attr to = times_change(NULL);
    int64_t ts[4];

    if (a[3] & ~(uint64_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (a[2]) {
        if (copy_in(t->mm, ts, a[2], sizeof ts))
            return -EFAULT;
        to.what = 0;
        for (int i = 0; i < 2; i++) {
            int64_t sec = ts[2 * i], nsec = ts[2 * i + 1];

            if (nsec == UTIME_OMIT)
                continue;
            if (nsec == UTIME_NOW) {
                to.what |= i ? VFS_CHANGE_MTIME_NOW : VFS_CHANGE_ATIME_NOW;
                continue;
            }
            if (nsec < 0 || nsec >= NS_PER_SEC)
                return -EINVAL;
            to.what |= i ? VFS_CHANGE_MTIME : VFS_CHANGE_ATIME;
            *(i ? &to.mtime : &to.atime) = sec * NS_PER_SEC + nsec;
        }
        if (!to.what)
            return 0;
    }
    return utimens(t, (int)a[0], a[1], &to, (uint32_t)a[3]);
}

static int64_t timeval_pair(struct task *t, int dirfd, uint64_t path, uint64_t va)
{
    struct vfs_new_attr to;
    jg_time_t times[2];

    int64_t err;

    if (va && ((err = timeval_in(t, va, &times[0])) || (err = timeval_in(t, va + 16, &times[1]))))
        return err;
    to = times_change(va ? times : NULL);
    return utimens(t, dirfd, path, &to, 0);
}

int64_t sys_utimes(struct task *t, const uint64_t *a)
{
    return timeval_pair(t, AT_FDCWD, a[0], a[1]);
}

int64_t sys_futimesat(struct task *t, const uint64_t *a)
{
    return timeval_pair(t, (int)a[0], a[1], a[2]);
}

int64_t sys_utime(struct task *t, const uint64_t *a)
{
    struct vfs_new_attr to;
    int64_t seconds[2];
    jg_time_t times[2];

    if (a[1] && copy_in(t->mm, seconds, a[1], sizeof seconds))
        return -EFAULT;
    if (a[1]) {
        times[0] = seconds[0] * NS_PER_SEC;
        times[1] = seconds[1] * NS_PER_SEC;
    }
    to = times_change(a[1] ? times : NULL);
    return change_at(t, AT_FDCWD, a[0], 0, &to);
}

int64_t sys_truncate(struct task *t, const uint64_t *a)
{
    struct vfs_new_attr to = {.what = VFS_CHANGE_SIZE, .size = a[1]};
    struct walk *w;
    struct inode *i;
    int64_t r;

    if ((int64_t)a[1] < 0)
        return -EINVAL;
    r = path_begin(t, AT_FDCWD, a[0], false, &w);
    if (r)
        return r;
    r = path_open(w, VFS_WALK_WRITE, 0, &i);
    if (!r && w->in_proc)
        r = -EACCES;
    else if (!r) {
        if (!mode_is(i->mode, S_IFREG)) {
            r = -EINVAL;
        } else if (!backing_claim(&i->backing, false)) {
            r = -ETXTBSY;
        } else {
            r = regular_may_grow(t, i, a[1]);
            if (!r)
                r = memfd_begin_resize(i, a[1]);
            if (!r) {
                r = change(t, i, &to);
                memfd_end(i);
            }
            backing_unclaim(&i->backing, false);
        }
        inode_put(i);
    }
    path_end(w);
    return r;
}

int64_t sys_ftruncate(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r;

    if (!f)
        return -EBADF;
    if ((int64_t)a[1] < 0 || !f->ops->truncate || !file_writable(f))
        r = f->flags & O_PATH ? -EBADF : -EINVAL;
    else
        r = f->ops->truncate(t, f, a[1]);
    file_put(f);
    return r;
}

static int64_t allocate(struct task *t, struct file *f, uint32_t mode, uint64_t offset,
                        uint64_t length)
{
    struct jg_info_vmo info;
    jg_handle_t vmo;
    int64_t r;

    r = inode_vmo(f->inode, &vmo);
    if (r)
        return r;
    if (mode & FALLOC_FL_PUNCH_HOLE) {
        r = memfd_begin_punch(f->inode);
        if (r)
            return r;
        r = jg_vmo_range(vmo, JG_VMO_DECOMMIT, offset, length);
        memfd_end(f->inode);
        return r == JG_ERR_OUT_OF_RANGE ? 0 : r < 0 ? -ENOMEM : 0; /* there is nothing past the end */
    }
    if (jg_object_info(vmo, JG_INFO_VMO, &info, sizeof info) < 0)
        return -EIO;
    if (offset + length > info.size && !(mode & FALLOC_FL_KEEP_SIZE)) {
        r = f->ops->truncate(t, f, offset + length);
        if (r)
            return r;
    }
    r = jg_vmo_range(vmo, JG_VMO_RESERVE, offset, length);
    if (r < 0)
        f->ops->truncate(t, f, info.size);
    return r == JG_ERR_NO_SPACE ? -ENOSPC : r < 0 ? -ENOMEM : 0;
}

/* What no file system is asked, as vfs_fallocate() says. 0 or -errno. */
static int64_t check_mode(uint32_t mode)
{
    const uint32_t known = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE |
                           FALLOC_FL_ZERO_RANGE | FALLOC_FL_INSERT_RANGE | FALLOC_FL_UNSHARE_RANGE;

    if ((mode & ~known) || (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) ==
                               (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
        return -EOPNOTSUPP;
    if ((mode & FALLOC_FL_PUNCH_HOLE) && !(mode & FALLOC_FL_KEEP_SIZE))
        return -EOPNOTSUPP;
    if (((mode & FALLOC_FL_COLLAPSE_RANGE) && mode != FALLOC_FL_COLLAPSE_RANGE) ||
        ((mode & FALLOC_FL_INSERT_RANGE) && mode != FALLOC_FL_INSERT_RANGE) ||
        ((mode & FALLOC_FL_UNSHARE_RANGE) &&
         (mode & ~(uint32_t)(FALLOC_FL_UNSHARE_RANGE | FALLOC_FL_KEEP_SIZE))))
        return -EINVAL;
    return 0;
}

int64_t sys_fallocate(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    uint32_t mode = (uint32_t)a[1];
    int64_t r;

    if (!f)
        return -EBADF;
    if ((int64_t)a[2] < 0 || (int64_t)a[3] <= 0)
        r = f->flags & O_PATH ? -EBADF : -EINVAL;
    else
        r = check_mode(mode);
    if (!r && !file_writable(f))
        r = -EBADF;
    if (!r && (!f->inode || !f->ops->truncate))
        r = f->ops->seek ? -ENODEV : -ESPIPE;
    if (!r && (int64_t)(a[2] + a[3]) < 0)
        r = -EFBIG;
    if (!r && mode & ~(uint32_t)(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE))
        r = -EOPNOTSUPP;
    if (!r)
        r = allocate(t, f, mode, a[2], a[3]);
    if (!r)
        file_touch(f, IN_MODIFY);
    file_put(f);
    return r;
}
