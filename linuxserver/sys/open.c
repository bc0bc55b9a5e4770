/*
 * Opening files.
 */
#include "sys.h"

#include <file.h>
#include <fs/open.h>

#define O_TMPFILE_BIT 020000000

static int64_t open_at(struct task *t, int dirfd, uint64_t path, uint32_t flags, uint32_t mode)
{
    struct walk *w;
    struct file *f;
    int64_t r;

    if ((flags & O_TMPFILE_BIT) && (!(flags & O_DIRECTORY) || (flags & O_ACCMODE) == O_RDONLY))
        return -EINVAL;
    if ((flags & O_ACCMODE) == 3)
        return -EINVAL;
    if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
        flags &= ~(uint32_t)O_DIRECTORY; /* 6.1 ignores it with O_CREAT */
    r = path_begin(t, dirfd, path, false, &w);
    if (r)
        return r;
    if (flags & O_TMPFILE_BIT)
        r = file_open_unnamed(w, flags & ~(uint32_t)(O_CLOEXEC | O_DIRECTORY | O_TMPFILE_BIT), mode,
                              &f);
    else
        r = file_open(w, flags & ~(uint32_t)O_CLOEXEC, mode, &f);
    path_end(w);
    if (r)
        return r;
    r = fd_install(t, f, 0, flags & O_CLOEXEC);
    if (r < 0)
        file_put(f);
    return r;
}

int64_t sys_open(struct task *t, const uint64_t *a)
{
    return open_at(t, AT_FDCWD, a[0], (uint32_t)a[1], (uint32_t)a[2]);
}

int64_t sys_openat(struct task *t, const uint64_t *a)
{
    return open_at(t, (int)a[0], a[1], (uint32_t)a[2], (uint32_t)a[3]);
}

int64_t sys_creat(struct task *t, const uint64_t *a)
{
    return open_at(t, AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)a[1]);
}
