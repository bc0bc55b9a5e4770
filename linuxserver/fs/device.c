/*
 * The memory devices: null, zero, full, random, urandom, kmsg; and the way to terminals.
 */
#include "device.h"

#include <jg/rt/log.h>
#include <jg/rt/string.h>
#include <jg/stubs.h>

#include <task.h>

#include "inode.h"
#include "tty.h"

static const uint8_t zeros[PAGE_SIZE];

static int64_t null_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    (void)t, (void)f, (void)io, (void)pos;
    return 0;
}

static HOT_IO int64_t null_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    (void)t, (void)f, (void)pos;
    return (int64_t)io->length;
}

static HOT_IO int64_t zero_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    int64_t done = 0;

    (void)f, (void)pos;
    while (io->length && !t->killed) {
        int64_t n = io_put(io, zeros, sizeof zeros);

        if (n <= 0)
            return done ? done : n;
        done += n;
    }
    return done;
}

/* A mapping of /dev/zero is anonymous memory. */
static int64_t zero_backing(struct file *f, struct backing **out)
{
    (void)f;
    *out = NULL;
    return 0;
}

static int64_t full_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    (void)t, (void)f, (void)pos;
    return io->length ? -ENOSPC : 0;
}

static int64_t random_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    uint8_t bytes[256];
    int64_t done = 0;

    (void)f, (void)pos;
    while (io->length && !t->killed) {
        size_t want = io->length < sizeof bytes ? io->length : sizeof bytes;
        int64_t n;

        if (jg_random(bytes, want) < 0)
            return done ? done : -EIO;
        n = io_put(io, bytes, want);
        if (n <= 0)
            return done ? done : n;
        done += n;
    }
    return done;
}

static int64_t kmsg_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    char line[200];
    size_t length = io->length;
    int64_t n = io_get(io, line, sizeof line);

    (void)f, (void)pos;
    if (n < 0)
        return n;
    rt_log("%s: %.*s", t->comm, (int)n, line);
    return (int64_t)length;
}

static int64_t device_seek(struct file *f, int64_t offset, int whence)
{
    (void)offset, (void)whence;
    f->pos = 0; /* as Linux's null_lseek */
    return 0;
}

#define MEMORY_DEVICE(title, reader, writer)                                                       \
    {                                                                                              \
        .name = title, .read = reader, .write = writer, .seek = device_seek, .stat = inode_stat   \
    }

static const struct file_ops null_ops = {
    .name = "null",
    .read = null_read,
    .write = null_write,
    .seek = device_seek,
    .stat = inode_stat,
    .splice_out = true,
};
static const struct file_ops zero_ops = {
    .name = "zero",
    .read = zero_read,
    .write = null_write,
    .seek = device_seek,
    .splice_out = true,
    .stat = inode_stat,
    .backing = zero_backing,
};
static const struct file_ops full_ops = MEMORY_DEVICE("full", zero_read, full_write);
static const struct file_ops random_ops = MEMORY_DEVICE("random", random_read, null_write);
static const struct file_ops kmsg_ops = MEMORY_DEVICE("kmsg", null_read, kmsg_write);

int64_t device_open(struct task *t, struct inode *inode, uint32_t flags, struct file **out)
{
    const struct file_ops *ops = NULL;

    if (tty_is_device(inode->rdev_major, inode->rdev_minor))
        return tty_open(t, inode, flags, out);
    if (inode->rdev_major == 1) {
        switch (inode->rdev_minor) {
        case 3:
            ops = &null_ops;
            break;
        case 5:
            ops = &zero_ops;
            break;
        case 7:
            ops = &full_ops;
            break;
        case 8:
        case 9:
            ops = &random_ops;
            break;
        case 11:
            ops = &kmsg_ops;
            break;
        }
    }
    if (!ops)
        return -ENXIO;
    *out = file_create(ops, flags, inode, NULL);
    return *out ? 0 : -ENOMEM;
}
