/*
 * Extended attributes. vfsd keeps them; who may do what with which namespace is judged here.
 *
 * Source: xattr(7), setxattr(2), getxattr(2), listxattr(2), removexattr(2); Linux 6.1's xattr_permission() and commoncap.
 * user.* on tmpfs is as of 6.6.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <file.h>
#include <fs/path.h>
#include <linux/limits.h>
#include <linux/xattr.h>

struct name {
    char text[XATTR_NAME_MAX + 2];
    size_t length;
};

static int64_t name_in(struct task *t, uint64_t va, struct name *name)
{
    int64_t n = copy_in_string(t->mm, name->text, va, XATTR_NAME_MAX + 1);

    if (n == 0 || n == -ENAMETOOLONG)
        return -ERANGE;
    if (n < 0)
        return n;
    name->length = (size_t)n;
    return 0;
}

static bool is_in(const struct name *name, const char *space)
{
    return !strncmp(name->text, space, strlen(space));
}

/* Is there such a namespace on a file of vfsd's? 0, -EINVAL (nothing behind the dot), -EOPNOTSUPP. */
static int64_t check_space(const struct name *name)
{
    static const char *const space[] = {XATTR_TRUSTED_PREFIX, XATTR_SECURITY_PREFIX,
                                        XATTR_USER_PREFIX};

    for (size_t i = 0; i < sizeof space / sizeof *space; i++)
        if (is_in(name, space[i]))
            return name->text[strlen(space[i])] ? 0 : -EINVAL;
    return -EOPNOTSUPP;
}

/* user.*: plain files and directories; in a sticky one only the owner's. */
static int64_t check_user(struct task *t, struct inode *i, bool write)
{
    struct vfs_attr attr;
    int64_t err;

    if (!mode_is(i->mode, S_IFREG) && !mode_is(i->mode, S_IFDIR))
        return write ? -EPERM : -ENODATA;
    if (write && mode_is(i->mode, S_IFDIR)) {
        err = vfs_errno(vfs_getattr(i->session, i->node, &attr));
        if (err)
            return err;
        if ((attr.mode & S_ISVTX) && attr.uid != t->cred.fsuid &&
            !cred_capable(&t->cred, CAP_FOWNER))
            return -EPERM;
    }
    return inode_check(t, i, write ? VFS_WALK_WRITE : VFS_WALK_READ);
}

static int64_t check(struct task *t, struct inode *i, const struct name *name, bool write)
{
    bool admin = cred_capable(&t->cred, CAP_SYS_ADMIN);

    if (is_in(name, XATTR_TRUSTED_PREFIX))
        return admin ? 0 : write ? -EPERM : -ENODATA;
    if (is_in(name, XATTR_USER_PREFIX))
        return check_user(t, i, write);
    if (!is_in(name, XATTR_SECURITY_PREFIX))
        return is_in(name, XATTR_SYSTEM_PREFIX)
                   ? 0
                   : inode_check(t, i, write ? VFS_WALK_WRITE : VFS_WALK_READ);
    if (!write)
        return 0;
    if (!strcmp(name->text, XATTR_NAME_CAPS))
        return cred_capable(&t->cred, CAP_SETFCAP) ? 0 : -EPERM;
    return admin ? 0 : -EPERM;
}

static int64_t store(struct task *t, struct inode *i, const struct name *name, uint32_t how,
                     uint64_t va, size_t size)
{
    uint8_t *data = rt_alloc(name->length + size);
    int64_t err = -ENOMEM;

    if (data) {
        memcpy(data, name->text, name->length);
        err = size ? copy_in(t->mm, data + name->length, va, size) : 0;
    }
    if (!err && (!i || inode_in_proc(i)))
        err = -EOPNOTSUPP;
    if (!err)
        err = check(t, i, name, true);
    if (!err)
        err = check_space(name);
    if (!err)
        err = vfs_errno(vfs_xattr_set(i->session, i->node, how, (uint32_t)name->length, data,
                                      name->length + size));
    rt_free(data);
    return err;
}

/* The arguments behind the file, from a[1] on. */
static int64_t set(struct task *t, struct inode *i, const uint64_t *a)
{
    uint32_t how = (a[4] & XATTR_CREATE ? VFS_XATTR_HOW_CREATE : 0) |
                   (a[4] & XATTR_REPLACE ? VFS_XATTR_HOW_REPLACE : 0);
    struct name name;
    int64_t err;

    if (a[4] & ~(uint64_t)(XATTR_CREATE | XATTR_REPLACE))
        return -EINVAL;
    err = name_in(t, a[1], &name);
    if (!err && a[3] > XATTR_SIZE_MAX)
        err = -E2BIG;
    return err ? err : store(t, i, &name, how, a[2], a[3]);
}

static int64_t drop(struct task *t, struct inode *i, const uint64_t *a)
{
    struct name name;
    int64_t err = name_in(t, a[1], &name);

    return err ? err : store(t, i, &name, VFS_XATTR_HOW_REMOVE, 0, 0);
}

/* Gives what was asked for, or its size when there is no room for anything. */
static int64_t give(struct task *t, uint64_t va, uint64_t room, const void *data, uint32_t size)
{
    if (!room)
        return size;
    if (size > room)
        return -ERANGE;
    return size && copy_out(t->mm, va, data, size) ? -EFAULT : (int64_t)size;
}

static int64_t get(struct task *t, struct inode *i, const uint64_t *a)
{
    size_t room = a[3] < XATTR_SIZE_MAX ? a[3] : XATTR_SIZE_MAX, length;
    struct name name;
    uint32_t size = 0;
    uint8_t *data;
    int64_t err = name_in(t, a[1], &name);

    if (!err && (!i || inode_in_proc(i)))
        err = -EOPNOTSUPP;
    if (!err)
        err = check(t, i, &name, false);
    if (!err)
        err = check_space(&name);
    if (err)
        return err;
    data = rt_alloc(room ? room : 1);
    if (!data)
        return -ENOMEM;
    err = vfs_errno(
        vfs_xattr_get(i->session, i->node, name.text, name.length, &size, data, room, &length));
    if (!err)
        err = give(t, a[2], a[3], data, size);
    rt_free(data);
    return err;
}

static int64_t list(struct task *t, struct inode *i, const uint64_t *a)
{
    size_t room = a[2] < XATTR_LIST_MAX ? a[2] : XATTR_LIST_MAX, length;
    uint32_t size = 0;
    uint8_t *data;
    int64_t err;

    if (!i || inode_in_proc(i))
        return 0;
    data = rt_alloc(room ? room : 1);
    if (!data)
        return -ENOMEM;
    err = vfs_errno(vfs_xattr_list(i->session, i->node, cred_capable(&t->cred, CAP_SYS_ADMIN),
                                   &size, data, room, &length));
    if (!err)
        err = give(t, a[1], a[2], data, size);
    rt_free(data);
    return err;
}

typedef int64_t (*action)(struct task *t, struct inode *i, const uint64_t *a);

static int64_t at_path(struct task *t, const uint64_t *a, bool follow, action act)
{
    struct inode *i;
    struct walk *w;
    int64_t r = path_begin(t, AT_FDCWD, a[0], false, &w);

    if (r)
        return r;
    r = path_inode(w, follow, &i);
    path_end(w);
    if (r)
        return r;
    r = act(t, i, a);
    inode_put(i);
    return r;
}

static int64_t at_fd(struct task *t, const uint64_t *a, action act)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r;

    if (!f)
        return -EBADF;
    r = f->flags & O_PATH ? -EBADF : act(t, f->inode, a);
    file_put(f);
    return r;
}

int64_t sys_setxattr(struct task *t, const uint64_t *a)
{
    return at_path(t, a, true, set);
}

int64_t sys_lsetxattr(struct task *t, const uint64_t *a)
{
    return at_path(t, a, false, set);
}

int64_t sys_fsetxattr(struct task *t, const uint64_t *a)
{
    return at_fd(t, a, set);
}

int64_t sys_getxattr(struct task *t, const uint64_t *a)
{
    return at_path(t, a, true, get);
}

int64_t sys_lgetxattr(struct task *t, const uint64_t *a)
{
    return at_path(t, a, false, get);
}

int64_t sys_fgetxattr(struct task *t, const uint64_t *a)
{
    return at_fd(t, a, get);
}

int64_t sys_listxattr(struct task *t, const uint64_t *a)
{
    return at_path(t, a, true, list);
}

int64_t sys_llistxattr(struct task *t, const uint64_t *a)
{
    return at_path(t, a, false, list);
}

int64_t sys_flistxattr(struct task *t, const uint64_t *a)
{
    return at_fd(t, a, list);
}

int64_t sys_removexattr(struct task *t, const uint64_t *a)
{
    return at_path(t, a, true, drop);
}

int64_t sys_lremovexattr(struct task *t, const uint64_t *a)
{
    return at_path(t, a, false, drop);
}

int64_t sys_fremovexattr(struct task *t, const uint64_t *a)
{
    return at_fd(t, a, drop);
}
