/*
 * The strings of an exec: gathered from the old program, kept in one block.
 */
#include "exec.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <mm.h>

#define STRING_MAX 131072ul    /* MAX_ARG_STRLEN */
#define TOTAL_MAX  (6ul << 20) /* three quarters of the default stack limit */
#define TOTAL_MIN  131072ul    /* ARG_MAX: so much is always allowed */

size_t exec_strings_limit(const struct task *t)
{
    uint64_t limit = t->process->limits.limit[RLIMIT_STACK].rlim_cur / 4;

    return limit > TOTAL_MAX ? TOTAL_MAX : limit < TOTAL_MIN ? TOTAL_MIN : limit;
}

int64_t exec_strings_fit(const struct exec_strings *s, size_t more)
{
    size_t pointers = ((s->argc ? s->argc : 1) + s->envc) * 8ul;

    return s->used + pointers + more > s->limit ? -E2BIG : 0;
}

static int64_t room_for(struct exec_strings *s, size_t more)
{
    size_t room = s->room ? s->room : 4096;
    char *data;

    if (s->used + more > s->limit + PAGE_SIZE) /* a string is read by whole pages */
        return -E2BIG;
    if (s->used + more <= s->room)
        return 0;
    while (room < s->used + more)
        room *= 2;
    data = rt_realloc(s->data, room);
    if (!data)
        return -ENOMEM;
    s->data = data;
    s->room = room;
    return 0;
}

static int64_t read_string(struct task *t, uint64_t va, struct exec_strings *to)
{
    size_t start = to->used;

    for (;;) {
        size_t part = PAGE_SIZE - va % PAGE_SIZE;
        int64_t err = room_for(to, part), n;

        if (err)
            return err;
        n = copy_in_string(t->mm, to->data + to->used, va, part);
        if (n == -EFAULT)
            return n;
        if (n >= 0) {
            to->used += (size_t)n + 1;
            return to->used - start > STRING_MAX ? -E2BIG : 0;
        }
        to->used += part;
        va += part;
        if (to->used - start > STRING_MAX)
            return -E2BIG;
    }
}

int64_t exec_read_strings(struct task *t, uint64_t array, struct exec_strings *to, unsigned *count)
{
    *count = 0;
    for (; array; array += 8) {
        uint64_t va;
        int64_t err = copy_in(t->mm, &va, array, sizeof va);

        if (err || !va)
            return err;
        err = read_string(t, va, to);
        if (err)
            return err;
        ++*count;
        err = exec_strings_fit(to, 0);
        if (err)
            return err;
    }
    return 0;
}

int64_t exec_add_string(struct exec_strings *to, const char *s, size_t length)
{
    int64_t err = room_for(to, length + 1);

    if (err)
        return err;
    memcpy(to->data + to->used, s, length);
    to->data[to->used + length] = 0;
    to->used += length + 1;
    return 0;
}

int64_t exec_replace_first(struct exec_strings *to, const char *const *with, unsigned count)
{
    size_t first = to->argc ? strlen(to->data) + 1 : 0, more = 0, at = 0;
    int64_t err;

    for (unsigned i = 0; i < count; i++)
        more += strlen(with[i]) + 1;
    err = room_for(to, more);
    if (err)
        return err;
    memmove(to->data + more, to->data + first, to->used - first);
    for (unsigned i = 0; i < count; i++) {
        size_t n = strlen(with[i]) + 1;

        memcpy(to->data + at, with[i], n);
        at += n;
    }
    to->used += more - first;
    to->argc += count - (to->argc ? 1 : 0);
    return 0;
}
