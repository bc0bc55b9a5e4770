/*
 * linuxserver's list of regions against a naive model, one entry for each page: random insertions,
 * removals, changes and searches. `region_test SEED COUNT` repeats a run.
 */
#include "host.h"

#include <mm/region.h>

#define PAGES    3000ul
#define BASE     0x10000000ul
#define BACKINGS 3
#define LIMIT    (BASE + PAGES * PAGE_SIZE)

struct page {
    bool mapped;
    uint32_t prot, flags;
    unsigned backing; /* 0: none */
    uint64_t offset;
};

static struct page model[PAGES];
static struct backing backings[BACKINGS + 1];
static struct mm mm;
static uint64_t state;
static uint64_t failures;

static uint64_t draw(uint64_t n)
{
    state = state * 6364136223846793005ul + 1442695040888963407ul;
    return (state >> 33) % n;
}

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            failures++;                                                                            \
            host_print(#condition, __LINE__);                                                      \
        }                                                                                          \
    } while (0)

void backing_put(struct backing *b)
{
    b->refs--;
}

static uint64_t va_of(uint64_t page)
{
    return BASE + page * PAGE_SIZE;
}

static unsigned backing_of(const struct region *r)
{
    return r->backing ? (unsigned)(r->backing - backings) : 0;
}

static bool joins(const struct page *a, const struct page *b)
{
    return a->mapped && b->mapped && a->prot == b->prot && a->flags == b->flags &&
           a->backing == b->backing && (!a->backing || a->offset + PAGE_SIZE == b->offset);
}

/* The list says of each page what the model says, and of the sums too. */
static void compare(void)
{
    uint64_t mapped = 0, data = 0, accounted = 0;
    uint32_t refs[BACKINGS + 1] = {0};
    int32_t writers[BACKINGS + 1] = {0};
    unsigned i = 0;

    for (uint64_t page = 0; page < PAGES;) {
        const struct page *p = &model[page];
        uint64_t end = page + 1;
        const struct region *r;

        if (!p->mapped) {
            page++;
            continue;
        }
        while (end < PAGES && joins(&model[end - 1], &model[end]))
            end++;
        if (i >= mm.count) {
            CHECK(i < mm.count);
            return;
        }
        r = &mm.regions[i++];
        CHECK(r->start == va_of(page) && r->end == va_of(end));
        CHECK(r->prot == p->prot && r->flags == p->flags && backing_of(r) == p->backing);
        CHECK(!r->backing || r->offset == p->offset);
        mapped += end - page;
        if ((p->prot & JG_PROT_WRITE) && !(p->flags & (REGION_SHARED | REGION_STACK)))
            data += end - page;
        if (p->flags & REGION_ACCOUNT)
            accounted += end - page;
        refs[p->backing]++;
        writers[p->backing] += p->flags & REGION_WRITER ? 1 : 0;
        page = end;
    }
    CHECK(i == mm.count);
    CHECK(mm.mapped == mapped * PAGE_SIZE);
    CHECK(mm.data_bytes == data * PAGE_SIZE);
    CHECK(mm.accounted == accounted * PAGE_SIZE);
    for (unsigned b = 1; b <= BACKINGS; b++)
        CHECK(backings[b].refs == refs[b] + 1 && backings[b].shared_writers == writers[b]);
}

static void range(uint64_t *first, uint64_t *end)
{
    *first = draw(PAGES);
    *end = *first + 1 + (draw(8) ? draw(12) : draw(PAGES));
    *end = *end > PAGES ? PAGES : *end;
}

static void insert(uint64_t first, uint64_t end)
{
    static const uint32_t kinds[] = {0,
                                     0,
                                     REGION_ACCOUNT,
                                     REGION_ACCOUNT,
                                     REGION_STACK | REGION_ACCOUNT,
                                     REGION_LOCKED | REGION_ACCOUNT,
                                     REGION_NORESERVE};
    unsigned backing = draw(2) ? 0 : 1 + (unsigned)draw(BACKINGS);
    struct region r = {.start = va_of(first), .end = va_of(end), .prot = (uint32_t)draw(8)};

    r.flags = kinds[draw(sizeof kinds / sizeof *kinds)];
    if (backing) {
        r.flags &= ~REGION_STACK;
        r.flags |= draw(2) ? 0 : REGION_SHARED | (draw(2) ? REGION_WRITER : REGION_WRITE_DENIED);
        r.backing = &backings[backing];
        r.offset = draw(2) ? first * PAGE_SIZE : draw(4) * PAGE_SIZE;
    }
    CHECK(!region_reserve(&mm, 3));
    CHECK(region_hold_first(&r));
    region_remove(&mm, r.start, r.end);
    region_insert(&mm, &r);
    for (uint64_t i = first; i < end; i++)
        model[i] =
            (struct page){true, r.prot, r.flags, backing, r.offset + (i - first) * PAGE_SIZE};
}

static void remove_range(uint64_t first, uint64_t end)
{
    CHECK(!region_reserve(&mm, 2));
    region_remove(&mm, va_of(first), va_of(end));
    for (uint64_t i = first; i < end; i++)
        model[i] = (struct page){0};
}

/* As mprotect and madvise do it: cut, change, join. */
static void change(uint64_t first, uint64_t end)
{
    bool protects = draw(2);
    uint32_t prot = (uint32_t)draw(8);

    CHECK(!region_reserve(&mm, 2));
    region_split(&mm, va_of(first));
    region_split(&mm, va_of(end));
    for (unsigned i = region_index(&mm, va_of(first));
         i < mm.count && mm.regions[i].start < va_of(end); i++) {
        struct region *r = &mm.regions[i];

        mm.data_bytes -= region_data(r);
        if (protects)
            r->prot = prot;
        else
            r->flags ^= REGION_DONTFORK;
        mm.data_bytes += region_data(r);
    }
    region_merge(&mm, va_of(first), va_of(end));
    for (uint64_t i = first; i < end; i++) {
        if (model[i].mapped && protects)
            model[i].prot = prot;
        else if (model[i].mapped)
            model[i].flags ^= REGION_DONTFORK;
    }
}

static void ask(uint64_t first, uint64_t end)
{
    uint64_t bytes = 0, data = 0, locked = 0;
    bool covered = true;

    for (uint64_t i = first; i < end; i++) {
        covered &= model[i].mapped;
        bytes += model[i].mapped;
        data += model[i].mapped && (model[i].prot & JG_PROT_WRITE) &&
                !(model[i].flags & (REGION_SHARED | REGION_STACK));
        locked += model[i].mapped && (model[i].flags & REGION_LOCKED);
    }
    CHECK(region_covers(&mm, va_of(first), va_of(end)) == covered);
    CHECK(region_bytes_in(&mm, va_of(first), va_of(end)) == bytes * PAGE_SIZE);
    CHECK(region_data_in(&mm, va_of(first), va_of(end)) == data * PAGE_SIZE);
    CHECK(region_locked_in(&mm, va_of(first), va_of(end)) == locked * PAGE_SIZE);
}

/* Does a range of `length` pages fit at `first`: free, and below what the next one keeps free? */
static bool fits(uint64_t first, uint64_t length)
{
    uint64_t i = first;

    for (; i < first + length; i++) {
        if (model[i].mapped)
            return false;
    }
    while (i < PAGES && !model[i].mapped)
        i++;
    return i == PAGES || !(model[i].flags & REGION_STACK) || i - (first + length) >= 256;
}

static void search(void)
{
    uint64_t length = 1 + draw(draw(4) ? 8 : 300), at, up;
    uint64_t got = region_gap(&mm, length * PAGE_SIZE, BASE, LIMIT);

    for (at = PAGES - length + 1; at-- > 0 && !fits(at, length);)
        continue;
    CHECK(got == (at < PAGES ? va_of(at) : 0));
    for (up = 0; up + length <= PAGES && !fits(up, length); up++)
        continue;
    got = region_gap_up(&mm, length * PAGE_SIZE, BASE, LIMIT);
    CHECK(got == (up + length <= PAGES ? va_of(up) : 0));
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? host_number(argv[1]) : 20261123,
             count = argc > 2 ? host_number(argv[2]) : 60000;
    uint64_t first, end;

    state = seed;
    for (unsigned b = 1; b <= BACKINGS; b++)
        backings[b].refs = 1;
    for (uint64_t i = 0; i < count && failures < 10; i++) {
        range(&first, &end);
        switch (draw(8)) {
        case 0:
        case 1:
            remove_range(first, end);
            break;
        case 2:
        case 3:
            change(first, end);
            break;
        case 4:
            search();
            break;
        case 5:
            ask(first, end);
            break;
        default:
            insert(first, end);
            break;
        }
        if (i % 8 == 0)
            compare();
    }
    compare();
    remove_range(0, PAGES);
    compare();
    region_free_all(&mm);
    host_result(failures, seed, count);
    return failures != 0;
}
