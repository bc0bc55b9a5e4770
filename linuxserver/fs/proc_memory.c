/*
 * procfs: what a process keeps in its own memory: cmdline, environ, auxv.
 */
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include "proc_task.h"
#include "proc_tree.h"

#define RANGE_MAX (4u << 20) /* what an exec takes at most, and more */

static void add_range(struct text *out, struct mm *mm, uint64_t start, uint64_t end)
{
    uint8_t part[512];

    if (end > start + RANGE_MAX)
        end = start + RANGE_MAX;
    while (start < end) {
        size_t n = end - start < sizeof part ? end - start : sizeof part;

        n = copy_in_some(mm, part, start, n);
        if (!n)
            return;
        text_add_bytes(out, part, n);
        start += n;
    }
}

/*
 * A program that overwrites its arguments (setproctitle) may run on into its environment: when the
 * last byte of the arguments is no longer zero, what is shown ends with the first zero after the
 * start. Source: proc(5), Linux 6.1's get_mm_cmdline().
 */
static void add_arguments(struct text *out, struct mm *mm)
{
    uint64_t start = mm->arg_start, end = mm->arg_end;
    char last = 0;
    char *zero;

    if (start >= end)
        return;
    copy_in_some(mm, &last, end - 1, 1);
    if (!last) {
        add_range(out, mm, start, end);
        return;
    }
    add_range(out, mm, start, mm->env_end > end ? mm->env_end : end);
    zero = out->used ? memchr(out->data, 0, out->used) : NULL;
    if (zero)
        out->used = (size_t)(zero - out->data) + 1;
}

int64_t proc_cmdline(struct task *reader, struct proc_node at, struct text *out)
{
    struct snapshot s;
    int64_t err = snapshot_take(reader, at, &s);

    if (err)
        return err;
    if (s.mm)
        add_arguments(out, s.mm);
    snapshot_drop(&s);
    return 0;
}

int64_t proc_environ(struct task *reader, struct proc_node at, struct text *out)
{
    struct snapshot s;

    if (snapshot_take(reader, at, &s))
        return 0; /* the memory that was opened is gone, and with it its content */
    if (s.mm)
        add_range(out, s.mm, s.mm->env_start, s.mm->env_end);
    snapshot_drop(&s);
    return 0;
}

int64_t proc_auxv(struct task *reader, struct proc_node at, struct text *out)
{
    struct snapshot s;

    if (snapshot_take(reader, at, &s))
        return 0;
    if (s.mm)
        text_add_bytes(out, s.mm->auxv, s.mm->auxv_words * 8);
    snapshot_drop(&s);
    return 0;
}
