/*
 * devpts: the file system of the names of terminals. There is one; every mount shows it.
 *
 * In:    devpts_mount() from tree_mount.c; devpts_named() where a node was made.
 * Life:  made by the first mount, and then stays: a tmpfs in which only holders of
 *        VFS_POWER_TERMINALS make and remove names.
 */
#pragma once

#include "mount.h"

/*
 * The file system, with a reference for a new mount, if `text` are options that it knows: mode=, uid=, gid= of
 * names that are made later, and ptmxmode=; max= and newinstance have no effect. Once it is mounted they are set with
 * devpts_configure(). Returns 0, INVAL or NOMEM. Source: Documentation/filesystems/devpts.rst.
 */
int32_t devpts_mount(struct vfsd *vfsd, const char *text, struct fs **out);

/* Sets the options of what is mounted, or changes them. Returns 0 or INVAL. */
int32_t devpts_configure(struct fs *fs, const char *text);

/* Gives a new name the owner, group and mode that the options want. Does nothing in other file systems. */
void devpts_named(struct inode *made);
