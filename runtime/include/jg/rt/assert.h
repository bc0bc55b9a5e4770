/*
 * Assertions that stay in: a server that finds itself broken ends, and says where.
 */
#pragma once

#include <jg/rt/log.h>

/* Ends the process when `condition` does not hold. Never for what a client can cause. */
#define ASSERT(condition)                                                                          \
    do {                                                                                           \
        if (__builtin_expect(!(condition), 0))                                                     \
            rt_panic("%s:%d: not so: %s", __FILE__, __LINE__, #condition);                         \
    } while (0)

/* ASSERT that `object` is not NULL and carries its type's magic number. */
#define ASSERT_OBJECT(object, number) ASSERT((object) && (object)->magic == (number))
