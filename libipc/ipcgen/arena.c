/* Memory that lives as long as one run: a list of blocks, each allocation its own. See arena.h. */
#include "arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *next;
    max_align_t data[];
};

void *arena_alloc(struct arena *a, size_t size)
{
    struct arena_block *block = calloc(1, sizeof *block + size);

    if (!block) {
        fprintf(stderr, "ipcgen: out of memory\n");
        exit(1);
    }
    block->next = a->blocks;
    a->blocks = block;
    return block->data;
}

char *arena_text(struct arena *a, const char *from, size_t len)
{
    char *to = arena_alloc(a, len + 1);

    memcpy(to, from, len);
    return to;
}

char *arena_format(struct arena *a, const char *format, ...)
{
    va_list args;
    va_list again;
    char *text;
    int len;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    text = arena_alloc(a, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

void arena_free(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *block = a->blocks;

        a->blocks = block->next;
        free(block);
    }
}
