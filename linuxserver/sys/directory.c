/*
 * Directories and the places a task stands at: getdents, getcwd, chdir, chroot, umask.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <file.h>
#include <fs/inotify.h>
#include <fs/path.h>
#include <linux/inotify.h>

/* What comes next, as records of getdents64. Bytes or -errno. */
static int64_t list_into(struct task *t, struct file *f, struct io *io)
{
    int64_t r;

    if (f->flags & O_PATH)
        return -EBADF;
    if (!f->ops->readdir)
        return -ENOTDIR;
    mutex_lock(&f->lock);
    r = f->ops->readdir(t, f, io);
    mutex_unlock(&f->lock);
    if (r >= 0)
        file_touch(f, IN_ACCESS);
    return r;
}

int64_t sys_getdents64(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    struct io io = {.mm = t->mm, .va = a[1], .length = (uint32_t)a[2]};
    int64_t r = f ? list_into(t, f, &io) : -EBADF;

    file_put(f);
    return r;
}

struct linux_dirent {
    uint64_t ino, off;
    uint16_t reclen;
    char name[]; /* and its zero; the last byte of the record is the type */
};
_Static_assert(offsetof(struct linux_dirent, name) + 1 == 19, "a record is as long as a dirent64");

/* Makes older records of the newer ones, which are as long: the type moves from before the name to the end. */
static void make_older(uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        struct linux_dirent *d = (struct linux_dirent *)(data + at);
        uint8_t type = (uint8_t)d->name[0];

        memmove(d->name, d->name + 1, d->reclen - offsetof(struct linux_dirent, name) - 1u);
        data[at + d->reclen - 1] = type;
        at += d->reclen;
    }
}

#define OLD_BATCH 32768u

int64_t sys_getdents(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    size_t size = (uint32_t)a[2] < OLD_BATCH ? (uint32_t)a[2] : OLD_BATCH;
    uint8_t *data = f ? rt_alloc(size ? size : 1) : NULL;
    struct io io = {.va = (uintptr_t)data, .length = size};
    int64_t r = !f ? -EBADF : !data ? -ENOMEM : list_into(t, f, &io);

    if (r > 0) {
        make_older(data, (size_t)r);
        r = copy_out(t->mm, a[1], data, (size_t)r) ? -EFAULT : r;
    }
    rt_free(data);
    file_put(f);
    return r;
}

int64_t sys_getcwd(struct task *t, const uint64_t *a)
{
    struct inode *cwd, *root;
    char *path = rt_alloc(PATH_LIMIT);
    size_t len = 0;
    int64_t r;

    if (!path)
        return -ENOMEM;
    mutex_lock(&t->fs->lock);
    cwd = inode_get(t->fs->cwd);
    root = inode_get(t->fs->root);
    mutex_unlock(&t->fs->lock);
    if (inode_in_proc(cwd)) {
        r = proc_path(cwd->proc, path, PATH_LIMIT);
        len = r > 0 ? (size_t)r : 0;
        r = r < 0 ? r : 0;
    } else {
        r = vfs_errno(vfs_path_of(cwd->session, cwd->node, root->node, 0, path, PATH_LIMIT, &len));
        if (r == -EXDEV)
            r = -ENOENT;
    }
    inode_put(cwd);
    inode_put(root);
    if (!r) {
        if (len + 1 > a[1])
            r = -ERANGE;
        else
            r = copy_out(t->mm, a[0], path, len + 1) ? -EFAULT : (int64_t)len + 1;
    }
    rt_free(path);
    return r;
}

/* May the task enter the directory? Search permission is vfsd's to judge. */
static int64_t enter(struct task *t, struct inode *dir)
{
    if (!mode_is(dir->mode, S_IFDIR))
        return -ENOTDIR;
    return inode_in_proc(dir) ? 0 : inode_check(t, dir, VFS_WALK_EXECUTE);
}

static int64_t resolve_directory(struct task *t, uint64_t path, struct inode **out)
{
    struct walk *w;
    int64_t r = path_begin(t, AT_FDCWD, path, false, &w);

    if (r)
        return r;
    r = path_inode(w, true, out);
    path_end(w);
    if (r)
        return r;
    r = enter(t, *out);
    if (r)
        inode_put(*out);
    return r;
}

static void replace(struct task *t, struct inode **slot, struct inode *with)
{
    struct inode *old;

    mutex_lock(&t->fs->lock);
    old = *slot;
    *slot = with;
    mutex_unlock(&t->fs->lock);
    inode_put(old);
}

int64_t sys_chdir(struct task *t, const uint64_t *a)
{
    struct inode *dir;
    int64_t r = resolve_directory(t, a[0], &dir);

    if (!r)
        replace(t, &t->fs->cwd, dir);
    return r;
}

int64_t sys_fchdir(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r;

    if (!f)
        return -EBADF;
    r = f->inode ? enter(t, f->inode) : -ENOTDIR;
    if (!r)
        replace(t, &t->fs->cwd, inode_get(f->inode));
    file_put(f);
    return r;
}

int64_t sys_chroot(struct task *t, const uint64_t *a)
{
    struct inode *dir;
    int64_t r = resolve_directory(t, a[0], &dir);

    if (r)
        return r;
    if (!cred_capable(&t->cred, CAP_SYS_CHROOT))
        r = -EPERM;
    else if (inode_in_proc(dir))
        r = -EINVAL; /* a root in procfs is not supported */
    if (r)
        inode_put(dir);
    else
        replace(t, &t->fs->root, dir);
    return r;
}

TRAP_PAGE_CALL int64_t sys_umask(struct task *t, const uint64_t *a)
{
    return __atomic_exchange_n(&t->fs->umask, (uint32_t)a[0] & 0777, __ATOMIC_RELAXED);
}
