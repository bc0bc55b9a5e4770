/*
 * Opening files. Source: open(2), openat2(2), and Linux 6.1's build_open_flags() for what goes with what.
 */
#include "sys.h"

#include <file.h>
#include <fs/inotify.h>
#include <fs/open.h>
#include <linux/inotify.h>
#include <linux/openat2.h>

#define PATH_FLAGS (O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC)
#define VALID_FLAGS                                                                                \
    ((uint64_t)(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK |        \
                O_SYNC | O_DSYNC | FASYNC | O_DIRECT | O_LARGEFILE | O_NOFOLLOW | O_NOATIME |      \
                O_CLOEXEC | O_PATH | O_TMPFILE))
#define VALID_RESOLVE                                                                              \
    ((uint64_t)(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH |  \
                RESOLVE_IN_ROOT | RESOLVE_CACHED))

static bool creates(uint64_t flags)
{
    return flags & (O_CREAT | __O_TMPFILE);
}

/* What openat2() refuses; open() has dropped most of it before. 0, -EINVAL or -EAGAIN. */
static int64_t check(const struct open_how *how)
{
    bool writes = (how->flags & O_ACCMODE) != O_RDONLY;

    if ((how->flags & ~VALID_FLAGS) || (how->resolve & ~VALID_RESOLVE))
        return -EINVAL;
    if ((how->resolve & RESOLVE_BENEATH) && (how->resolve & RESOLVE_IN_ROOT))
        return -EINVAL;
    if (how->mode & ~(creates(how->flags) ? 07777ull : 0))
        return -EINVAL;
    if ((how->flags & __O_TMPFILE) &&
        ((how->flags & (O_TMPFILE | O_CREAT)) != O_TMPFILE || !writes))
        return -EINVAL;
    if ((how->flags & O_PATH) && (how->flags & ~(uint64_t)PATH_FLAGS))
        return -EINVAL;
    if ((how->resolve & RESOLVE_CACHED) && (how->flags & (O_TRUNC | O_CREAT | O_TMPFILE)))
        return -EAGAIN;
    return 0;
}

static struct path_rules rules_of(uint64_t resolve)
{
    return (struct path_rules){
        .how = (resolve & RESOLVE_NO_SYMLINKS ? VFS_WALK_NO_LINKS : 0) |
               (resolve & RESOLVE_NO_XDEV ? VFS_WALK_ONE_MOUNT : 0) |
               (resolve & RESOLVE_BENEATH ? VFS_WALK_BENEATH : 0),
        .in_root = resolve & RESOLVE_IN_ROOT,
        .no_magic = resolve & RESOLVE_NO_MAGICLINKS,
        .cached = resolve & RESOLVE_CACHED,
    };
}

static HOT_PATH int64_t open_how(struct task *t, int dirfd, uint64_t path, const struct open_how *how)
{
    struct path_rules rules = rules_of(how->resolve);
    uint32_t flags = (uint32_t)how->flags & ~(uint32_t)O_CLOEXEC;
    struct walk *w;
    struct file *f;
    int64_t r = check(how);

    if (!r && !fd_available(t))
        r = -EMFILE;
    if (!r)
        r = path_begin_ruled(t, dirfd, path, &rules, &w);
    if (r)
        return r;
    if (flags & __O_SYNC)
        flags |= O_DSYNC;
    if (flags & __O_TMPFILE)
        r = file_open_unnamed(w, flags, (uint32_t)how->mode, &f);
    else
        r = file_open(w, flags, (uint32_t)how->mode, &f);
    path_end(w);
    if (r == -ENOENT && rules.cached)
        return -EAGAIN;
    if (r)
        return r;
    if (!(flags & O_PATH))
        file_touch(f, IN_OPEN);
    r = fd_install(t, f, 0, how->flags & O_CLOEXEC);
    if (r < 0)
        file_put(f);
    return r;
}

static int64_t open_at(struct task *t, int dirfd, uint64_t path, uint32_t flags, uint32_t mode)
{
    struct open_how how = {.flags = flags & VALID_FLAGS, .mode = mode & 07777};

    if (how.flags & O_PATH)
        how.flags &= PATH_FLAGS;
    if (!creates(how.flags))
        how.mode = 0;
    return open_how(t, dirfd, path, &how);
}

HOT_PATH int64_t sys_open(struct task *t, const uint64_t *a)
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

/* Are these bytes of the program's all zero? 0, -E2BIG, -EFAULT. */
static int64_t check_zero(struct task *t, uint64_t va, size_t size)
{
    uint8_t bytes[64];

    while (size) {
        size_t n = size < sizeof bytes ? size : sizeof bytes;

        if (copy_in(t->mm, bytes, va, n))
            return -EFAULT;
        for (size_t i = 0; i < n; i++)
            if (bytes[i])
                return -E2BIG;
        va += n;
        size -= n;
    }
    return 0;
}

int64_t sys_openat2(struct task *t, const uint64_t *a)
{
    struct open_how how;
    int64_t r;

    if (a[3] < sizeof how)
        return -EINVAL;
    if (a[3] > PAGE_SIZE)
        return -E2BIG;
    r = check_zero(t, a[2] + sizeof how, a[3] - sizeof how);
    if (r)
        return r;
    if (copy_in(t->mm, &how, a[2], sizeof how))
        return -EFAULT;
    return open_how(t, (int)a[0], a[1], &how);
}
