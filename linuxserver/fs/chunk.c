/*
 * Files whose bytes another server has. See chunk.h.
 *
 * The server answers WOULD_BLOCK rather than wait, and wakes the queue by an event. A task registers before it asks
 * (wait_attempt()), so an event between answer and sleep is not lost.
 */
#include "chunk.h"

#include <jg/rt/heap.h>

#include <task.h>

struct turn {
    const struct chunk *chunk;
    uint8_t *buf;
    size_t size;
};

static int64_t attempt(void *arg)
{
    const struct turn *turn = arg;

    return turn->chunk->move(turn->chunk, turn->buf, turn->size);
}

/* Moves some bytes, waiting for the first if the file's flags allow it. */
static int64_t move(const struct chunk *c, uint8_t *buf, size_t size)
{
    struct turn turn = {c, buf, size};

    return wait_attempt(c->task, c->queue, c->file->flags & O_NONBLOCK, attempt, &turn);
}

int64_t chunk_read(const struct chunk *c, struct io *io, size_t most)
{
    size_t size = io->length < most ? io->length : most;
    uint8_t *buf;
    int64_t n;

    if (!size)
        return 0;
    buf = rt_alloc(size);
    if (!buf)
        return -ENOMEM;
    n = move(c, buf, size);
    if (n > 0)
        n = io_put(io, buf, (size_t)n);
    rt_free(buf);
    return n;
}

/* Writes one piece. Returns bytes, or -errno when not one went. */
static int64_t send(const struct chunk *c, uint8_t *buf, size_t size)
{
    int64_t done = 0, n = 0;

    while ((size_t)done < size && (n = move(c, buf + done, size - (size_t)done)) > 0)
        done += n;
    return done ? done : n;
}

int64_t chunk_write(const struct chunk *c, struct io *io, size_t most)
{
    size_t size = io->length < most ? io->length : most;
    int64_t done = 0;
    uint8_t *buf;

    if (!size)
        return 0;
    buf = rt_alloc(size);
    if (!buf)
        return -ENOMEM;
    while (io->length) {
        int64_t got = io_get(io, buf, size), sent = got > 0 ? send(c, buf, (size_t)got) : got;

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
