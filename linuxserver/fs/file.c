/*
 * Open file descriptions, and the copies that reads and writes make.
 */
#include <file.h>

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <ipc/vfs_client.h>

#include <linux/inotify.h>

#include "epoll.h"
#include "inode.h"
#include "inotify.h"
#include "locks.h"
#include "namecache.h"

#define ANONYMOUS_DEVICE 13 /* one node for all of them */
#define ANONYMOUS_INODE  1

static unsigned open_count;

unsigned files_open(void)
{
    return __atomic_load_n(&open_count, __ATOMIC_RELAXED);
}

HOT_PATH struct file *file_create(const struct file_ops *ops, uint32_t flags, struct inode *inode,
                         void *data)
{
    struct file *f = rt_zalloc(sizeof *f);

    if (!f)
        return NULL;
    f->ops = ops;
    f->refs = 1;
    f->flags = flags;
    f->inode = inode;
    f->data = data;
    list_init(&f->watches);
    __atomic_add_fetch(&open_count, 1, __ATOMIC_RELAXED);
    return f;
}

HOT_IO void file_put(struct file *f)
{
    if (f && file_unref(f))
        file_end(f);
}

void file_end(struct file *f)
{
    locks_release_file(f);
    if (!(f->flags & O_PATH))
        file_touch(f, file_writable(f) ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
    if (__atomic_load_n(&f->watched, __ATOMIC_RELAXED))
        epoll_forget(f); /* also when none is left: who removed the last may just be doing so */
    if (f->ops->release)
        f->ops->release(f);
    inode_put(f->inode);
    rt_free(f);
    __atomic_sub_fetch(&open_count, 1, __ATOMIC_RELAXED);
}

HOT_IO int64_t io_put(struct io *io, const void *src, size_t size)
{
    size_t n = size < io->length ? size : io->length, done = n;

    if (io->mm)
        done = copy_out_some(io->mm, io->va, src, n);
    else
        memcpy((void *)io->va, src, n);
    io->va += done;
    io->length -= done;
    return done || !n ? (int64_t)done : -EFAULT;
}

HOT_IO int64_t io_get(struct io *io, void *dst, size_t size)
{
    size_t n = size < io->length ? size : io->length, done = n;

    if (io->mm)
        done = copy_in_some(io->mm, dst, io->va, n);
    else
        memcpy(dst, (const void *)io->va, n);
    io->va += done;
    io->length -= done;
    return done || !n ? (int64_t)done : -EFAULT;
}

int64_t anonymous_stat(struct file *f, struct vfs_attr *out)
{
    (void)f;
    memset(out, 0, sizeof *out);
    out->mode = 0600;
    out->nlink = 1;
    out->dev = ANONYMOUS_DEVICE;
    out->ino = ANONYMOUS_INODE;
    return 0;
}

int64_t inode_stat(struct file *f, struct vfs_attr *out)
{
    return vfs_errno(namecache_attr(f->inode, out));
}

HOT_IO int64_t plain_seek(struct file *f, int64_t offset, int whence)
{
    if (whence == SEEK_CUR)
        offset += f->pos;
    else if (whence != SEEK_SET)
        return -EINVAL;
    if (offset < 0)
        return -EINVAL;
    f->pos = offset;
    return offset;
}

void poll_wait(struct poll_table *table, struct waitqueue *queue)
{
    struct waiter *w;

    if (!table || !table->waiters || table->used == table->room)
        return;
    w = &table->waiters[table->used++];
    if (!table->notify) {
        wait_add(queue, w, table->task);
        return;
    }
    *w = (struct waiter){
        .notify = table->notify, .owner = table->owner, .exclusive = table->exclusive};
    wait_add_notify(queue, w);
}
