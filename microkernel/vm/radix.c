/*
 * The pages of a VMO: a tree of 64-way nodes that grows in height. An entry is the frame's address with the page's
 * state in the low bits; with height 0 the root is itself the entry of page 0.
 */
#include "internal.h"

#include <mm/heap.h>

#define HEIGHT_MAX 9u /* 2^54 pages */

struct node {
    uint64_t slot[RADIX_FANOUT];
};

static bool grow(struct vmo *vmo, uint64_t index)
{
    while (index >> (RADIX_SHIFT * vmo->height)) {
        if (vmo->root) {
            struct node *node = heap_zalloc(sizeof *node);

            if (!node)
                return false;
            node->slot[0] = (uint64_t)vmo->root;
            vmo->root = node;
        }
        vmo->height++;
        ASSERT(vmo->height <= HEIGHT_MAX);
    }
    return true;
}

WARM uint64_t *radix_slot(struct vmo *vmo, uint64_t index, bool make)
{
    uint64_t *slot = (uint64_t *)&vmo->root;

    if (unlikely(index >> (RADIX_SHIFT * vmo->height)) && (!make || !grow(vmo, index)))
        return NULL;
    for (unsigned h = vmo->height; h-- > 0;) {
        if (unlikely(!*slot)) {
            if (!make)
                return NULL;
            *slot = (uint64_t)heap_zalloc(sizeof(struct node));
            if (!*slot)
                return NULL;
        }
        slot = &((struct node *)*slot)->slot[index >> (RADIX_SHIFT * h) & (RADIX_FANOUT - 1)];
    }
    return slot;
}

uint64_t radix_next(struct vmo *vmo, uint64_t index)
{
    for (;;) {
        uint64_t *slot = (uint64_t *)&vmo->root;
        unsigned h = vmo->height;

        if (index >> (RADIX_SHIFT * h))
            return UINT64_MAX;
        while (h && *slot) {
            h--;
            slot = &((struct node *)*slot)->slot[index >> (RADIX_SHIFT * h) & (RADIX_FANOUT - 1)];
        }
        if (*slot)
            return index;
        /* Nothing below this slot: on to what the next one covers. */
        index = ((index >> (RADIX_SHIFT * h)) + 1) << (RADIX_SHIFT * h);
    }
}

struct clearing {
    uint64_t first, end, count;
    void (*drop)(paddr_t frame);
};

/* Clears below `slot`, which covers [base, base + 64^height). */
static void clear_below(struct clearing *c, uint64_t *slot, unsigned height, uint64_t base)
{
    uint64_t span = 1ul << (RADIX_SHIFT * height);
    struct node *node;
    bool empty = true;

    if (!*slot || base >= c->end || base + span <= c->first)
        return;
    if (!height) {
        if (c->drop)
            c->drop(entry_frame(*slot));
        c->count++;
        *slot = 0;
        return;
    }
    node = (struct node *)*slot;
    span >>= RADIX_SHIFT;
    for (unsigned i = 0; i < RADIX_FANOUT; i++) {
        clear_below(c, &node->slot[i], height - 1, base + i * span);
        empty &= !node->slot[i];
    }
    if (empty) {
        heap_free(node);
        *slot = 0;
    }
}

uint64_t radix_clear(struct vmo *vmo, uint64_t first, uint64_t end, void (*drop)(paddr_t frame))
{
    struct clearing c = {first, end, 0, drop};

    clear_below(&c, (uint64_t *)&vmo->root, vmo->height, 0);
    if (!vmo->root)
        vmo->height = 0;
    return c.count;
}
