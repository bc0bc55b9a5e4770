/*
 * Who may do what: Linux's rules for ids, capabilities, the sticky bit and set-id bits.
 */
#pragma once

#include "inode.h"

#include <ipc/vfs_server.h>

/* Tells whether `who` may `may` (MAY_*, several at once) by mode and powers. Returns 0 or ACCES. */
int32_t permission_check(const struct inode *inode, const struct vfs_cred *who, uint32_t may);

/* Tells whether `who` owns the inode, or may act as if. */
bool permission_owner(const struct inode *inode, const struct vfs_cred *who);

/*
 * Tells whether `who` may follow `link`, found in `dir` as the end of a path: in a sticky folder that everybody may write
 * only one's own links count, and those of the folder's owner.
 */
bool permission_follow(const struct inode *dir, const struct inode *link,
                       const struct vfs_cred *who);

/*
 * Tells whether `who` may give a file another name: its owner, or for a plain file, not set-id, who may read and write it.
 */
bool permission_link(const struct inode *inode, const struct vfs_cred *who);

/* Tells whether `gid` is among the groups of `who`. */
bool permission_in_group(const struct vfs_cred *who, uint32_t gid);

/*
 * Checks that `who` may add a name to a directory: write and search it, and it is not a removed
 * one. Returns 0, NOENT, ACCES, or PERM (nobody may). The mount's read-only flag is the caller's business.
 */
int32_t permission_add(const struct inode *dir, const struct vfs_cred *who);

/*
 * Checks that `who` may take `victim` out of `dir`; `as_directory` says what it must be.
 * Returns 0, ACCES, PERM (sticky), NOTDIR or ISDIR, in Linux's order.
 */
int32_t permission_remove(const struct inode *dir, const struct inode *victim,
                          const struct vfs_cred *who, bool as_directory);

/*
 * Gives the mode without the set-id bits that a change by `who` takes away: with `always` as
 * chown() does, else as a write or truncation does.
 */
uint32_t permission_kill_setid(const struct inode *inode, const struct vfs_cred *who, bool always);

/* Gives owner, group and mode of a file that `who` makes in `dir` with `mode`. */
void permission_inherit(const struct inode *dir, const struct vfs_cred *who, uint32_t *mode,
                        uint32_t *gid);
