/*
 * Entries: the names of inodes, and the counts that keep both alive.
 *
 * In:    create.c, remove.c, rename.c, unpack.c make and move them; nodes and mounts hold them.
 * Life:  entry_create(), entry_insert(); later entry_remove(); freed with the last reference.
 */
#include "inode.h"

#include "directory.h"

#include <ipc/vfs_server.h>
#include <jg/rt/assert.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

uint32_t entry_hash(const char *name, size_t length)
{
    const uint64_t k = 0x9e3779b97f4a7c15ull;
    uint64_t hash = length * k, part;

    for (; length >= 8; length -= 8, name += 8) {
        memcpy(&part, name, 8);
        hash = (hash ^ part) * k;
        hash ^= hash >> 29;
    }
    for (part = 0; length; length--)
        part = part << 8 | (unsigned char)name[length - 1];
    hash = (hash ^ part) * k;
    return (uint32_t)(hash >> 32 ^ hash);
}

static void set_name(struct entry *entry, const char *name, size_t length)
{
    memmove(entry->name, name, length);
    entry->name[length] = '\0';
    entry->length = (uint8_t)length;
    entry->hash = entry_hash(entry->name, length);
}

struct entry *entry_create(struct inode *inode, const char *name, size_t length)
{
    size_t size = offsetof(struct entry, own) + length + 1;
    struct entry *entry = rt_alloc(size < sizeof *entry ? sizeof *entry : size);

    ASSERT(length <= NAME_LIMIT);
    if (!entry)
        return NULL;
    *entry = (struct entry){.inode = inode, .refs = 1, .room = (uint8_t)length};
    entry->name = entry->own;
    set_name(entry, name, length);
    inode->entries++;
    if (inode_is_directory(inode))
        inode->dir.self = entry;
    return entry;
}

void entry_drop(struct entry *entry)
{
    /* A loop, not a recursion: the last user of a deep removed tree frees all of its parents. */
    while (entry && --entry->refs == 0) {
        struct entry *parent = entry->parent;

        if (--entry->inode->entries == 0)
            inode_free(entry->inode);
        if (entry->name != entry->own)
            rt_free(entry->name);
        rt_free(entry);
        entry = parent;
    }
}

void entry_insert(struct entry *parent, struct entry *entry)
{
    if (!entry->parent)
        entry->parent = entry_hold(parent);
    entry->linked = true;
    directory_add(&parent->inode->dir, entry);
}

void entry_remove(struct entry *entry)
{
    directory_take(&entry->parent->inode->dir, entry);
    entry->linked = false;
    entry_drop(entry);
}

int32_t entry_reserve_name(struct entry *entry, size_t length)
{
    char *name;

    if (length <= entry->room)
        return 0;
    name = rt_alloc(length + 1);
    if (!name)
        return VFS_ERROR_NOMEM;
    memcpy(name, entry->name, entry->length + 1ul);
    if (entry->name != entry->own)
        rt_free(entry->name);
    entry->name = name;
    entry->room = (uint8_t)length;
    return 0;
}

void entry_move(struct entry *entry, struct entry *parent, const char *name, size_t length)
{
    struct entry *old = entry->parent;
    uint32_t old_hash = entry->hash;

    if (old == parent) {
        set_name(entry, name, length);
        directory_rehash(&parent->inode->dir, entry, old_hash);
        return;
    }
    directory_take(&old->inode->dir, entry);
    set_name(entry, name, length);
    entry->parent = entry_hold(parent);
    directory_add(&parent->inode->dir, entry);
    entry_drop(old);
}
