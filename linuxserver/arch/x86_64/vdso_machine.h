/*
 * The vDSO's two instructions that C does not have. Included by vdso/image.c alone, which runs in the
 * program.
 */
#pragma once

#include <stdint.h>

/* The time-stamp counter, read after every load in front of it. */
static inline uint64_t machine_counter(void)
{
    uint32_t low, high;

    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

/* A system call with two arguments. Returns its result or -errno. */
static inline long machine_call(long number, long a, long b)
{
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b)
                     : "rcx", "r11", "memory");
    return result;
}
