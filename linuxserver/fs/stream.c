/*
 * The host's byte streams as files that look like pipes. consoled's events reach stream_events(), which wakes the
 * stream's queue; chunk.c waits there.
 */
#include "device.h"

#include <ipc/console_client.h>
#include <jg/rt/string.h>

#include <server.h>
#include <signal.h>
#include <task.h>

#include "chunk.h"
#include "inode.h"

#define STREAMS 4
#define CHUNK   65536ul

static struct waitqueue queue[STREAMS];
static bool ready;

static struct waitqueue *queue_of(const struct file *f)
{
    return &queue[f->cookie];
}

void stream_events(uint64_t bits)
{
    for (unsigned i = 0; ready && i < STREAMS; i++) {
        if (bits & 1ull << i)
            wait_wake(&queue[i]);
    }
}

static int64_t take(const struct chunk *c, uint8_t *buf, size_t size)
{
    size_t len = 0;

    switch (console_stream_read(server.console, (uint32_t)c->file->cookie, buf, size, &len)) {
    case 0:
        return (int64_t)len;
    case CONSOLE_ERROR_WOULD_BLOCK:
        return -EAGAIN;
    case CONSOLE_ERROR_CLOSED:
    case CONSOLE_ERROR_NOT_CONNECTED:
        return 0;
    default:
        return -EIO;
    }
}

static int64_t stream_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    const struct chunk c = {t, f, queue_of(f), take};

    (void)pos;
    return chunk_read(&c, io, CHUNK);
}

static int64_t give(const struct chunk *c, uint8_t *buf, size_t size)
{
    uint32_t count = 0;

    switch (console_stream_write(server.console, (uint32_t)c->file->cookie, buf, size, &count)) {
    case 0:
        return count;
    case CONSOLE_ERROR_WOULD_BLOCK:
        return -EAGAIN;
    case CONSOLE_ERROR_CLOSED:
        return signal_broken_pipe(c->task);
    default:
        return -EIO;
    }
}

static int64_t stream_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    const struct chunk c = {t, f, queue_of(f), give};

    (void)pos;
    return chunk_write(&c, io, CHUNK);
}

static uint32_t stream_poll(struct file *f, struct poll_table *table)
{
    uint32_t state = 0, mask = 0;

    poll_wait(table, queue_of(f));
    if (console_stream_ready(server.console, (uint32_t)f->cookie, &state))
        return POLLERR | POLLHUP;
    if ((state & CONSOLE_READY_READABLE) && file_readable(f))
        mask |= POLLIN | POLLRDNORM;
    if ((state & CONSOLE_READY_WRITABLE) && file_writable(f))
        mask |= POLLOUT | POLLWRNORM;
    if (state & CONSOLE_READY_HANGUP)
        mask |= file_writable(f) ? POLLERR : POLLHUP;
    if (state & CONSOLE_READY_ERROR)
        mask |= POLLERR;
    return mask;
}

static int64_t stream_stat(struct file *f, struct vfs_attr *out)
{
    memset(out, 0, sizeof *out);
    out->mode = S_IFIFO | 0600;
    out->nlink = 1;
    out->dev = 14;
    out->ino = 1 + f->cookie;
    return 0;
}

/*
 * Each description is the only one of its direction; the host sees its end when the last copy is
 * closed.
 */
static void stream_release(struct file *f)
{
    console_stream_close(server.console, (uint32_t)f->cookie);
}

static const struct file_ops stream_ops = {
    .name = "pipe",
    .splice_in = true,
    .splice_out = true,
    .read = stream_read,
    .write = stream_write,
    .poll = stream_poll,
    .stat = stream_stat,
    .release = stream_release,
};

struct file *stream_open(uint32_t stream, uint32_t flags)
{
    struct file *f;

    if (!ready) {
        for (unsigned i = 0; i < STREAMS; i++)
            wait_queue_init(&queue[i]);
        ready = true;
    }
    f = file_create(&stream_ops, flags, NULL, NULL);
    if (f)
        f->cookie = stream;
    return f;
}
