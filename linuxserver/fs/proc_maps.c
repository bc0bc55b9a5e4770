/*
 * procfs: maps, and what proc_usage.c adds to it: smaps. Source: proc(5), Linux 6.1's formats.
 *
 * A text is made in parts of some regions; its cursor is the address where the next part begins. So
 * it costs bounded memory however many mappings there are, and what stays mapped is told once.
 */
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include "proc_maps.h"
#include "proc_tree.h"

#define REGIONS_AT_ONCE 64u
#define NAME_COLUMN     73u

static void region_name(const struct mm *mm, const struct region *r, char *name, size_t size)
{
    int n;

    name[0] = 0;
    if (r->start <= mm->stack_start && mm->stack_start < r->end) {
        memcpy(name, "[stack]", 8);
    } else if (r->flags & REGION_HEAP) {
        memcpy(name, "[heap]", 7);
    } else if (r->backing) {
        n = r->backing->path(r->backing, name, size);
        name[n < 0 ? 0 : n] = 0;
    }
}

static void add_line(struct text *out, const struct mm *mm, const struct region *r, char *name,
                     size_t size)
{
    const struct backing *b = r->backing;
    size_t before = out->used;

    region_name(mm, r, name, size);
    text_add(out, "%08lx-%08lx %c%c%c%c %08lx 00:%02x %lu ", r->start, r->end,
             r->prot & JG_PROT_READ ? 'r' : '-', r->prot & JG_PROT_WRITE ? 'w' : '-',
             r->prot & JG_PROT_EXECUTE ? 'x' : '-', r->flags & REGION_SHARED ? 's' : 'p',
             b ? r->offset : 0, b ? (unsigned)b->device : 0, b ? b->inode : 0);
    if (*name) {
        while (out->used - before < NAME_COLUMN && !out->failed)
            text_add(out, " ");
        text_add_name(out, name, "\n");
    }
    text_add(out, "\n");
}

/*
 * Copies regions from address `from` on, with a reference to what they show, so that no lock is
 * held while vfsd is asked for names. *next is where the one after them begins; 0: there is none.
 */
static unsigned copy_regions(struct mm *mm, uint64_t from, struct region *copy, uint64_t *next)
{
    unsigned n = 0;

    *next = 0;
    mutex_lock(&mm->lock);
    for (struct region *r = mm_find(mm, from); r && r < mm->regions + mm->count; r++) {
        if (n == REGIONS_AT_ONCE) {
            *next = r->start;
            break;
        }
        copy[n] = *r;
        if (r->backing)
            backing_get(r->backing);
        n++;
    }
    mutex_unlock(&mm->lock);
    return n;
}

/* One part of a text, in memory that is there for that. */
struct part {
    struct region regions[REGIONS_AT_ONCE];
    char name[PATH_LIMIT];
};

static void add_part(struct text *out, struct mm *mm, struct part *part, region_text details)
{
    uint64_t next;
    unsigned n = copy_regions(mm, out->cursor, part->regions, &next);

    for (unsigned i = 0; i < n; i++) {
        add_line(out, mm, &part->regions[i], part->name, sizeof part->name - 1);
        if (details)
            details(out, mm, &part->regions[i]);
        if (part->regions[i].backing)
            backing_put(part->regions[i].backing);
    }
    if (next)
        out->cursor = next;
}

int64_t proc_regions(struct task *reader, struct proc_node at, struct text *out,
                     region_text details)
{
    struct snapshot s;
    struct part *part;
    int64_t err = snapshot_take(reader, at, &s);

    if (err || !s.mm)
        return err;
    part = rt_alloc(sizeof *part);
    if (part)
        add_part(out, s.mm, part, details);
    else
        err = -ENOMEM;
    rt_free(part);
    snapshot_drop(&s);
    return err;
}

int64_t proc_maps(struct task *reader, struct proc_node at, struct text *out)
{
    return proc_regions(reader, at, out, NULL);
}
