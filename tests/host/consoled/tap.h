/*
 * Tests of consoled on the host: TEST(name) { ... CHECK_EQ(a, b); ... } and one TAP line for each.
 *
 * A failed check says what it saw and ends its test, not the program.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct tap_test {
    const char *name;
    void (*run)(void);
    struct tap_test *next;
};

static struct tap_test *tap_first, **tap_last = &tap_first;
static bool tap_failed;

#define TEST(id)                                                                                   \
    static void id(void);                                                                          \
    __attribute__((constructor)) static void tap_add_##id(void)                                    \
    {                                                                                              \
        static struct tap_test t = { #id, id, NULL };                                              \
        *tap_last = &t;                                                                            \
        tap_last = &t.next;                                                                        \
    }                                                                                              \
    static void id(void)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                       \
            tap_failed = true;                                                                     \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_EQ(a, b)                                                                             \
    do {                                                                                           \
        long long a_ = (long long)(a), b_ = (long long)(b);                                        \
        if (a_ != b_) {                                                                            \
            printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #a, a_, b_);             \
            tap_failed = true;                                                                     \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* Runs all tests of this file. Returns the program's status. */
static inline int tap_main(void)
{
    int n = 0, bad = 0;

    for (struct tap_test *t = tap_first; t; t = t->next) {
        tap_failed = false;
        t->run();
        printf("%sok %d - %s\n", tap_failed ? "not " : "", ++n, t->name);
        bad += tap_failed;
    }
    printf("1..%d\n", n);
    return bad || !n;
}
