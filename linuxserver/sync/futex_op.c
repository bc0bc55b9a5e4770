/*
 * FUTEX_WAKE_OP: changes one word, wakes on another, and on the first if what it held compares.
 */
#include "futex.h"

#include <task.h>

#include "futex_queue.h"

/* Sign-extends the 12 bits of an operand. */
static int32_t operand(uint32_t op, unsigned shift)
{
    return (int32_t)(op << (20 - shift)) >> 20;
}

static int64_t compute(uint32_t kind, uint32_t value, uint32_t arg, uint32_t *new)
{
    switch (kind) {
    case FUTEX_OP_SET:
        *new = arg;
        return 0;
    case FUTEX_OP_ADD:
        *new = value + arg;
        return 0;
    case FUTEX_OP_OR:
        *new = value | arg;
        return 0;
    case FUTEX_OP_ANDN:
        *new = value & ~arg;
        return 0;
    case FUTEX_OP_XOR:
        *new = value ^ arg;
        return 0;
    default:
        return -ENOSYS;
    }
}

static int64_t compare(uint32_t op, uint32_t old)
{
    int32_t a = (int32_t)old, b = operand(op, 0);

    switch (op >> 24 & 15) {
    case FUTEX_OP_CMP_EQ:
        return a == b;
    case FUTEX_OP_CMP_NE:
        return a != b;
    case FUTEX_OP_CMP_LT:
        return a < b;
    case FUTEX_OP_CMP_LE:
        return a <= b;
    case FUTEX_OP_CMP_GT:
        return a > b;
    case FUTEX_OP_CMP_GE:
        return a >= b;
    default:
        return -ENOSYS;
    }
}

/* Changes the word. Returns what `op` says of its old value: 0, 1 or -errno. */
static int64_t apply(struct mm *mm, uint64_t va, uint32_t op)
{
    uint32_t kind = op >> 28 & 7, arg = (uint32_t)operand(op, 12), value, new;
    int64_t done;

    if (op >> 28 & FUTEX_OP_OPARG_SHIFT) /* the top bit: the argument is a shift */
        arg = 1u << (arg & 31);
    if (compute(kind, 0, arg, &new))
        return -ENOSYS;
    if ((done = futex_touch(mm, va, &value)))
        return done;
    do {
        compute(kind, value, arg, &new);
        done = futex_cas(mm, va, &value, new);
    } while (!done);
    return done < 0 ? done : compare(op, value);
}

int64_t futex_wake_op(struct task *t, uint64_t va, uint64_t va2, bool shared, int wake, int wake2,
                      uint32_t op)
{
    struct futex_key key, key2;
    int64_t n, more, second;

    if ((n = futex_key_get(t->mm, va, shared, false, &key)))
        return n;
    if ((n = futex_key_get(t->mm, va2, shared, true, &key2)))
        goto put_key;
    n = second = apply(t->mm, va2, op);
    if (second < 0)
        goto put_both;
    mutex_lock(&futex_lock);
    n = futex_wake_key(&key, wake, ~0u);
    if (n >= 0 && second) {
        more = futex_wake_key(&key2, wake2, ~0u);
        n = more < 0 ? more : n + more;
    }
    mutex_unlock(&futex_lock);
put_both:
    futex_key_put(&key2);
put_key:
    futex_key_put(&key);
    return n;
}
