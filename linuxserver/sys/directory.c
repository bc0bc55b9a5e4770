/*
 * Directories and the places a task stands at: getdents, getcwd, chdir, chroot, umask.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <file.h>
#include <fs/path.h>

int64_t sys_getdents64(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    struct io io = {.mm = t->mm, .va = a[1], .length = (uint32_t)a[2]};
    int64_t r;

    if (!f)
        return -EBADF;
    if (f->flags & O_PATH) {
        r = -EBADF;
    } else if (!f->ops->readdir) {
        r = -ENOTDIR;
    } else {
        mutex_lock(&f->lock);
        r = f->ops->readdir(t, f, &io);
        mutex_unlock(&f->lock);
    }
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
    struct vfs_place at = {.root = dir->node, .dir = dir->node};
    struct vfs_attr found;
    struct vfs_cred cred;
    char rest[8];
    size_t n;

    if (!mode_is(dir->mode, S_IFDIR))
        return -ENOTDIR;
    if (inode_in_proc(dir))
        return 0;
    vfs_cred_of(t, &cred);
    return vfs_errno(vfs_access(dir->session, &at, "", 0, VFS_WALK_EMPTY_PATH | VFS_WALK_EXECUTE,
                                &cred, &found, rest, sizeof rest, &n));
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
