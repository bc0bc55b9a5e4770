/*
 * Text formatting: %d %i %u %x %X %s %c %p %%, with l, ll, z, width, zero padding, '-', and %.*s.
 */
#pragma once

#include <core/compiler.h>
#include <stdarg.h>

/*
 * Writes at most `size` bytes with the terminating zero (size 0 writes none).
 * Returns the length that the whole text has, which is >= size when it was cut.
 */
size_t format_string(char *buffer, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);

/* As format_string(), from a va_list. */
size_t format_list(char *buffer, size_t size, const char *format, va_list list);
