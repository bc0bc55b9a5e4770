/*
 * This program once more, as a file of its own.
 */
#pragma once

#include "test.h"

/* Made anew at `to`, for everybody to execute. */
static inline void copy_program(const char *to)
{
    char block[4096];
    int in = CHECK_FD(open(test_program, O_RDONLY)),
        out = CHECK_FD(open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755));
    ssize_t n;

    while ((n = read(in, block, sizeof block)) > 0)
        CHECK_EQ(write(out, block, (size_t)n), n);
    close(in);
    close(out);
}
