/*
 * Pipes for splice, tee, vmsplice and sendfile: bytes by way of the server's own memory.
 *
 * What is taken for another file may have to come back when that takes less, and what another file is read for must
 * have its room: so room is promised while no lock is held.
 */
#include "pipe.h"

#include <jg/rt/string.h>

#include <signal.h>
#include <task.h>

#include "pipe_ring.h"

struct want {
    struct task *task;
    struct pipe *pipe;
    void *buf;
    size_t size;
};

/* Something there, or nobody who writes? */
static int64_t take(void *arg)
{
    struct want *w = arg;
    struct ring *r = &w->pipe->ring;
    struct io io = {.va = (uintptr_t)w->buf, .length = w->size};
    int64_t n;

    mutex_lock(&w->pipe->lock);
    n = ring_take(r, &io);
    if (n > 0)
        r->promised += (size_t)n;
    else if (w->pipe->writers)
        n = -EAGAIN;
    mutex_unlock(&w->pipe->lock);
    return n;
}

int64_t pipe_take(struct task *t, struct file *f, void *buf, size_t size, bool wait)
{
    struct want w = {t, pipe_of(f), buf, size};

    return wait_attempt(t, &w.pipe->read_wait, !wait, take, &w);
}

void pipe_return(struct file *f, const void *data, size_t size, size_t taken)
{
    struct pipe *p = pipe_of(f);

    mutex_lock(&p->lock);
    p->ring.promised -= taken;
    if (size)
        ring_return(&p->ring, data, size);
    mutex_unlock(&p->lock);
    wait_wake(&p->write_wait);
    if (size)
        wait_wake(&p->read_wait);
}

static int64_t peek(void *arg)
{
    struct want *w = arg;
    int64_t n;

    mutex_lock(&w->pipe->lock);
    n = (int64_t)ring_peek(&w->pipe->ring, w->buf, w->size);
    if (!n && w->pipe->writers)
        n = -EAGAIN;
    mutex_unlock(&w->pipe->lock);
    return n;
}

int64_t pipe_peek(struct task *t, struct file *f, void *buf, size_t size, bool wait)
{
    struct want w = {t, pipe_of(f), buf, size};

    return wait_attempt(t, &w.pipe->read_wait, !wait, peek, &w);
}

static int64_t promise(void *arg)
{
    struct want *w = arg;
    struct ring *r = &w->pipe->ring;
    size_t room;
    int64_t n = -EPIPE;

    mutex_lock(&w->pipe->lock);
    if (w->pipe->readers) {
        room = ring_space(r);
        n = (int64_t)(room < w->size ? room : w->size);
        r->promised += (size_t)n;
        if (!n)
            n = -EAGAIN;
    }
    mutex_unlock(&w->pipe->lock);
    return n;
}

int64_t pipe_promise(struct task *t, struct file *f, size_t size, bool wait)
{
    struct want w = {t, pipe_of(f), NULL, size};
    int64_t n = wait_attempt(t, &w.pipe->write_wait, !wait, promise, &w);

    return n == -EPIPE ? signal_broken_pipe(t) : n;
}

int64_t pipe_give(struct file *f, const void *data, size_t size, size_t promised)
{
    struct pipe *p = pipe_of(f);
    struct io io = {.va = (uintptr_t)data, .length = size};
    int64_t n;

    mutex_lock(&p->lock);
    p->ring.promised -= promised;
    n = ring_add(&p->ring, &io);
    mutex_unlock(&p->lock);
    if (n > 0)
        wait_wake(&p->read_wait);
    if (promised > size)
        wait_wake(&p->write_wait);
    return n;
}
