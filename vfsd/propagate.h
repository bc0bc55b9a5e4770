/*
 * Mounts that appear and go in several places at once. mount_namespaces(7).
 *
 * Mounts of one *group* (not 0) are peers: what is mounted on one, or unmounted, is so on all. A mount with a *master* gets
 * what happens in that group, and gives nothing back; it may have a group of its own besides. Who is in no group is
 * private.
 *
 * An event reaches the mounts of the group, those that have it as master, their groups, and so on, each once,
 * masters first; there it happens if the mount shows the entry in question.
 */
#pragma once

#include "mount.h"

/*
 * `top`, with what is mounted on it, was just attached: it appears wherever its parent's events reach. On failure
 * (NOMEM, NOSPC) no copies remain; `top` is the caller's to take away.
 */
int32_t propagate_mount(struct vfsd *vfsd, struct mount *top);

/* Tells whether a mount that would go with `mount` has users. */
bool propagate_busy(struct vfsd *vfsd, struct mount *mount);

/* Takes a mount with all on it out of sight, and what appeared elsewhere with it. It may be freed at once. */
void propagate_unmount(struct vfsd *vfsd, struct mount *mount);

/* Makes a mount VFS_MOUNT_KIND_*. */
void propagate_change(struct vfsd *vfsd, struct mount *mount, uint32_t kind);

/* A mount goes: it is in no group any more. Slaves of a group that has nobody left get its master. */
void propagate_leave(struct vfsd *vfsd, struct mount *mount);
