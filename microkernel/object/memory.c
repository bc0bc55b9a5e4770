/*
 * The objects behind handles to VMOs and address spaces.
 *
 * In:    the creating calls of syscall/, and init's loader.
 * Life:  one reference to the thing of vm/, dropped with the last handle and holder. Mappings keep a VMO
 *        beyond that.
 * Locks: the big lock.
 */
#include <mm/heap.h>
#include <object/job.h>
#include <object/memory.h>

/* Wraps an address space; takes the reference over. */
static jg_status_t wrap(struct job *job, struct aspace *as, struct memory **out)
{
    struct memory *memory = heap_zalloc(sizeof(*memory));
    jg_status_t status =
        memory ? object_init(&memory->object, JG_TYPE_ASPACE, job) : JG_ERR_NO_MEMORY;

    if (status != JG_OK) {
        heap_free(memory);
        aspace_unref(as);
        return status;
    }
    memory->as = as;
    *out = memory;
    return JG_OK;
}

jg_status_t memory_create(struct job *job, struct memory **out)
{
    struct account *account = job_take_account(job);
    struct aspace *as = aspace_create(account, job_release_account);

    if (!as) {
        job_release_account(account);
        return JG_ERR_NO_MEMORY;
    }
    return wrap(job, as, out);
}

jg_status_t memory_clone(struct memory *from, struct job *job, struct memory **out)
{
    struct account *account = job_take_account(job);
    struct aspace *as;
    jg_status_t status = aspace_clone(from->as, account, job_release_account, &as);

    if (status != JG_OK) {
        job_release_account(account);
        return status;
    }
    return wrap(job, as, out);
}

static void memory_destroy(struct object *object)
{
    struct memory *memory = memory_of(object);

    aspace_unref(memory->as);
    heap_free(memory);
}

jg_status_t vmo_object_create(struct job *job, struct vmo *vmo, struct vmo_object **out)
{
    struct vmo_object *wrapper = heap_zalloc(sizeof(*wrapper));
    jg_status_t status =
        wrapper && vmo ? object_init(&wrapper->object, JG_TYPE_VMO, job) : JG_ERR_NO_MEMORY;

    if (status != JG_OK) {
        heap_free(wrapper);
        if (vmo)
            vmo_unref(vmo);
        return status;
    }
    wrapper->vmo = vmo;
    *out = wrapper;
    return JG_OK;
}

static void vmo_object_destroy(struct object *object)
{
    struct vmo_object *wrapper = vmo_object_of(object);

    vmo_unref(wrapper->vmo);
    heap_free(wrapper);
}

const struct object_ops aspace_ops = {.destroy = memory_destroy};
const struct object_ops vmo_ops = {.destroy = vmo_object_destroy};
