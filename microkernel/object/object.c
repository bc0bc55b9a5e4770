/*
 * Objects: reference and handle counts, the koid, the watch.
 *
 * In:    object_init() from each type's create function; object_unref() from everybody.
 * Life:  see object.h. The job's count of objects goes up in object_init() and down after destroy().
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <object/event.h>
#include <object/job.h>
#include <object/object.h>
#include <object/process.h>

static uint64_t last_koid;
static struct object
    *closed HOT_DATA; /* their last handle is gone; each still holds the handles' reference */

static const struct object_ops *const ops[] = {
    [JG_TYPE_JOB] = &job_ops,           [JG_TYPE_PROCESS] = &process_ops,
    [JG_TYPE_THREAD] = &thread_ops,     [JG_TYPE_ASPACE] = &aspace_ops,
    [JG_TYPE_VMO] = &vmo_ops,           [JG_TYPE_CHANNEL] = &channel_ops,
    [JG_TYPE_PORT] = &port_ops,         [JG_TYPE_EVENT] = &event_ops,
    [JG_TYPE_TIMER] = &timer_ops,       [JG_TYPE_INTERRUPT] = &interrupt_ops,
    [JG_TYPE_RESOURCE] = &resource_ops,
};

jg_status_t object_init(struct object *object, enum jg_object_type type, struct job *job)
{
    if (job) {
        jg_status_t status = job_charge(job, JOB_OBJECTS, 1);

        if (status != JG_OK)
            return status;
        object_ref(&job->object);
    }
    *object = (struct object){
        .magic = OBJECT_MAGIC,
        .type = (uint8_t)type,
        .references = 1,
        .koid = ++last_koid,
        .job = job,
    };
    return JG_OK;
}

void object_unref(struct object *object)
{
    struct job *job;

    if (!object)
        return;
    ASSERT(object->magic == OBJECT_MAGIC && object->references > 0);
    if (--object->references > 0)
        return;
    job = object->job;
    object_watch(object, NULL, 0);
    object->magic = 0;
    ops[object->type]->destroy(object);
    if (job) {
        job_uncharge(job, JOB_OBJECTS, 1);
        object_unref(&job->object);
    }
}

void object_handle_added(struct object *object)
{
    if (object->handles++ == 0)
        object_ref(object);
}

void object_handle_removed(struct object *object)
{
    ASSERT(object->magic == OBJECT_MAGIC && object->handles > 0);
    if (--object->handles > 0)
        return;
    object->next_closed = closed;
    closed = object;
}

WARM void object_settle(void)
{
    for (;;) {
        struct object *object = closed;

        if (object) {
            closed = object->next_closed;
            if (ops[object->type]->no_handles)
                ops[object->type]->no_handles(object);
            object_unref(object);
        } else if (!process_bury_one()) {
            return;
        }
    }
}

void object_ended(struct object *object)
{
    object->ended = 1;
    if (!object->watch)
        return;
    event_raise(object->watch, object->watch_bits);
    object_watch(object, NULL, 0); /* raised once: what has ended keeps nothing alive */
}

void object_watch(struct object *object, struct event *event, uint64_t bits)
{
    struct event *old = object->watch;

    if (event && object->ended) {
        event_raise(event, bits);
        event = NULL;
    } else if (event) {
        object_ref(&event->object);
    }
    object->watch = event;
    object->watch_bits = bits;
    if (old)
        object_unref(&old->object);
}
