/*
 * process_vm_readv, process_vm_writev: bytes between the memories of two processes, through a buffer
 * here. Source: process_vm_readv(2).
 */
#include "sys.h"

#include <jg/rt/heap.h>

#define BUFFER 65536ul

/* A place in a vector. */
struct cursor {
    struct mm *mm;
    const struct iovec *part;
    uint64_t left_parts, done; /* bytes done of *part */
};

/* How much lies together at the cursor, at most `most`; skips empty parts. 0: the end. */
static size_t run_length(struct cursor *c, size_t most)
{
    while (c->left_parts && c->part->iov_len == c->done) {
        c->part++;
        c->left_parts--;
        c->done = 0;
    }
    if (!c->left_parts)
        return 0;
    return c->part->iov_len - c->done < most ? c->part->iov_len - c->done : most;
}

static uint64_t address(const struct cursor *c)
{
    return (uint64_t)(uintptr_t)c->part->iov_base + c->done;
}

/* Moves bytes until a vector ends or a memory does. Returns how many, or -EFAULT, -ENOMEM. */
static int64_t move(struct cursor *from, struct cursor *to)
{
    uint8_t *buffer = rt_alloc(BUFFER);
    int64_t moved = 0;
    bool fault = false;

    if (!buffer)
        return -ENOMEM;
    while (!fault) {
        size_t n = run_length(to, run_length(from, BUFFER)), got, put;

        if (!n)
            break;
        got = copy_in_some(from->mm, buffer, address(from), n);
        put = copy_out_some(to->mm, address(to), buffer, got);
        from->done += put;
        to->done += put;
        moved += (int64_t)put;
        fault = put < n;
    }
    rt_free(buffer);
    return fault && !moved ? -EFAULT : moved;
}

/* The memory of the process that `pid` is of, with a reference. */
static int64_t other_memory(struct task *t, int pid, struct mm **out)
{
    struct task *other;
    int64_t err = 0;

    mutex_lock(&tasks_lock);
    other = task_find(pid);
    if (!other || !other->mm)
        err = -ESRCH;
    else if (!task_may_look(t, other, true))
        err = -EPERM;
    else
        *out = mm_get(other->mm);
    mutex_unlock(&tasks_lock);
    return err;
}

static bool has_bytes(const struct iovec *v, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (v[i].iov_len)
            return true;
    }
    return false;
}

static int64_t transfer(struct task *t, const uint64_t *a, bool write)
{
    struct iovec *local, *remote = NULL;
    struct cursor here = {.mm = t->mm, .left_parts = a[2]}, there = {.left_parts = a[4]};
    struct cursor *from = write ? &here : &there, *to = write ? &there : &here;
    uint64_t total, remote_total;
    int64_t r;

    if (a[5])
        return -EINVAL;
    r = vector_in(t, a[1], a[2], &local, &total);
    if (r)
        return r;
    if (total) {
        r = vector_in(t, a[3], a[4], &remote, &remote_total);
        if (r)
            remote = NULL;
    }
    if (remote && has_bytes(remote, a[4])) {
        r = other_memory(t, (int)a[0], &there.mm);
        if (!r) {
            here.part = local;
            there.part = remote;
            r = move(from, to);
            mm_put(there.mm);
        }
    }
    rt_free(remote);
    rt_free(local);
    return r;
}

int64_t sys_process_vm_readv(struct task *t, const uint64_t *a)
{
    return transfer(t, a, false);
}

int64_t sys_process_vm_writev(struct task *t, const uint64_t *a)
{
    return transfer(t, a, true);
}
