/* What the host tests of the kernel share: the machine's RAM, a random sequence, checks, planted failures. */
#pragma once

#include <mm/frame.h>
#include <mm/heap.h>
#include <mm/reaper.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Every n-th heap allocation fails at random; 0: none. */
extern unsigned host_fail_rate;
/* Live blocks of the host's heap. */
extern long host_blocks;

/* Gives the kernel `frames` frames of RAM. */
void host_start(uint32_t frames);

/* Begins another sequence. */
void host_seed(uint64_t seed);

/* The next number of a fixed sequence, below `n`. */
uint32_t pick(uint32_t n);
