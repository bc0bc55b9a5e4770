/*
 * What vfsd itself puts into the trees.
 */
#pragma once

#include "mount.h"

/* Makes both trees, empty. Returns 0, NOMEM or NOSPC. */
int32_t trees_create(struct vfsd *vfsd);

/*
 * Completes the user's tree, once: the mount points /dev, /proc, /tmp where they are missing, and
 * /dev with its nodes. Returns 0, NOMEM, NOSPC, or NOTDIR when something else is in a mount point's
 * place.
 */
int32_t trees_complete(struct vfsd *vfsd);
