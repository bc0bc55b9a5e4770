/*
 * New names: make(), symlink(), link(), and files without one, anonymous().
 *
 * Source: mkdir(2), mknod(2), symlink(2), link(2); Linux 6.1's filename_create() for the order of
 *         errors.
 */
#include "devpts.h"
#include "directory.h"
#include "pages.h"
#include "permission.h"
#include "tree.h"
#include "words.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

/* Gives `inode` its first or another name in `dir`, whose table has room. */
static void insert(struct entry *dir, struct entry *entry)
{
    struct inode *inode = entry->inode;
    int64_t now = clock_wall();

    entry_insert(dir, entry);
    inode->nlink++;
    if (inode_is_directory(inode)) {
        inode->nlink++;
        dir->inode->nlink++;
    }
    inode->ctime = now;
    dir->inode->mtime = dir->inode->ctime = now;
    words_changed(dir->inode);
    words_changed(inode);
    watch_tell_name(dir->inode, inode_is_directory(inode), WATCH_CREATE, 0, entry->name,
                    entry->length);
}

int32_t make_entry(struct entry *dir, const char *name, size_t length, uint32_t mode,
                   const uint32_t device[2], const char *link, size_t link_length,
                   const struct vfs_cred *who, struct entry **out)
{
    struct inode *inode;
    struct entry *entry;
    uint32_t gid;
    int32_t error;

    if (memchr(name, '\0', length))
        return VFS_ERROR_INVAL;
    if ((mode & MODE_TYPE) == MODE_DIRECTORY && dir->inode->nlink >= LINKS_LIMIT)
        return VFS_ERROR_MLINK;
    permission_inherit(dir->inode, who, &mode, &gid);
    error = directory_reserve(&dir->inode->dir);
    if (!error)
        error = inode_create(dir->inode->fs, mode, who->uid, gid, &inode);
    if (error)
        return error;
    if (link) {
        inode->link.text = rt_alloc(link_length + 1);
        if (!inode->link.text)
            goto no_memory;
        memcpy(inode->link.text, link, link_length);
        inode->link.text[link_length] = '\0';
        inode->link.length = (uint32_t)link_length;
    } else if ((mode & MODE_TYPE) == MODE_BLOCK || (mode & MODE_TYPE) == MODE_CHARACTER) {
        inode->device.major = device[0];
        inode->device.minor = device[1];
    }
    entry = entry_create(inode, name, length);
    if (!entry)
        goto no_memory;

    /* Point of no return. */
    insert(dir, entry);
    *out = entry;
    return 0;

no_memory:
    inode_free(inode);
    return VFS_ERROR_NOMEM;
}

/*
 * Walks to a name that is to be made and checks that `who` may make it there. `directory`: a slash
 * behind the name is fine.
 */
static int32_t walk_new(struct session *session, struct walk *walk, struct tree_path path,
                        bool directory, const struct vfs_cred *who)
{
    struct entry *found;
    int32_t error = walk_begin(walk, session, path.from, path.text, path.length, 0, who);

    if (!error)
        error = walk_parent(walk);
    if (error || walk->foreign)
        return error;
    if (walk->kind != LAST_NAME)
        return VFS_ERROR_EXIST;
    error = walk_last(walk, &found);
    if (error)
        return error;
    if (found)
        return VFS_ERROR_EXIST;
    if (walk->slash && !directory)
        return VFS_ERROR_NOENT;
    if (session_read_only(session, walk->at.mount))
        return VFS_ERROR_ROFS;
    return 0;
}

/* Checks what mknod(2) checks before it walks. */
static int32_t may_make_type(uint32_t *mode)
{
    switch (*mode & MODE_TYPE) {
    case 0:
        *mode |= MODE_FILE;
        break;
    case MODE_FILE:
    case MODE_CHARACTER:
    case MODE_BLOCK:
    case MODE_FIFO:
    case MODE_SOCKET:
        break;
    case MODE_DIRECTORY:
        *mode &= MODE_TYPE | MODE_PERMISSIONS | MODE_STICKY;
        return 0;
    default:
        return VFS_ERROR_INVAL;
    }
    *mode &= MODE_TYPE | MODE_BITS;
    return 0;
}

int32_t tree_make(struct session *session, struct tree_path path, uint32_t mode,
                  uint32_t rdev_major, uint32_t rdev_minor, const struct vfs_cred *who,
                  struct vfs_attr *found, struct rest *rest)
{
    const uint32_t device[2] = {rdev_major, rdev_minor};
    struct walk walk;
    struct entry *made;
    bool whiteout;
    int32_t error = may_make_type(&mode);

    if (!error)
        error = walk_new(session, &walk, path, (mode & MODE_TYPE) == MODE_DIRECTORY, who);
    if (error)
        return error;
    if (walk.foreign)
        return attr_foreign(&walk, found, rest);
    error = permission_add(walk.at.entry->inode, who);
    if (error)
        return error;
    whiteout = (mode & MODE_TYPE) == MODE_CHARACTER && !rdev_major && !rdev_minor;
    if (((mode & MODE_TYPE) == MODE_CHARACTER || (mode & MODE_TYPE) == MODE_BLOCK) && !whiteout &&
        !(who->powers & VFS_POWER_MKNOD))
        return VFS_ERROR_PERM;
    error =
        make_entry(walk.at.entry, walk.last, walk.last_length, mode, device, NULL, 0, who, &made);
    if (error)
        return error;
    devpts_named(made->inode);
    attr_fill((struct spot){walk.at.mount, made}, found);
    return 0;
}

int32_t tree_symlink(struct session *session, struct tree_path path, const char *target,
                     size_t target_length, const struct vfs_cred *who, struct rest *rest,
                     uint32_t *foreign)
{
    static const uint32_t no_device[2];
    struct walk walk;
    struct entry *made;
    int32_t error;

    if (!target_length)
        return VFS_ERROR_NOENT;
    if (target_length >= VFS_PATH_MAX)
        return VFS_ERROR_NAMETOOLONG;
    error = walk_new(session, &walk, path, false, who);
    if (error)
        return error;
    *foreign = walk.foreign;
    if (walk.foreign)
        return walk_rest(&walk, rest->text, rest->size, &rest->length);
    error = permission_add(walk.at.entry->inode, who);
    if (error)
        return error;
    return make_entry(walk.at.entry, walk.last, walk.last_length, MODE_LINK | MODE_PERMISSIONS,
                      no_device, target, target_length, who, &made);
}

/* Checks that `inode` can have one more name. */
static int32_t may_link(const struct inode *inode)
{
    if (inode_is_directory(inode))
        return VFS_ERROR_PERM;
    if (!inode->nlink && !(inode->flags & INODE_LINKABLE))
        return VFS_ERROR_NOENT;
    return inode->nlink >= LINKS_LIMIT ? VFS_ERROR_MLINK : 0;
}

int32_t tree_link(struct session *session, uint64_t node, struct tree_path path,
                  const struct vfs_cred *who, struct rest *rest, uint32_t *foreign)
{
    const struct spot *old = session_spot(session, node);
    struct inode *inode;
    struct entry *entry;
    struct walk walk;
    int32_t error;

    if (!old)
        return VFS_ERROR_BADNODE;
    inode = old->entry->inode;
    error = walk_new(session, &walk, path, false, who);
    if (error)
        return error;
    *foreign = walk.foreign;
    if (walk.foreign)
        return walk_rest(&walk, rest->text, rest->size, &rest->length);
    if (walk.at.mount != old->mount)
        return VFS_ERROR_XDEV;
    if (!permission_link(inode, who))
        return VFS_ERROR_PERM;
    error = permission_add(walk.at.entry->inode, who);
    if (!error)
        error = may_link(inode);
    if (!error && memchr(walk.last, '\0', walk.last_length))
        error = VFS_ERROR_INVAL;
    if (!error)
        error = directory_reserve(&walk.at.entry->inode->dir);
    if (error)
        return error;
    entry = entry_create(inode, walk.last, walk.last_length);
    if (!entry)
        return VFS_ERROR_NOMEM;

    /* Point of no return. */
    watch_tell_self(inode, WATCH_ATTRIB);
    insert(walk.at.entry, entry);
    inode->flags &= ~INODE_LINKABLE;
    return 0;
}

int32_t tree_anonymous(struct session *session, uint64_t dir, uint32_t mode, uint32_t how,
                       const struct vfs_cred *who, struct vfs_attr *found)
{
    const struct spot *at = session_spot(session, dir);
    struct inode *inode;
    struct entry *entry;
    struct spot made;
    uint32_t gid;
    uint64_t node;
    int32_t error;

    if (!at)
        return VFS_ERROR_BADNODE;
    if (!inode_is_directory(at->entry->inode))
        return VFS_ERROR_NOTDIR;
    if (session_read_only(session, at->mount))
        return VFS_ERROR_ROFS;
    error = permission_check(at->entry->inode, who, MAY_WRITE | MAY_EXECUTE);
    if (error)
        return error;
    mode = MODE_FILE | (mode & MODE_BITS);
    permission_inherit(at->entry->inode, who, &mode, &gid);
    error = inode_create(at->entry->inode->fs, mode, who->uid, gid, &inode);
    if (error)
        return error;
    inode->flags = how & VFS_WALK_EXCLUSIVE ? 0 : INODE_LINKABLE;
    entry = entry_create(inode, "", 0);
    if (!entry) {
        inode_free(inode);
        return VFS_ERROR_NOMEM;
    }
    made = (struct spot){at->mount, entry};
    error = session_open(session, made, &node); /* may move the nodes: `at` is gone */
    if (!error) {
        attr_fill(made, found);
        found->node = node;
    }
    entry_drop(entry);
    return error;
}
