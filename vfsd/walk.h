/*
 * Path walks.
 *
 * A walk keeps a small stack of path texts: the caller's, and the targets of the links met on the
 * way. It allocates nothing, copies no text and changes nothing. It notes the words of the directories that
 * it searched.
 *
 * Use:   walk_begin(), then walk_full() for the whole path, or walk_parent() to stop at the last
 *        name, and after it walk_last() to look that up. All return 0 or an error, and after 0
 *        `foreign` tells whether the walk left for a foreign mount: then `at.mount` is that mount,
 *        nothing else holds, and walk_rest() gives the path that remains there.
 */
#pragma once

#include "session.h"

#include <ipc/vfs_server.h>

#define WALK_LINKS 40u

enum last_kind {
    LAST_NAME, /* a name */
    LAST_DOT,
    LAST_DOTDOT,
    LAST_ROOT, /* no name at all: "/", or the end of a link to it */
};

struct walk {
    struct vfsd *vfsd;
    const struct vfs_cred *who;
    struct spot root, at; /* `at`: where the walk stands; the parent of the last name */
    const char *last;     /* not terminated; in a text that ends at `last_end` */
    const char *last_end;
    uint32_t last_length;
    uint32_t foreign; /* tag */
    enum last_kind kind;
    bool slash; /* slashes follow the last name */
    bool more;  /* other names follow it */
    bool rooted; /* the path began at the root, or went up: Linux knows its mount then */
    bool keeps_marks; /* does not count as coming to a mount that expires */
    bool empty; /* the path is empty, and the caller may use it so */
    uint32_t rules; /* NO_LINKS, ONE_MOUNT, BENEATH */
    unsigned links, depth, last_depth;
    uint32_t basis;               /* directories that were searched ... */
    uint16_t word[VFS_BASIS_MAX]; /* ... and their words, as many as fit */
    struct {
        const char *at, *end;
    } text[WALK_LINKS + 1];
};

/*
 * Prepares a walk. With VFS_WALK_EMPTY_PATH in `how`, an empty path means from->dir itself; NO_LINKS, ONE_MOUNT and
 * BENEATH hold for all of it.
 * Returns 0; BADNODE, NOENT (empty path), NAMETOOLONG, XDEV (absolute with BENEATH).
 */
int32_t walk_begin(struct walk *walk, const struct session *session, const struct vfs_place *from,
                   const char *path, size_t length, uint32_t how, const struct vfs_cred *who);

/*
 * Walks to the last name. On 0 `at` is a directory that the caller may search, or, with kind
 * LAST_ROOT, the end. Returns NOENT, NOTDIR, ACCES, LOOP, NAMETOOLONG.
 */
int32_t walk_parent(struct walk *walk);

/*
 * Looks the last name (kind LAST_NAME) up. On 0 `*found` is its entry, or NULL when there is none.
 * Mounts and links are as yet untouched. Returns NAMETOOLONG.
 */
int32_t walk_last(struct walk *walk, struct entry **found);

/*
 * Steps onto what walk_last() found: through mounts; and with `follow` from a link to its target,
 * after which `*again` tells that walk_parent() must go on. Returns 0, LOOP, XDEV, or ACCES: somebody else's link at the
 * end of a path, in a folder where everybody may put one.
 */
int32_t walk_enter(struct walk *walk, struct entry *found, bool follow, bool *again);

/*
 * Tells what an answer rests on that the walk led to: what it searched, and `inode` (NULL: there is no such file). `shared` and
 * its stamps are as the inode knows them.
 */
void walk_basis(const struct walk *walk, const struct inode *inode, struct vfs_basis *out);

/* Goes to the end when that is "." or ".." or the root (any kind but LAST_NAME). Returns 0 or XDEV. */
int32_t walk_dots(struct walk *walk);

/*
 * Walks the whole path; `how` is that of the call (NOFOLLOW, DIRECTORY). On 0 `at` is what was
 * named.
 */
int32_t walk_full(struct walk *walk, uint32_t how);

/*
 * Gives the path that remains for a foreign mount, relative to its root and with links expanded.
 * Returns 0 or NAMETOOLONG. `length` does not count the terminating zero, which `size` does.
 */
int32_t walk_rest(const struct walk *walk, char *buffer, size_t size, size_t *length);
