/*
 * The table of system calls: which function handles which number.
 */
#pragma once

#include <server.h>

typedef int64_t (*syscall_handler)(struct task *t, const uint64_t *a);

/* Linux left out a range of numbers, and so does the table, which shares a page with the code that reads it. */
#define HANDLERS_LOW 335u  /* the first number left out */
#define HANDLERS_ON  424u  /* the first one behind it */
#define HANDLERS_END 456u  /* past the last one */
#define HANDLERS_OUT (HANDLERS_ON - HANDLERS_LOW)
#define HANDLERS     (HANDLERS_END - HANDLERS_OUT)
#define HANDLER_SLOT(number) ((number) < HANDLERS_LOW ? (number) : (number) - HANDLERS_OUT)

extern const syscall_handler syscall_handlers[HANDLERS];

/* The handler of a number, as it came in a register; NULL: there is none. */
static inline syscall_handler syscall_find(uint64_t number)
{
    uint32_t n = (uint32_t)number; /* Linux looks at eax only */

    if (unlikely(n >= HANDLERS_LOW)) {
        if (n < HANDLERS_ON || n >= HANDLERS_END)
            return NULL;
        n -= HANDLERS_OUT;
    }
    return syscall_handlers[n];
}

/*
 * What the trap loop does not do itself: calls the handler of any number. Returns the result; -ENOSYS for a number
 * without, which is counted.
 */
int64_t syscall_dispatch(struct task *t, uint64_t number, const uint64_t *args);

/* A failed result as the program is told: copies that found no memory give EFAULT here. */
int64_t syscall_failure(struct task *t, int64_t result);
