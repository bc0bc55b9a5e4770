/* The host's side of region_test.c: output, and the runtime's heap. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>

#include <jg/rt/heap.h>

void host_print(const char *what, int line)
{
    printf("# line %d, not so: %s\n", line, what);
}

void host_result(uint64_t failures, uint64_t seed, uint64_t count)
{
    printf("# seed %lu, %lu operations\n%sok 1 - regions are as the model's\n1..1\n", seed, count,
           failures ? "not " : "");
}

uint64_t host_number(const char *text)
{
    return strtoul(text, NULL, 0);
}

void *rt_alloc(size_t size)
{
    return malloc(size);
}

void rt_free(void *p)
{
    free(p);
}
