/*
 * inotify's system calls. Source: inotify(7).
 */
#include "sys.h"

#include <file.h>
#include <fs/inotify.h>
#include <fs/path.h>
#include <linux/inotify.h>

static int64_t init(struct task *t, uint32_t flags)
{
    struct file *f;
    int64_t r;

    if (flags & ~(uint32_t)(IN_CLOEXEC | IN_NONBLOCK))
        return -EINVAL;
    r = inotify_create(t, flags & IN_NONBLOCK, &f);
    if (r)
        return r;
    r = fd_install(t, f, 0, flags & IN_CLOEXEC);
    if (r < 0)
        file_put(f);
    return r;
}

int64_t sys_inotify_init(struct task *t, const uint64_t *a)
{
    (void)a;
    return init(t, 0);
}

int64_t sys_inotify_init1(struct task *t, const uint64_t *a)
{
    return init(t, (uint32_t)a[0]);
}

/* What to watch: it must be readable. 0 with a reference, or -errno. */
static int64_t find(struct task *t, uint64_t path, uint32_t mask, struct inode **out)
{
    struct walk *w;
    int64_t r = path_begin(t, AT_FDCWD, path, false, &w);

    if (r)
        return r;
    if (mask & IN_ONLYDIR)
        r = path_directory(w, !(mask & IN_DONT_FOLLOW), out);
    else
        r = path_inode(w, !(mask & IN_DONT_FOLLOW), out);
    path_end(w);
    if (!r && !inode_in_proc(*out)) {
        r = inode_check(t, *out, VFS_WALK_READ);
        if (r)
            inode_put(*out);
    }
    return r;
}

static int64_t add_watch(struct task *t, struct file *f, uint64_t path, uint32_t mask)
{
    struct inode *i;
    int64_t r;

    if (((mask & IN_MASK_ADD) && (mask & IN_MASK_CREATE)) || !file_is_inotify(f))
        return -EINVAL;
    r = find(t, path, mask, &i);
    if (r)
        return r;
    r = inotify_add(f, i, mask);
    inode_put(i);
    return r;
}

#define KNOWN                                                                                      \
    (IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW |       \
     IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ISDIR | IN_ONESHOT)

int64_t sys_inotify_add_watch(struct task *t, const uint64_t *a)
{
    struct file *f;
    int64_t r;

    if (!(a[2] & KNOWN))
        return -EINVAL;
    f = fd_get(t, (int)a[0]);
    if (!f)
        return -EBADF;
    r = add_watch(t, f, a[1], (uint32_t)a[2]);
    file_put(f);
    return r;
}

int64_t sys_inotify_rm_watch(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r;

    if (!f)
        return -EBADF;
    r = file_is_inotify(f) ? inotify_remove(f, (int)a[1]) : -EINVAL;
    file_put(f);
    return r;
}
