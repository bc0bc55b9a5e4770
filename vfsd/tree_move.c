/*
 * unmount(), move_mount(), pivot_root(): mounts leave their places.
 *
 * Source: umount(2), mount(2), pivot_root(2).
 */
#include "propagate.h"
#include "tree.h"
#include "words.h"

#define UMOUNT_FORCE    1u
#define UMOUNT_DETACH   2u
#define UMOUNT_EXPIRE   4u
#define UMOUNT_NOFOLLOW 8u

/* unmount() with EXPIRE: whether it may go now. The mark goes when somebody walks onto the mount. */
static int32_t expire(struct mount *mount)
{
    if (!mount_idle(mount))
        return VFS_ERROR_BUSY;
    if (mount->expires)
        return 0;
    mount->expires = true;
    words_all_changed(); /* whoever knows a way onto it asks once more */
    return VFS_ERROR_AGAIN;
}

int32_t tree_unmount(struct session *session, struct tree_path path, uint32_t how,
                     const struct vfs_cred *who)
{
    struct mount *mount;
    struct walk walk;
    int32_t error;

    if (!(who->powers & VFS_POWER_ADMIN) || session->read_only)
        return VFS_ERROR_PERM;
    error = tree_find_spot(session, path,
                           (how & UMOUNT_NOFOLLOW ? VFS_WALK_NOFOLLOW : 0) |
                               (how & UMOUNT_EXPIRE ? TREE_KEEPS_MARKS : 0),
                           who, &walk);
    if (error)
        return error;
    mount = walk.at.mount;
    if (!tree_is_mount(&walk) || !mount->attached)
        return VFS_ERROR_INVAL;
    if (how & UMOUNT_EXPIRE) {
        if (how & (UMOUNT_FORCE | UMOUNT_DETACH))
            return VFS_ERROR_INVAL;
        error = mount->parent ? expire(mount) : VFS_ERROR_BUSY;
        if (error)
            return error;
    }
    if (!mount->parent ||
        (!(how & UMOUNT_DETACH) && (!mount_idle(mount) || propagate_busy(session->vfsd, mount))))
        return VFS_ERROR_BUSY;
    propagate_unmount(session->vfsd, mount);
    words_all_changed();
    return 0;
}

/* Does `mount` stand on `top`, however far up, or is it that? */
static bool stands_on(const struct mount *mount, const struct mount *top)
{
    for (; mount; mount = mount->parent)
        if (mount == top)
            return true;
    return false;
}

static bool has_unbindable(struct vfsd *vfsd, struct mount *top)
{
    for (struct mount *m = top; m; m = mount_next(vfsd, top, m))
        if (m->unbindable)
            return true;
    return false;
}

int32_t tree_move_mount(struct session *session, struct tree_path from, struct tree_path to,
                        const struct vfs_cred *who)
{
    struct walk old, new;
    struct mount *mount;
    struct spot back;
    int32_t error;

    if (!(who->powers & VFS_POWER_ADMIN) || session->read_only)
        return VFS_ERROR_PERM;
    error = tree_find_spot(session, to, 0, who, &new);
    if (!error)
        error = tree_find_spot(session, from, 0, who, &old);
    if (error)
        return error;
    mount = old.at.mount;
    if (!tree_is_mount(&old) || !mount->attached || !mount->parent || mount->parent->group)
        return VFS_ERROR_INVAL;
    if (new.foreign)
        return VFS_ERROR_NOTSUP;
    if (new.at.mount->group && has_unbindable(session->vfsd, mount))
        return VFS_ERROR_INVAL;
    if (stands_on(new.at.mount, mount))
        return VFS_ERROR_LOOP;
    if (inode_is_directory(new.at.entry->inode) !=
        (!mount->root || inode_is_directory(mount->root->inode)))
        return VFS_ERROR_INVAL;
    back = (struct spot){mount->parent, entry_hold(mount->point)};
    mount_lift(mount);
    error = tree_place_mount(session, mount, new.at);
    if (error)
        mount_attach(mount, back); /* it was there just now: there is room */
    entry_drop(back.entry);
    words_all_changed();
    return error;
}

/* Is `at` the spot `root` or somewhere below it? */
static bool below(struct spot at, struct spot root)
{
    for (;;) {
        if (at.mount == root.mount && at.entry == root.entry)
            return true;
        if (at.entry != at.mount->root && at.entry->parent)
            at.entry = at.entry->parent;
        else if (at.mount->parent)
            at = (struct spot){at.mount->parent, at.mount->point};
        else
            return false;
    }
}

static bool parent_shared(const struct mount *mount)
{
    return mount->parent && mount->parent->group;
}

int32_t tree_pivot_root(struct session *session, struct tree_path new_path,
                        struct tree_path old_path, const struct vfs_cred *who)
{
    const struct spot *root = session_spot(session, new_path.from->root);
    struct spot at;
    struct walk new, old;
    int32_t error;

    if (!(who->powers & VFS_POWER_ADMIN) || session->read_only)
        return VFS_ERROR_PERM;
    if (!root)
        return VFS_ERROR_BADNODE;
    error = tree_find_spot(session, new_path, VFS_WALK_DIRECTORY, who, &new);
    if (!error)
        error = tree_find_spot(session, old_path, VFS_WALK_DIRECTORY, who, &old);
    if (error)
        return error;
    if (new.foreign || old.foreign || !root->mount->attached || !new.at.mount->attached ||
        !old.at.mount->attached || old.at.mount->group || parent_shared(new.at.mount) ||
        parent_shared(root->mount))
        return VFS_ERROR_INVAL;
    if (!new.at.entry->inode->nlink)
        return VFS_ERROR_NOENT;
    if (new.at.mount == root->mount || old.at.mount == root->mount)
        return VFS_ERROR_BUSY;
    if (root->entry != root->mount->root || !root->mount->parent || !tree_is_mount(&new) ||
        !new.at.mount->parent || !below(old.at, new.at) || !below(new.at, *root))
        return VFS_ERROR_INVAL;
    if (old.at.entry->mounts == UINT16_MAX)
        return VFS_ERROR_NOMEM;

    /* Point of no return. */
    at = (struct spot){root->mount->parent, entry_hold(root->mount->point)};
    mount_lift(new.at.mount);
    mount_lift(root->mount);
    mount_attach(root->mount, old.at);
    mount_attach(new.at.mount, at);
    entry_drop(at.entry);
    new.at.mount->expires = false;
    words_all_changed();
    return 0;
}
