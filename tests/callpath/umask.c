/* A Linux program that makes the same forwarded call again and again, and marks the last of them. */
#include "mark.h"

static inline long raw(long number, long a)
{
    long result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a) : "rcx", "r11", "memory");
    return result;
}

enum { UMASK = 95, GETPPID = 110, EXIT_GROUP = 231 };

void _start(void);

void _start(void)
{
    for (long mask = 022, i = 0; i < 2000; i++, mask ^= 01)
        raw(UMASK, mask);
    MARK(MARK_BEGIN);
    for (long mask = 022, i = 0; i < 8; i++, mask ^= 01)
        raw(UMASK, mask);
    MARK(MARK_END);
    for (long i = 0; i < 100; i++)
        raw(GETPPID, 0);
    MARK(MARK_BEGIN);
    for (long i = 0; i < 8; i++)
        raw(GETPPID, 0);
    MARK(MARK_END);
    for (;;)
        raw(EXIT_GROUP, 0);
}
