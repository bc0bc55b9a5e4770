/*
 * procfs: smaps and smaps_rollup: how much of each mapping is there, and who shares it.
 *
 * The kernel tells of each page in how many address spaces its frame is mapped. All files are
 * tmpfs's, so their pages count as written, as in a Linux whose root is a tmpfs.
 */
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include "proc_maps.h"

#define PAGES_AT_ONCE 1024u
#define PSS_SHIFT     12 /* bits after the point, as in Linux */

/* In bytes; `pss` with PSS_SHIFT bits after the point. */
struct tally {
    uint64_t resident, pss, pss_anonymous, shared, own, anonymous;
};

static void count_page(struct tally *u, uint8_t page)
{
    uint64_t count = page >> JG_PAGE_COUNT_SHIFT, part;

    if (!count || (page & JG_PAGE_ZERO))
        return;
    part = (PAGE_SIZE << PSS_SHIFT) / count;
    u->resident += PAGE_SIZE;
    u->pss += part;
    *(count > 1 ? &u->shared : &u->own) += PAGE_SIZE;
    if (page & JG_PAGE_PRIVATE) {
        u->anonymous += PAGE_SIZE;
        u->pss_anonymous += part;
    }
}

/* Nothing is counted where the kernel does not answer, or without memory to ask. */
static void count_region(struct tally *u, const struct mm *mm, const struct region *r)
{
    struct jg_info_mapped *m = rt_alloc(sizeof *m + PAGES_AT_ONCE);

    for (uint64_t va = r->start; m && va < r->end; va = m->va) {
        uint64_t left = (r->end - va) / PAGE_SIZE;

        m->va = va;
        m->pages = left < PAGES_AT_ONCE ? left : PAGES_AT_ONCE;
        if (jg_object_info(mm->aspace, JG_INFO_MAPPED, m, sizeof *m + PAGES_AT_ONCE) < 0)
            break;
        for (uint64_t i = 0; i < m->pages; i++)
            count_page(u, m->page[i]);
    }
    rt_free(m);
}

static void add(struct text *out, const char *name, uint64_t bytes)
{
    text_add(out, "%-16s%8lu kB\n", name, bytes / 1024);
}

static void add_usage(struct text *out, const struct tally *u, uint64_t locked, bool rollup)
{
    uint64_t pss = u->pss >> PSS_SHIFT;

    add(out, "Rss:", u->resident);
    add(out, "Pss:", pss);
    add(out, "Pss_Dirty:", pss);
    if (rollup) {
        add(out, "Pss_Anon:", u->pss_anonymous >> PSS_SHIFT);
        add(out, "Pss_File:", 0);
        add(out, "Pss_Shmem:", (u->pss - u->pss_anonymous) >> PSS_SHIFT);
    }
    add(out, "Shared_Clean:", 0);
    add(out, "Shared_Dirty:", u->shared);
    add(out, "Private_Clean:", 0);
    add(out, "Private_Dirty:", u->own);
    add(out, "Referenced:", u->resident);
    add(out, "Anonymous:", u->anonymous);
    add(out, "LazyFree:", 0);
    add(out, "AnonHugePages:", 0);
    add(out, "ShmemPmdMapped:", 0);
    add(out, "FilePmdMapped:", 0);
    add(out, "Shared_Hugetlb:", 0);
    add(out, "Private_Hugetlb:", 0);
    add(out, "Swap:", 0);
    add(out, "SwapPss:", 0);
    add(out, "Locked:", locked);
}

static void add_flags(struct text *out, const struct region *r)
{
    const struct {
        bool set;
        const char *name;
    } flags[] = {
        {r->prot & JG_PROT_READ, "rd"},
        {r->prot & JG_PROT_WRITE, "wr"},
        {r->prot & JG_PROT_EXECUTE, "ex"},
        {r->flags & REGION_SHARED, "sh"},
        {true, "mr"},
        {!(r->flags & REGION_WRITE_DENIED), "mw"},
        {true, "me"},
        {r->flags & REGION_SHARED, "ms"},
        {r->flags & REGION_STACK, "gd"},
        {r->flags & REGION_LOCKED, "lo"},
        {r->flags & REGION_DONTFORK, "dc"},
        {r->flags & REGION_NORESERVE, "nr"},
        {r->flags & REGION_WIPEONFORK, "wf"},
    };

    text_add(out, "VmFlags: ");
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (flags[i].set)
            text_add(out, "%s ", flags[i].name);
    }
    text_add(out, "\n");
}

static void add_details(struct text *out, struct mm *mm, const struct region *r)
{
    struct tally u = {0};

    count_region(&u, mm, r);
    add(out, "Size:", r->end - r->start);
    add(out, "KernelPageSize:", PAGE_SIZE);
    add(out, "MMUPageSize:", PAGE_SIZE);
    add_usage(out, &u, r->flags & REGION_LOCKED ? u.pss >> PSS_SHIFT : 0, false);
    text_add(out, "THPeligible:    0\n");
    add_flags(out, r);
}

int64_t proc_smaps(struct task *reader, struct proc_node at, struct text *out)
{
    return proc_regions(reader, at, out, add_details);
}

/* All regions as one; what is counted may change meanwhile, region by region. */
int64_t proc_smaps_rollup(struct task *reader, struct proc_node at, struct text *out)
{
    uint64_t first = 0, end = 0, locked = 0;
    struct tally all = {0};
    struct snapshot s;
    int64_t err = snapshot_take(reader, at, &s);

    if (err)
        return err;
    if (!s.mm)
        return -ESRCH;
    for (;;) {
        uint64_t before = all.pss;
        struct region r, *found;

        mutex_lock(&s.mm->lock);
        found = mm_find(s.mm, end);
        if (found)
            r = *found;
        mutex_unlock(&s.mm->lock);
        if (!found)
            break;
        if (!end)
            first = r.start;
        end = r.end;
        count_region(&all, s.mm, &r);
        if (r.flags & REGION_LOCKED)
            locked += all.pss - before;
    }
    snapshot_drop(&s);
    text_add(out, "%08lx-%08lx ---p 00000000 00:00 0", first, end);
    while (out->used < 73 && !out->failed)
        text_add(out, " ");
    text_add(out, "[rollup]\n");
    add_usage(out, &all, locked >> PSS_SHIFT, true);
    return 0;
}
