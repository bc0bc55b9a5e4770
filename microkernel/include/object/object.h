/*
 * Objects: the header that every kernel object begins with.
 *
 * In:    everybody who keeps a pointer (object_ref, object_unref) and the handle tables
 *        (object_handle_added, object_handle_removed).
 * Life:  made by its own create function with one reference, which is its maker's. The last handle
 *        runs the type's `no_handles`; the last reference runs `destroy`. A thread or a process that
 *        is alive holds a reference to itself.
 * Locks: the big lock.
 */
#pragma once

#include <core/assert.h>
#include <core/compiler.h>
#include <jg/types.h>

struct event;
struct job;

#define OBJECT_MAGIC 0x4a4fu

struct object {
    uint16_t magic;
    uint8_t type;        /* enum jg_object_type */
    uint8_t ended;       /* what object_watch waits for has happened */
    uint32_t references; /* pointers to it; all handles together count as one */
    uint32_t handles;
    uint64_t koid;
    struct object *next_closed; /* in the list of object_settle() */
    struct job *job;            /* pays for it; a reference. NULL only for the root job */
    struct event *watch;        /* raised when it ends, or NULL; a reference */
    uint64_t watch_bits;
};

/* What the types do at the two ends of an object's life; either may be NULL. */
struct object_ops {
    void (*no_handles)(struct object *object);
    void (*destroy)(
        struct object *object); /* frees the memory; the account is object.c's business */
};

#define ASSERT_TYPE(o, t) ASSERT((o)->object.magic == OBJECT_MAGIC && (o)->object.type == (t))

/*
 * Fills in the header of a new object that `job` pays for. One reference, no handles.
 *
 * The big lock is held. Returns JG_OK, or JG_ERR_QUOTA when the job or one above it has no object
 * left; then nothing is counted and the caller frees its memory.
 */
jg_status_t object_init(struct object *object, enum jg_object_type type, struct job *job);

/* Adds a reference to an object that has at least one. The big lock is held. */
static inline void object_ref(struct object *object)
{
    object->references++;
}

/*
 * Drops a reference; the last one destroys the object.
 *
 * The big lock is held. May free what the object holds, in turn. `object` may be NULL.
 */
void object_unref(struct object *object);

/* Counts one more handle; the first takes a reference. For handle tables and messages in transit. */
void object_handle_added(struct object *object);

/*
 * Counts one handle less. The last one puts the object on the list of object_settle(), which runs the
 * type's no_handles, if it has one: so closing never recurses, however long the chain of what a handle keeps
 * alive, and who walks a list whose callers it wakes finds the next node there still.
 */
void object_handle_removed(struct object *object);

/*
 * Does what the last handles closed since the last time, and the processes killed, ask for.
 *
 * The big lock is held; no pointer without a reference is kept across it. Called at the end of each
 * native call and before the scheduler runs.
 */
void object_settle(void);

/*
 * Says that what object_watch waits for has happened, and raises the watch.
 *
 * The big lock is held. Calling it twice is harmless.
 */
void object_ended(struct object *object);

/*
 * Makes `event` (or NULL: nobody) hear of the object's end; replaces the former watch.
 *
 * Raised at once if the object has ended. Takes a reference to the event.
 */
void object_watch(struct object *object, struct event *event, uint64_t bits);

/* The operations of each type, defined in the type's own file. */
extern const struct object_ops job_ops, process_ops, thread_ops, aspace_ops, vmo_ops, channel_ops,
    port_ops, event_ops, timer_ops, interrupt_ops, resource_ops;
