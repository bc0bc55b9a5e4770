/*
 * Regular files and directories. Data moves between the program and the file's VMO in one kernel
 * call; vfsd is not asked.
 */
#include "regular.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include <linux/fs.h>
#include <signal.h>
#include <task.h>

#include "memfd.h"
#include "namecache.h"

static HOT_IO int64_t regular_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    uint64_t offset = (uint64_t)pos;
    jg_handle_t vmo;
    int err = pos > INT64_MAX - (int64_t)io->length ? -EINVAL : inode_vmo(f->inode, &vmo);

    (void)t;
    return err ? err
               : mm_transfer(io->mm, vmo,
                             f->flags & O_NOATIME || f->inode->silent ? JG_TRANSFER_PEEK : JG_TRANSFER_READ, io->va,
                             io->length, &offset, UINT64_MAX);
}

int64_t regular_too_large(struct task *t)
{
    signal_self(t, SIGXFSZ);
    return -EFBIG;
}

int64_t regular_may_grow(struct task *t, struct inode *i, uint64_t size)
{
    struct jg_info_vmo info;
    jg_handle_t vmo;
    int err;

    if (size <= t->process->limits.limit[RLIMIT_FSIZE].rlim_cur)
        return 0;
    err = inode_vmo(i, &vmo);
    if (err)
        return err;
    if (jg_object_info(vmo, JG_INFO_VMO, &info, sizeof info) < 0)
        return -EIO;
    return size > info.size ? regular_too_large(t) : 0;
}

static HOT_IO int64_t regular_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    uint64_t limit = t->process->limits.limit[RLIMIT_FSIZE].rlim_cur, offset = (uint64_t)pos;
    bool append = (f->flags & O_APPEND) || io->append, limited = limit <= INT64_MAX;
    size_t length = io->length;
    jg_handle_t vmo;
    int64_t n;
    int err = pos > INT64_MAX - (int64_t)io->length ? -EINVAL : inode_vmo(f->inode, &vmo);

    if (err)
        return err;
    if (!io->length)
        return 0;
    if (limit > INT64_MAX)
        limit = INT64_MAX;
    n = memfd_begin_write(f->inode, offset, append, &length);
    if (n)
        return n;
    n = mm_transfer(io->mm, vmo, append ? JG_TRANSFER_APPEND : JG_TRANSFER_WRITE, io->va, length,
                    &offset, limit);
    memfd_end(f->inode);
    if (n == -EFBIG && limited)
        regular_too_large(t);
    if (append && n > 0)
        io->end = (int64_t)offset + n;
    return n;
}

static int64_t size_of(struct file *f, int64_t *size)
{
    struct jg_info_vmo info;
    jg_handle_t vmo;
    int err = inode_vmo(f->inode, &vmo);

    if (err)
        return err;
    if (jg_object_info(vmo, JG_INFO_VMO, &info, sizeof info) < 0)
        return -EIO;
    *size = (int64_t)info.size;
    return 0;
}

static int64_t seek_hole(struct file *f, int64_t offset, int whence, int64_t size)
{
    jg_handle_t vmo;
    int64_t at;
    int err = inode_vmo(f->inode, &vmo);

    if (err)
        return err;
    if (offset < 0 || offset >= size)
        return -ENXIO;
    at = jg_vmo_range(vmo, whence == SEEK_DATA ? JG_VMO_NEXT_DATA : JG_VMO_NEXT_HOLE,
                      (uint64_t)offset, 0);
    if (at < 0 || (whence == SEEK_DATA && at >= size))
        return whence == SEEK_DATA ? -ENXIO : size;
    return at < size ? at : size;
}

static int64_t regular_seek(struct file *f, int64_t offset, int whence)
{
    int64_t size = 0, to, err = whence == SEEK_SET || whence == SEEK_CUR ? 0 : size_of(f, &size);

    if (err)
        return err;
    switch (whence) {
    case SEEK_SET:
        to = offset;
        break;
    case SEEK_CUR:
        if (__builtin_add_overflow(f->pos, offset, &to))
            return -EINVAL;
        break;
    case SEEK_END:
        if (__builtin_add_overflow(size, offset, &to))
            return -EINVAL;
        break;
    case SEEK_DATA:
    case SEEK_HOLE:
        to = seek_hole(f, offset, whence, size);
        if (to < 0)
            return to;
        break;
    default:
        return -EINVAL;
    }
    if (to < 0)
        return -EINVAL;
    f->pos = to;
    return to;
}

static int64_t regular_truncate(struct task *t, struct file *f, uint64_t size)
{
    struct vfs_new_attr to = {.what = VFS_CHANGE_SIZE, .size = size};
    struct vfs_cred cred;
    int64_t err = regular_may_grow(t, f->inode, size);

    if (!err)
        err = memfd_begin_resize(f->inode, size);
    if (err)
        return err;
    vfs_cred_of(t, &cred);
    err = vfs_errno(vfs_setattr(f->inode->session, f->inode->node, &to, &cred));
    memfd_end(f->inode);
    return err;
}

static int64_t regular_backing(struct file *f, struct backing **out)
{
    jg_handle_t vmo;
    int err = inode_vmo(f->inode, &vmo);

    if (err)
        return err;
    /* The first mapping's reference stands for one on the inode. */
    if (__atomic_add_fetch(&f->inode->backing.refs, 1, __ATOMIC_ACQ_REL) == 1)
        inode_get(f->inode);
    *out = &f->inode->backing;
    return 0;
}

static HOT_PATH void regular_release(struct file *f)
{
    if (file_writable(f))
        backing_unclaim(&f->inode->backing, false);
}

static int64_t regular_ioctl(struct task *t, struct file *f, uint32_t cmd, uint64_t arg)
{
    int64_t size, err;
    int32_t left;

    if (cmd != FIONREAD)
        return -ENOTTY;
    err = size_of(f, &size);
    if (err)
        return err;
    left = (int32_t)(size - f->pos);
    return copy_out(t->mm, arg, &left, sizeof left);
}

const struct file_ops regular_ops = {
    .name = "file",
    .read = regular_read,
    .write = regular_write,
    .seek = regular_seek,
    .stat = inode_stat,
    .truncate = regular_truncate,
    .backing = regular_backing,
    .ioctl = regular_ioctl,
    .release = regular_release,
    .splice_in = true,
    .splice_out = true,
};

struct linux_dirent64 {
    uint64_t ino;
    int64_t off;
    uint16_t reclen;
    uint8_t type;
    char name[];
};

#define BATCH      8192
#define RECORD_MAX (sizeof(struct vfs_dirent) + 256) /* with a name of 255 bytes */

/*
 * A record of Linux's is never longer than vfsd's for the same name, so one can take the place of
 * the other.
 */
_Static_assert(offsetof(struct linux_dirent64, name) <= sizeof(struct vfs_dirent),
               "converted in place");

typedef uint64_t __attribute__((aligned(1), may_alias)) word_t;

/*
 * Writes Linux's record for `r` at `to`, which may overlap it from below. The name goes by whole words, as many as the
 * zero after it is in: they are all in vfsd's record, and what they reach over Linux's is where vfsd's was.
 */
static inline size_t convert(uint8_t *to, const struct vfs_dirent *r)
{
    struct linux_dirent64 *d = (struct linux_dirent64 *)to;
    const uint64_t *name = (const uint64_t *)(r + 1);
    uint64_t ino = r->ino, cursor = r->next_cursor;
    unsigned length = r->name_len;
    size_t size = (offsetof(struct linux_dirent64, name) + length + 1 + 7) & ~7ul;
    uint8_t type = r->type;

    for (unsigned i = 0; i <= length / 8; i++)
        ((word_t *)d->name)[i] = name[i];
    d->name[length] = 0;
    d->ino = ino;
    d->off = (int64_t)cursor;
    d->reclen = (uint16_t)size;
    d->type = type;
    return size;
}

/*
 * Turns vfsd's records into Linux's, as many as fit, and copies them out at once: a copy costs more
 * than a record. Returns how many bytes were used; *full when one did not fit.
 */
static HOT_PATH int64_t give_records(struct file *f, uint8_t *data, size_t len, struct io *io, bool *full)
{
    int64_t pos = f->pos;
    size_t done = 0;

    for (size_t at = 0; at + sizeof(struct vfs_dirent) <= len;) {
        const struct vfs_dirent *r = (const struct vfs_dirent *)(data + at);
        size_t bytes = r->record_bytes;

        if (bytes < sizeof *r + r->name_len + 1u || bytes % 8 || at + bytes > len || r->name_len > 255)
            return -EIO;
        if (done + ((offsetof(struct linux_dirent64, name) + r->name_len + 1u + 7) & ~7ul) >
            io->length) {
            *full = true;
            break;
        }
        pos = (int64_t)r->next_cursor;
        done += convert(data + done, r);
        at += bytes;
    }
    if (done && io_put(io, data, done) != (int64_t)done)
        return -EFAULT;
    f->pos = pos;
    return (int64_t)done;
}

/*
 * Whether nothing can follow where the file stands. Entries come from the newest to the oldest, so that nothing ever
 * comes to stand behind the last one (f->cookie). Behind "." and ".." alone it may.
 */
static bool at_end(const struct file *f)
{
    return f->pos > VFS_CURSOR_ENTRIES && (uint64_t)f->pos == f->cookie;
}

/* What readdir gives there: 0, or -ENOENT if the directory was removed. */
static int64_t end_of(const struct file *f)
{
    struct vfs_attr attr;
    int64_t err = vfs_errno(namecache_attr(f->inode, &attr));

    return err || attr.nlink ? err : -ENOENT;
}

static HOT_PATH int64_t directory_readdir(struct task *t, struct file *f, struct io *io)
{
    int64_t done = 0, n;
    bool full = false;
    uint8_t *data;
    size_t len;

    (void)t;
    if (at_end(f))
        return end_of(f);
    data = rt_alloc(BATCH);
    if (!data)
        return -ENOMEM;
    while (!full) {
        n = vfs_errno(
            vfs_readdir(f->inode->session, f->inode->node, (uint64_t)f->pos, data, BATCH, &len));
        if (!n && len)
            n = give_records(f, data, len, io, &full);
        if (n < 0 || !len) {
            done = done ? done : n;
            break;
        }
        done += n;
        if (len + RECORD_MAX <= BATCH) { /* another one would have fitted: that is all */
            if (!full)
                f->cookie = (uint64_t)f->pos;
            break;
        }
    }
    rt_free(data);
    return done || !full ? done : -EINVAL;
}

static int64_t directory_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    (void)t, (void)f, (void)io, (void)pos;
    return -EISDIR;
}

const struct file_ops directory_ops = {
    .name = "dir",
    .read = directory_read,
    .seek = plain_seek,
    .stat = inode_stat,
    .readdir = directory_readdir,
};

const struct file_ops path_ops = {
    .name = "path",
    .stat = inode_stat,
};
