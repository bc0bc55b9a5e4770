/*
 * Copies between the server and programs. A copy that stops at the stack's edge grows it and goes
 * on.
 */
#include <mm.h>
#include <server.h>

/* A copy that stopped after `n` bytes, or with that error. */
static int64_t move_on(struct mm *m, uint64_t va, void *buffer, size_t size, uint32_t flags,
                       int64_t n)
{
    struct jg_copy c = {.aspace = m->aspace, .flags = flags};
    size_t done = 0;
    int code;

    for (;; n = jg_aspace_copy(&c)) {
        if (n > 0)
            done += (size_t)n;
        if (n == JG_ERR_NO_MEMORY) {
            __atomic_store_n(&m->starved, true, __ATOMIC_RELAXED);
            return done ? (int64_t)done : -ENOMEM;
        }
        if (done == size || ((flags & JG_COPY_STRING) && n > 0 && ((char *)buffer)[done - 1] == 0))
            return (int64_t)done;
        if (va + done < va)
            return (int64_t)done;
        if (n <= 0 && mm_fault(m, va + done, flags & JG_COPY_WRITE ? JG_FAULT_WRITE : 0,
                               JG_ERR_BAD_ADDRESS, &code))
            return (int64_t)done;
        c.va = va + done;
        c.buffer = (uintptr_t)buffer + done;
        c.length = size - done;
    }
}

static inline int64_t move(struct mm *m, uint64_t va, void *buffer, size_t size,
                               uint32_t flags)
{
    struct jg_copy c = {
        .aspace = m->aspace, .flags = flags, .va = va, .buffer = (uintptr_t)buffer, .length = size};
    int64_t n = size ? jg_aspace_copy(&c) : 0;

    return n == (int64_t)size ? n : move_on(m, va, buffer, size, flags, n);
}

HOT_IO size_t copy_in_some(struct mm *m, void *dst, uint64_t va, size_t size)
{
    int64_t n = move(m, va, dst, size, JG_COPY_READ);

    return n > 0 ? (size_t)n : 0;
}

HOT_IO size_t copy_out_some(struct mm *m, uint64_t va, const void *src, size_t size)
{
    int64_t n = move(m, va, (void *)(uintptr_t)src, size, JG_COPY_WRITE);

    return n > 0 ? (size_t)n : 0;
}

/* What a copy of all or nothing comes to, of which `n` bytes or an errno are known. */
static int whole(int64_t n, size_t size)
{
    if (n == (int64_t)size)
        return 0;
    return n == -ENOMEM ? -ENOMEM : -EFAULT;
}

HOT_IO int copy_in(struct mm *m, void *dst, uint64_t va, size_t size)
{
    return whole(move(m, va, dst, size, JG_COPY_READ), size);
}

HOT_IO int copy_out(struct mm *m, uint64_t va, const void *src, size_t size)
{
    return whole(move(m, va, (void *)(uintptr_t)src, size, JG_COPY_WRITE), size);
}

HOT_IO int64_t copy_in_string(struct mm *m, char *dst, uint64_t va, size_t size)
{
    int64_t n = move(m, va, dst, size, JG_COPY_READ | JG_COPY_STRING);

    if (n <= 0)
        return -EFAULT;
    if (dst[n - 1] == 0)
        return n - 1;
    return (size_t)n == size ? -ENAMETOOLONG : -EFAULT;
}

int clear_out(struct mm *m, uint64_t va, size_t size)
{
    static const uint8_t zeros[PAGE_SIZE];

    while (size) {
        size_t part = size < sizeof zeros ? size : sizeof zeros;

        if (copy_out(m, va, zeros, part))
            return -EFAULT;
        va += part;
        size -= part;
    }
    return 0;
}

static int64_t transfer_error(int64_t status)
{
    switch (status) {
    case JG_ERR_NO_SPACE:
    case JG_ERR_QUOTA:
        return -ENOSPC;
    case JG_ERR_NO_MEMORY:
        return -ENOMEM;
    case JG_ERR_OUT_OF_RANGE:
    case JG_ERR_TOO_BIG:
        return -EFBIG;
    default:
        return -EFAULT;
    }
}

HOT_IO int64_t mm_transfer(struct mm *m, jg_handle_t vmo, uint32_t op, uint64_t va, uint64_t length,
                    uint64_t *offset, uint64_t size_limit)
{
    struct jg_transfer x = {.op = op,
                            .aspace = m ? m->aspace : JG_HANDLE_NONE,
                            .va = va,
                            .length = length,
                            .offset = *offset,
                            .limit = size_limit};
    int code;

    for (;;) {
        int64_t n = jg_vmo_transfer(vmo, &x);

        if (n == JG_ERR_BAD_ADDRESS && m &&
            !mm_fault(m, va,
                      op == JG_TRANSFER_READ || op == JG_TRANSFER_PEEK ? JG_FAULT_WRITE : 0,
                      JG_ERR_BAD_ADDRESS, &code))
            continue;
        *offset = x.offset;
        return n < 0 ? transfer_error(n) : n;
    }
}
