/*
 * Names that were looked up before, and what they led to, so that vfsd need not be asked again.
 *
 * In:    namecache_stat() and namecache_open() from path.c, namecache_attr() from fstat; the others where
 *        files may go: unlink, rename, umount, memory.
 * Shape: one entry for a path as the program wrote it, where it started, how it was to be walked, and who asked. So
 *        links, "..", mounts, chroot and every permission on the way are vfsd's to judge, once: an entry holds for as long as
 *        none of the words that its answer rests on was raised (vfs.idl, struct basis). "There is
 *        no such file" is an answer as well.
 * Life:  a fixed number of entries; in a set that is full the one that was used longest ago goes. An entry of a file that was
 *        opened holds its inode, and so a node of vfsd's. What holds back a file that nobody can find
 *        any more is dropped by namecache_gone() at once.
 * Locks: one mutex, under which vfsd is never called. Inodes are released outside of it.
 */
#pragma once

#include "path.h"

/* Maps the page of words of `session`. Without it (no memory) nothing is kept. */
void namecache_start(jg_handle_t session);

/*
 * stat() of w's path, with `how` of NOFOLLOW, DIRECTORY and EMPTY_PATH. Returns as vfs_stat; the rest of the
 * path on a foreign mount goes to w->rest.
 */
int32_t namecache_stat(struct walk *w, uint32_t how, struct vfs_attr *found);

/*
 * open() of w's path, `how` and `mode` as vfs_open's. Returns 0 with a reference to *out, or with *foreign set; an error
 * of the interface, or JG_ERR_NO_MEMORY.
 */
int32_t namecache_open(struct walk *w, uint32_t how, uint32_t mode, struct inode **out,
                       uint32_t *foreign);

/* Tells whether w's path is known not to exist, walked with NOFOLLOW or not as `how` says. */
bool namecache_absent(const struct walk *w, uint32_t how);

/* The attributes of an inode that is not in procfs. Returns as vfs_getattr. */
int32_t namecache_attr(struct inode *i, struct vfs_attr *found);

/* Does anybody, in any session, watch anything? */
bool namecache_watches(void);

/* Does what was answered with this stamp about watching a file with this word hold still? */
bool namecache_watch_holds(unsigned word, uint64_t stamp);

/* A file with this word lost a name: lets go of it if it is held here for that name only. */
void namecache_gone(uint32_t word);

/* Lets go of every file that is held here: of those without a name any more, or of all. */
void namecache_shrink(bool all);
