/*
 * The ring of a pipe. See pipe_ring.h.
 */
#include "pipe_ring.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

static unsigned slot_of(const struct ring *r, uint64_t at)
{
    return (unsigned)(at / PAGE_SIZE) & (r->pages - 1);
}

/* Makes sure that the slot has a page. */
static bool slot_fill(struct ring *r, unsigned slot)
{
    if (r->page[slot])
        return true;
    r->page[slot] = r->spare ? r->spare : rt_alloc(PAGE_SIZE);
    r->spare = NULL;
    return r->page[slot];
}

/* Its page holds nothing more. One is kept for what comes next. */
static void slot_empty(struct ring *r, unsigned slot)
{
    if (r->spare)
        rt_free(r->page[slot]);
    else
        r->spare = r->page[slot];
    r->page[slot] = NULL;
}

/* An empty ring begins at a page again. */
static void rewind_empty(struct ring *r)
{
    if (r->head == r->tail)
        r->head = r->tail = 0;
}

/* Moves the front on by bytes of one page, which goes when it is empty. */
static void advance(struct ring *r, size_t size)
{
    unsigned slot = slot_of(r, r->head);

    r->head += size;
    /*
     * A full ring that was read from the middle of a page has new bytes at the front of that same
     * page.
     */
    if (r->head == r->tail ||
        (r->head % PAGE_SIZE == 0 && ring_used(r) <= (r->pages - 1) * PAGE_SIZE))
        slot_empty(r, slot);
}

/* How much of `most` bytes at `at` is in one page. */
static size_t in_page(uint64_t at, size_t most)
{
    size_t left = PAGE_SIZE - at % PAGE_SIZE;

    return most < left ? most : left;
}

/* The front packet is read, as far as anybody will. */
static void drop_packet(struct ring *r)
{
    while (r->head < r->packet[0].end)
        advance(r, in_page(r->head, (size_t)(r->packet[0].end - r->head)));
    memmove(r->packet, r->packet + 1, --r->packets * sizeof *r->packet);
}

HOT_IO int64_t ring_take(struct ring *r, struct io *io)
{
    uint64_t end = r->packets ? r->packet[0].end : r->tail;
    int64_t done = 0;

    while (io->length && r->head < end) {
        const uint8_t *from = r->page[slot_of(r, r->head)] + r->head % PAGE_SIZE;
        int64_t got = io_put(io, from, in_page(r->head, (size_t)(end - r->head)));

        if (got <= 0) {
            done = done ? done : got;
            break;
        }
        advance(r, (size_t)got);
        done += got;
    }
    if (r->packets && r->head > r->packet[0].start)
        drop_packet(r);
    if (!r->packets)
        rewind_empty(r);
    return done;
}

size_t ring_peek(const struct ring *r, void *buf, size_t size)
{
    uint8_t *to = buf;
    size_t done = 0;

    if (size > ring_used(r))
        size = ring_used(r);
    while (done < size) {
        uint64_t at = r->head + done;
        size_t n = in_page(at, size - done);

        memcpy(to + done, r->page[slot_of(r, at)] + at % PAGE_SIZE, n);
        done += n;
    }
    return size;
}

HOT_IO int64_t ring_add(struct ring *r, struct io *io)
{
    int64_t done = 0;

    while (io->length && ring_space(r)) {
        unsigned slot = slot_of(r, r->tail);
        int64_t got;

        if (!slot_fill(r, slot))
            return done ? done : -ENOMEM;
        got = io_get(io, r->page[slot] + r->tail % PAGE_SIZE, in_page(r->tail, ring_space(r)));
        if (got <= 0)
            return done ? done : got;
        r->tail += (uint64_t)got;
        done += got;
    }
    return done;
}

bool ring_has_place(const struct ring *r)
{
    size_t packed = 0;

    if (!r->packets)
        return true;
    for (unsigned i = 0; i < r->packets; i++)
        packed += (size_t)(r->packet[i].end - r->packet[i].start);
    if (packed > ring_used(r))
        packed = ring_used(r);
    return r->packets + (ring_used(r) - packed + PAGE_SIZE - 1) / PAGE_SIZE < r->pages;
}

/* Do `size` bytes fit behind others, in a page that is no packet's? Then they become part of what is there. */
static bool can_merge(const struct ring *r, size_t size)
{
    bool packet_last = r->packets && r->packet[r->packets - 1].end == r->tail;
    size_t used = r->tail % PAGE_SIZE;

    return ring_used(r) && !packet_last && used && used + size <= PAGE_SIZE;
}

static int64_t add_packet(struct ring *r, struct io *io)
{
    size_t size = io->length < PAGE_SIZE ? io->length : PAGE_SIZE, rest = io->length - size;
    uint64_t start = r->tail;
    int64_t n;

    if (can_merge(r, io->length))
        return ring_add(r, io);
    if (ring_space(r) < size || !ring_has_place(r))
        return 0;
    if (!r->packet && !(r->packet = rt_alloc(RING_PAGES_MAX * sizeof *r->packet)))
        return -ENOMEM;
    io->length = size;
    n = ring_add(r, io);
    io->length += rest;
    if (n > 0)
        r->packet[r->packets++] = (struct packet){start, r->tail};
    return n;
}

int64_t ring_add_packets(struct ring *r, struct io *io)
{
    int64_t done = 0, n = 1;

    while (io->length && n > 0) {
        n = add_packet(r, io);
        if (n > 0)
            done += n;
    }
    return done ? done : n;
}

int64_t ring_return(struct ring *r, const void *data, size_t size)
{
    const uint8_t *from = data;

    /* The same slots, far enough from zero to go back. */
    if (r->head < size) {
        uint64_t lap = (uint64_t)r->pages * PAGE_SIZE * (size / (r->pages * PAGE_SIZE) + 1);

        r->head += lap;
        r->tail += lap;
        for (unsigned i = 0; i < r->packets; i++) {
            r->packet[i].start += lap;
            r->packet[i].end += lap;
        }
    }
    while (size) {
        size_t end = r->head % PAGE_SIZE ? r->head % PAGE_SIZE : PAGE_SIZE;
        size_t n = size < end ? size : end;
        unsigned slot = slot_of(r, r->head - 1);

        if (!slot_fill(r, slot))
            return -ENOMEM;
        memcpy(r->page[slot] + end - n, from + size - n, n);
        r->head -= n;
        size -= n;
    }
    return 0;
}

int64_t ring_resize(struct ring *r, unsigned pages)
{
    size_t bytes = ring_used(r), start = r->head % PAGE_SIZE;
    unsigned count = (unsigned)((start + bytes + PAGE_SIZE - 1) / PAGE_SIZE);
    unsigned first = slot_of(r, r->head), distinct;
    uint64_t back = r->head - start;
    uint8_t **page, *last = NULL;

    if (pages == r->pages)
        return (int64_t)(pages * PAGE_SIZE);
    if (count > pages || bytes + r->promised > (size_t)pages * PAGE_SIZE || r->packets > pages)
        return -EBUSY;
    page = rt_zalloc(RING_PAGES_MAX * sizeof *page);
    if (!page)
        return -ENOMEM;
    /* In a full ring the last bytes may stand at the front of the first page. */
    distinct = count > r->pages ? r->pages : count;
    if (count > distinct) {
        last = rt_alloc(PAGE_SIZE);
        if (!last) {
            rt_free(page);
            return -ENOMEM;
        }
        memcpy(last, r->page[first], PAGE_SIZE);
        page[distinct] = last;
    }
    for (unsigned i = 0; i < distinct; i++)
        page[i] = r->page[(first + i) % r->pages];
    memcpy(r->page, page, sizeof r->page);
    rt_free(page);
    r->pages = pages;
    r->head = start;
    r->tail = start + bytes;
    for (unsigned i = 0; i < r->packets; i++) {
        r->packet[i].start -= back;
        r->packet[i].end -= back;
    }
    return (int64_t)(pages * PAGE_SIZE);
}

void ring_free(struct ring *r)
{
    for (unsigned i = 0; i < RING_PAGES_MAX; i++)
        rt_free(r->page[i]);
    rt_free(r->spare);
    rt_free(r->packet);
}
