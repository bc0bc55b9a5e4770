/*
 * Random bytes from one ChaCha20 pool, which rekeys itself after every request.
 */
#pragma once

#include <core/compiler.h>

/* Fills a buffer. Never fails; what it gave cannot be found out from the pool later. */
void random_bytes(void *buffer, size_t size);

/* One random word. */
uint64_t random_u64(void);

/* Stirs bytes in; they need not be secret nor unpredictable. */
void random_stir(const void *bytes, size_t size);
