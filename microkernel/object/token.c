/*
 * Tokens and the table of threads behind them.
 *
 * In:    token_give() and token_get() from the call paths; token_add_thread() from thread_create().
 * Life:  a thread has its index until its memory goes. A token that was taken from its holder is
 *        remembered in the thread (lost_token); one that is older than the thread that has its index now
 *        belonged to a thread that is gone.
 * Locks: the big lock.
 */
#include <core/string.h>
#include <mm/heap.h>
#include <object/token.h>

HOT_DATA uint64_t token_generation;
HOT_DATA struct thread **token_table[TOKEN_CHUNKS];

static uint32_t first_free; /* index of a free entry, 0: none */
static uint32_t chunks;

_Static_assert(TOKEN_CHUNK *TOKEN_CHUNKS <= 1u << TOKEN_INDEX_BITS, "indexes fit a token");

static struct thread **entry(uint32_t index)
{
    return &token_table[index / TOKEN_CHUNK][index % TOKEN_CHUNK];
}

static void entry_free(uint32_t index)
{
    *entry(index) = (struct thread *)((uintptr_t)first_free << 1 | 1);
    first_free = index;
}

jg_status_t token_add_thread(struct thread *thread)
{
    if (!first_free) {
        struct thread **chunk;

        if (chunks == TOKEN_CHUNKS)
            return JG_ERR_QUOTA;
        chunk = heap_alloc(TOKEN_CHUNK * sizeof(*chunk));
        if (!chunk)
            return JG_ERR_NO_MEMORY;
        token_table[chunks] = chunk;
        for (uint32_t i = TOKEN_CHUNK; i-- > 0;) {
            if (chunks || i)
                entry_free(chunks * TOKEN_CHUNK + i);
            else
                chunk[0] = (struct thread *)1; /* index 0 is never given */
        }
        chunks++;
    }
    thread->index = first_free;
    thread->born = token_generation;
    first_free = (uint32_t)((uintptr_t)*entry(thread->index) >> 1);
    *entry(thread->index) = thread;
    return JG_OK;
}

void token_remove_thread(struct thread *thread)
{
    entry_free(thread->index);
}

struct thread *token_next_thread(uint32_t *index)
{
    while (++*index < chunks * TOKEN_CHUNK) {
        struct thread *thread = *entry(*index);

        if (!((uintptr_t)thread & 1))
            return thread;
    }
    return NULL;
}

WARM jg_status_t token_find(jg_token_t token, const struct process *holder, struct thread **out)
{
    uint32_t index = token & ((1u << TOKEN_INDEX_BITS) - 1);
    uint64_t generation = token >> TOKEN_INDEX_BITS;
    struct thread *thread;

    *out = token_get(token, holder);
    if (*out)
        return JG_OK;
    if (index == 0 || index >= chunks * TOKEN_CHUNK || generation == 0 ||
        generation > token_generation)
        return JG_ERR_BAD_TOKEN;
    thread = *entry(index);
    if ((uintptr_t)thread & 1 || generation <= thread->born || thread->lost_token == token)
        return JG_ERR_CALLER_GONE;
    return JG_ERR_BAD_TOKEN;
}
