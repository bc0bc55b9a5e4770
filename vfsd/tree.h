/*
 * The methods of vfs.idl, without the IPC: each does what the interface says of its namesake, with
 * errors of the interface as results.
 *
 * Where a method walks, a path that leads to a foreign mount gives 0, `foreign` (or attr.foreign)
 * and the rest of the path, and nothing was done. `struct rest` is where that rest, or another
 * text, is wanted.
 */
#pragma once

#include "walk.h"

/* Room for a text that a method gives back. `length` does not count the terminating zero. */
struct rest {
    char *text;
    size_t size;
    size_t length;
};

/* A path and where it starts. */
struct tree_path {
    const struct vfs_place *from;
    const char *text;
    size_t length;
};

/* tree_open.c */

/* open(). found->node is counted once more. */
int32_t tree_open(struct session *session, struct tree_path path, uint32_t how, uint32_t mode,
                  const struct vfs_cred *who, struct vfs_attr *found, struct rest *rest);

/* stat(). */
int32_t tree_stat(struct session *session, struct tree_path path, uint32_t how,
                  const struct vfs_cred *who, struct vfs_attr *found, struct rest *rest);

/* lookup(). */
int32_t tree_lookup(struct session *session, struct tree_path path, uint32_t how,
                    const struct vfs_cred *who, struct vfs_attr *found, struct vfs_basis *on,
                    struct rest *rest);

/* access(). */
int32_t tree_access(struct session *session, struct tree_path path, uint32_t how,
                    const struct vfs_cred *who, struct vfs_attr *found, struct rest *rest);

/* tree_attr.c */

/* getattr(). */
int32_t tree_getattr(struct session *session, uint64_t node, struct vfs_attr *found);

/* inspect(). */
int32_t tree_inspect(struct session *session, uint64_t node, struct vfs_attr *found,
                     struct vfs_basis *on);

/* setattr(). */
int32_t tree_setattr(struct session *session, uint64_t node, const struct vfs_new_attr *to,
                     const struct vfs_cred *who);

/*
 * vmo(), up to the handle: lends the pages' own one, and tells what the client may do with its
 * copy.
 */
int32_t tree_vmo(struct session *session, uint64_t node, jg_handle_t *pages, bool *write,
                 bool *execute);

/* Fills in what is known of a spot. node and foreign are 0. */
void attr_fill(struct spot at, struct vfs_attr *out);

/*
 * Fills in that a walk left for a foreign mount, and the rest of its path. Returns 0 or
 * NAMETOOLONG.
 */
int32_t attr_foreign(const struct walk *walk, struct vfs_attr *out, struct rest *rest);

/* tree_make.c */

/* make(). */
int32_t tree_make(struct session *session, struct tree_path path, uint32_t mode,
                  uint32_t rdev_major, uint32_t rdev_minor, const struct vfs_cred *who,
                  struct vfs_attr *found, struct rest *rest);

/* symlink(). */
int32_t tree_symlink(struct session *session, struct tree_path path, const char *target,
                     size_t target_length, const struct vfs_cred *who, struct rest *rest,
                     uint32_t *foreign);

/* link(). */
int32_t tree_link(struct session *session, uint64_t node, struct tree_path path,
                  const struct vfs_cred *who, struct rest *rest, uint32_t *foreign);

/* anonymous(). found->node is open. */
int32_t tree_anonymous(struct session *session, uint64_t dir, uint32_t mode, uint32_t how,
                       const struct vfs_cred *who, struct vfs_attr *found);

/*
 * Makes an inode of `mode` under a name that `dir` does not have, by the rules of ownership, with
 * times set in both. `device` is major and minor; `link` is a symbolic link's target or NULL. The
 * permission to do so was checked. Returns 0, NOSPC, NOMEM, MLINK.
 */
int32_t make_entry(struct entry *dir, const char *name, size_t length, uint32_t mode,
                   const uint32_t device[2], const char *link, size_t link_length,
                   const struct vfs_cred *who, struct entry **out);

/* tree_remove.c */

/* What tree_unlink() and tree_rename() took a name from. */
struct gone {
    uint32_t word; /* 0: nothing */
    bool held;     /* it lives on for somebody's node */
};

/* unlink(). */
int32_t tree_unlink(struct session *session, struct tree_path path, uint32_t how,
                    const struct vfs_cred *who, struct rest *rest, uint32_t *foreign,
                    struct gone *gone);

/* Lowers the link count of what loses its last or one of its names, and stamps it. */
void unlinked(struct inode *inode, int64_t now);

/* Notes that `entry`, which still has its directory's reference, has lost its name. */
void gone_note(const struct entry *entry, struct gone *gone);

/* tree_rename.c */

/* rename(). */
int32_t tree_rename(struct session *session, struct tree_path from, struct tree_path to,
                    uint32_t how, const struct vfs_cred *who, uint32_t *foreign, struct gone *gone);

/* tree_read.c */

/* readlink(). */
int32_t tree_readlink(struct session *session, struct tree_path path, uint32_t how,
                      const struct vfs_cred *who, struct rest *target, struct rest *rest,
                      uint32_t *foreign);

/* readdir(), into `size` bytes at `buffer`, 8-aligned. INVAL when not even one record fits. */
int32_t tree_readdir(struct session *session, uint64_t node, uint64_t cursor, void *buffer,
                     size_t size, size_t *used);

/* path_of(). */
int32_t tree_path_of(struct session *session, uint64_t node, uint64_t root, bool removed,
                     struct rest *path);

/* Writes the path of a spot as seen from `root`. Returns 0, NOENT, XDEV, NAMETOOLONG. */
int32_t spot_path(struct spot at, struct spot root, struct rest *path);

/* statfs(). */
int32_t tree_statfs(struct session *session, uint64_t node, struct vfs_fs_info *info);

/* tree_mount.c */

/* What mount() is asked for, beside the path. */
struct mount_request {
    uint32_t kind, how, tag;
    const char *source, *type, *options; /* terminated */
    uint64_t bind_node;
};

/* mount(). */
int32_t tree_mount(struct session *session, struct tree_path path,
                   const struct mount_request *request, const struct vfs_cred *who);

#define TREE_KEEPS_MARKS 0x80000000u

/*
 * Walks to what is mounted on, or is a mount: then, on a foreign one, walk->foreign is set. `how`: NOFOLLOW, DIRECTORY,
 * TREE_KEEPS_MARKS (nobody came onto mounts that expire).
 */
int32_t tree_find_spot(struct session *session, struct tree_path path, uint32_t how,
                       const struct vfs_cred *who, struct walk *walk);

/* Did that walk end on the root of a mount? */
bool tree_is_mount(const struct walk *walk);

/*
 * Puts a mount that is attached nowhere on a spot, and on all where that appears. On failure (INVAL, NOENT, NOTDIR,
 * NOMEM, NOSPC) it is attached nowhere still.
 */
int32_t tree_place_mount(struct session *session, struct mount *mount, struct spot at);

/* tree_move.c */

/*
 * unmount(); `how` as umount2(2) numbers its flags: FORCE 1 (as without), DETACH 2, EXPIRE 4, NOFOLLOW 8.
 */
int32_t tree_unmount(struct session *session, struct tree_path path, uint32_t how,
                     const struct vfs_cred *who);

/* move_mount(). */
int32_t tree_move_mount(struct session *session, struct tree_path from, struct tree_path to,
                        const struct vfs_cred *who);

/* pivot_root(): both paths start at the same place. */
int32_t tree_pivot_root(struct session *session, struct tree_path new_path,
                        struct tree_path old_path, const struct vfs_cred *who);

/* tree_mounts.c */

/* mounts(), into `size` bytes at `buffer`; cut at a line when it does not fit. */
int32_t tree_mounts(struct session *session, uint64_t root, char *buffer, size_t size,
                    size_t *used);
