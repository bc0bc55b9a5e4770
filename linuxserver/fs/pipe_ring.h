/*
 * What a pipe holds: a ring of pages that exist only while they hold bytes, but for one, and the borders of packets (O_DIRECT).
 *
 * Life:  zeroed and given a size in pages by pipe.c; ring_free() at its end.
 * Locks: the pipe's, which everybody here holds.
 */
#pragma once

#include <file.h>

#include <sync/wait.h>

#define RING_PAGES_MAX 256u

struct packet {
    uint64_t start, end;
};

struct ring {
    unsigned pages;      /* capacity; a power of two */
    uint64_t head, tail; /* bytes read and written so far */
    size_t promised;     /* room that nobody else may fill: pipe_splice.c */
    struct packet *packet; /* RING_PAGES_MAX of them, oldest first; NULL until there was one */
    unsigned packets;
    uint8_t *spare; /* one more page, or NULL */
    uint8_t *page[RING_PAGES_MAX];
};

struct pipe {
    uint32_t refs; /* open ends, and openers that wait */
    struct mutex lock;
    unsigned readers, writers;
    uint64_t reader_opens, writer_opens; /* ever: fifo_open waits for a change */
    struct waitqueue read_wait, write_wait;
    struct inode *fifo;
    struct ring ring;
};

/* The pipe of a file that is one. */
struct pipe *pipe_of(struct file *f);

static inline size_t ring_used(const struct ring *r)
{
    return (size_t)(r->tail - r->head);
}

static inline size_t ring_space(const struct ring *r)
{
    size_t room = (size_t)r->pages * PAGE_SIZE, taken = ring_used(r) + r->promised;

    return room > taken ? room - taken : 0;
}

/* Is there a place for one more packet? Each takes a page of the capacity, as on Linux. */
bool ring_has_place(const struct ring *r);

/* Takes what is there into `io`, to the end of the first packet at most; the rest of that is lost. Bytes or -EFAULT. */
int64_t ring_take(struct ring *r, struct io *io);

/* Copies at most `size` bytes from the front, which stay. Returns how many. */
size_t ring_peek(const struct ring *r, void *buf, size_t size);

/* Puts in as much as there is room for. Bytes, -EFAULT, or -ENOMEM when none. */
int64_t ring_add(struct ring *r, struct io *io);

/* The same in packets of at most a page. 0: there is no place. */
int64_t ring_add_packets(struct ring *r, struct io *io);

/*
 * Puts `size` bytes back before all others; they were taken and their room was promised since. -ENOMEM: they
 * are lost.
 */
int64_t ring_return(struct ring *r, const void *data, size_t size);

/* Another capacity. Returns it in bytes, -EBUSY when what it holds does not fit, or -ENOMEM. */
int64_t ring_resize(struct ring *r, unsigned pages);

/* Lets go of the pages. */
void ring_free(struct ring *r);
