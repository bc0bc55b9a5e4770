/*
 * The alternate signal stack. Only its own task touches it: no lock.
 */
#include <signal.h>

#include <linux/signal.h>

static bool inside(const struct altstack *s, uint64_t sp)
{
    return sp > s->base && sp - s->base <= s->size;
}

bool altstack_contains(const struct altstack *s, uint64_t sp)
{
    return inside(s, sp);
}

bool altstack_in_use(const struct altstack *s, uint64_t sp)
{
    return !(s->flags & SS_AUTODISARM) && inside(s, sp);
}

uint32_t altstack_state(const struct altstack *s, uint64_t sp)
{
    uint32_t state = !s->size ? SS_DISABLE : altstack_in_use(s, sp) ? SS_ONSTACK : 0;

    return state | (s->flags & SS_AUTODISARM);
}

int altstack_set(struct task *t, const struct altstack *new, uint64_t sp)
{
    uint32_t mode = new->flags & ~SS_AUTODISARM;

    if (altstack_in_use(&t->altstack, sp))
        return -EPERM;
    if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
        return -EINVAL;
    if (t->altstack.base == new->base && t->altstack.size == new->size &&
        t->altstack.flags == new->flags)
        return 0;
    if (mode != SS_DISABLE && new->size < MINSIGSTKSZ)
        return -ENOMEM;
    t->altstack = *new;
    if (mode == SS_DISABLE)
        t->altstack.base = t->altstack.size = 0;
    return 0;
}
