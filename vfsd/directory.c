/*
 * Directories: names to entries, in constant time, and a stable order for readdir.
 *
 * In:    directory_find() from every step of a walk; add, take, rehash from entry.c.
 * Shape: `slot` lists the entries by age. A small table is searched as it is; a larger one has an
 *        `index`, a hash table of slot numbers. A removed entry leaves an empty slot, so that ids
 *        keep rising along the table, until enough of them make compacting worth while.
 */
#include "directory.h"

#include <ipc/vfs_server.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#define SMALL 8u         /* slots that are searched without an index */
#define DEAD  UINT32_MAX /* an index cell whose entry was renamed */

static uint32_t index_mask(const struct directory *dir)
{
    return 2 * dir->room - 1;
}

static bool names(const struct entry *entry, const char *name, size_t length, uint32_t hash)
{
    return entry->hash == hash && entry->length == length && !memcmp(entry->name, name, length);
}

struct entry *directory_find(const struct directory *dir, const char *name, size_t length,
                             uint32_t hash)
{
    if (!dir->index) {
        for (uint32_t i = 0; i < dir->used; i++)
            if (dir->slot[i] && names(dir->slot[i], name, length, hash))
                return dir->slot[i];
        return NULL;
    }
    for (uint32_t mask = index_mask(dir), at = hash & mask;; at = (at + 1) & mask) {
        uint32_t cell = dir->index[at];

        if (!cell)
            return NULL;
        if (cell != DEAD && dir->slot[cell - 1] && names(dir->slot[cell - 1], name, length, hash))
            return dir->slot[cell - 1];
    }
}

/* Enters slot `slot` into the index, which has an empty cell. */
static void index_add(struct directory *dir, uint32_t slot)
{
    uint32_t mask = index_mask(dir), at = dir->slot[slot]->hash & mask;

    while (dir->index[at])
        at = (at + 1) & mask;
    dir->index[at] = slot + 1;
    dir->cells++;
}

static void index_rebuild(struct directory *dir)
{
    memset(dir->index, 0, 2ul * dir->room * sizeof *dir->index);
    dir->cells = 0;
    for (uint32_t i = 0; i < dir->used; i++)
        if (dir->slot[i])
            index_add(dir, i);
}

/* Closes the gaps in the table; the order stays. */
static void compact(struct directory *dir)
{
    uint32_t used = 0;

    for (uint32_t i = 0; i < dir->used; i++)
        if (dir->slot[i])
            dir->slot[used++] = dir->slot[i];
    dir->used = used;
    if (dir->index)
        index_rebuild(dir);
}

/* Gives the table `room` slots, a power of two and enough for the live entries. */
static int32_t resize(struct directory *dir, uint32_t room)
{
    struct entry **slot = rt_alloc(room * sizeof *slot);
    uint32_t *index = NULL;

    if (room > SMALL)
        index = rt_alloc(2ul * room * sizeof *index);
    if (!slot || (room > SMALL && !index)) {
        rt_free(slot);
        rt_free(index);
        return VFS_ERROR_NOMEM;
    }

    /* Point of no return. */
    compact(dir);
    if (dir->used)
        memcpy(slot, dir->slot, dir->used * sizeof *slot);
    rt_free(dir->slot);
    rt_free(dir->index);
    dir->slot = slot;
    dir->index = index;
    dir->room = room;
    if (index)
        index_rebuild(dir);
    return 0;
}

int32_t directory_reserve(struct directory *dir)
{
    if (dir->used < dir->room)
        return 0;
    if (dir->live < dir->room / 2 ||
        (dir->live < dir->room && dir->room >= 64 && dir->live <= dir->room - dir->room / 4)) {
        compact(dir);
        return 0;
    }
    if (dir->room >= 1u << 29)
        return VFS_ERROR_NOSPC;
    return resize(dir, dir->room ? 2 * dir->room : 4);
}

void directory_add(struct directory *dir, struct entry *entry)
{
    entry->id = dir->next_id++;
    dir->slot[dir->used++] = entry;
    dir->live++;
    if (!dir->index)
        return;
    /*
     * Renames leave dead cells; a rebuild drops them, and then at most half of the cells are taken.
     */
    if (4ul * (dir->cells + 1) > 3ul * 2 * dir->room)
        index_rebuild(dir);
    else
        index_add(dir, dir->used - 1);
}

/* Finds the index cell of `entry`, which is there under `hash`. */
static uint32_t *cell_of(struct directory *dir, const struct entry *entry, uint32_t hash)
{
    uint32_t mask = index_mask(dir), at = hash & mask;

    while (dir->index[at] == DEAD || dir->slot[dir->index[at] - 1] != entry)
        at = (at + 1) & mask;
    return &dir->index[at];
}

static uint32_t slot_of(struct directory *dir, const struct entry *entry)
{
    uint32_t slot = 0;

    if (dir->index)
        return *cell_of(dir, entry, entry->hash) - 1;
    while (dir->slot[slot] != entry)
        slot++;
    return slot;
}

void directory_take(struct directory *dir, struct entry *entry)
{
    dir->slot[slot_of(dir, entry)] = NULL;
    dir->live--;
    /* Never without room for one more: a rename takes an entry out and counts on its place. */
    if (dir->room > 32 && dir->live < dir->room / 8) {
        /* Smaller if there is memory for the smaller one; else it stays, sparse. */
        (void)resize(dir, dir->room / 2);
    } else if (!dir->live) {
        compact(dir);
    }
}

void directory_rehash(struct directory *dir, struct entry *entry, uint32_t old_hash)
{
    uint32_t *cell, slot;

    if (!dir->index)
        return;
    cell = cell_of(dir, entry, old_hash);
    slot = *cell - 1;
    *cell = DEAD;
    if (4ul * (dir->cells + 1) > 3ul * 2 * dir->room)
        index_rebuild(dir);
    else
        index_add(dir, slot);
}

uint32_t directory_position(const struct directory *dir, uint64_t id)
{
    uint32_t low = 0, high = dir->used;

    /* Every live slot below `low` is older than `id`, none from `high` on is. */
    while (id && low < high) {
        uint32_t middle = low + (high - low) / 2, live = middle;

        while (live > low && !dir->slot[live])
            live--;
        if (!dir->slot[live] || dir->slot[live]->id < id)
            low = middle + 1;
        else
            high = live;
    }
    return high;
}

struct entry *directory_previous(const struct directory *dir, uint32_t *position)
{
    while (*position > 0)
        if (dir->slot[--*position])
            return dir->slot[*position];
    return NULL;
}

void directory_free(struct directory *dir)
{
    rt_free(dir->slot);
    rt_free(dir->index);
    dir->slot = NULL;
    dir->index = NULL;
    dir->used = dir->room = dir->live = dir->cells = 0;
}
