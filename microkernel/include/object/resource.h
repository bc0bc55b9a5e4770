/*
 * Resources: the right to hardware, cut smaller and smaller.
 *
 * Locks: the big lock.
 */
#pragma once

#include <jg/device.h>
#include <object/object.h>

struct resource {
    struct object object;
    uint32_t kind; /* enum jg_resource_kind */
    uint64_t base, size;
};

/* The root of all; init's. JG_OK or JG_ERR_NO_MEMORY. */
jg_status_t resource_create_root(struct job *job, struct resource **out);

/*
 * Makes a smaller one. From ROOT any kind and range; else the same kind and a range inside.
 * JG_OK, JG_ERR_WRONG_TYPE, JG_ERR_OUT_OF_RANGE, JG_ERR_INVALID_ARGS (no such kind), QUOTA, NO_MEMORY.
 */
jg_status_t resource_create(struct job *job, const struct resource *parent, uint32_t kind,
                            uint64_t base, uint64_t size, struct resource **out);

/*
 * Does `resource` stand for all of `kind` from `base` on, `size` units long? ROOT stands for all.
 * JG_OK, JG_ERR_WRONG_TYPE or JG_ERR_OUT_OF_RANGE.
 */
jg_status_t resource_covers(const struct resource *resource, uint32_t kind, uint64_t base,
                            uint64_t size);

/* The resource that begins with this header; its type was checked. */
static inline struct resource *resource_of(struct object *object)
{
    return container_of(object, struct resource, object);
}
