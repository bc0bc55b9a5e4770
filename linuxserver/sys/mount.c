/*
 * mount, umount2, pivot_root.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <linux/mount.h>

#include <fs/mounts.h>

static int64_t copy_fs_string(struct task *t, uint64_t va, char *buf, size_t size)
{
    int64_t n;

    buf[0] = 0;
    if (!va)
        return 0;
    n = copy_in_string(t->mm, buf, va, size);
    return n < 0 ? (n == -ENAMETOOLONG ? -EINVAL : n) : 0;
}

/* The data of a mount, which may end without a zero. */
static int64_t copy_options(struct task *t, uint64_t va, char *buf, size_t size)
{
    size_t n = va ? copy_in_some(t->mm, buf, va, size - 1) : 0;

    buf[n] = 0;
    return va && !n ? -EFAULT : 0;
}

int64_t sys_mount(struct task *t, const uint64_t *a)
{
    struct mount_text *text = rt_zalloc(sizeof *text);
    int64_t err;

    if (!text)
        return -ENOMEM;
    err = copy_fs_string(t, a[2], text->type, sizeof text->type);
    if (!err)
        err = copy_fs_string(t, a[0], text->source, sizeof text->source);
    if (!err)
        err = copy_options(t, a[4], text->options, sizeof text->options);
    if (!err && !cred_capable(&t->cred, CAP_SYS_ADMIN))
        err = -EPERM;
    if (!err)
        err = mount_do(t, a[1], text, a[3]);
    rt_free(text);
    return err;
}

int64_t sys_umount2(struct task *t, const uint64_t *a)
{
    if (a[1] & ~15ull)
        return -EINVAL;
    return cred_capable(&t->cred, CAP_SYS_ADMIN) ? mount_remove(t, a[0], (uint32_t)a[1]) : -EPERM;
}

int64_t sys_pivot_root(struct task *t, const uint64_t *a)
{
    return cred_capable(&t->cred, CAP_SYS_ADMIN) ? mount_pivot(t, a[0], a[1]) : -EPERM;
}
