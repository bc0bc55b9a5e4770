/*
 * Moving and filling 64-bit words, for core/string.c. Never by bytes: those are slow under emulation.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

static inline void words_copy(void *dst, const void *src, size_t words)
{
    __asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(words) : : "memory");
}

static inline void words_fill(void *dst, uint64_t pattern, size_t words)
{
    __asm__ volatile("rep stosq" : "+D"(dst), "+c"(words) : "a"(pattern) : "memory");
}
