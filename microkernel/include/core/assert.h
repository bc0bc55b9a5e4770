/*
 * Assertions. Those of public entry points stay in every build: a kernel that goes on with a broken
 * object loses more than the few instructions. On the hot path use ASSERT_DEBUG.
 */
#pragma once

#include <core/log.h>

#define ASSERT(condition)                                                                     \
    do {                                                                                      \
        if (unlikely(!(condition)))                                                           \
            panic("assertion failed: %s (%s:%d)", #condition, __FILE__, __LINE__);            \
    } while (0)

#ifdef JG_DEBUG
#define ASSERT_DEBUG(condition) ASSERT(condition)
#else
#define ASSERT_DEBUG(condition) ((void)0)
#endif

/* Every object begins its life by setting ->magic and ends it by clearing it. */
#define ASSERT_OBJECT(object, number) ASSERT((object) != NULL && (object)->magic == (number))
