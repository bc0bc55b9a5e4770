/*
 * Names go: unlink() and, with DIRECTORY, rmdir.
 *
 * Source: unlink(2), rmdir(2); Linux 6.1's do_unlinkat() and do_rmdir() for the order of errors.
 */
#include "pages.h"
#include "permission.h"
#include "tree.h"
#include "words.h"

void unlinked(struct inode *inode, int64_t now)
{
    inode->nlink = inode_is_directory(inode) ? 0 : inode->nlink - 1;
    inode->ctime = now;
    words_changed(inode);
}

void gone_note(const struct entry *entry, struct gone *gone)
{
    gone->word = words_of(entry->inode);
    gone->held = !entry->inode->nlink && entry->refs > 1;
}

/* What a path that ends in no name means to unlink() and rmdir(). */
static int32_t no_name(enum last_kind kind, bool directory)
{
    if (!directory)
        return VFS_ERROR_ISDIR;
    if (kind == LAST_DOT)
        return VFS_ERROR_INVAL;
    return kind == LAST_DOTDOT ? VFS_ERROR_NOTEMPTY : VFS_ERROR_BUSY;
}

static int32_t may_unlink(const struct walk *walk, const struct entry *found, bool directory)
{
    const struct inode *victim = found->inode;
    int32_t error;

    if (!directory && walk->slash)
        return inode_is_directory(victim) ? VFS_ERROR_ISDIR : VFS_ERROR_NOTDIR;
    error = permission_remove(walk->at.entry->inode, victim, walk->who, directory);
    if (error)
        return error;
    if (found->mounts)
        return VFS_ERROR_BUSY;
    return directory && victim->dir.live ? VFS_ERROR_NOTEMPTY : 0;
}

int32_t tree_unlink(struct session *session, struct tree_path path, uint32_t how,
                    const struct vfs_cred *who, struct rest *rest, uint32_t *foreign,
                    struct gone *gone)
{
    bool directory = how & VFS_WALK_DIRECTORY;
    struct walk walk;
    struct entry *found;
    struct inode *dir;
    int64_t now;
    int32_t error = walk_begin(&walk, session, path.from, path.text, path.length, 0, who);

    if (!error)
        error = walk_parent(&walk);
    if (error)
        return error;
    *foreign = walk.foreign;
    if (walk.foreign)
        return walk_rest(&walk, rest->text, rest->size, &rest->length);
    if (walk.kind != LAST_NAME)
        return no_name(walk.kind, directory);
    if (session_read_only(session, walk.at.mount))
        return VFS_ERROR_ROFS;
    error = walk_last(&walk, &found);
    if (!error && !found)
        error = VFS_ERROR_NOENT;
    if (!error)
        error = may_unlink(&walk, found, directory);
    if (error)
        return error;

    /* Point of no return. */
    now = clock_wall();
    dir = walk.at.entry->inode;
    if (directory)
        dir->nlink--;
    dir->mtime = dir->ctime = now;
    words_changed(dir);
    unlinked(found->inode, now);
    gone_note(found, gone);
    directory = inode_is_directory(found->inode);
    if (!directory)
        watch_tell_self(found->inode, WATCH_ATTRIB);
    entry_remove(found);
    watch_tell_name(dir, directory, WATCH_DELETE, 0, walk.last, walk.last_length);
    return 0;
}
