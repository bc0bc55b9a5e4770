/*
 * Reading what is there: readlink(), readdir(), path_of(), statfs().
 */
#include "directory.h"
#include "pages.h"
#include "tree.h"
#include "words.h"

#include <jg/rt/format.h>
#include <jg/rt/string.h>

#define TMPFS_MAGIC  0x01021994u
#define DEVPTS_MAGIC 0x00001cd1u
#define DAY         86400000000000ll

/* Linux's relatime, for what is read here. */
static void touch(const struct session *session, struct spot at)
{
    struct inode *inode = at.entry->inode;
    int64_t now;

    if ((at.mount->flags & VFS_MOUNT_FLAGS_NOATIME) || session_read_only(session, at.mount))
        return;
    now = clock_wall();
    if (inode->atime <= inode->mtime || inode->atime <= inode->ctime || now - inode->atime >= DAY) {
        inode->atime = now;
        words_changed(inode);
    }
}

int32_t tree_readlink(struct session *session, struct tree_path path, uint32_t how,
                      const struct vfs_cred *who, struct rest *target, struct rest *rest,
                      uint32_t *foreign)
{
    const struct inode *inode;
    struct walk walk;
    int32_t error;

    how |= VFS_WALK_NOFOLLOW;
    error = walk_begin(&walk, session, path.from, path.text, path.length, how, who);
    if (!error)
        error = walk_full(&walk, how);
    if (error)
        return error;
    *foreign = walk.foreign;
    if (walk.foreign)
        return walk_rest(&walk, rest->text, rest->size, &rest->length);
    inode = walk.at.entry->inode;
    if (inode_type(inode) != MODE_LINK)
        return path.length ? VFS_ERROR_INVAL : VFS_ERROR_NOENT;
    if (inode->link.length >= target->size)
        return VFS_ERROR_NAMETOOLONG;
    memcpy(target->text, inode->link.text, inode->link.length + 1ul);
    target->length = inode->link.length;
    touch(session, walk.at);
    return 0;
}

struct listing {
    char *buffer;
    size_t size, used;
};

/* Adds a record. Returns false when it does not fit. */
static inline bool list(struct listing *listing, const struct inode *inode, uint64_t cursor,
                        const char *name, size_t length)
{
    size_t bytes = (sizeof(struct vfs_dirent) + length + 1 + 7) & ~7ul;
    struct vfs_dirent *record = (struct vfs_dirent *)(listing->buffer + listing->used);
    char *to = (char *)(record + 1);

    if (bytes > listing->size - listing->used)
        return false;
    *(uint64_t *)(listing->buffer + listing->used + bytes - 8) = 0; /* the name ends within these */
    *record = (struct vfs_dirent){
        .ino = inode->ino,
        .next_cursor = cursor,
        .record_bytes = (uint16_t)bytes,
        .type = (uint8_t)(inode_type(inode) >> 12), /* DT_* are the types of S_IFMT */
        .name_len = (uint16_t)length,
    };
    memcpy(to, name, length);
    listing->used += bytes;
    return true;
}

int32_t tree_readdir(struct session *session, uint64_t node, uint64_t cursor, void *buffer,
                     size_t size, size_t *used)
{
    const struct spot *at = session_spot(session, node);
    struct listing listing = {buffer, size, 0};
    const struct entry *entry, *parent;
    const struct inode *inode;
    uint32_t position;
    bool fits = true;

    if (!at)
        return VFS_ERROR_BADNODE;
    inode = at->entry->inode;
    if (!inode_is_directory(inode))
        return VFS_ERROR_NOTDIR;
    if (!inode->nlink)
        return VFS_ERROR_NOENT;
    parent = at->entry->parent ? at->entry->parent : at->entry;
    if (cursor == 0) {
        fits = list(&listing, inode, 1, ".", 1);
        cursor = fits;
    }
    if (fits && cursor == 1) {
        fits = list(&listing, parent->inode, 2, "..", 2);
        cursor += fits;
    }
    position = directory_position(&inode->dir, cursor == 2 ? 0 : cursor);
    while (fits && (entry = directory_previous(&inode->dir, &position)))
        fits = list(&listing, entry->inode, entry->id, entry->name, entry->length);
    *used = listing.used;
    if (!fits && !listing.used)
        return VFS_ERROR_INVAL;
    touch(session, *at);
    return 0;
}

/* Puts "/name" in front of what is there. False: it does not fit. */
static bool put_front(struct rest *path, size_t *from, const char *name, size_t length)
{
    if (length + 1ul > *from)
        return false;
    *from -= length;
    memcpy(path->text + *from, name, length);
    path->text[--*from] = '/';
    return true;
}

/* A file that was made without a name is shown by its number, below the root of its mount. */
static bool put_unnamed(struct rest *path, size_t *from, const struct inode *inode)
{
    char name[24];

    return put_front(path, from, name, rt_format(name, sizeof name, "#%lu", inode->ino));
}

/*
 * Builds the path from the end to the front, then moves it to where it belongs. With `removed`, names
 * that no directory lists any more are shown as they were.
 */
static int32_t build_path(struct spot at, struct spot root, bool removed, struct rest *path)
{
    static const char mark[] = " (deleted)";
    size_t from = path->size, length;
    bool gone = false, fits = true;

    for (const struct entry *e = at.entry; removed && e && e != at.mount->root; e = e->parent)
        gone |= !e->linked;
    length = gone ? sizeof mark : 1;
    if (from < length + 1)
        return VFS_ERROR_NAMETOOLONG;
    from -= length;
    memcpy(path->text + from, gone ? mark : "", length);
    while (fits && (at.entry != root.entry || at.mount != root.mount)) {
        if (at.entry == at.mount->root) {
            if (!at.mount->parent)
                return VFS_ERROR_XDEV;
            at = (struct spot){at.mount->parent, at.mount->point};
        } else if (!at.entry->linked && !removed) {
            return VFS_ERROR_NOENT;
        } else if (!at.entry->parent) {
            fits = put_unnamed(path, &from, at.entry->inode);
            at.entry = at.mount->root;
        } else {
            fits = put_front(path, &from, at.entry->name, at.entry->length);
            at.entry = at.entry->parent;
        }
    }
    if (!fits)
        return VFS_ERROR_NAMETOOLONG;
    if (from == path->size - length)
        path->text[--from] = '/';
    path->length = path->size - 1 - from;
    memmove(path->text, path->text + from, path->length + 1);
    return 0;
}

int32_t spot_path(struct spot at, struct spot root, struct rest *path)
{
    return build_path(at, root, false, path);
}

int32_t tree_path_of(struct session *session, uint64_t node, uint64_t root, bool removed,
                     struct rest *path)
{
    const struct spot *at = session_spot(session, node), *top = session_spot(session, root);

    if (!at || !top)
        return VFS_ERROR_BADNODE;
    return build_path(*at, *top, removed, path);
}

static uint32_t shown_flags(const struct session *session, const struct mount *mount)
{
    /* ST_* of statvfs(3), as the kernel numbers them. */
    return (session_read_only(session, mount) ? 1 : 0) |
           (mount->flags & VFS_MOUNT_FLAGS_NOSUID ? 2 : 0) |
           (mount->flags & VFS_MOUNT_FLAGS_NODEV ? 4 : 0) |
           (mount->flags & VFS_MOUNT_FLAGS_NOEXEC ? 8 : 0) | 32 /* ST_VALID */ |
           (mount->flags & VFS_MOUNT_FLAGS_NOATIME ? 1024 : 0) |
           (mount->flags & VFS_MOUNT_FLAGS_NODIRATIME ? 2048 : 0) |
           (mount->flags & (VFS_MOUNT_FLAGS_NOATIME | VFS_MOUNT_FLAGS_STRICTATIME) ? 0 : 4096);
}

int32_t tree_statfs(struct session *session, uint64_t node, struct vfs_fs_info *info)
{
    const struct spot *at = session_spot(session, node);
    const struct fs *fs;
    uint64_t total, free, used;

    if (!at)
        return VFS_ERROR_BADNODE;
    fs = at->entry->inode->fs;
    memset(info, 0, sizeof *info);
    pages_of_machine(&total, &free);
    if (fs->max_pages && fs->max_pages != UINT64_MAX) {
        used = account_used(fs->account);
        total = fs->max_pages;
        free = used < total ? total - used : 0;
    }
    info->type = fs->fixed ? DEVPTS_MAGIC : TMPFS_MAGIC;
    info->block_size = JG_PAGE_SIZE;
    info->blocks = total;
    info->blocks_free = free;
    info->files = fs->max_inodes;
    if (fs->max_inodes > fs->inodes)
        info->files_free = fs->max_inodes - fs->inodes;
    info->fsid = fs->dev;
    info->name_max = NAME_LIMIT;
    info->mount_flags = shown_flags(session, at->mount);
    return 0;
}
