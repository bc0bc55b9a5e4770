/*
 * Memory that lives as long as one run of the generator.
 *
 * In:    arena_alloc() and arena_text() from everything that builds the model.
 * Life:  grows only; arena_free() gives all of it back at once.
 */
#pragma once

#include <stddef.h>

struct arena {
    struct arena_block *blocks;
};

/* Returns `size` zeroed bytes, aligned for any type. Ends the program when memory is short. */
void *arena_alloc(struct arena *a, size_t size);

/* Returns a zero-terminated copy of `len` bytes. */
char *arena_text(struct arena *a, const char *from, size_t len);

/* Returns a formatted string. */
__attribute__((format(printf, 2, 3))) char *arena_format(struct arena *a, const char *format, ...);

/* Gives everything back. The arena can be used again. */
void arena_free(struct arena *a);
