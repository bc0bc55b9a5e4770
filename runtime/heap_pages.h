/*
 * Where the heap's pages come from: the only part of it that knows the kernel.
 */
#pragma once

#include <jg/types.h>

/*
 * Reserves `size` bytes of address space at a multiple of `align` (a power of two, at least a
 * page); no memory stands behind it yet. Returns NULL when there is no room.
 */
void *heap_pages_reserve(size_t size, size_t align);

/* Makes pages of a reservation real, zeroed if they were not real before. Returns success. */
bool heap_pages_commit(void *at, size_t size);

/* Gives the memory of pages back; they stay reserved. Cannot fail. */
void heap_pages_drop(void *at, size_t size);

/* Gives a whole reservation back. Cannot fail. */
void heap_pages_release(void *at, size_t size);
