/*
 * One vfsd with a session, and short forms of its methods for tests.
 *
 * Each returns the interface's error (0: fine). Paths start at the root unless world.dir is set.
 */
#pragma once

#include "pages_host.h"

#include <devices.h>
#include <mode.h>
#include <tree.h>

extern struct vfsd world_vfsd;
extern struct session *world_session;
extern struct vfs_cred world_root;       /* uid 0 with every power */
extern struct vfs_cred world_user;       /* uid 1000, gid 1000, no power */
extern const struct vfs_cred *world_who; /* in whose name the short forms act; root at the start */
extern struct vfs_place world_from;
extern struct vfs_attr world_attr;        /* what the last open, stat, make found */
extern char world_text[VFS_PATH_MAX + 1]; /* the last rest, link's target or path */
extern uint32_t world_foreign;
extern struct gone world_gone; /* what the last unlink or rename took a name from */

/* Begins with empty trees (the user's with /dev and so on if `complete`). Ends the one before. */
void world_begin(bool complete);

/* Ends the session and the trees. Returns whether nothing was left behind. */
bool world_end(void);

int32_t w_open(const char *path, uint32_t how, uint32_t mode, uint64_t *node);
int32_t w_stat(const char *path, uint32_t how);
int32_t w_access(const char *path, uint32_t how);
int32_t w_close(uint64_t node);
int32_t w_make(const char *path, uint32_t mode);
int32_t w_mkdir(const char *path);
int32_t w_file(const char *path); /* makes an empty one, 0644 */
int32_t w_symlink(const char *target, const char *path);
int32_t w_link(const char *old, const char *path);
int32_t w_unlink(const char *path);
int32_t w_rmdir(const char *path);
int32_t w_rename(const char *old, const char *path, uint32_t how);
int32_t w_readlink(const char *path);
int32_t w_chmod(const char *path, uint32_t mode);
int32_t w_chown(const char *path, uint32_t uid, uint32_t gid);
int32_t w_mount(const char *path, uint32_t kind, uint32_t how, const char *options);
int32_t w_unmount(const char *path, uint32_t how);
int32_t w_pages(uint64_t node, jg_handle_t *pages);

/*
 * Lists a directory's names, sorted, joined by spaces, without "." and "..", by readdirs of `size`
 * bytes.
 */
const char *w_list(const char *path, size_t size);

#define O_DIR (VFS_WALK_DIRECTORY | VFS_WALK_READ)
