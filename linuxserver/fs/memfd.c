/*
 * Files of memfd_create(2). See memfd.h. Source: Linux 6.1's mm/memfd.c and mm/shmem.c.
 */
#include "memfd.h"

#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include <linux/memfd.h>
#include <server.h>
#include <task.h>

#include "inode.h"
#include "open.h"

#define ALL_SEALS   (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
#define WRITE_SEALS (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

static struct memfd *describe(const char *name, uint32_t flags)
{
    size_t size = strlen(name) + sizeof "/memfd: (deleted)";
    struct memfd *m = rt_zalloc(sizeof *m + size);

    if (!m)
        return NULL;
    m->seals = flags & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL;
    rt_format(m->name, size, "/memfd:%s (deleted)", name);
    return m;
}

int64_t memfd_create(struct task *t, const char *name, uint32_t flags, struct file **out)
{
    struct memfd *m = describe(name, flags);
    struct vfs_attr found;
    struct vfs_cred who;
    struct inode *inode;
    int64_t err;

    if (!m)
        return -ENOMEM;
    vfs_cred_of(t, &who);
    who.powers |= VFS_POWER_DAC_OVERRIDE; /* it is in no directory whose permissions could matter */
    err = vfs_errno(
        vfs_anonymous(server.vfs, VFS_ROOT_NODE, S_IFREG | 0777, VFS_WALK_EXCLUSIVE, &who, &found));
    if (err)
        goto no_node;
    inode = inode_of(server.vfs, &found);
    err = inode ? file_open_inode(t, inode, O_RDWR | O_LARGEFILE, out) : -ENOMEM;
    if (err)
        goto no_file;
    inode->memfd = m;
    inode->backing.path = memfd_path;
    return 0;
no_file:
    inode_put(inode);
no_node:
    rt_free(m);
    return err;
}

/* NULL: not even F_SEAL_SEAL, for it lies in no memory of ours. */
static const struct inode *sealable(const struct file *f)
{
    return f->inode && mode_is(f->inode->mode, S_IFREG) && !inode_in_proc(f->inode) ? f->inode
                                                                                    : NULL;
}

int64_t memfd_get_seals(struct file *f)
{
    const struct inode *i = sealable(f);

    if (!i)
        return -EINVAL;
    return i->memfd ? __atomic_load_n(&i->memfd->seals, __ATOMIC_ACQUIRE) : F_SEAL_SEAL;
}

/* No mapping may write, now or later. False: one does. */
static bool deny_writers(struct backing *b)
{
    int32_t none = 0;

    return __atomic_compare_exchange_n(&b->shared_writers, &none, -1, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST);
}

int64_t memfd_add_seals(struct file *f, uint64_t seals)
{
    struct inode *i = f->inode;
    int64_t err = 0;

    if (seals > UINT32_MAX)
        return -EINVAL;
    if (!file_writable(f))
        return -EPERM;
    if ((seals & ~(uint64_t)ALL_SEALS) || !sealable(f))
        return -EINVAL;
    if (!i->memfd)
        return -EPERM;
    mutex_lock(&i->memfd->lock);
    if (i->memfd->seals & F_SEAL_SEAL)
        err = -EPERM;
    else if ((seals & F_SEAL_WRITE) && !(i->memfd->seals & F_SEAL_WRITE) &&
             !deny_writers(&i->backing))
        err = -EBUSY;
    if (!err) {
        if (seals & WRITE_SEALS)
            i->backing.sealed = true;
        __atomic_or_fetch(&i->memfd->seals, (uint32_t)seals, __ATOMIC_RELEASE);
    }
    mutex_unlock(&i->memfd->lock);
    return err;
}

static uint64_t size_of(struct inode *i)
{
    struct jg_info_vmo info;
    jg_handle_t vmo;

    if (inode_vmo(i, &vmo) || jg_object_info(vmo, JG_INFO_VMO, &info, sizeof info) < 0)
        return 0;
    return info.size;
}

/* As Linux, which writes page by page: what fits into the pages up to the size is written. */
static int64_t cut_to_size(struct inode *i, uint64_t offset, bool append, size_t *length)
{
    uint64_t size = size_of(i);

    if (append)
        offset = size;
    if (offset + *length <= size && offset + *length >= offset)
        return 0;
    if (offset >= page_down(size))
        return -EPERM;
    *length = page_down(size) - offset;
    return 0;
}

int64_t memfd_begin_write(struct inode *i, uint64_t offset, bool append, size_t *length)
{
    struct memfd *m = i->memfd;
    int64_t err = 0;

    if (!m)
        return 0;
    mutex_lock(&m->lock);
    if (m->seals & WRITE_SEALS)
        err = -EPERM;
    else if (m->seals & F_SEAL_GROW)
        err = cut_to_size(i, offset, append, length);
    if (err)
        mutex_unlock(&m->lock);
    return err;
}

int64_t memfd_begin_resize(struct inode *i, uint64_t size)
{
    struct memfd *m = i->memfd;
    uint64_t old;

    if (!m)
        return 0;
    mutex_lock(&m->lock);
    old = size_of(i);
    if ((size < old && (m->seals & F_SEAL_SHRINK)) || (size > old && (m->seals & F_SEAL_GROW))) {
        mutex_unlock(&m->lock);
        return -EPERM;
    }
    return 0;
}

int64_t memfd_begin_punch(struct inode *i)
{
    struct memfd *m = i->memfd;

    if (!m)
        return 0;
    mutex_lock(&m->lock);
    if (m->seals & WRITE_SEALS) {
        mutex_unlock(&m->lock);
        return -EPERM;
    }
    return 0;
}

void memfd_end(struct inode *i)
{
    if (i->memfd)
        mutex_unlock(&i->memfd->lock);
}

int memfd_path(struct backing *b, char *buf, size_t size)
{
    const char *name = LIST_ENTRY(b, struct inode, backing)->memfd->name;
    size_t length = strlen(name);

    memcpy(buf, name, length < size ? length + 1 : size);
    return (int)length;
}
