/*
 * Attributes: getattr(), setattr(), and the pages of a file.
 *
 * Source: chmod(2), chown(2), utimensat(2), and Linux 6.1's setattr_prepare() for who may do what.
 */
#include "file.h"
#include "pages.h"
#include "permission.h"
#include "tree.h"
#include "words.h"

#include <jg/rt/string.h>

#define DIRECTORY_BASE  40u  /* what tmpfs shows as the size of a directory ... */
#define DIRECTORY_ENTRY 20u  /* ... and adds for each entry */
#define SHORT_LINK      128u /* targets below this cost no block */
#define PAGE_BLOCKS     8u   /* of 512 bytes */

static void fill_size(struct inode *inode, struct vfs_attr *out)
{
    switch (inode_type(inode)) {
    case MODE_FILE:
        out->size = inode->file.size;
        out->blocks = (uint64_t)inode->file.committed * PAGE_BLOCKS;
        break;
    case MODE_DIRECTORY:
        out->size = DIRECTORY_BASE + (uint64_t)inode->dir.live * DIRECTORY_ENTRY;
        break;
    case MODE_LINK:
        out->size = inode->link.length;
        out->blocks = inode->link.length < SHORT_LINK ? 0 : PAGE_BLOCKS;
        break;
    case MODE_BLOCK:
    case MODE_CHARACTER:
        out->rdev_major = inode->device.major;
        out->rdev_minor = inode->device.minor;
        break;
    }
}

void attr_fill(struct spot at, struct vfs_attr *out)
{
    struct inode *inode = at.entry->inode;

    file_refresh(inode);
    memset(out, 0, sizeof *out);
    out->dev = inode->fs->dev;
    out->ino = inode->ino;
    out->mode = inode->mode;
    out->nlink = inode->nlink;
    out->uid = inode->uid;
    out->gid = inode->gid;
    out->atime = inode->atime;
    out->mtime = inode->mtime;
    out->ctime = inode->ctime;
    out->btime = inode->btime;
    out->mount = at.mount->id;
    out->mount_how = at.mount->flags;
    out->mount_root = at.entry == at.mount->root;
    fill_size(inode, out);
}

int32_t attr_foreign(const struct walk *walk, struct vfs_attr *out, struct rest *rest)
{
    memset(out, 0, sizeof *out);
    out->foreign = walk->foreign;
    out->mount = walk->at.mount->id;
    return walk_rest(walk, rest->text, rest->size, &rest->length);
}

int32_t tree_getattr(struct session *session, uint64_t node, struct vfs_attr *found)
{
    const struct spot *at = session_spot(session, node);

    if (!at)
        return VFS_ERROR_BADNODE;
    attr_fill(*at, found);
    return 0;
}

int32_t tree_inspect(struct session *session, uint64_t node, struct vfs_attr *found,
                     struct vfs_basis *on)
{
    const struct spot *at = session_spot(session, node);

    if (!at)
        return VFS_ERROR_BADNODE;
    attr_fill(*at, found);
    basis_of(at->entry->inode, on);
    return 0;
}

#define OWNERS    (VFS_CHANGE_UID | VFS_CHANGE_GID)
#define TIMES     (VFS_CHANGE_ATIME | VFS_CHANGE_MTIME)
#define TIMES_NOW (VFS_CHANGE_ATIME_NOW | VFS_CHANGE_MTIME_NOW)

/* Checks that `who` may make all of these changes. */
static int32_t may_change(const struct inode *inode, const struct vfs_new_attr *to,
                          const struct vfs_cred *who)
{
    bool owns = inode->uid == who->uid, chown = who->powers & VFS_POWER_CHOWN;
    uint32_t what = to->what;

    if ((what & VFS_CHANGE_SIZE) && inode_type(inode) != MODE_FILE)
        return inode_is_directory(inode) ? VFS_ERROR_ISDIR : VFS_ERROR_INVAL;
    if ((what & VFS_CHANGE_SIZE) && to->size > SIZE_LIMIT)
        return VFS_ERROR_INVAL;
    if ((what & VFS_CHANGE_UID) && !chown && !(owns && to->uid == inode->uid))
        return VFS_ERROR_PERM;
    if ((what & VFS_CHANGE_GID) && !chown &&
        !(owns && (to->gid == inode->gid || permission_in_group(who, to->gid))))
        return VFS_ERROR_PERM;
    if (what & VFS_CHANGE_MODE) {
        if (inode_type(inode) == MODE_LINK)
            return VFS_ERROR_NOTSUP;
        if (!permission_owner(inode, who))
            return VFS_ERROR_PERM;
    }
    if (!(what & (TIMES | TIMES_NOW)) || permission_owner(inode, who))
        return 0;
    /* Both to the present moment is what a writer may do as well; anything else is the owner's. */
    if ((what & (TIMES | TIMES_NOW)) == TIMES_NOW)
        return permission_check(inode, who, MAY_WRITE);
    return VFS_ERROR_PERM;
}

static void change_mode(struct inode *inode, uint32_t mode, const struct vfs_cred *who)
{
    inode->mode = (inode->mode & MODE_TYPE) | (mode & MODE_BITS);
    if ((mode & MODE_SETGID) && !permission_in_group(who, inode->gid) &&
        !(who->powers & VFS_POWER_FSETID))
        inode->mode &= ~MODE_SETGID;
}

/* What those who watch are told, as fsnotify_change() says. */
static uint32_t notice_of(uint32_t what)
{
    bool a = what & (VFS_CHANGE_ATIME | VFS_CHANGE_ATIME_NOW);
    bool m = what & (VFS_CHANGE_MTIME | VFS_CHANGE_MTIME_NOW);

    return (what & (OWNERS | VFS_CHANGE_MODE) || (a && m) ? WATCH_ATTRIB : 0) |
           (what & VFS_CHANGE_SIZE || (m && !a) ? WATCH_MODIFY : 0) |
           (a && !m ? WATCH_ACCESS : 0);
}

int32_t tree_setattr(struct session *session, uint64_t node, const struct vfs_new_attr *to,
                     const struct vfs_cred *who)
{
    const struct spot *at = session_spot(session, node);
    struct inode *inode;
    int64_t now = clock_wall();
    int32_t error;

    if (!at)
        return VFS_ERROR_BADNODE;
    inode = at->entry->inode;
    if (session_read_only(session, at->mount))
        return VFS_ERROR_ROFS;
    error = may_change(inode, to, who);
    if (!error && (to->what & VFS_CHANGE_SIZE)) {
        error = file_resize(inode, to->size);
        if (!error)
            inode->mode = permission_kill_setid(inode, who, false);
    }
    if (error)
        return error;

    /* Point of no return. Stamps of earlier writes are taken in before times are set over them. */
    file_refresh(inode);
    if (to->what & OWNERS)
        inode->mode = permission_kill_setid(inode, who, true);
    if (to->what & VFS_CHANGE_UID)
        inode->uid = to->uid;
    if (to->what & VFS_CHANGE_GID)
        inode->gid = to->gid;
    if (to->what & VFS_CHANGE_MODE)
        change_mode(inode, to->mode, who);
    if (to->what & (VFS_CHANGE_ATIME | VFS_CHANGE_ATIME_NOW))
        inode->atime = to->what & VFS_CHANGE_ATIME_NOW ? now : to->atime;
    if (to->what & (VFS_CHANGE_MTIME | VFS_CHANGE_MTIME_NOW))
        inode->mtime = to->what & VFS_CHANGE_MTIME_NOW ? now : to->mtime;
    if (to->what)
        inode->ctime = now;
    words_changed(inode);
    if (notice_of(to->what))
        watch_tell(at->entry, notice_of(to->what));
    return 0;
}

int32_t tree_vmo(struct session *session, uint64_t node, jg_handle_t *pages, bool *write,
                 bool *execute)
{
    const struct spot *at = session_spot(session, node);
    struct inode *inode;
    int32_t error;

    if (!at)
        return VFS_ERROR_BADNODE;
    inode = at->entry->inode;
    if (inode_type(inode) != MODE_FILE)
        return VFS_ERROR_NODATA;
    error = file_pages(inode, pages);
    if (error)
        return error;
    /*
     * A mount can become writable again while the handle is still in use; a session or a tree
     * cannot.
     */
    *write = !session->read_only && !at->mount->tree->read_only;
    *execute = !(at->mount->flags & VFS_MOUNT_FLAGS_NOEXEC);
    if (!(inode->flags & INODE_SHARED)) {
        inode->flags |= INODE_SHARED;
        words_changed(inode); /* from now on its size and times are not ours alone */
    }
    return 0;
}
