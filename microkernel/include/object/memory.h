/*
 * The objects behind handles to VMOs and address spaces. vm/ knows nothing of handles: these hold one
 * reference to what vm/ counts.
 *
 * Locks: the big lock.
 */
#pragma once

#include <object/object.h>
#include <vm/aspace.h>
#include <vm/vmo.h>

/* A handle's view of an address space, and a process's. */
struct memory {
    struct object object;
    struct aspace *as; /* a reference */
    bool time_mapped;  /* the time page is there: it has run native threads */
};

/* A handle's view of a VMO. */
struct vmo_object {
    struct object object;
    struct vmo *vmo; /* a reference */
};

/* Makes an empty address space that `job` pays for. JG_OK, JG_ERR_QUOTA or JG_ERR_NO_MEMORY. */
jg_status_t memory_create(struct job *job, struct memory **out);

/* fork: a copy of `from`, paid by `job`. JG_OK, JG_ERR_QUOTA or JG_ERR_NO_MEMORY. */
jg_status_t memory_clone(struct memory *from, struct job *job, struct memory **out);

/*
 * Wraps a VMO; takes the reference over (drops it on an error; `vmo` NULL is JG_ERR_NO_MEMORY).
 * Returns JG_OK with one reference to the object in *out, JG_ERR_QUOTA or JG_ERR_NO_MEMORY.
 */
jg_status_t vmo_object_create(struct job *job, struct vmo *vmo, struct vmo_object **out);

/* The address space that begins with this header; its type was checked. */
static inline struct memory *memory_of(struct object *object)
{
    return container_of(object, struct memory, object);
}

/* The VMO that begins with this header; its type was checked. */
static inline struct vmo_object *vmo_object_of(struct object *object)
{
    return container_of(object, struct vmo_object, object);
}
