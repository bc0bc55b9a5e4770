/*
 * Opening, and looking without opening: open(), stat(), access().
 *
 * Source: open(2) and, for the order of errors, Linux 6.1's do_open() and may_open().
 */
#include "directory.h"
#include "file.h"
#include "permission.h"
#include "tree.h"
#include "words.h"

#include <jg/rt/string.h>

#define WANTED (VFS_WALK_READ | VFS_WALK_WRITE | VFS_WALK_EXECUTE)
/* Without any of these nothing is opened for use: as O_PATH. */
#define OPENS (WANTED | VFS_WALK_CREATE | VFS_WALK_TRUNCATE)

/* What the flags of a call ask for, as permissions. */
static uint32_t may_of(uint32_t how)
{
    return (how & VFS_WALK_READ ? MAY_READ : 0) |
           (how & (VFS_WALK_WRITE | VFS_WALK_TRUNCATE) ? MAY_WRITE : 0) |
           (how & VFS_WALK_EXECUTE ? MAY_EXECUTE : 0);
}

/* Checks what kind of file it is against what is wanted, then the permissions. */
static int32_t may_open(const struct spot *at, uint32_t how, const struct vfs_cred *who)
{
    const struct inode *inode = at->entry->inode;
    uint32_t may = may_of(how);
    int32_t error;

    switch (inode_type(inode)) {
    case MODE_LINK:
        return VFS_ERROR_LOOP;
    case MODE_DIRECTORY:
        if (may & MAY_WRITE)
            return VFS_ERROR_ISDIR;
        /* chdir() and the like ask to search and say DIRECTORY; to execute one is refused. */
        if ((may & MAY_EXECUTE) && !(how & VFS_WALK_DIRECTORY))
            return VFS_ERROR_ACCES;
        break;
    case MODE_BLOCK:
    case MODE_CHARACTER:
        if (at->mount->flags & VFS_MOUNT_FLAGS_NODEV)
            return VFS_ERROR_ACCES;
        /* fall through */
    case MODE_FIFO:
    case MODE_SOCKET:
        if (may & MAY_EXECUTE)
            return VFS_ERROR_ACCES;
        break;
    case MODE_FILE:
        if ((may & MAY_EXECUTE) && (at->mount->flags & VFS_MOUNT_FLAGS_NOEXEC))
            return VFS_ERROR_ACCES;
        break;
    }
    error = permission_check(inode, who, may);
    if (!error && (how & VFS_WALK_OWNER) && !permission_owner(inode, who))
        error = VFS_ERROR_PERM;
    return error;
}

/* The last part of open(): checks, cuts, and makes the node. */
static int32_t open_spot(struct session *session, struct spot at, uint32_t how, bool created,
                         const struct vfs_cred *who, struct vfs_attr *found)
{
    struct inode *inode = at.entry->inode;
    bool file = inode_type(inode) == MODE_FILE,
         cuts = file && (how & VFS_WALK_TRUNCATE) && !created;
    bool fixed = session_read_only(session, at.mount);
    uint64_t node;
    int32_t error;

    if ((how & VFS_WALK_CREATE) && inode_is_directory(inode))
        return VFS_ERROR_ISDIR;
    if ((how & VFS_WALK_DIRECTORY) && !inode_is_directory(inode))
        return VFS_ERROR_NOTDIR;
    if (cuts && fixed)
        return VFS_ERROR_ROFS;
    if ((how & OPENS) && !created) {
        error = may_open(&at, how, who);
        if (!error && file && (how & VFS_WALK_WRITE) && fixed)
            error = VFS_ERROR_ROFS;
        if (error)
            return error;
    }
    error = session_open(session, at, &node);
    if (error)
        return error;
    if (cuts) {
        error = file_resize(inode, 0);
        if (error) {
            (void)session_close(session, node, 1);
            return error;
        }
        inode->mode = permission_kill_setid(inode, who, false);
        words_changed(inode);
    }
    attr_fill(at, found);
    found->node = node;
    found->made = created;
    return 0;
}

/* Makes the file that CREATE did not find, at the walk's last name. */
static int32_t create(struct session *session, struct walk *walk, uint32_t mode,
                      const struct vfs_cred *who, struct entry **out)
{
    static const uint32_t no_device[2];
    struct entry *dir = walk->at.entry;
    int32_t error;

    if (!dir->inode->nlink)
        return VFS_ERROR_NOENT;
    if (session_read_only(session, walk->at.mount))
        return VFS_ERROR_ROFS;
    error = permission_add(dir->inode, who);
    if (error) /* Linux: there is no way to create regular files here at all */
        return error == VFS_ERROR_PERM ? VFS_ERROR_ACCES : error;
    return make_entry(dir, walk->last, walk->last_length, MODE_FILE | (mode & MODE_BITS), no_device,
                      NULL, 0, who, out);
}

/* Walks as open() with CREATE does. On 0 `at` is the file, there before or made. */
static int32_t walk_creating(struct session *session, struct walk *walk, uint32_t how,
                             uint32_t mode, bool *created)
{
    bool follow = !(how & (VFS_WALK_NOFOLLOW | VFS_WALK_EXCLUSIVE)), again = !walk->empty;
    struct entry *found;
    int32_t error;

    while (again) {
        error = walk_parent(walk);
        if (error || walk->foreign)
            return error;
        if (walk->kind != LAST_NAME) {
            error = walk_dots(walk);
            if (error)
                return error;
            break;
        }
        if (walk->slash)
            return VFS_ERROR_ISDIR;
        error = walk_last(walk, &found);
        if (!error && !found) {
            error = create(session, walk, mode, walk->who, &found);
            *created = !error;
        }
        if (!error)
            error = walk_enter(walk, found, follow, &again);
        if (error)
            return error;
    }
    if (walk->foreign)
        walk->kind = LAST_ROOT;
    else if ((how & VFS_WALK_EXCLUSIVE) && !*created)
        return VFS_ERROR_EXIST;
    return 0;
}

int32_t tree_open(struct session *session, struct tree_path path, uint32_t how, uint32_t mode,
                  const struct vfs_cred *who, struct vfs_attr *found, struct rest *rest)
{
    struct walk walk;
    bool created = false;
    int32_t error = walk_begin(&walk, session, path.from, path.text, path.length, how, who);

    if (error)
        return error;
    if (how & VFS_WALK_CREATE)
        error = walk_creating(session, &walk, how, mode, &created);
    else
        error = walk_full(&walk, how);
    if (error)
        return error;
    if (walk.foreign)
        return attr_foreign(&walk, found, rest);
    return open_spot(session, walk.at, how, created, who, found);
}

int32_t tree_stat(struct session *session, struct tree_path path, uint32_t how,
                  const struct vfs_cred *who, struct vfs_attr *found, struct rest *rest)
{
    struct walk walk;
    int32_t error = walk_begin(&walk, session, path.from, path.text, path.length, how, who);

    if (!error)
        error = walk_full(&walk, how);
    if (error)
        return error;
    if (walk.foreign)
        return attr_foreign(&walk, found, rest);
    attr_fill(walk.at, found);
    return 0;
}

int32_t tree_lookup(struct session *session, struct tree_path path, uint32_t how,
                    const struct vfs_cred *who, struct vfs_attr *found, struct vfs_basis *on,
                    struct rest *rest)
{
    struct walk walk;
    int32_t error = walk_begin(&walk, session, path.from, path.text, path.length, how, who);

    if (error)
        return error;
    how &= ~(VFS_WALK_CREATE | VFS_WALK_EXCLUSIVE | VFS_WALK_TRUNCATE);
    error = walk_full(&walk, how);
    if (error == VFS_ERROR_NOENT) {
        walk_basis(&walk, NULL, on);
        return 0;
    }
    if (error)
        return error;
    if (walk.foreign)
        return attr_foreign(&walk, found, rest);
    if (how & VFS_WALK_OPEN)
        error = open_spot(session, walk.at, how, false, who, found);
    else
        attr_fill(walk.at, found);
    if (!error)
        walk_basis(&walk, walk.at.entry->inode, on);
    return error;
}

int32_t tree_access(struct session *session, struct tree_path path, uint32_t how,
                    const struct vfs_cred *who, struct vfs_attr *found, struct rest *rest)
{
    struct walk walk;
    const struct inode *inode;
    uint32_t type;
    int32_t error = walk_begin(&walk, session, path.from, path.text, path.length, how, who);

    if (!error)
        error = walk_full(&walk, how);
    if (error)
        return error;
    if (walk.foreign)
        return attr_foreign(&walk, found, rest);
    inode = walk.at.entry->inode;
    type = inode_type(inode);
    if ((how & VFS_WALK_EXECUTE) && type == MODE_FILE &&
        (walk.at.mount->flags & VFS_MOUNT_FLAGS_NOEXEC))
        return VFS_ERROR_ACCES;
    error = permission_check(inode, who, may_of(how & WANTED));
    if (error)
        return error;
    if ((how & VFS_WALK_WRITE) &&
        (type == MODE_FILE || type == MODE_DIRECTORY || type == MODE_LINK) &&
        session_read_only(session, walk.at.mount))
        return VFS_ERROR_ROFS;
    attr_fill(walk.at, found);
    return 0;
}
