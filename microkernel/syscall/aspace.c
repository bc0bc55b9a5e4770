/*
 * Calls on address spaces. HANDLE_NONE is the caller's own.
 *
 * Locks: the big lock.
 */
#include <object/memory.h>
#include <syscall/syscall.h>

#define RIGHTS_ASPACE (RIGHTS_COMMON | JG_RIGHT_READ | JG_RIGHT_WRITE | JG_RIGHT_MAP)

/* The address space behind a handle, or the caller's own, on which it has all rights. */
static jg_status_t get_memory(struct thread *t, uint64_t h, jg_rights_t rights, struct memory **out)
{
    struct object *object;
    jg_status_t status;

    if (h == JG_HANDLE_NONE) {
        *out = t->process->memory;
        return JG_OK;
    }
    status = get(t, h, JG_TYPE_ASPACE, rights, &object);
    if (status == JG_OK)
        *out = memory_of(object);
    return status;
}

SYSCALL(aspace_create)
{
    struct job *job = job_of_thread(t);
    struct memory *memory;
    struct object *object;
    jg_status_t status = JG_OK;

    if (a != JG_HANDLE_NONE) {
        status = get(t, a, JG_TYPE_JOB, JG_RIGHT_MANAGE, &object);
        if (status == JG_OK)
            job = job_of(object);
    }
    if (status == JG_OK)
        status = memory_create(job, &memory);
    if (status != JG_OK)
        return status;
    return new_handle(t, &memory->object, RIGHTS_ASPACE);
}

SYSCALL(aspace_clone)
{
    struct memory *from, *memory;
    jg_status_t status = get_memory(t, a, JG_RIGHT_MAP, &from);

    if (status == JG_OK)
        status = memory_clone(from, from->object.job, &memory);
    if (status != JG_OK)
        return status;
    return new_handle(t, &memory->object, RIGHTS_ASPACE);
}

/* What a handle to a VMO must allow for a mapping. */
static jg_rights_t rights_to_map(const struct jg_map *m)
{
    uint32_t prot = m->prot | m->max_prot;
    jg_rights_t rights = JG_RIGHT_MAP;

    if (prot & (JG_PROT_READ | JG_PROT_WRITE))
        rights |= JG_RIGHT_READ;
    if ((prot & JG_PROT_WRITE) && !(m->flags & JG_MAP_PRIVATE))
        rights |= JG_RIGHT_WRITE;
    if (prot & JG_PROT_EXECUTE)
        rights |= JG_RIGHT_EXECUTE;
    return rights;
}

SYSCALL(aspace_map)
{
    struct jg_map m;
    struct memory *memory;
    struct object *object;
    struct vmo *vmo = NULL;
    jg_status_t status = get_memory(t, a, JG_RIGHT_MAP, &memory);

    if (status != JG_OK)
        return status;
    if (!copy_from_user(&m, b, sizeof(m)))
        return JG_ERR_BAD_ADDRESS;
    if (m.vmo != JG_HANDLE_NONE) {
        status = get(t, m.vmo, JG_TYPE_VMO, rights_to_map(&m), &object);
        if (status != JG_OK)
            return status;
        vmo = vmo_object_of(object)->vmo;
    } else if (!(m.flags & JG_MAP_PRIVATE)) {
        return JG_ERR_INVALID_ARGS;
    }
    status = aspace_map(memory->as, vmo, &m);
    if (status == JG_OK && (m.flags & JG_MAP_ANYWHERE) &&
        !copy_to_user(b + offsetof(struct jg_map, va), &m.va, sizeof(m.va))) {
        aspace_unmap(memory->as, m.va, m.length);
        status = JG_ERR_BAD_ADDRESS;
    }
    return status;
}

SYSCALL(aspace_unmap)
{
    struct memory *memory;
    jg_status_t status = get_memory(t, a, JG_RIGHT_MAP, &memory);

    return status != JG_OK ? status : aspace_unmap(memory->as, b, c);
}

SYSCALL(aspace_protect)
{
    struct memory *memory;
    jg_status_t status = get_memory(t, a, JG_RIGHT_MAP, &memory);

    return status != JG_OK ? status : aspace_protect(memory->as, b, c, (uint32_t)d);
}

SYSCALL(aspace_move)
{
    struct memory *memory;
    struct jg_move m;
    jg_status_t status = get_memory(t, a, JG_RIGHT_MAP, &memory);

    if (status != JG_OK)
        return status;
    if (!copy_from_user(&m, b, sizeof(m)))
        return JG_ERR_BAD_ADDRESS;
    return aspace_move(memory->as, &m);
}

SYSCALL(aspace_range)
{
    struct memory *memory;
    jg_status_t status = get_memory(t, a, JG_RIGHT_MAP, &memory);

    return status != JG_OK ? status : aspace_range(memory->as, (uint32_t)b, c, d);
}

SYSCALL(aspace_copy)
{
    struct memory *memory;
    bool read = b & JG_COPY_READ;
    unsigned flags = (unsigned)b & (JG_COPY_STRING | JG_COPY_NOWAIT | JG_COPY_FORCE);
    jg_status_t status;

    if (read == !!(b & JG_COPY_WRITE) || (b & ~0x1ful) || (!read && (b & JG_COPY_STRING)))
        return JG_ERR_INVALID_ARGS;
    status = get_memory(t, a, read ? JG_RIGHT_READ : JG_RIGHT_WRITE, &memory);
    if (status != JG_OK)
        return status;
    if (read)
        return aspace_copy(t->arch.aspace, d, memory->as, c, e, flags);
    return aspace_copy(memory->as, c, t->arch.aspace, d, e, flags);
}

SYSCALL(aspace_cas)
{
    struct memory *memory;
    jg_status_t status = get_memory(t, a, JG_RIGHT_READ | JG_RIGHT_WRITE, &memory);

    return status != JG_OK ? status : aspace_cas(memory->as, b, (uint32_t)c, (uint32_t)d);
}
