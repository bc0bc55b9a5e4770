/*
 * Calls on VMOs.
 *
 * Locks: the big lock.
 */
#include <object/memory.h>
#include <object/resource.h>
#include <syscall/syscall.h>

#define RIGHTS_VMO                                                                                 \
    (RIGHTS_COMMON | JG_RIGHT_READ | JG_RIGHT_WRITE | JG_RIGHT_EXECUTE | JG_RIGHT_MAP)
#define VMO_SIZE_MAX (1ull << 46)

/* The VMO behind a handle. */
static jg_status_t get_vmo(struct thread *t, uint64_t h, jg_rights_t rights, struct vmo **out)
{
    struct object *object;
    jg_status_t status = get(t, h, JG_TYPE_VMO, rights, &object);

    if (status == JG_OK)
        *out = vmo_object_of(object)->vmo;
    return status;
}

/* Wraps a new VMO (NULL: there was no memory) and makes its first handle. */
static int64_t vmo_handle(struct thread *t, struct vmo *vmo, jg_rights_t rights)
{
    struct vmo_object *object;
    jg_status_t status = vmo_object_create(job_of_thread(t), vmo, &object);

    if (status != JG_OK)
        return status;
    return new_handle(t, &object->object, rights);
}

static int64_t create_contiguous(struct thread *t, uint64_t size, uint64_t resource)
{
    struct object *object;
    struct account *account;
    struct vmo *vmo;
    jg_status_t status = get(t, resource, JG_TYPE_RESOURCE, 0, &object);

    if (status == JG_OK)
        status = resource_covers(resource_of(object), JG_RESOURCE_DMA, 0, 0);
    if (status != JG_OK)
        return status;
    if (!size)
        return JG_ERR_OUT_OF_RANGE;
    account = job_take_account(job_of_thread(t));
    vmo = vmo_create_contiguous(size, account, job_release_account);
    if (!vmo)
        job_release_account(account);
    return vmo_handle(t, vmo, RIGHTS_VMO & ~JG_RIGHT_EXECUTE);
}

SYSCALL(vmo_create)
{
    struct job *job = job_of_thread(t);
    struct account *account;
    struct object *object;
    struct vmo *vmo;

    if (b & ~(uint64_t)JG_VMO_CONTIGUOUS)
        return JG_ERR_INVALID_ARGS;
    if (a > VMO_SIZE_MAX)
        return JG_ERR_OUT_OF_RANGE;
    if (b & JG_VMO_CONTIGUOUS)
        return create_contiguous(t, a, c);
    if (c != JG_HANDLE_NONE) {
        jg_status_t status = get(t, c, JG_TYPE_JOB, JG_RIGHT_MANAGE, &object);

        if (status != JG_OK)
            return status;
        job = container_of(object, struct job, object);
    }
    account = job_take_account(job);
    vmo = vmo_create(a, account, job_release_account);
    if (!vmo)
        job_release_account(account);
    return vmo_handle(t, vmo, RIGHTS_VMO);
}

SYSCALL(vmo_physical)
{
    struct object *resource;
    jg_status_t status = get(t, a, JG_TYPE_RESOURCE, 0, &resource);

    if (status == JG_OK)
        status = resource_covers(resource_of(resource), JG_RESOURCE_MEMORY, b, c);
    if (status != JG_OK)
        return status;
    if ((b | c) & PAGE_MASK || !c)
        return JG_ERR_INVALID_ARGS;
    if (b + c > 1ull << 52)
        return JG_ERR_OUT_OF_RANGE;
    for (uint64_t at = b; at < b + c; at += PAGE_SIZE)
        if (frame_is_ram(at))
            return JG_ERR_OUT_OF_RANGE;
    return vmo_handle(t, vmo_create_physical(b, c), RIGHTS_VMO & ~JG_RIGHT_EXECUTE);
}

SYSCALL(vmo_set_size)
{
    struct vmo *vmo;
    jg_status_t status = get_vmo(t, a, JG_RIGHT_WRITE, &vmo);

    if (status != JG_OK)
        return status;
    if (b > VMO_SIZE_MAX)
        return JG_ERR_OUT_OF_RANGE;
    return vmo_set_size(vmo, b);
}

SYSCALL(vmo_range)
{
    bool writes = b == JG_VMO_COMMIT || b == JG_VMO_DECOMMIT || b == JG_VMO_RESERVE;
    struct vmo *vmo;
    jg_status_t status = get_vmo(t, a, writes ? JG_RIGHT_WRITE : JG_RIGHT_READ, &vmo);

    if (status != JG_OK)
        return status;
    if (writes && c + d < c)
        return JG_ERR_OUT_OF_RANGE;
    switch (b) {
    case JG_VMO_COMMIT:
        return vmo_commit(vmo, c, d, false);
    case JG_VMO_RESERVE:
        return vmo_commit(vmo, c, d, true);
    case JG_VMO_DECOMMIT:
        return vmo_decommit(vmo, c, d);
    case JG_VMO_NEXT_DATA:
        return vmo_next_data(vmo, c);
    case JG_VMO_NEXT_HOLE:
        return vmo_next_hole(vmo, c);
    }
    return JG_ERR_INVALID_ARGS;
}

SYSCALL(vmo_move)
{
    struct vmo *dst, *src;
    jg_status_t status = get_vmo(t, a, JG_RIGHT_WRITE, &dst);

    if (status == JG_OK)
        status = get_vmo(t, c, JG_RIGHT_WRITE, &src);
    if (status != JG_OK)
        return status;
    if (b + e < b || d + e < d)
        return JG_ERR_OUT_OF_RANGE;
    return vmo_move(dst, b, src, d, e);
}
