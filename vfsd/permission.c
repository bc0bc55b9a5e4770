/*
 * Permission: pure functions of an inode and the caller's credentials.
 *
 * Source: Linux 6.1's rules, as path_resolution(7), inode(7) and capabilities(7) tell them; links as with
 *         fs.protected_symlinks and fs.protected_hardlinks of proc(5) set, as distributions have them.
 */
#include "permission.h"

bool permission_in_group(const struct vfs_cred *who, uint32_t gid)
{
    uint32_t count = who->group_count < VFS_GROUPS_MAX ? who->group_count : VFS_GROUPS_MAX;

    if (who->gid == gid)
        return true;
    for (uint32_t i = 0; i < count; i++)
        if (who->groups[i] == gid)
            return true;
    return false;
}

bool permission_owner(const struct inode *inode, const struct vfs_cred *who)
{
    return inode->uid == who->uid || (who->powers & VFS_POWER_FOWNER);
}

int32_t permission_check(const struct inode *inode, const struct vfs_cred *who, uint32_t may)
{
    uint32_t mode = inode->mode;

    if (inode->uid == who->uid)
        mode >>= 6;
    else if ((mode >> 3 & 7) != (mode & 7) && permission_in_group(who, inode->gid))
        mode >>= 3;
    if (!(may & ~mode & 7))
        return 0;

    if (inode_is_directory(inode)) {
        if (!(may & MAY_WRITE) && (who->powers & VFS_POWER_DAC_READ_SEARCH))
            return 0;
        return who->powers & VFS_POWER_DAC_OVERRIDE ? 0 : VFS_ERROR_ACCES;
    }
    if (may == MAY_READ && (who->powers & VFS_POWER_DAC_READ_SEARCH))
        return 0;
    if (!(may & MAY_EXECUTE) || (inode->mode & MODE_ANY_EXECUTE))
        return who->powers & VFS_POWER_DAC_OVERRIDE ? 0 : VFS_ERROR_ACCES;
    return VFS_ERROR_ACCES;
}

bool permission_follow(const struct inode *dir, const struct inode *link,
                       const struct vfs_cred *who)
{
    const uint32_t shared = MODE_STICKY | MODE_OTHER_WRITE;

    return link->uid == who->uid || (dir->mode & shared) != shared || dir->uid == link->uid;
}

bool permission_link(const struct inode *inode, const struct vfs_cred *who)
{
    const uint32_t setgid = MODE_SETGID | MODE_GROUP_EXECUTE;

    if (permission_owner(inode, who))
        return true;
    return inode_type(inode) == MODE_FILE && !(inode->mode & MODE_SETUID) &&
           (inode->mode & setgid) != setgid && !permission_check(inode, who, MAY_READ | MAY_WRITE);
}

/* Write and search a directory, in which names may be changed at all. */
static int32_t may_change_names(const struct inode *dir, const struct vfs_cred *who)
{
    int32_t error = permission_check(dir, who, MAY_WRITE | MAY_EXECUTE);

    if (!error && dir->fs->fixed && !(who->powers & VFS_POWER_TERMINALS))
        error = VFS_ERROR_PERM;
    return error;
}

int32_t permission_add(const struct inode *dir, const struct vfs_cred *who)
{
    if (!dir->nlink)
        return VFS_ERROR_NOENT;
    return may_change_names(dir, who);
}

int32_t permission_remove(const struct inode *dir, const struct inode *victim,
                          const struct vfs_cred *who, bool as_directory)
{
    int32_t error = may_change_names(dir, who);

    if (error)
        return error;
    if ((dir->mode & MODE_STICKY) && victim->uid != who->uid && dir->uid != who->uid &&
        !(who->powers & VFS_POWER_FOWNER))
        return VFS_ERROR_PERM;
    if (as_directory && !inode_is_directory(victim))
        return VFS_ERROR_NOTDIR;
    if (!as_directory && inode_is_directory(victim))
        return VFS_ERROR_ISDIR;
    return 0;
}

/* A set-group-id bit means something only with group execute; without, only members keep it. */
static bool drops_setgid(const struct inode *inode, const struct vfs_cred *who)
{
    if (!(inode->mode & MODE_SETGID))
        return false;
    return (inode->mode & MODE_GROUP_EXECUTE) ||
           (!permission_in_group(who, inode->gid) && !(who->powers & VFS_POWER_FSETID));
}

uint32_t permission_kill_setid(const struct inode *inode, const struct vfs_cred *who, bool always)
{
    uint32_t mode = inode->mode;

    if (always ? inode_is_directory(inode)
               : inode_type(inode) != MODE_FILE || (who->powers & VFS_POWER_FSETID))
        return mode;
    if (drops_setgid(inode, who))
        mode &= ~MODE_SETGID;
    return mode & ~MODE_SETUID;
}

void permission_inherit(const struct inode *dir, const struct vfs_cred *who, uint32_t *mode,
                        uint32_t *gid)
{
    *gid = who->gid;
    if (!(dir->mode & MODE_SETGID))
        return;
    *gid = dir->gid;
    if ((*mode & MODE_TYPE) == MODE_DIRECTORY)
        *mode |= MODE_SETGID;
    else if ((*mode & MODE_SETGID) && (*mode & MODE_GROUP_EXECUTE) &&
             !permission_in_group(who, dir->gid) && !(who->powers & VFS_POWER_FSETID))
        *mode &= ~MODE_SETGID;
}
