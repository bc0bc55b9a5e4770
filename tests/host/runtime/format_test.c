/*
 * Proves that rt_format() writes what snprintf() writes, cut at every size.
 */
#include <limits.h>
#include <string.h>

#include "check.h"
#include <jg/rt/format.h>

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-truncation"

#define SAME(...)                                                                                  \
    do {                                                                                           \
        char mine[128], theirs[128];                                                               \
        for (size_t size = 0; size < sizeof mine; size++) {                                        \
            memset(mine, 1, sizeof mine);                                                          \
            memset(theirs, 1, sizeof theirs);                                                      \
            int n = snprintf(theirs, size, __VA_ARGS__);                                           \
            CHECK(rt_format(mine, size, __VA_ARGS__) == (size_t)n);                                \
            CHECK(!size || !strcmp(mine, theirs));                                                 \
            CHECK(mine[size] == 1);                                                                \
        }                                                                                          \
    } while (0)

int main(void)
{
    SAME("plain, 100%%");
    SAME("%d %d %d %i", 0, -1, INT_MIN, INT_MAX);
    SAME("%u %x %X %o", 4000000000u, 0xdeadbeefu, 0xdeadbeefu, 0755u);
    SAME("%ld %lu %lx %zu %lld", LONG_MIN, ULONG_MAX, 0x123456789abcdefl, (size_t)77, -5ll);
    SAME("[%5d] [%-5d] [%05d] [%05d] [%08x]", 42, 42, 42, -42, 0xbeefu);
    SAME("[%s] [%8s] [%-8s] [%.3s] [%.*s] [%*s]", "abc", "abc", "abc", "abcdef", 2, "xyz", 6, "q");
    SAME("%c%c [%3c]", 'x', 'y', 'z');
    SAME("%p", (void *)0x1234abcdul);
    SAME("%hhu %hd", (unsigned char)200, (short)-3);
    SAME("[%.4u] [%6.3d]", 7u, -7);
    return 0;
}
