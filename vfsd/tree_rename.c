/*
 * rename(): one of the few that touch two directories.
 *
 * Source: rename(2); Linux 6.1's do_renameat2() and vfs_rename() for the order of errors.
 */
#include "directory.h"
#include "pages.h"
#include "permission.h"
#include "tree.h"
#include "words.h"

#include <jg/rt/string.h>

#define EXCHANGE  VFS_RENAME_HOW_EXCHANGE
#define NOREPLACE VFS_RENAME_HOW_NOREPLACE
#define WHITEOUT  VFS_RENAME_HOW_WHITEOUT

struct rename {
    struct walk old, new;
    struct entry *source, *target; /* target NULL: the new name is free */
    uint32_t how;
};

/* Tells whether `entry` is `below` or one of the directories above it. */
static bool is_above(const struct entry *entry, const struct entry *below)
{
    for (; below; below = below->parent)
        if (below == entry)
            return true;
    return false;
}

/* Checks what needs no permission: the kinds of both names, and that no loop is made. */
static int32_t check_shape(const struct rename *r)
{
    if ((r->how & NOREPLACE) && r->target)
        return VFS_ERROR_EXIST;
    if (r->how & EXCHANGE) {
        if (!r->target)
            return VFS_ERROR_NOENT;
        if (!inode_is_directory(r->target->inode) && r->new.slash)
            return VFS_ERROR_NOTDIR;
    }
    if (!inode_is_directory(r->source->inode) &&
        (r->old.slash || (!(r->how & EXCHANGE) && r->new.slash)))
        return VFS_ERROR_NOTDIR;
    if (is_above(r->source, r->new.at.entry))
        return VFS_ERROR_INVAL;
    if (r->target && is_above(r->target, r->old.at.entry))
        return r->how & EXCHANGE ? VFS_ERROR_INVAL : VFS_ERROR_NOTEMPTY;
    return 0;
}

/* Checks permissions, and what lies in the way. */
static int32_t check_rights(const struct rename *r, const struct vfs_cred *who)
{
    const struct inode *source = r->source->inode;
    const struct inode *target = r->target ? r->target->inode : NULL;
    const struct inode *old_dir = r->old.at.entry->inode, *new_dir = r->new.at.entry->inode;
    bool directory = inode_is_directory(source);
    int32_t error = permission_remove(old_dir, source, who, directory);

    if (!error) {
        if (!target)
            error = permission_add(new_dir, who);
        else if (r->how & EXCHANGE)
            error = permission_remove(new_dir, target, who, inode_is_directory(target));
        else
            error = permission_remove(new_dir, target, who, directory);
    }
    /* A directory that gets another parent has its ".." written. */
    if (!error && old_dir != new_dir) {
        if (directory)
            error = permission_check(source, who, MAY_WRITE);
        if (!error && (r->how & EXCHANGE) && inode_is_directory(target))
            error = permission_check(target, who, MAY_WRITE);
    }
    if (error)
        return error;
    if (r->source->mounts || (r->target && r->target->mounts))
        return VFS_ERROR_BUSY;
    if (target && !(r->how & EXCHANGE) && inode_is_directory(target) && target->dir.live)
        return VFS_ERROR_NOTEMPTY;
    if (directory && !target && old_dir != new_dir && new_dir->nlink >= LINKS_LIMIT)
        return VFS_ERROR_MLINK;
    return 0;
}

/* Keeps the link counts of two directories right when a directory moves from one to the other. */
static void reparent(struct inode *moved, struct inode *from, struct inode *to)
{
    if (inode_is_directory(moved)) {
        from->nlink--;
        to->nlink++;
    }
}

static void stamp(const struct rename *r, struct inode *old_dir, struct inode *new_dir)
{
    int64_t now = clock_wall();

    old_dir->mtime = old_dir->ctime = now;
    new_dir->mtime = new_dir->ctime = now;
    r->source->inode->ctime = now;
    if (r->target)
        r->target->inode->ctime = now;
    words_changed(old_dir);
    words_changed(new_dir);
    words_changed(r->source->inode);
    if (r->target)
        words_changed(r->target->inode);
}

/* For those who watch; `replaced` (may be NULL) lost the name that `moved` got. */
static void tell_moved(const struct walk *from, const struct walk *to, struct inode *moved,
                       struct inode *replaced)
{
    bool directory = inode_is_directory(moved);
    uint32_t cookie = watch_cookie();

    watch_tell_name(from->at.entry->inode, directory, WATCH_MOVED_FROM, cookie, from->last,
                    from->last_length);
    watch_tell_name(to->at.entry->inode, directory, WATCH_MOVED_TO, cookie, to->last,
                    to->last_length);
    if (replaced)
        watch_tell_self(replaced, WATCH_ATTRIB);
    watch_tell_self(moved, WATCH_MOVE_SELF);
}

/* Swaps what two entries name: the names stay, and keep their places. */
static int32_t exchange(struct rename *r)
{
    struct entry *source = r->source, *target = r->target;
    struct entry *old_dir = r->old.at.entry, *new_dir = r->new.at.entry;
    char name[NAME_LIMIT + 1], other[NAME_LIMIT + 1];
    uint8_t length = source->length, other_length = target->length;
    static const char spare[] = "\0"; /* no name of a file, so it is free in every directory */
    int32_t error = entry_reserve_name(source, other_length > 1 ? other_length : 1);

    if (!error)
        error = entry_reserve_name(target, length);
    if (!error)
        error = directory_reserve(&old_dir->inode->dir);
    if (!error)
        error = directory_reserve(&new_dir->inode->dir);
    if (error)
        return error;

    /* Point of no return. */
    memcpy(name, source->name, length);
    memcpy(other, target->name, other_length);
    reparent(source->inode, old_dir->inode, new_dir->inode);
    reparent(target->inode, new_dir->inode, old_dir->inode);
    stamp(r, old_dir->inode, new_dir->inode);
    /*
     * Each directory loses one entry before it is given the other, so the slot that was reserved,
     * or the one that becomes free, is enough. The directories outlive the moves: an entry of each
     * is held by the tree, which loses neither.
     */
    entry_move(source, old_dir, spare, 1);
    entry_move(target, old_dir, name, length);
    entry_move(source, new_dir, other, other_length);
    tell_moved(&r->old, &r->new, source->inode, NULL);
    tell_moved(&r->new, &r->old, target->inode, NULL);
    return 0;
}

/* What is left under the old name: a device that nobody has. Its directory has room then. Returns 0, NOSPC, NOMEM. */
static int32_t make_whiteout(const struct rename *r, const struct vfs_cred *who, struct entry **out)
{
    struct entry *dir = r->old.at.entry;
    struct inode *inode;
    int32_t error = directory_reserve(&dir->inode->dir);

    if (!error)
        error = inode_create(dir->inode->fs, MODE_CHARACTER, who->uid, who->gid, &inode);
    if (error)
        return error;
    *out = entry_create(inode, r->source->name, r->source->length);
    if (!*out) {
        inode_free(inode);
        return VFS_ERROR_NOMEM;
    }
    inode->nlink = 1;
    return 0;
}

static int32_t move(struct rename *r, const struct vfs_cred *who, struct gone *gone)
{
    struct entry *source = r->source, *target = r->target;
    struct entry *old_dir = r->old.at.entry, *new_dir = r->new.at.entry, *whiteout = NULL;
    int32_t error;

    if (memchr(r->new.last, '\0', r->new.last_length))
        return VFS_ERROR_INVAL;
    error = entry_reserve_name(source, r->new.last_length);
    if (!error && old_dir != new_dir)
        error = directory_reserve(&new_dir->inode->dir);
    if (!error && (r->how & WHITEOUT))
        error = make_whiteout(r, who, &whiteout);
    if (error)
        return error;

    /* Point of no return. The name may be part of a link's text that the target takes with it. */
    stamp(r, old_dir->inode, new_dir->inode);
    entry_hold(new_dir);
    reparent(source->inode, old_dir->inode, new_dir->inode);
    if (target) {
        if (inode_is_directory(target->inode))
            new_dir->inode->nlink--;
        unlinked(target->inode, target->inode->ctime);
        gone_note(target, gone);
        entry_hold(target);
        entry_remove(target);
    }
    entry_move(source, new_dir, r->new.last, r->new.last_length);
    if (whiteout)
        entry_insert(old_dir, whiteout);
    tell_moved(&r->old, &r->new, source->inode, target ? target->inode : NULL);
    if (target)
        entry_drop(target);
    entry_drop(new_dir);
    return 0;
}

/* Walks to both last names and looks them up. */
static int32_t find_both(struct session *session, struct rename *r, uint32_t *foreign)
{
    int32_t error;

    *foreign = 0;
    if (r->old.foreign || r->new.foreign) {
        if (r->old.foreign != r->new.foreign)
            return VFS_ERROR_XDEV;
        *foreign = r->old.foreign;
        return 0;
    }
    if (r->old.at.mount != r->new.at.mount)
        return VFS_ERROR_XDEV;
    if (r->old.kind != LAST_NAME)
        return VFS_ERROR_BUSY;
    if (r->new.kind != LAST_NAME)
        return r->how & NOREPLACE ? VFS_ERROR_EXIST : VFS_ERROR_BUSY;
    if (session_read_only(session, r->old.at.mount))
        return VFS_ERROR_ROFS;
    error = walk_last(&r->old, &r->source);
    if (!error && !r->source)
        error = VFS_ERROR_NOENT;
    if (!error)
        error = walk_last(&r->new, &r->target);
    return error;
}

int32_t tree_rename(struct session *session, struct tree_path from, struct tree_path to,
                    uint32_t how, const struct vfs_cred *who, uint32_t *foreign, struct gone *gone)
{
    struct rename r;
    int32_t error;

    if ((how & ~(NOREPLACE | EXCHANGE | WHITEOUT)) ||
        ((how & EXCHANGE) && (how & (NOREPLACE | WHITEOUT))))
        return VFS_ERROR_INVAL;
    r.how = how;
    error = walk_begin(&r.old, session, from.from, from.text, from.length, 0, who);
    if (!error)
        error = walk_parent(&r.old);
    if (!error)
        error = walk_begin(&r.new, session, to.from, to.text, to.length, 0, who);
    if (!error)
        error = walk_parent(&r.new);
    if (!error)
        error = find_both(session, &r, foreign);
    if (error || *foreign)
        return error;
    error = check_shape(&r);
    if (error)
        return error;
    /* Two names of one file: there is nothing to do. */
    if (r.target && r.target->inode == r.source->inode)
        return 0;
    error = check_rights(&r, who);
    if (error)
        return error;
    return how & EXCHANGE ? exchange(&r) : move(&r, who, gone);
}
