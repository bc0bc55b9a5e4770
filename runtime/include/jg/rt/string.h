/*
 * Bytes and strings: the few of C's functions that servers and the compiler need.
 *
 * Contracts are those of ISO C (strnlen: POSIX). They take no lock, may be called anywhere and move
 * 64 bits at a time, because byte-wise string instructions are slow under emulation.
 */
#pragma once

#include <stddef.h>

/* Copies `n` bytes between objects that do not overlap. Returns `dst`. */
void *memcpy(void *dst, const void *src, size_t n);

/* Copies `n` bytes between objects that may overlap. Returns `dst`. */
void *memmove(void *dst, const void *src, size_t n);

/* Sets `n` bytes to `value`. Returns `dst`. */
void *memset(void *dst, int value, size_t n);

/* Compares bytes as unsigned. Returns less than, equal to or greater than 0. */
int memcmp(const void *a, const void *b, size_t n);

/* Finds the first byte equal to `value`. Returns NULL when there is none. */
void *memchr(const void *s, int value, size_t n);

/* Counts the bytes before the terminating zero. */
size_t strlen(const char *s);

/* As strlen(), but looks at no more than `max` bytes. */
size_t strnlen(const char *s, size_t max);

/* Compares strings as unsigned bytes. Returns less than, equal to or greater than 0. */
int strcmp(const char *a, const char *b);

/* As strcmp(), but looks at no more than `n` bytes. */
int strncmp(const char *a, const char *b, size_t n);

/* Finds the first `c` (the terminating zero counts). Returns NULL when there is none. */
char *strchr(const char *s, int c);

/* Finds the last `c` (the terminating zero counts). Returns NULL when there is none. */
char *strrchr(const char *s, int c);
