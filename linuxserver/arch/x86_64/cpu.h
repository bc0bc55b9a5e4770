/*
 * What the processor says of itself.
 */
#pragma once

#include <stdint.h>

struct cpuid {
    uint32_t a, b, c, d;
};

static inline struct cpuid cpuid(uint32_t leaf)
{
    struct cpuid r = {.a = leaf}; /* its first subleaf */

    __asm__("cpuid" : "+a"(r.a), "=b"(r.b), "+c"(r.c), "=d"(r.d));
    return r;
}
