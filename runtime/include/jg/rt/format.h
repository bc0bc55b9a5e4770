/*
 * Formatted text into a buffer of known size.
 *
 * Knows %d %i %u %x %X %o %s %c %p %% with the lengths l, ll, z and hh, h; flags '-' and '0'; a
 * width and a precision (both also '*', the precision for %s only). Anything else is copied as it
 * stands.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/*
 * Formats into `buffer`, which holds `size` bytes and is terminated with a zero if size > 0.
 *
 * Any context, no allocation. Text that does not fit is cut off.
 * Returns the length that the whole text has, as snprintf(3): a result >= size means it was cut.
 */
size_t rt_format(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As rt_format(), with the arguments in a list. */
size_t rt_vformat(char *buffer, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
