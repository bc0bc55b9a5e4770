/*
 * The heap's pages: private zeros of the process's own address space.
 *
 * In: heap.c, with its lock held.
 */
#include "heap_pages.h"

#include <jg/stubs.h>

void *heap_pages_reserve(size_t size, size_t align)
{
    size_t room = size + align - JG_PAGE_SIZE;
    struct jg_map m = {
        .length = room,
        .prot = JG_PROT_READ | JG_PROT_WRITE,
        .max_prot = JG_PROT_READ | JG_PROT_WRITE,
        .flags = JG_MAP_PRIVATE | JG_MAP_ANYWHERE,
    };
    uint64_t at;

    if (size > JG_USER_TOP || jg_aspace_map(JG_HANDLE_NONE, &m) < 0)
        return NULL;
    at = (m.va + align - 1) & ~(uint64_t)(align - 1);
    /* What lies around the aligned part is only address space: keeping it would do no harm. */
    if (at > m.va)
        jg_aspace_unmap(JG_HANDLE_NONE, m.va, at - m.va);
    if (m.va + room > at + size)
        jg_aspace_unmap(JG_HANDLE_NONE, at + size, m.va + room - (at + size));
    return (void *)at;
}

bool heap_pages_commit(void *at, size_t size)
{
    return jg_aspace_range(JG_HANDLE_NONE, JG_ASPACE_POPULATE_WRITE, (uintptr_t)at, size) >= 0;
}

void heap_pages_drop(void *at, size_t size)
{
    jg_aspace_range(JG_HANDLE_NONE, JG_ASPACE_DROP, (uintptr_t)at, size);
}

void heap_pages_release(void *at, size_t size)
{
    jg_aspace_unmap(JG_HANDLE_NONE, (uintptr_t)at, size);
}
