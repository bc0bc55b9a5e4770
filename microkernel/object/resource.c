/*
 * Resources.
 *
 * In:    resource_create() and whoever needs a right to hardware: resource_covers().
 * Life:  a resource outlives the one that it was made from; what was made with it outlives it.
 * Locks: the big lock.
 */
#include <mm/heap.h>
#include <object/resource.h>

static jg_status_t make(struct job *job, uint32_t kind, uint64_t base, uint64_t size,
                        struct resource **out)
{
    struct resource *resource = heap_zalloc(sizeof(*resource));
    jg_status_t status;

    if (!resource)
        return JG_ERR_NO_MEMORY;
    status = object_init(&resource->object, JG_TYPE_RESOURCE, job);
    if (status != JG_OK) {
        heap_free(resource);
        return status;
    }
    resource->kind = kind;
    resource->base = base;
    resource->size = size;
    *out = resource;
    return JG_OK;
}

jg_status_t resource_create_root(struct job *job, struct resource **out)
{
    return make(job, JG_RESOURCE_ROOT, 0, UINT64_MAX, out);
}

jg_status_t resource_covers(const struct resource *resource, uint32_t kind, uint64_t base,
                            uint64_t size)
{
    if (base + size < base)
        return JG_ERR_OUT_OF_RANGE;
    if (resource->kind == JG_RESOURCE_ROOT)
        return JG_OK;
    if (resource->kind != kind)
        return JG_ERR_WRONG_TYPE;
    if (base < resource->base || base - resource->base > resource->size ||
        size > resource->size - (base - resource->base))
        return JG_ERR_OUT_OF_RANGE;
    return JG_OK;
}

jg_status_t resource_create(struct job *job, const struct resource *parent, uint32_t kind,
                            uint64_t base, uint64_t size, struct resource **out)
{
    jg_status_t status;

    if (kind < JG_RESOURCE_ROOT || kind > JG_RESOURCE_POWER)
        return JG_ERR_INVALID_ARGS;
    status = resource_covers(parent, kind, base, size);
    if (status != JG_OK)
        return status;
    return make(job, kind, base, size, out);
}

static void resource_destroy(struct object *object)
{
    heap_free(resource_of(object));
}

const struct object_ops resource_ops = {.destroy = resource_destroy};
