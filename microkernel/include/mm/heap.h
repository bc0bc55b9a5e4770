/*
 * The kernel's heap: size classes in single pages, and runs of contiguous pages above them.
 *
 * Empty pages go back to the frame allocator. Blocks are aligned to 16 bytes (pages above 4 KiB).
 * Exhaustion gives NULL, after the reaper has run.
 */
#pragma once

#include <core/compiler.h>

/* Allocates; contents undefined. NULL: no memory. */
void *heap_alloc(size_t size);

/* Allocates zeros. */
void *heap_zalloc(size_t size);

/* Frees what heap_alloc() gave; NULL is fine. */
void heap_free(void *block);

/* Pages that the heap holds. */
uint64_t heap_pages(void);
