/* The kernel's heap as the host's, so that ASan sees every block; with planted failures. */
#include "host.h"

void *heap_alloc(size_t size)
{
    void *block;

    if (host_fail_rate && !pick(host_fail_rate))
        return NULL;
    block = malloc(size);
    CHECK(block);
    memset(block, 0x5a, size);
    host_blocks++;
    return block;
}

void *heap_zalloc(size_t size)
{
    void *block = heap_alloc(size);

    if (block)
        memset(block, 0, size);
    return block;
}

void heap_free(void *block)
{
    host_blocks -= block != NULL;
    free(block);
}
