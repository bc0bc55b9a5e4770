/*
 * Handle tables.
 *
 * In:    handle_get() from each call; handle_add(), handle_close() from the calls that make and close;
 *        handle_remove(), handle_insert() from messages.
 * Life:  a table is empty with its process and cleared when the process ends.
 * Locks: the big lock.
 */
#include <core/assert.h>
#include <core/string.h>
#include <mm/heap.h>
#include <object/handle.h>
#include <object/job.h>

#define GENERATION_MAX 8191u

HOT_DATA uint64_t handle_epoch = 1; /* 0: a route that leads nowhere */

_Static_assert(HANDLE_INDEX_BITS + 13 == 31, "handles stay below 2^31");
_Static_assert(sizeof(struct handle_slot) * HANDLE_CHUNK_SLOTS == 4096, "a chunk is a page");

WARM jg_status_t handle_get(struct handle_table *table, jg_handle_t h, enum jg_object_type type,
                       jg_rights_t rights, struct object **out)
{
    struct handle_slot *slot = handle_slot(table, h);

    if (!slot)
        return JG_ERR_BAD_HANDLE;
    if (type != JG_TYPE_NONE && slot->object->type != type)
        return JG_ERR_WRONG_TYPE;
    if ((slot->rights & rights) != rights)
        return JG_ERR_ACCESS_DENIED;
    *out = slot->object;
    return JG_OK;
}

/* Adds a chunk of free slots. Returns JG_OK, JG_ERR_QUOTA or JG_ERR_NO_MEMORY. */
static jg_status_t table_grow(struct handle_table *table)
{
    struct handle_slot *chunk;
    uint32_t first = table->chunk_count * HANDLE_CHUNK_SLOTS;

    if (table->chunk_count == HANDLE_CHUNKS_MAX)
        return JG_ERR_QUOTA;
    if (table->chunk_count == table->chunk_room) {
        uint32_t room = table->chunk_room ? table->chunk_room * 2 : 4;
        struct handle_slot **chunks = heap_alloc(room * sizeof(*chunks));

        if (!chunks)
            return JG_ERR_NO_MEMORY;
        if (table->chunks)
            memcpy(chunks, table->chunks, table->chunk_count * sizeof(*chunks));
        heap_free(table->chunks);
        table->chunks = chunks;
        table->chunk_room = room;
    }
    chunk = heap_alloc(HANDLE_CHUNK_SLOTS * sizeof(*chunk));
    if (!chunk)
        return JG_ERR_NO_MEMORY;
    memset(chunk, 0, HANDLE_CHUNK_SLOTS * sizeof(*chunk));
    for (uint32_t i = 0; i < HANDLE_CHUNK_SLOTS; i++) {
        chunk[i].generation = 1;
        chunk[i].next_free = i + 1 < HANDLE_CHUNK_SLOTS ? first + i + 2 : table->first_free;
    }
    table->chunks[table->chunk_count++] = chunk;
    table->first_free = first + 1;
    return JG_OK;
}

/* Finds a free slot and charges for it. The slot is taken when its object is set. */
static jg_status_t slot_take(struct handle_table *table, struct handle_slot **out, jg_handle_t *h)
{
    struct handle_slot *slot;
    uint32_t index;
    jg_status_t status = job_charge(table->job, JOB_HANDLES, 1);

    if (status != JG_OK)
        return status;
    if (!table->first_free) {
        status = table_grow(table);
        if (status != JG_OK) {
            job_uncharge(table->job, JOB_HANDLES, 1);
            return status;
        }
    }
    index = table->first_free - 1;
    slot = &table->chunks[index / HANDLE_CHUNK_SLOTS][index % HANDLE_CHUNK_SLOTS];
    table->first_free = slot->next_free;
    table->used++;
    *out = slot;
    *h = index | (jg_handle_t)slot->generation << HANDLE_INDEX_BITS;
    return JG_OK;
}

int64_t handle_insert(struct handle_table *table, const struct handle_moving *moving)
{
    struct handle_slot *slot;
    jg_handle_t h;
    jg_status_t status = slot_take(table, &slot, &h);

    if (status != JG_OK)
        return status;
    slot->object = moving->object;
    slot->rights = (uint16_t)moving->rights;
    return h;
}

int64_t handle_add(struct handle_table *table, struct object *object, jg_rights_t rights)
{
    struct handle_moving moving = {object, rights};
    int64_t h = handle_insert(table, &moving);

    if (h > 0)
        object_handle_added(object);
    return h;
}

/* Frees a slot; the object's count is the caller's business. */
static void slot_free(struct handle_table *table, struct handle_slot *slot, jg_handle_t h)
{
    handle_epoch++;
    slot->object = NULL;
    slot->generation = slot->generation == GENERATION_MAX ? 1 : (uint16_t)(slot->generation + 1);
    slot->next_free = table->first_free;
    table->first_free = (h & ((1u << HANDLE_INDEX_BITS) - 1)) + 1;
    table->used--;
    job_uncharge(table->job, JOB_HANDLES, 1);
}

jg_status_t handle_remove(struct handle_table *table, const struct jg_handle_send *send,
                          struct handle_moving *out)
{
    struct handle_slot *slot = handle_slot(table, send->handle);
    jg_rights_t rights;

    if (!slot)
        return JG_ERR_BAD_HANDLE;
    rights = slot->rights;
    out->object = slot->object;
    slot_free(table, slot, send->handle);
    out->rights = send->rights == JG_RIGHTS_SAME ? rights : send->rights;
    if (!(rights & JG_RIGHT_TRANSFER) || (out->rights & ~rights)) {
        handle_drop(out);
        return JG_ERR_ACCESS_DENIED;
    }
    return JG_OK;
}

void handle_take_back(struct handle_table *table, jg_handle_t h, struct handle_moving *out)
{
    struct handle_slot *slot = handle_slot(table, h);

    ASSERT(slot);
    *out = (struct handle_moving){slot->object, slot->rights};
    slot_free(table, slot, h);
}

void handle_drop(struct handle_moving *moving)
{
    struct object *object = moving->object;

    moving->object = NULL;
    if (object)
        object_handle_removed(object);
}

jg_status_t handle_close(struct handle_table *table, jg_handle_t h)
{
    struct handle_slot *slot = handle_slot(table, h);
    struct object *object;

    if (!slot)
        return JG_ERR_BAD_HANDLE;
    object = slot->object;
    slot_free(table, slot, h);
    object_handle_removed(object);
    return JG_OK;
}

void handle_table_clear(struct handle_table *table)
{
    for (uint32_t c = 0; c < table->chunk_count; c++) {
        for (uint32_t i = 0; i < HANDLE_CHUNK_SLOTS && table->used; i++) {
            struct handle_slot *slot = &table->chunks[c][i];
            struct object *object = slot->object;

            if (!object)
                continue;
            slot_free(table, slot, c * HANDLE_CHUNK_SLOTS + i);
            object_handle_removed(object);
        }
    }
    for (uint32_t c = 0; c < table->chunk_count; c++)
        heap_free(table->chunks[c]);
    heap_free(table->chunks);
    *table = (struct handle_table){.job = table->job};
}
