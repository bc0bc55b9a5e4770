/*
 * The names of ptys: a file in devpts for each. See tty_state.h.
 *
 * vfsd has the file system, as it has every other; nobody else may make or remove names in it.
 * Owner, group and mode are what it was mounted with, or the maker's.
 */
#include <jg/rt/format.h>
#include <jg/rt/string.h>

#include "namecache.h"
#include "tty_state.h"

#define DEVPTS_MAGIC 0x1cd1u
#define FOLDER       "/dev/pts"

/* The directory of the devpts at FOLDER, as the task sees it. */
static int64_t find_folder(struct task *t, struct vfs_cred *cred, struct inode **out)
{
    struct inode *root = fs_inode(t->fs, true);
    struct vfs_place place = {.root = root->node, .dir = root->node};
    struct vfs_attr found;
    struct vfs_fs_info info;
    char rest[8];
    size_t n;
    int64_t err = vfs_errno(vfs_open(root->session, &place, FOLDER, sizeof FOLDER - 1,
                                     VFS_WALK_DIRECTORY, 0, cred, &found, rest, sizeof rest, &n));

    if (!err && found.foreign)
        err = -ENODEV;
    else if (!err && !(*out = inode_of(root->session, &found)))
        err = -ENOMEM;
    inode_put(root);
    if (err)
        return err == -ENOMEM ? err : -ENODEV;
    if (!vfs_statfs((*out)->session, (*out)->node, &info) && info.type == DEVPTS_MAGIC)
        return 0;
    inode_put(*out);
    return -ENODEV;
}

static size_t name_of(const struct tty *tty, char *buf, size_t size)
{
    return rt_format(buf, size, "%u", tty->number - 1);
}

/* The system's own authority, with the ids of who makes the pty. */
static void authority(struct task *t, struct vfs_cred *cred)
{
    vfs_cred_of(t, cred);
    cred->powers |=
        VFS_POWER_DAC_OVERRIDE | VFS_POWER_MKNOD | VFS_POWER_FOWNER | VFS_POWER_TERMINALS;
}

int64_t pty_name_make(struct task *t, struct tty *tty)
{
    struct vfs_place place;
    struct vfs_attr made;
    struct vfs_cred cred;
    char name[12], rest[8];
    size_t length = name_of(tty, name, sizeof name), n;
    int64_t err;

    authority(t, &cred);
    err = find_folder(t, &cred, &tty->folder);
    if (err)
        return err;
    place = (struct vfs_place){.root = tty->folder->node, .dir = tty->folder->node};
    err = vfs_errno(vfs_make(tty->folder->session, &place, name, length, S_IFCHR | 0600, PTS_MAJOR,
                             tty->number - 1, &cred, &made, rest, sizeof rest, &n));
    if (err) {
        inode_put(tty->folder);
        return err;
    }
    mutex_lock(&tasks_lock);
    tty->device = made.dev;
    tty->inode = made.ino;
    mutex_unlock(&tasks_lock);
    return 0;
}

void pty_name_remove(struct tty *tty)
{
    struct vfs_place place = {.root = tty->folder->node, .dir = tty->folder->node};
    struct vfs_cred cred = {.powers =
                                VFS_POWER_DAC_OVERRIDE | VFS_POWER_FOWNER | VFS_POWER_TERMINALS};
    char name[12], rest[8];
    size_t length = name_of(tty, name, sizeof name), n;
    uint32_t foreign, gone;

    vfs_unlink(tty->folder->session, &place, name, length, 0, &cred, rest, sizeof rest, &n,
               &foreign, &gone);
    namecache_gone(gone);
    inode_put(tty->folder);
}

int64_t pty_name_inode(struct tty *tty, struct inode **out)
{
    struct vfs_place place = {.root = tty->folder->node, .dir = tty->folder->node};
    struct vfs_cred cred = {.powers = VFS_POWER_DAC_OVERRIDE | VFS_POWER_TERMINALS};
    struct vfs_attr found;
    char name[12], rest[8];
    size_t length = name_of(tty, name, sizeof name), n;
    int64_t err = vfs_errno(vfs_open(tty->folder->session, &place, name, length, 0, 0, &cred,
                                     &found, rest, sizeof rest, &n));

    if (err)
        return err;
    *out = inode_of(tty->folder->session, &found);
    return *out ? 0 : -ENOMEM;
}
