/*
 * Mounts: which file system, or which part of one, is seen where.
 *
 * Life:  made attached; mount_detach() takes it and what is mounted below it out of sight; freed
 *        when it is detached, no node refers to it and nothing is mounted on it.
 */
#pragma once

#include "inode.h"

#include <jg/rt/list.h>

struct mount;

/* A place in a tree: an entry as seen through a mount. */
struct spot {
    struct mount *mount;
    struct entry *entry;
};

/* One of the two trees: the user's, and the read-only one with what the system itself brings. */
struct tree {
    struct mount *root;
    bool filled; /* unpack() has run */
    bool read_only;
};

/* All that vfsd knows. */
struct vfsd {
    struct tree user, system;
    struct list mounts; /* by id */
    struct list sessions;
    struct fs *devices;   /* what every devtmpfs shows; NULL before trees_complete() */
    struct fs *terminals; /* what every devpts shows; NULL before the first is mounted */
    uint32_t next_mount, next_dev, next_group;
    uint32_t mount_count;
    uint64_t next_session;
};

struct mount {
    struct list link;
    struct tree *tree;
    struct mount *parent; /* NULL for a tree's root, and when detached */
    struct entry *point;  /* counted; the covered entry in `parent` */
    struct entry *root;   /* counted; NULL for a foreign mount */
    struct fs *fs;        /* NULL for a foreign mount */
    char *source, *type, *options;
    uint32_t id, kind, flags, tag; /* VFS_FS_KIND_*, VFS_MOUNT_FLAGS_* */
    uint32_t nodes;                /* nodes that were reached through it */
    uint32_t children;             /* mounts on it */
    uint32_t group, master;        /* whose mounts appear here as well: propagate.h; 0: none */
    bool attached;
    bool unbindable;
    bool expires; /* nobody came since unmount() with EXPIRE */
    /* While mounts are copied and events spread; else false and NULL. */
    bool fresh, reached;
    struct mount *copy_of, *next_reached;
};

/* What mount_create() is to make. `fs` and `root` are NULL for a foreign mount. */
struct mount_plan {
    struct fs *fs;
    struct entry *root;
    const char *source, *type, *options;
    uint32_t kind, flags, tag;
};

/*
 * Mounts on `at`, or as the root of `tree` when at->entry is NULL. Takes over the caller's
 * reference to plan->fs; takes one of its own to plan->root. Returns 0 or NOMEM, and then the
 * caller still has its reference to the file system.
 */
int32_t mount_create(struct vfsd *vfsd, struct tree *tree, struct spot at,
                     const struct mount_plan *plan, struct mount **out);

/* The most mounts there can be, and the error when there would be more. */
#define MOUNTS_LIMIT 4096u

/*
 * A mount like `from` that shows `root` of it, attached nowhere, with its group and master. Returns 0, NOMEM, NOSPC.
 */
int32_t mount_copy(struct vfsd *vfsd, struct mount *from, struct entry *root, struct mount **out);

/* Puts a mount that is nowhere on a spot. Returns 0, or NOMEM when too many are there. */
int32_t mount_attach(struct mount *mount, struct spot at);

/* Takes a mount from its spot, with what is on it. It is attached nowhere, and lives. */
void mount_lift(struct mount *mount);

/* The next mount of the tree of mounts that stands on `top`, parents first. NULL: that was the last. */
struct mount *mount_next(struct vfsd *vfsd, struct mount *top, struct mount *at);

/* Frees one without children that is attached nowhere and has no users. */
void mount_discard(struct vfsd *vfsd, struct mount *mount);

/* Takes one mount without children out of its tree. It may be freed at once. */
void mount_detach_leaf(struct vfsd *vfsd, struct mount *mount);

/* Finds the mount that covers a spot. Returns NULL when none does. */
struct mount *mount_at(struct vfsd *vfsd, struct spot at);

/* Takes a mount, with all mounts on it, out of its tree. It may be freed at once. */
void mount_detach(struct vfsd *vfsd, struct mount *mount);

/* Adds and drops a node's reference. The last one may free a detached mount. */
void mount_hold(struct mount *mount);
void mount_drop(struct vfsd *vfsd, struct mount *mount);

/* Tells whether a mount is in sight and has no users but itself. */
bool mount_idle(const struct mount *mount);

/* Tells whether nothing may be changed through a mount. */
bool mount_read_only(const struct mount *mount);
