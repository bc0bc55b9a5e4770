/*
 * Proves that the runtime's string functions agree with the host's for every small length and
 * alignment, overlap included, and touch nothing outside.
 */
#include <string.h>

#include "check.h"

void *jg_memcpy(void *, const void *, size_t);
void *jg_memmove(void *, const void *, size_t);
void *jg_memset(void *, int, size_t);
int jg_memcmp(const void *, const void *, size_t);
void *jg_memchr(const void *, int, size_t);
size_t jg_strlen(const char *);
size_t jg_strnlen(const char *, size_t);
int jg_strcmp(const char *, const char *);
int jg_strncmp(const char *, const char *, size_t);
char *jg_strchr(const char *, int);
char *jg_strrchr(const char *, int);

enum { SIZE = 160 };
static unsigned char a[SIZE], b[SIZE], c[SIZE];

static void fill(void)
{
    for (int i = 0; i < SIZE; i++)
        a[i] = b[i] = c[i] = (unsigned char)(i * 7 + 1);
}

static void moves(void)
{
    for (size_t n = 0; n < 75; n++)
        for (size_t to = 0; to < 40; to += 3)
            for (size_t from = 0; from < 40; from += 5) {
                fill();
                CHECK(jg_memmove(a + to, a + from, n) == a + to);
                memmove(b + to, b + from, n);
                CHECK(!memcmp(a, b, SIZE));
                CHECK(jg_memcpy(a + to, c + from, n) == a + to);
                memcpy(b + to, c + from, n);
                CHECK(!memcmp(a, b, SIZE));
                jg_memset(a + to, (int)(n | 0x180), n);
                memset(b + to, (int)(n | 0x180), n);
                CHECK(!memcmp(a, b, SIZE));
            }
}

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

static void compares(void)
{
    for (size_t n = 0; n < 70; n++)
        for (size_t at = 0; at < 70; at++) {
            fill();
            b[at] ^= 0x80;
            CHECK(sign(jg_memcmp(a, b, n)) == sign(memcmp(a, b, n)));
            CHECK(jg_memchr(a, b[at], n) == memchr(a, b[at], n));
        }
}

static void strings(void)
{
    static const char *const s[] = {"", "a", "ab", "abc", "abd", "b", "ab\xff", "a/b/c", "//"};

    for (size_t i = 0; i < sizeof s / sizeof *s; i++) {
        CHECK(jg_strlen(s[i]) == strlen(s[i]) && jg_strnlen(s[i], 2) == strnlen(s[i], 2));
        for (int ch = 0; ch < 256; ch++)
            CHECK(jg_strchr(s[i], ch) == strchr(s[i], ch) &&
                  jg_strrchr(s[i], ch) == strrchr(s[i], ch));
        for (size_t j = 0; j < sizeof s / sizeof *s; j++) {
            CHECK(sign(jg_strcmp(s[i], s[j])) == sign(strcmp(s[i], s[j])));
            for (size_t n = 0; n < 5; n++)
                CHECK(sign(jg_strncmp(s[i], s[j], n)) == sign(strncmp(s[i], s[j], n)));
        }
    }
}

int main(void)
{
    moves();
    compares();
    strings();
    return 0;
}
