/*
 * The heap's pages on the host. Uncommitted pages are inaccessible, so that a heap that uses memory
 * which it never committed, or has dropped, ends the test.
 */
#include "host_pages.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "check.h"
#include "heap_pages.h"
#include <jg/rt/log.h>

size_t host_pages_limit = SIZE_MAX;
size_t host_pages_reserved;

void *heap_pages_reserve(size_t size, size_t align)
{
    char *p, *at;

    if (size > (1ul << 40))
        return NULL;
    p = mmap(NULL, size + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(p != MAP_FAILED);
    at = (char *)(((uintptr_t)p + align - 1) & ~(align - 1));
    if (at > p)
        munmap(p, (size_t)(at - p));
    munmap(at + size, (size_t)(p + size + align - (at + size)));
    host_pages_reserved += size;
    return at;
}

bool heap_pages_commit(void *at, size_t size)
{
    if (size > host_pages_limit)
        return false;
    host_pages_limit -= size;
    CHECK(!mprotect(at, size, PROT_READ | PROT_WRITE));
    return true;
}

void heap_pages_drop(void *at, size_t size)
{
    CHECK(!madvise(at, size, MADV_DONTNEED) && !mprotect(at, size, PROT_NONE));
}

void heap_pages_release(void *at, size_t size)
{
    host_pages_reserved -= size;
    CHECK(!munmap(at, size));
}

void rt_panic(const char *format, ...)
{
    fprintf(stderr, "panic: %s\n", format);
    abort();
}
