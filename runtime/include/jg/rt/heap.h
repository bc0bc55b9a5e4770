/*
 * The heap of a native server.
 *
 * Memory is real when it is handed out: an allocation that the job cannot pay for fails here, with
 * NULL, and not later at its first touch. Blocks are aligned to 16 bytes. Thread safe.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Allocates `size` bytes (0 counts as 1), contents undefined. May wait for the heap's lock.
 * Returns NULL when there is no memory.
 */
void *rt_alloc(size_t size) __attribute__((malloc, alloc_size(1)));

/* As rt_alloc(), filled with zeros. */
void *rt_zalloc(size_t size) __attribute__((malloc, alloc_size(1)));

/*
 * Resizes `block` (or NULL), which may move. Returns NULL when there is no memory, and then `block`
 * is as it was. Misuse: writing the result over the only pointer to `block`.
 */
void *rt_realloc(void *block, size_t size) __attribute__((alloc_size(2)));

/* Gives back a block (or NULL). Freeing twice, or what is no block, ends the process. */
void rt_free(void *block);

/* What the heap holds, for leak tests and the log. */
struct heap_stats {
    uint64_t used_bytes;      /* in blocks, rounded up to their classes */
    uint64_t committed_bytes; /* real memory that the heap holds now */
    uint64_t arenas;
};

/* Reads the counters. Takes the heap's lock. */
void heap_stats(struct heap_stats *out);
