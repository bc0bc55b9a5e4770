/*
 * Handle tables: what the numbers in a process's hands mean.
 *
 * A handle is a slot's index and the slot's generation; rights only shrink. A table grows by whole
 * chunks and keeps them until the process ends; a trapped process has none.
 *
 * Locks: the big lock.
 */
#pragma once

#include <jg/call.h>
#include <object/object.h>

#define HANDLE_INDEX_BITS  18
#define HANDLE_CHUNK_SLOTS 256u
#define HANDLE_CHUNKS_MAX  ((1u << HANDLE_INDEX_BITS) / HANDLE_CHUNK_SLOTS)

struct handle_slot {
    struct object *object; /* NULL: free */
    uint16_t rights;
    uint16_t generation; /* 1 .. 8191 */
    uint32_t next_free;  /* index + 1 of the next free slot */
};

struct handle_table {
    struct handle_slot **chunks;
    uint32_t chunk_count;
    uint32_t chunk_room; /* entries that `chunks` has room for */
    uint32_t first_free; /* index + 1, or 0 */
    uint32_t used;
    struct job *job; /* pays for the handles; the process's */
};

/* A handle that has left its table and travels: its count in the object is still there. */
struct handle_moving {
    struct object *object;
    jg_rights_t rights;
};

/*
 * Counts whenever a handle is closed or leaves its table, and a channel is bound: where a handle leads is the same
 * as long as this is the same.
 */
extern uint64_t handle_epoch;

/*
 * The slot of a handle that is open, or NULL. The pointer is good until the table changes.
 */
static inline struct handle_slot *handle_slot(struct handle_table *table, jg_handle_t h)
{
    uint32_t index = h & ((1u << HANDLE_INDEX_BITS) - 1);
    uint32_t chunk = index / HANDLE_CHUNK_SLOTS;
    struct handle_slot *slot;

    if (__builtin_expect(chunk >= table->chunk_count, 0))
        return NULL;
    slot = &table->chunks[chunk][index % HANDLE_CHUNK_SLOTS];
    if (__builtin_expect(!slot->object || slot->generation != h >> HANDLE_INDEX_BITS, 0))
        return NULL;
    return slot;
}

/*
 * Looks a handle up. JG_TYPE_NONE takes every type; `rights` must all be there.
 *
 * Returns JG_OK with the object in *out (no reference is taken: it is good while the big lock is held
 * and the handle is open), JG_ERR_BAD_HANDLE, JG_ERR_WRONG_TYPE or JG_ERR_ACCESS_DENIED.
 */
jg_status_t handle_get(struct handle_table *table, jg_handle_t h, enum jg_object_type type,
                       jg_rights_t rights, struct object **out);

/*
 * Makes a handle to `object` and counts it.
 *
 * Returns the handle (positive), JG_ERR_QUOTA (the job's handles, or the table is full) or
 * JG_ERR_NO_MEMORY. The caller's own reference stays the caller's.
 */
int64_t handle_add(struct handle_table *table, struct object *object, jg_rights_t rights);

/*
 * As handle_add for a handle that travelled: its count goes over into the table. On an error it stays
 * with the caller.
 */
int64_t handle_insert(struct handle_table *table, const struct handle_moving *moving);

/*
 * Takes a handle out of its table for a message, with TRANSFER checked and rights reduced.
 *
 * The handle is gone from the table whatever comes back, if it was there. Returns JG_OK,
 * JG_ERR_BAD_HANDLE or JG_ERR_ACCESS_DENIED (no TRANSFER, or rights that it does not have; the handle
 * was closed).
 */
jg_status_t handle_remove(struct handle_table *table, const struct jg_handle_send *send,
                          struct handle_moving *out);

/* Undoes handle_insert(): takes an open handle out of the table again, with its count. */
void handle_take_back(struct handle_table *table, jg_handle_t h, struct handle_moving *out);

/* Closes a travelling handle that nobody took. */
void handle_drop(struct handle_moving *moving);

/* Closes a handle. Returns JG_OK or JG_ERR_BAD_HANDLE. */
jg_status_t handle_close(struct handle_table *table, jg_handle_t h);

/* Closes every handle and frees the table's memory. It can be used again. */
void handle_table_clear(struct handle_table *table);
