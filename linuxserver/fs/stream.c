/*
 * The host's byte streams as files that look like pipes.
 *
 * consoled answers WOULD_BLOCK rather than wait; its event then reaches stream_events(), which
 * wakes the stream's queue. A reader registers before it asks, so an event between answer and sleep
 * is not lost.
 */
#include "device.h"

#include <ipc/console_client.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <server.h>
#include <signal.h>
#include <task.h>

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

static int64_t stream_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    size_t size = io->length < CHUNK ? io->length : CHUNK, len = 0;
    uint8_t *buf;
    struct waiter w;
    int64_t n = 0;

    (void)pos;
    if (!size)
        return 0;
    buf = rt_alloc(size);
    if (!buf)
        return -ENOMEM;
    wait_add(queue_of(f), &w, t);
    for (;;) {
        int32_t r;

        wait_prepare(t);
        r = console_stream_read(server.console, (uint32_t)f->cookie, buf, size, &len);
        if (!r) {
            n = len ? io_put(io, buf, len) : 0;
            break;
        }
        if (r != CONSOLE_ERROR_WOULD_BLOCK) {
            n = r == CONSOLE_ERROR_CLOSED || r == CONSOLE_ERROR_NOT_CONNECTED ? 0 : -EIO;
            break;
        }
        if (f->flags & O_NONBLOCK) {
            n = -EAGAIN;
            break;
        }
        if ((n = wait_sleep(t, JG_TIME_INFINITE)))
            break;
    }
    wait_remove(&w);
    rt_free(buf);
    return n;
}

/* Sends one chunk. Returns what was taken, or -errno. */
static int64_t send(struct task *t, struct file *f, const uint8_t *buf, size_t len)
{
    size_t done = 0;
    struct waiter w;
    int64_t err = 0;

    wait_add(queue_of(f), &w, t);
    while (done < len) {
        uint32_t count = 0;
        int32_t r;

        wait_prepare(t);
        r = console_stream_write(server.console, (uint32_t)f->cookie, buf + done, len - done,
                                 &count);
        if (!r) {
            done += count;
            continue;
        }
        if (r == CONSOLE_ERROR_CLOSED) {
            err = signal_broken_pipe(t);
            break;
        }
        if (r != CONSOLE_ERROR_WOULD_BLOCK) {
            err = -EIO;
            break;
        }
        if (f->flags & O_NONBLOCK) {
            err = -EAGAIN;
            break;
        }
        if ((err = wait_sleep(t, JG_TIME_INFINITE)))
            break;
    }
    wait_remove(&w);
    return done ? (int64_t)done : err;
}

static int64_t stream_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    size_t size = io->length < CHUNK ? io->length : CHUNK;
    int64_t done = 0;
    uint8_t *buf;

    (void)pos;
    if (!size)
        return 0;
    buf = rt_alloc(size);
    if (!buf)
        return -ENOMEM;
    while (io->length) {
        int64_t got = io_get(io, buf, size), sent;

        sent = got > 0 ? send(t, f, buf, (size_t)got) : got;
        if (sent <= 0) {
            done = done ? done : sent;
            break;
        }
        done += sent;
        if (sent < got)
            break;
    }
    rt_free(buf);
    return done;
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
