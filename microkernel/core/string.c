/*
 * Memory and strings. The compiler may call memcpy, memset, memmove and memcmp on its own; this file is compiled
 * with -fno-tree-loop-distribute-patterns so that they do not become calls of themselves.
 */
#include <core/string.h>

#include <machine/words.h>

typedef uint64_t __attribute__((aligned(1), may_alias)) word_t;

HOT void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    unsigned char *d = dst;
    const unsigned char *s = src;

    if (n >= 8) {
        word_t last = *(const word_t *)(s + n - 8);

        words_copy(d, s, n / 8);
        *(word_t *)(d + n - 8) = last;
        return dst;
    }
    for (size_t i = 0; i < n; i++)
        d[i] = s[i];
    return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
    unsigned char *d = dst;
    const unsigned char *s = src;

    if (d == s || d + n <= s || s + n <= d)
        return memcpy(dst, src, n);
    if (d < s) {
        for (; n >= 8; n -= 8, d += 8, s += 8)
            *(word_t *)d = *(const word_t *)s;
        while (n--)
            *d++ = *s++;
        return dst;
    }
    for (; n >= 8; n -= 8)
        *(word_t *)(d + n - 8) = *(const word_t *)(s + n - 8);
    while (n--)
        d[n] = s[n];
    return dst;
}

HOT void *memset(void *dst, int byte, size_t n)
{
    unsigned char *d = dst;
    uint64_t pattern = (unsigned char)byte * 0x0101010101010101ul;

    if (n >= 8) {
        words_fill(d, pattern, n / 8);
        *(word_t *)(d + n - 8) = pattern;
        return dst;
    }
    for (size_t i = 0; i < n; i++)
        d[i] = (unsigned char)byte;
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    for (; n >= 8 && *(const word_t *)x == *(const word_t *)y; n -= 8)
        x += 8, y += 8;
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n])
        n++;
    return n;
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n])
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n; n--, a++, b++)
        if (*a != *b || !*a)
            return (unsigned char)*a - (unsigned char)*b;
    return 0;
}

void *memchr(const void *s, int byte, size_t n)
{
    const unsigned char *p = s;

    for (; n; n--, p++)
        if (*p == (unsigned char)byte)
            return (void *)(uintptr_t)p;
    return NULL;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t n = strlen(src), copied = MIN(n, size - 1);

    memcpy(dst, src, copied);
    dst[copied] = 0;
    return n;
}
