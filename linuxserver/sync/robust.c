/*
 * Robust lists: words that an ending task marks, so that others learn that their owner died.
 *
 * The list is the program's; whatever is wrong with it ends the walk and nothing else. Source:
 * robust-futex-ABI in the kernel's documentation.
 */
#include "futex.h"

#include <task.h>

#include "futex_queue.h"

#define ROBUST_LIMIT 2048

struct entry {
    uint64_t va;
    bool pi; /* the lowest bit of a pointer to it */
};

static int64_t fetch(struct task *t, uint64_t va, struct entry *e)
{
    uint64_t pointer;

    if (copy_in(t->mm, &pointer, va, sizeof pointer))
        return -EFAULT;
    *e = (struct entry){.va = pointer & ~1ull, .pi = pointer & 1};
    return 0;
}

/* Marks one word if it is ours. Returns -EFAULT when the walk must end. */
static int64_t release(struct task *t, uint64_t va, bool pi, bool pending)
{
    uint32_t word;
    int64_t done;

    if (va % sizeof word || futex_read(t->mm, va, &word))
        return -EFAULT;
    do {
        /*
         * It ended after it gave the word up and before it woke somebody, or after it was woken and
         * before it took the word: the wake must not be lost.
         */
        if (pending && !pi && !(word & FUTEX_TID_MASK)) {
            futex_wake_word(t->mm, va, 1);
            return 0;
        }
        if ((word & FUTEX_TID_MASK) != (uint32_t)t->tid)
            return 0;
        done = futex_cas(t->mm, va, &word, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED);
    } while (!done);
    if (done < 0)
        return done;
    if (!pi && (word & FUTEX_WAITERS))
        futex_wake_word(t->mm, va, 1);
    return 0;
}

void futex_release_robust(struct task *t)
{
    uint64_t head = t->robust_list, offset;
    struct entry e, next, pending;
    bool last = false;

    if (fetch(t, head, &e) || copy_in(t->mm, &offset, head + 8, sizeof offset) ||
        fetch(t, head + 16, &pending))
        return;
    for (int i = 0; i < ROBUST_LIMIT && e.va != head; i++) {
        last = fetch(t, e.va, &next);
        if (e.va != pending.va && release(t, e.va + offset, e.pi, false))
            return;
        if (last)
            return;
        e = next;
    }
    if (pending.va)
        release(t, pending.va + offset, pending.pi, true);
}
