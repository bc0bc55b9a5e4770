/*
 * The heap: size classes in runs of pages, runs in arenas.
 *
 * In:    rt_alloc(), rt_zalloc(), rt_realloc(), rt_free(), heap_stats().
 * Life:  an arena is 1 MiB at a multiple of 1 MiB, so that a block's arena is found from its
 *        address; its first page describes the others. A run is 1 to 8 pages cut into blocks of one
 *        class, with its header in front. Blocks above the largest class are whole pages; those
 *        above what an arena holds have a reservation of their own, shaped like an arena with one
 *        run. Free pages keep their memory up to CACHE_PAGES, beyond that it is given back; an
 *        empty arena is given back unless it is the only one.
 * Locks: one mutex over everything here. No other lock is taken under it.
 */
#include <jg/rt/assert.h>
#include <jg/rt/heap.h>
#include <jg/rt/list.h>
#include <jg/rt/string.h>
#include <jg/rt/sync.h>
#include <jg/types.h>

#include "heap_pages.h"

#define ARENA_BYTES (1ul << 20)
#define ARENA_PAGES (ARENA_BYTES / JG_PAGE_SIZE)
#define ARENA_MAGIC 0x4152454eu
#define RUN_MAGIC   0x52554e21u
#define CACHE_PAGES 32u
#define SMALL_MAX   2048u

enum page_kind { PAGE_FREE = 0, PAGE_HEADER, PAGE_RUN, PAGE_LARGE, PAGE_INSIDE };

struct page {
    uint8_t kind;
    uint8_t committed;
    uint8_t back;  /* INSIDE: pages back to the first one */
    uint8_t count; /* RUN, LARGE: pages */
};

struct arena {
    uint32_t magic;
    uint32_t free_pages;
    struct list link;  /* in `arenas`; of a huge block: in no list */
    size_t huge_bytes; /* not 0: the whole reservation of a huge block */
    struct page page[ARENA_PAGES];
};
_Static_assert(sizeof(struct arena) <= JG_PAGE_SIZE, "the header is one page");

struct free_block {
    struct free_block *next;
};

struct run {
    uint32_t magic;
    uint16_t class;
    uint16_t used;
    struct list link; /* in its class's list while it has a free block */
    struct free_block *free;
    uint32_t fresh; /* blocks from here on were never used and are in no list */
    uint32_t capacity;
};
#define RUN_HEADER ((sizeof(struct run) + 15) & ~15ul)

static const uint16_t class_bytes[] = {
    16,  32,  48,  64,  80,  96,  112, 128,  160,  192,  224,  256,
    320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 1792, SMALL_MAX,
};
#define CLASSES (sizeof class_bytes / sizeof *class_bytes)

static struct mutex lock = MUTEX_INIT;
static struct list arenas = LIST_INIT(arenas);
static struct list partial[CLASSES]; /* runs with a free block; all zeros until first used */
static struct heap_stats stats;
static unsigned cached_pages; /* free, but committed */

static unsigned class_of(size_t size)
{
    unsigned c = 8;

    if (size <= 128) /* the first eight are 16 bytes apart */
        return size ? (unsigned)(size - 1) / 16 : 0;
    while (class_bytes[c] < size)
        c++;
    return c;
}

/* Small runs waste little and come back soon; large blocks need more pages to fit a few. */
static unsigned run_pages(unsigned class)
{
    return class_bytes[class] <= 256 ? 1 : class_bytes[class] <= 1024 ? 4 : 8;
}

static struct arena *arena_of(const void *block)
{
    struct arena *a = (struct arena *)((uintptr_t)block & ~(ARENA_BYTES - 1));

    ASSERT_OBJECT(a, ARENA_MAGIC);
    return a;
}

static void *page_address(struct arena *a, unsigned index)
{
    return (char *)a + index * JG_PAGE_SIZE;
}

static unsigned page_index(const struct arena *a, const void *block)
{
    return (unsigned)(((uintptr_t)block - (uintptr_t)a) / JG_PAGE_SIZE);
}

/* Reserves arena-shaped memory and commits its first `committed` bytes. */
static struct arena *arena_reserve(size_t size, size_t committed)
{
    struct arena *a = heap_pages_reserve(size, ARENA_BYTES);

    if (!a)
        return NULL;
    if (!heap_pages_commit(a, committed)) {
        heap_pages_release(a, size);
        return NULL;
    }
    a->magic = ARENA_MAGIC;
    list_init(&a->link);
    a->page[0] = (struct page){.kind = PAGE_HEADER, .committed = 1};
    stats.committed_bytes += committed;
    stats.arenas++;
    return a;
}

static struct arena *arena_new(void)
{
    struct arena *a = arena_reserve(ARENA_BYTES, JG_PAGE_SIZE);

    if (a) {
        a->free_pages = ARENA_PAGES - 1;
        list_add_tail(&arenas, &a->link);
    }
    return a;
}

static void arena_end(struct arena *a, size_t size, size_t committed)
{
    stats.committed_bytes -= committed;
    stats.arenas--;
    list_remove(&a->link);
    heap_pages_release(a, size);
}

/* Finds `count` free pages in a row. Returns the index of the first, or 0. */
static unsigned find_pages(const struct arena *a, unsigned count)
{
    unsigned row = 0;

    if (a->free_pages < count)
        return 0;
    for (unsigned i = 1; i < ARENA_PAGES; i++) {
        row = a->page[i].kind == PAGE_FREE ? row + 1 : 0;
        if (row == count)
            return i + 1 - count;
    }
    return 0;
}

/* Commits those of the pages that are not. On failure some more may be committed than before. */
static bool commit_pages(struct arena *a, unsigned first, unsigned count)
{
    for (unsigned i = first, n; i < first + count; i += n) {
        bool committed = a->page[i].committed;

        for (n = 1; i + n < first + count && a->page[i + n].committed == committed; n++)
            ;
        if (committed)
            continue;
        if (!heap_pages_commit(page_address(a, i), n * JG_PAGE_SIZE))
            return false;
        for (unsigned j = i; j < i + n; j++)
            a->page[j].committed = 1;
        stats.committed_bytes += n * JG_PAGE_SIZE;
        cached_pages += n;
    }
    return true;
}

static __attribute__((hot)) void *take_pages_in(struct arena *a, unsigned count, enum page_kind kind)
{
    unsigned first = find_pages(a, count);

    if (!first || !commit_pages(a, first, count))
        return NULL;
    cached_pages -= count;
    a->free_pages -= count;
    a->page[first].kind = kind;
    a->page[first].count = (uint8_t)count;
    for (unsigned i = 1; i < count; i++) {
        a->page[first + i].kind = PAGE_INSIDE;
        a->page[first + i].back = (uint8_t)i;
    }
    return page_address(a, first);
}

static __attribute__((hot)) void *take_pages(unsigned count, enum page_kind kind)
{
    struct arena *fresh;
    void *pages;

    LIST_FOR_EACH(it, &arenas) {
        pages = take_pages_in(LIST_ENTRY(it, struct arena, link), count, kind);
        if (pages)
            return pages;
    }
    fresh = arena_new();
    return fresh ? take_pages_in(fresh, count, kind) : NULL;
}

static void drop_page(struct arena *a, unsigned i)
{
    heap_pages_drop(page_address(a, i), JG_PAGE_SIZE);
    a->page[i].committed = 0;
    stats.committed_bytes -= JG_PAGE_SIZE;
    cached_pages--;
}

/* An arena with nothing in it goes back whole, unless the next allocation would want it again. */
static void arena_check_empty(struct arena *a)
{
    unsigned committed = 0;

    if (a->free_pages != ARENA_PAGES - 1 || (arenas.next == &a->link && arenas.prev == &a->link))
        return;
    for (unsigned i = 1; i < ARENA_PAGES; i++)
        committed += a->page[i].committed;
    cached_pages -= committed;
    arena_end(a, ARENA_BYTES, (committed + 1) * JG_PAGE_SIZE);
}

static __attribute__((hot)) void give_pages(struct arena *a, unsigned first)
{
    unsigned count = a->page[first].count;

    a->free_pages += count;
    cached_pages += count;
    for (unsigned i = first; i < first + count; i++) {
        a->page[i].kind = PAGE_FREE;
        if (cached_pages > CACHE_PAGES)
            drop_page(a, i);
    }
    arena_check_empty(a);
}

static struct run *run_new(unsigned class)
{
    unsigned pages = run_pages(class);
    struct run *r = take_pages(pages, PAGE_RUN);

    if (!r)
        return NULL;
    *r = (struct run){.magic = RUN_MAGIC, .class = (uint16_t)class};
    r->capacity = (uint32_t)((pages * JG_PAGE_SIZE - RUN_HEADER) / class_bytes[class]);
    list_add_head(&partial[class], &r->link);
    return r;
}

static void *small_alloc(unsigned class)
{
    struct list *head = &partial[class];
    struct run *r;
    struct free_block *b;

    if (!head->next)
        list_init(head);
    r = list_empty(head) ? run_new(class) : LIST_ENTRY(head->next, struct run, link);
    if (!r)
        return NULL;
    b = r->free;
    if (b)
        r->free = b->next;
    else
        b = (void *)((char *)r + RUN_HEADER + (size_t)r->fresh++ * class_bytes[class]);
    if (++r->used == r->capacity)
        list_remove(&r->link);
    stats.used_bytes += class_bytes[class];
    return b;
}

static void small_free(struct arena *a, unsigned first, void *block)
{
    struct run *r = page_address(a, first);
    struct free_block *b = block;
    size_t offset = (size_t)((char *)block - (char *)r) - RUN_HEADER;

    ASSERT_OBJECT(r, RUN_MAGIC);
    ASSERT(r->used > 0 && offset % class_bytes[r->class] == 0 && r->free != b);
    stats.used_bytes -= class_bytes[r->class];
    if (r->used-- == r->capacity)
        list_add_head(&partial[r->class], &r->link);
    b->next = r->free;
    r->free = b;
    if (r->used)
        return;
    list_remove(&r->link);
    r->magic = 0;
    give_pages(a, first);
}

static void *huge_alloc(size_t size)
{
    size_t whole = JG_PAGE_SIZE + ((size + JG_PAGE_SIZE - 1) & ~(JG_PAGE_SIZE - 1));
    struct arena *a = whole > size ? arena_reserve(whole, whole) : NULL;

    if (!a)
        return NULL;
    a->huge_bytes = whole;
    stats.used_bytes += whole - JG_PAGE_SIZE;
    return page_address(a, 1);
}

static void *alloc_locked(size_t size)
{
    size_t pages = (size + JG_PAGE_SIZE - 1) / JG_PAGE_SIZE;
    void *block;

    if (size <= SMALL_MAX)
        return small_alloc(class_of(size));
    if (pages >= ARENA_PAGES || !pages)
        return huge_alloc(size);
    block = take_pages((unsigned)pages, PAGE_LARGE);
    if (block)
        stats.used_bytes += pages * JG_PAGE_SIZE;
    return block;
}

static void free_locked(void *block)
{
    struct arena *a = arena_of(block);
    unsigned index = page_index(a, block);

    if (a->huge_bytes) {
        stats.used_bytes -= a->huge_bytes - JG_PAGE_SIZE;
        arena_end(a, a->huge_bytes, a->huge_bytes);
        return;
    }
    if (a->page[index].kind == PAGE_INSIDE)
        index -= a->page[index].back;
    if (a->page[index].kind == PAGE_RUN) {
        small_free(a, index, block);
        return;
    }
    ASSERT(a->page[index].kind == PAGE_LARGE && block == page_address(a, index));
    stats.used_bytes -= a->page[index].count * JG_PAGE_SIZE;
    give_pages(a, index);
}

/* How many bytes a block has room for. */
static size_t room_locked(const void *block)
{
    struct arena *a = arena_of(block);
    unsigned index = page_index(a, block);

    if (a->huge_bytes)
        return a->huge_bytes - JG_PAGE_SIZE;
    if (a->page[index].kind == PAGE_INSIDE)
        index -= a->page[index].back;
    if (a->page[index].kind == PAGE_RUN)
        return class_bytes[((struct run *)page_address(a, index))->class];
    ASSERT(a->page[index].kind == PAGE_LARGE);
    return a->page[index].count * JG_PAGE_SIZE;
}

__attribute__((hot)) void *rt_alloc(size_t size)
{
    void *block;

    mutex_lock(&lock);
    block = alloc_locked(size);
    mutex_unlock(&lock);
    return block;
}

__attribute__((hot)) void *rt_zalloc(size_t size)
{
    void *block = rt_alloc(size);

    if (block)
        memset(block, 0, size);
    return block;
}

__attribute__((hot)) void rt_free(void *block)
{
    if (!block)
        return;
    mutex_lock(&lock);
    free_locked(block);
    mutex_unlock(&lock);
}

void *rt_realloc(void *block, size_t size)
{
    size_t room;
    void *moved;

    if (!block)
        return rt_alloc(size);
    mutex_lock(&lock);
    room = room_locked(block);
    mutex_unlock(&lock);
    if (size <= room && size >= room / 2)
        return block;
    moved = rt_alloc(size);
    if (!moved)
        return size <= room ? block : NULL;
    memcpy(moved, block, size < room ? size : room);
    rt_free(block);
    return moved;
}

void heap_stats(struct heap_stats *out)
{
    mutex_lock(&lock);
    *out = stats;
    mutex_unlock(&lock);
}
