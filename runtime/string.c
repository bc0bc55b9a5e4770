/*
 * Bytes and strings, 64 bits at a time where it pays.
 *
 * In:   the compiler (for assignments of structures) and everybody.
 * Note: "rep movsb" runs at one byte per instruction under emulation, so plain moves are used. This
 *       file is compiled so that the compiler does not turn these loops back into calls of
 *       themselves.
 */
#include <stdint.h>

#include <jg/rt/string.h>

/* A word that may lie anywhere and alias anything. */
struct word {
    uint64_t v;
} __attribute__((packed, may_alias));

#define WORD sizeof(struct word)

__attribute__((hot)) void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    unsigned char *d = dst;
    const unsigned char *s = src;

    for (; n >= 4 * WORD; n -= 4 * WORD, d += 4 * WORD, s += 4 * WORD) {
        struct word *dw = (struct word *)d;
        const struct word *sw = (const struct word *)s;
        uint64_t a = sw[0].v, b = sw[1].v, c = sw[2].v, e = sw[3].v;

        dw[0].v = a, dw[1].v = b, dw[2].v = c, dw[3].v = e;
    }
    for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
        ((struct word *)d)->v = ((const struct word *)s)->v;
    if (n && (size_t)(d - (unsigned char *)dst) >= WORD) { /* the last word again, to its end */
        ((struct word *)(d + n - WORD))->v = ((const struct word *)(s + n - WORD))->v;
        return dst;
    }
    while (n--)
        *d++ = *s++;
    return dst;
}

__attribute__((hot)) void *memmove(void *dst, const void *src, size_t n)
{
    unsigned char *d = dst;
    const unsigned char *s = src;

    /* Upwards only what has been read is overwritten, if dst is below src or past its end. */
    if ((uintptr_t)d - (uintptr_t)s >= n) {
        for (; n >= WORD; n -= WORD, d += WORD, s += WORD)
            ((struct word *)d)->v = ((const struct word *)s)->v;
        while (n--)
            *d++ = *s++;
        return dst;
    }
    for (; n >= WORD; n -= WORD)
        ((struct word *)(d + n - WORD))->v = ((const struct word *)(s + n - WORD))->v;
    while (n--)
        d[n] = s[n];
    return dst;
}

__attribute__((hot)) void *memset(void *dst, int value, size_t n)
{
    unsigned char *d = dst;
    uint64_t v = (unsigned char)value * 0x0101010101010101ull;

    for (; n >= 4 * WORD; n -= 4 * WORD, d += 4 * WORD) {
        struct word *dw = (struct word *)d;

        dw[0].v = v, dw[1].v = v, dw[2].v = v, dw[3].v = v;
    }
    for (; n >= WORD; n -= WORD, d += WORD)
        ((struct word *)d)->v = v;
    if (n && (size_t)(d - (unsigned char *)dst) >= WORD) {
        ((struct word *)(d + n - WORD))->v = v;
        return dst;
    }
    while (n--)
        *d++ = (unsigned char)value;
    return dst;
}

__attribute__((hot)) int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a, *y = b;

    while (n >= WORD && ((const struct word *)x)->v == ((const struct word *)y)->v)
        n -= WORD, x += WORD, y += WORD;
    for (; n; n--, x++, y++)
        if (*x != *y)
            return *x - *y;
    return 0;
}

void *memchr(const void *s, int value, size_t n)
{
    const unsigned char *p = s;

    for (; n; n--, p++)
        if (*p == (unsigned char)value)
            return (void *)(uintptr_t)p;
    return NULL;
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
    while (n && *a && *a == *b)
        a++, b++, n--;
    return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c)
            return (char *)(uintptr_t)s;
        if (!*s)
            return NULL;
    }
}

char *strrchr(const char *s, int c)
{
    char *last = NULL;

    for (;; s++) {
        if (*s == (char)c)
            last = (char *)(uintptr_t)s;
        if (!*s)
            return last;
    }
}
