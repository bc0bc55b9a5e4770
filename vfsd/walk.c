/*
 * Path walks: the hottest code of vfsd.
 *
 * Source: path_resolution(7); where that is silent, what Linux 6.1 does. In particular: a name with
 *         a slash behind it is a directory and is followed, search permission is checked before a
 *         name is looked up, the 41st link is one too many, and ".." stays at the root and leaves a
 *         mount upwards.
 */
#include "walk.h"

#include "directory.h"
#include "permission.h"
#include "words.h"

#include <jg/rt/string.h>

int32_t walk_begin(struct walk *walk, const struct session *session, const struct vfs_place *from,
                   const char *path, size_t length, uint32_t how, const struct vfs_cred *who)
{
    const struct spot *root = session_spot(session, from->root);
    const struct spot *start = root;

    if (!root)
        return VFS_ERROR_BADNODE;
    if (length >= VFS_PATH_MAX)
        return VFS_ERROR_NAMETOOLONG;
    if (!length && !(how & VFS_WALK_EMPTY_PATH))
        return VFS_ERROR_NOENT;
    if (!length || path[0] != '/') {
        start = session_spot(session, from->dir);
        if (!start)
            return VFS_ERROR_BADNODE;
    } else if (how & VFS_WALK_BENEATH) {
        return VFS_ERROR_XDEV;
    }
    walk->rules = how & (VFS_WALK_NO_LINKS | VFS_WALK_ONE_MOUNT | VFS_WALK_BENEATH);
    walk->vfsd = session->vfsd;
    walk->who = who;
    walk->root = *root;
    walk->at = *start;
    walk->last = NULL;
    walk->last_length = 0;
    walk->foreign = 0;
    walk->keeps_marks = false;
    walk->empty = !length;
    walk->rooted = length && path[0] == '/';
    walk->links = 0;
    walk->basis = 0;
    walk->depth = 1;
    walk->text[0].at = path;
    walk->text[0].end = path + length;
    return 0;
}

/* Skips slashes in every text. Returns whether a name follows. */
static bool skip_slashes(struct walk *walk)
{
    while (walk->depth) {
        const char *at = walk->text[walk->depth - 1].at, *end = walk->text[walk->depth - 1].end;

        while (at < end && *at == '/')
            at++;
        walk->text[walk->depth - 1].at = at;
        if (at < end)
            return true;
        walk->depth--;
    }
    return false;
}

/* Tells whether the next character, in whichever text, is a slash. */
static bool slash_follows(const struct walk *walk)
{
    for (unsigned i = walk->depth; i-- > 0;)
        if (walk->text[i].at < walk->text[i].end)
            return true; /* a name ends only at a slash or at the end of its text */
    return false;
}

/* Takes the next name. Returns false when there is none. */
static bool next_name(struct walk *walk)
{
    const char *at, *end;

    if (!skip_slashes(walk)) {
        walk->kind = LAST_ROOT;
        walk->last_length = 0;
        walk->slash = walk->more = false;
        return false;
    }
    walk->last = at = walk->text[walk->depth - 1].at;
    walk->last_end = end = walk->text[walk->depth - 1].end;
    walk->last_depth = walk->depth;
    while (at < end && *at != '/')
        at++;
    walk->text[walk->depth - 1].at = at;
    walk->last_length = (uint32_t)(at - walk->last);
    walk->kind = LAST_NAME;
    if (walk->last[0] == '.') {
        if (walk->last_length == 1)
            walk->kind = LAST_DOT;
        else if (walk->last_length == 2 && walk->last[1] == '.')
            walk->kind = LAST_DOTDOT;
    }
    walk->slash = slash_follows(walk);
    walk->more = walk->slash && skip_slashes(walk);
    return true;
}

/* Descends into whatever covers `at`. Returns 0 or XDEV. */
static int32_t cross_mounts(struct walk *walk)
{
    struct mount *mount;

    while (walk->at.entry->mounts && (mount = mount_at(walk->vfsd, walk->at))) {
        if (walk->rules & VFS_WALK_ONE_MOUNT)
            return VFS_ERROR_XDEV;
        if (!walk->keeps_marks)
            mount->expires = false;
        walk->at.mount = mount;
        walk->at.entry = mount->root;
        if (!mount->root) {
            walk->foreign = mount->tag;
            break;
        }
    }
    return 0;
}

static int32_t step_up(struct walk *walk)
{
    struct spot at = walk->at;

    walk->rooted = true;
    while (at.entry != walk->root.entry || at.mount != walk->root.mount) {
        if (at.entry == at.mount->root) {
            if (!at.mount->parent)
                break;
            if (walk->rules & VFS_WALK_ONE_MOUNT)
                return VFS_ERROR_XDEV;
            at = (struct spot){at.mount->parent, at.mount->point};
            continue;
        }
        if (!at.entry->parent)
            break;
        at.entry = at.entry->parent;
        walk->at = at;
        return cross_mounts(walk);
    }
    walk->at = at;
    return walk->rules & VFS_WALK_BENEATH ? VFS_ERROR_XDEV : 0;
}

int32_t walk_last(struct walk *walk, struct entry **found)
{
    if (walk->last_length > NAME_LIMIT)
        return VFS_ERROR_NAMETOOLONG;
    *found = directory_find(&walk->at.entry->inode->dir, walk->last, walk->last_length,
                            entry_hash(walk->last, walk->last_length));
    return 0;
}

static void searched(struct walk *walk, const struct inode *inode)
{
    if (walk->basis < VFS_BASIS_MAX)
        walk->word[walk->basis] = (uint16_t)words_of(inode);
    walk->basis++;
}

/* Goes on with a link's text. In a folder that everybody may write the answer rests on the link's owner, too. */
static int32_t follow_link(struct walk *walk, const struct inode *inode)
{
    const struct inode *dir = walk->at.entry->inode;

    if (walk->links++ >= WALK_LINKS)
        return VFS_ERROR_LOOP;
    if (!walk->more && (dir->mode & MODE_STICKY)) {
        searched(walk, inode);
        if (!permission_follow(dir, inode, walk->who))
            return VFS_ERROR_ACCES;
    }
    if (walk->rules & VFS_WALK_NO_LINKS)
        return VFS_ERROR_LOOP;
    if (inode->link.text[0] == '/') {
        if (walk->rules & VFS_WALK_BENEATH)
            return VFS_ERROR_XDEV;
        if ((walk->rules & VFS_WALK_ONE_MOUNT) &&
            (!walk->rooted || walk->at.mount != walk->root.mount))
            return VFS_ERROR_XDEV;
        walk->at = walk->root;
    }
    /* At most one text for each link, and the caller's: `text` is large enough. */
    walk->text[walk->depth].at = inode->link.text;
    walk->text[walk->depth++].end = inode->link.text + inode->link.length;
    return 0;
}

int32_t walk_enter(struct walk *walk, struct entry *found, bool follow, bool *again)
{
    *again = follow && inode_type(found->inode) == MODE_LINK;
    if (*again)
        return follow_link(walk, found->inode);
    walk->at.entry = found;
    return cross_mounts(walk);
}

int32_t walk_dots(struct walk *walk)
{
    return walk->kind == LAST_DOTDOT ? step_up(walk) : 0;
}

/*
 * On a foreign mount only what stays at its root is ours: "." stays there, and ".." leaves by way
 * of the covered directory. Returns true when the rest of the path belongs to the mount.
 */
static bool foreign_takes(struct walk *walk)
{
    if (walk->kind != LAST_DOTDOT)
        return walk->kind != LAST_DOT || !walk->more;
    walk->foreign = 0;
    walk->at = (struct spot){walk->at.mount->parent, walk->at.mount->point};
    return false;
}

void walk_basis(const struct walk *walk, const struct inode *inode, struct vfs_basis *out)
{
    uint32_t count = walk->basis;

    basis_of(inode, out);
    if (count + out->count > VFS_BASIS_MAX) {
        out->count = 0;
        return;
    }
    if (inode)
        out->word[count] = out->word[0];
    memcpy(out->word, walk->word, count * sizeof *out->word);
    out->count = (uint16_t)(out->count + count);
}

int32_t walk_parent(struct walk *walk)
{
    struct entry *found;
    bool again;
    int32_t error;

    for (;;) {
        bool name = next_name(walk);

        if (walk->foreign && foreign_takes(walk))
            return 0;
        if (!name)
            return 0;
        if (walk->foreign)
            continue;
        if (!inode_is_directory(walk->at.entry->inode))
            return VFS_ERROR_NOTDIR;
        searched(walk, walk->at.entry->inode);
        error = permission_check(walk->at.entry->inode, walk->who, MAY_EXECUTE);
        if (error || !walk->more)
            return error;
        if (walk->kind != LAST_NAME) {
            error = walk_dots(walk);
            if (error)
                return error;
            continue;
        }
        error = walk_last(walk, &found);
        if (!error && !found)
            error = VFS_ERROR_NOENT;
        if (!error)
            error = walk_enter(walk, found, true, &again);
        if (error)
            return error;
    }
}

int32_t walk_full(struct walk *walk, uint32_t how)
{
    bool directory = how & VFS_WALK_DIRECTORY, follow = !(how & VFS_WALK_NOFOLLOW);
    bool again = !walk->empty;
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
        directory |= walk->slash;
        follow |= walk->slash;
        error = walk_last(walk, &found);
        if (!error && !found)
            error = VFS_ERROR_NOENT;
        if (!error)
            error = walk_enter(walk, found, follow, &again);
        if (error)
            return error;
        if (walk->foreign)
            break;
    }
    if (walk->foreign) {
        /* The last step led onto the mount itself: nothing remains. */
        walk->kind = LAST_ROOT;
        return 0;
    }
    if (directory && !inode_is_directory(walk->at.entry->inode))
        return VFS_ERROR_NOTDIR;
    return 0;
}

int32_t walk_rest(const struct walk *walk, char *buffer, size_t size, size_t *length)
{
    /* The text of the last name, from that name on; then those below it, the innermost first. */
    unsigned below = walk->last_depth - 1 < walk->depth ? walk->last_depth - 1 : walk->depth;
    const char *at = walk->last, *end = walk->last_end;
    size_t used = 0;

    *length = 0;
    if (!size)
        return VFS_ERROR_NAMETOOLONG;
    buffer[0] = '\0';
    if (walk->kind != LAST_NAME)
        return 0;
    for (;;) {
        if (at < end && used && buffer[used - 1] != '/' && *at != '/' && used < size)
            buffer[used++] = '/';
        if ((size_t)(end - at) >= size - used)
            return VFS_ERROR_NAMETOOLONG;
        memcpy(buffer + used, at, (size_t)(end - at));
        used += (size_t)(end - at);
        if (!below--)
            break;
        at = walk->text[below].at;
        end = walk->text[below].end;
    }
    buffer[used] = '\0';
    *length = used;
    return 0;
}
