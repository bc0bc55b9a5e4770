/*
 * The kernel's heap: slabs of one page for each size class, runs of pages above.
 *
 * In:    heap_alloc(), heap_free().
 * State: a slab begins with struct slab, so that a block's slab is its page; a block that is page aligned is a run,
 *        whose length is in its first frame's `next`. Slabs with room are in their class's list. One empty slab for
 *        each class is kept; further ones are freed at once.
 */
#include <core/assert.h>
#include <core/list.h>
#include <core/string.h>
#include <mm/frame.h>
#include <mm/heap.h>

#define SLAB_MAGIC 0x51abu
#define HEADER 48u

struct slab {
    struct list link;     /* in its class, while it has room */
    void *free;           /* freed blocks */
    uint16_t fresh;       /* offset of the first block never used */
    uint16_t used;
    uint16_t magic;
    uint16_t class;
};
_Static_assert(sizeof(struct slab) <= HEADER, "blocks stay 16-byte aligned");

static const uint16_t class_size[] = {16,  32,  48,  64,  80,  96,  128, 160,  192,  224, 256, 336,
                                      400, 448, 512, 576, 672, 800, 1008, 1344, 2016, 4048};
#define CLASSES ARRAY_SIZE(class_size)
#define LARGEST 4048u

static struct {
    struct list partial;
    struct slab *empty;
} classes[CLASSES];
static uint8_t class_of[LARGEST / 16 + 1]; /* by (size + 15) / 16 */
static bool ready;
static uint64_t pages;

static void setup(void)
{
    unsigned c = 0;

    for (unsigned i = 0; i <= LARGEST / 16; i++) {
        while (class_size[c] < i * 16)
            c++;
        class_of[i] = (uint8_t)c;
    }
    for (c = 0; c < CLASSES; c++)
        list_init(&classes[c].partial);
    ready = true;
}

static struct slab *slab_make(unsigned class)
{
    struct slab *s = classes[class].empty;
    paddr_t page;

    if (s) {
        classes[class].empty = NULL;
        return s;
    }
    page = frame_alloc();
    if (!page)
        return NULL;
    pages++;
    s = frame_virt(page);
    s->free = NULL;
    s->fresh = HEADER;
    s->used = 0;
    s->magic = SLAB_MAGIC;
    s->class = (uint16_t)class;
    return s;
}

static void *run_alloc(size_t size)
{
    size_t count = (size + PAGE_MASK) >> PAGE_SHIFT;
    paddr_t page = count == 1 ? frame_alloc() : frame_alloc_contiguous(count, PAGE_SIZE);

    if (!page)
        return NULL;
    frame_of(page)->next = (uint32_t)count;
    pages += count;
    return frame_virt(page);
}

static void run_free(void *block)
{
    paddr_t page = virt_to_phys(block);
    uint32_t count = frame_of(page)->next;

    pages -= count;
    for (uint32_t i = 0; i < count; i++)
        frame_free(page + i * PAGE_SIZE);
}

static bool slab_full(const struct slab *s)
{
    return !s->free && s->fresh + class_size[s->class] > PAGE_SIZE;
}

void *heap_alloc(size_t size)
{
    struct slab *s;
    unsigned class;
    void *block;

    if (unlikely(!ready))
        setup();
    if (size > LARGEST)
        return run_alloc(size);
    class = class_of[(size + 15) / 16];
    if (unlikely(list_empty(&classes[class].partial))) {
        s = slab_make(class);
        if (!s)
            return NULL;
        list_add(&classes[class].partial, &s->link);
    } else {
        s = container_of(classes[class].partial.next, struct slab, link);
    }
    s->used++;
    block = s->free;
    if (block) {
        s->free = *(void **)block;
    } else {
        block = (char *)s + s->fresh;
        s->fresh += class_size[class];
    }
    if (slab_full(s))
        list_remove(&s->link);
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
    struct slab *s = (struct slab *)((uintptr_t)block & ~PAGE_MASK);

    if (!block)
        return;
    if ((void *)s == block) {
        run_free(block);
        return;
    }
    ASSERT(s->magic == SLAB_MAGIC && s->used);
    if (slab_full(s))
        list_add(&classes[s->class].partial, &s->link);
    *(void **)block = s->free;
    s->free = block;
    if (--s->used)
        return;
    list_remove(&s->link);
    if (!classes[s->class].empty) {
        classes[s->class].empty = s;
        return;
    }
    s->magic = 0;
    pages--;
    frame_free(virt_to_phys(s));
}

uint64_t heap_pages(void)
{
    return pages;
}
