/*
 * Bytes between a VMO and an address space, as a server asks for them: each read and write of a file.
 *
 * In:    jg_vmo_transfer; transfer_fast() from kernel_syscall().
 * Life:  where the two handles led is remembered in the thread, as its other routes are (fastpath.c).
 * Locks: the big lock.
 */
#include <object/memory.h>
#include <syscall/copy.h>
#include <syscall/syscall.h>

static inline bool reads(const struct jg_transfer *m)
{
    return m->op == JG_TRANSFER_READ || m->op == JG_TRANSFER_PEEK;
}

/* Moves them; tells where an append began. */
static inline int64_t transfer(struct vmo *vmo, struct aspace *as, struct jg_transfer *m, uint64_t va)
{
    int64_t n = vmo_transfer(vmo, m->op, as, m->va, m->length, &m->offset, m->limit);

    if (m->op == JG_TRANSFER_APPEND && n >= 0 &&
        !copy_to_user(va + offsetof(struct jg_transfer, offset), &m->offset, sizeof(m->offset)))
        return JG_ERR_BAD_ADDRESS;
    return n;
}

SYSCALL(vmo_transfer)
{
    struct jg_transfer m;
    struct object *object, *space = NULL;
    jg_status_t status;

    if (!copy_from_user(&m, b, sizeof(m)))
        return JG_ERR_BAD_ADDRESS;
    if (m.op < JG_TRANSFER_READ || m.op > JG_TRANSFER_PEEK)
        return JG_ERR_INVALID_ARGS;
    status = get(t, a, JG_TYPE_VMO, reads(&m) ? JG_RIGHT_READ : JG_RIGHT_WRITE, &object);
    if (status == JG_OK && m.aspace != JG_HANDLE_NONE)
        status =
            get(t, m.aspace, JG_TYPE_ASPACE, reads(&m) ? JG_RIGHT_WRITE : JG_RIGHT_READ, &space);
    if (status != JG_OK)
        return status;
    return transfer(vmo_object_of(object)->vmo, space ? memory_of(space)->as : t->arch.aspace, &m,
                    b);
}

/* Finds the VMO behind a handle, and remembers it. */
static bool find_file(struct thread *t, uint64_t h)
{
    struct object *object;

    if (get(t, h, JG_TYPE_VMO, JG_RIGHT_READ | JG_RIGHT_WRITE, &object) != JG_OK)
        return false;
    t->file_epoch = handle_epoch;
    t->file_handle = (jg_handle_t)h;
    t->file = vmo_object_of(object)->vmo;
    return true;
}

HOT bool transfer_fast(struct thread *t)
{
    uint64_t handle = arch_arg(&t->arch, 0), va = arch_arg(&t->arch, 1);
    struct jg_transfer m;
    struct aspace *as;

    if (unlikely(t->file_epoch != handle_epoch || t->file_handle != handle) &&
        !find_file(t, handle))
        return false;
    if (unlikely(!copy_from_user(&m, va, sizeof(m)) || m.op < JG_TRANSFER_READ ||
                 m.op > JG_TRANSFER_PEEK))
        return false;
    as = space_of(t, m.aspace);
    if (unlikely(!as))
        return false;
    arch_set_result(&t->arch, transfer(t->file, as, &m, va));
    return true;
}
