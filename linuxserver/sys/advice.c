/*
 * Calls by which a program tells how it will use a file: fadvise64, readahead, sync_file_range. Files
 * are memory here, so they check what they are given and have nothing to do.
 */
#include "sys.h"

#include <linux/fadvise.h>

#include <file.h>

#define SYNC_FILE_RANGE_KNOWN                                                                      \
    (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER)

static bool seekable(const struct file *f)
{
    return f->ops->seek;
}

int64_t sys_fadvise64(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r = 0;

    if (!f)
        return -EBADF;
    if (f->flags & O_PATH)
        r = -EBADF;
    else if (!seekable(f))
        r = -ESPIPE;
    else if (a[3] > POSIX_FADV_NOREUSE || (int64_t)a[2] < 0)
        r = -EINVAL;
    file_put(f);
    return r;
}

int64_t sys_readahead(struct task *t, const uint64_t *a)
{
    struct file *f = fd_get(t, (int)a[0]);
    int64_t r = 0;

    if (!f)
        return -EBADF;
    if ((f->flags & O_PATH) || !file_readable(f))
        r = -EBADF;
    else if (!f->ops->backing)
        r = -EINVAL; /* no page cache */
    file_put(f);
    return r;
}

int64_t sys_sync_file_range(struct task *t, const uint64_t *a)
{
    int64_t offset = (int64_t)a[1], length = (int64_t)a[2], end, r = 0;
    struct file *f = fd_get(t, (int)a[0]);

    if (!f)
        return -EBADF;
    if (f->flags & O_PATH)
        r = -EBADF;
    else if ((uint32_t)a[3] & ~SYNC_FILE_RANGE_KNOWN)
        r = -EINVAL;
    else if (offset < 0 || length < 0 || __builtin_add_overflow(offset, length, &end))
        r = -EINVAL;
    else if (!seekable(f))
        r = -ESPIPE;
    file_put(f);
    return r;
}
