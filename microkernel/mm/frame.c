/*
 * The frame allocator: a list of freed frames, and ranges that were never used yet.
 *
 * In:    arch/ gives ranges at boot (mm/boot.h). frame_alloc*() pops the list, else takes the next frame of a range:
 *        so boot touches no memory, and both ways are constant time.
 * State: a free frame has refs 0 and `next` links it; a frame of a range that was not reached yet has refs 0 too.
 */
#include <core/assert.h>
#include <core/string.h>
#include <mm/boot.h>
#include <mm/frame.h>
#include <mm/reaper.h>

#define RANGES_MAX 32u
#define ZEROED_MAX 16u
#define KERNEL_RESERVE 32u /* frames that only the kernel's own allocations may take */

struct range {
    uint32_t next, end; /* frame numbers */
};

struct frame *frame_table;
static struct range ranges[RANGES_MAX];
static unsigned range_count;
static uint32_t free_head HOT_DATA;
static uint64_t free_count HOT_DATA, total, user_reserve;
static uint32_t top_frame HOT_DATA;
static paddr_t zeroed[ZEROED_MAX]; /* free frames known to be zero, in no list */
static unsigned zeroed_count;

void frames_init(paddr_t top)
{
    top_frame = (uint32_t)(top >> PAGE_SHIFT);
}

void frames_give(paddr_t base, paddr_t end)
{
    uint64_t count = (end - base) >> PAGE_SHIFT;

    if (range_count == RANGES_MAX)
        return;
    ranges[range_count++] = (struct range){base >> PAGE_SHIFT, end >> PAGE_SHIFT};
    total += count;
    free_count += count;
    user_reserve = MIN(KERNEL_RESERVE + total / 32, 1024u);
}

void frames_adopt(paddr_t base, paddr_t end)
{
    total += (end - base) >> PAGE_SHIFT;
    for (; base < end; base += PAGE_SIZE)
        frame_of(base)->refs = 1;
}

HOT bool frame_is_ram(paddr_t pa)
{
    return pa >> PAGE_SHIFT < top_frame;
}

static paddr_t take_from_range(void)
{
    for (unsigned i = range_count; i-- > 0;) {
        struct range *r = &ranges[i];

        if (r->next < r->end)
            return (paddr_t)r->next++ << PAGE_SHIFT;
    }
    return 0;
}

static paddr_t take_zeroed(void)
{
    paddr_t pa;

    if (!zeroed_count)
        return 0;
    pa = zeroed[--zeroed_count];
    frame_of(pa)->refs = 1;
    free_count--;
    return pa;
}

static inline paddr_t take(void)
{
    uint32_t n = free_head;
    paddr_t pa;

    if (likely(n)) {
        struct frame *f = &frame_table[n];

        free_head = f->next;
        f->refs = 1;
        free_count--;
        return (paddr_t)n << PAGE_SHIFT;
    }
    pa = take_from_range();
    if (!pa)
        return take_zeroed();
    frame_of(pa)->refs = 1;
    free_count--;
    return pa;
}

paddr_t frame_alloc(void)
{
    paddr_t pa = take();

    while (unlikely(!pa) && reaper_run(64))
        pa = take();
    return pa ? pa : take();
}

paddr_t frame_alloc_zeroed(void)
{
    paddr_t pa = take_zeroed();

    if (pa)
        return pa;
    pa = frame_alloc();
    if (pa)
        page_zero(frame_virt(pa));
    return pa;
}

void frame_free_zeroed(paddr_t pa)
{
    if (zeroed_count == ZEROED_MAX) {
        frame_free(pa);
        return;
    }
    frame_of(pa)->refs = 0;
    zeroed[zeroed_count++] = pa;
    free_count++;
}

paddr_t frame_alloc_user(const struct account *account)
{
    uint64_t reserve = account && account->critical ? KERNEL_RESERVE : user_reserve;

    while (unlikely(free_count <= reserve))
        if (!reaper_run(64))
            break;
    if (unlikely(free_count <= reserve))
        return 0;
    return take();
}

void frame_free(paddr_t pa)
{
    struct frame *f = frame_of(pa);

    ASSERT_DEBUG(f->refs <= 1);
    f->refs = 0;
    f->next = free_head;
    free_head = (uint32_t)(pa >> PAGE_SHIFT);
    free_count++;
}

/* A run from the end of a range that was never used: the cheap way. */
static paddr_t run_from_range(uint32_t count, uint32_t align)
{
    for (unsigned i = range_count; i-- > 0;) {
        struct range *r = &ranges[i];
        uint32_t start;

        if (r->end - r->next < count)
            continue;
        start = (r->end - count) & ~(align - 1);
        if (start < r->next)
            continue;
        /* What alignment cuts off at the end joins the free list. */
        for (uint32_t n = start + count; n < r->end; n++) {
            frame_table[n].refs = 0;
            frame_table[n].next = free_head;
            free_head = n;
        }
        r->end = start;
        return (paddr_t)start << PAGE_SHIFT;
    }
    return 0;
}

#define LISTED UINT32_MAX /* marks, during the search, that a frame is in the free list */

/* A run among freed frames: marks the list in the table, searches, and links the list again. Rare and slow. */
static paddr_t run_from_list(uint32_t count, uint32_t align)
{
    uint32_t start = 0, found = 0;

    for (uint32_t n = free_head; n; n = frame_table[n].next)
        frame_table[n].refs = LISTED;
    for (uint32_t n = 1; n < top_frame && !found; n++) {
        if (frame_table[n].refs != LISTED) {
            start = 0;
            continue;
        }
        if (!start && !(n & (align - 1)))
            start = n;
        if (start && n - start + 1 == count)
            found = start;
    }
    uint32_t n = free_head, *link = &free_head;

    while (n) {
        uint32_t next = frame_table[n].next;

        frame_table[n].refs = 0;
        if (!found || n < found || n >= found + count) {
            *link = n;
            link = &frame_table[n].next;
        }
        n = next;
    }
    *link = 0;
    return (paddr_t)found << PAGE_SHIFT;
}

paddr_t frame_alloc_contiguous(size_t count, size_t align)
{
    uint32_t step = (uint32_t)MAX(align >> PAGE_SHIFT, 1);
    paddr_t pa = 0;

    if (!count || count + KERNEL_RESERVE > free_count)
        return 0;
    pa = run_from_range((uint32_t)count, step);
    if (!pa) {
        reaper_quiesce();
        pa = run_from_list((uint32_t)count, step);
    }
    if (!pa)
        return 0;
    for (size_t i = 0; i < count; i++)
        frame_of(pa + i * PAGE_SIZE)->refs = 1;
    free_count -= count;
    return pa;
}

uint64_t frames_total(void)
{
    return total;
}

uint64_t frames_free(void)
{
    return free_count;
}
