/*
 * Files whose bytes another server has: a piece at a time goes through a buffer of ours.
 *
 * In:    the read and write operations of terminals and of the host's streams.
 * Locks: none; may sleep.
 */
#pragma once

#include <file.h>

/* A read or a write of a file: what to ask the other server, and where who must wait for it waits. */
struct chunk {
    struct task *task;
    struct file *file;
    struct waitqueue *queue;
    /*
     * Moves bytes between `buf` and the server. Returns how many, at least one unless it is a read at the end;
     * -EAGAIN: it would wait; or another -errno.
     */
    int64_t (*move)(const struct chunk *c, uint8_t *buf, size_t size);
};

/* Reads at most `most` bytes, as soon as there are some. Returns bytes or -errno. */
int64_t chunk_read(const struct chunk *c, struct io *io, size_t most);

/* Writes all of `io`, `most` bytes at a time. Returns bytes, or -errno when not one went. */
int64_t chunk_write(const struct chunk *c, struct io *io, size_t most);
