/*
 * Memory and strings. All copies go by 64-bit moves: byte strings cost ten times as much in an emulator.
 */
#pragma once

#include <core/compiler.h>

/* As in C. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
/* As in C. */
void *memmove(void *dst, const void *src, size_t n);
/* As in C. */
void *memset(void *dst, int byte, size_t n);
/* As in C. */
int memcmp(const void *a, const void *b, size_t n);
/* As in C. */
size_t strlen(const char *s);
/* As in POSIX. */
size_t strnlen(const char *s, size_t max);
/* As in C. */
int strcmp(const char *a, const char *b);
/* As in C. */
int strncmp(const char *a, const char *b, size_t n);
/* As in C. */
void *memchr(const void *s, int byte, size_t n);
/* Copies at most size-1 bytes and always terminates (size > 0). Returns strlen(src). */
size_t strlcpy(char *dst, const char *src, size_t size);
