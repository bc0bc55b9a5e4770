/*
 * Mounts: the list of them and their counts.
 *
 * In:    mount_create() and mount_detach() from tree_mount.c and devices.c; mount_at() from each
 *        step of a walk onto an entry that is covered.
 */
#include "mount.h"

#include <ipc/vfs_server.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = rt_alloc(size);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

static void free_mount(struct mount *mount)
{
    rt_free(mount->source);
    rt_free(mount->type);
    rt_free(mount->options);
    rt_free(mount);
}

int32_t mount_create(struct vfsd *vfsd, struct tree *tree, struct spot at,
                     const struct mount_plan *plan, struct mount **out)
{
    struct mount *mount = rt_zalloc(sizeof *mount);

    if (!mount)
        return VFS_ERROR_NOMEM;
    mount->source = copy_text(plan->source);
    mount->type = copy_text(plan->type);
    mount->options = copy_text(plan->options);
    if (!mount->source || !mount->type || !mount->options ||
        (at.entry && at.entry->mounts == UINT16_MAX)) {
        free_mount(mount);
        return VFS_ERROR_NOMEM;
    }

    /* Point of no return. */
    mount->tree = tree;
    mount->id = vfsd->next_mount++;
    mount->kind = plan->kind;
    mount->flags = plan->flags;
    mount->tag = plan->tag;
    mount->fs = plan->fs;
    if (plan->root)
        mount->root = entry_hold(plan->root);
    mount->attached = true;
    if (at.entry) {
        mount->parent = at.mount;
        mount->parent->children++;
        mount->point = entry_hold(at.entry);
        mount->point->mounts++;
    }
    list_add_tail(&vfsd->mounts, &mount->link);
    *out = mount;
    return 0;
}

struct mount *mount_at(struct vfsd *vfsd, struct spot at)
{
    LIST_FOR_EACH(it, &vfsd->mounts) {
        struct mount *mount = LIST_ENTRY(it, struct mount, link);

        if (mount->point == at.entry && mount->parent == at.mount)
            return mount;
    }
    return NULL;
}

static void free_if_unused(struct mount *mount)
{
    if (mount->attached || mount->nodes || mount->children)
        return;
    list_remove(&mount->link);
    if (mount->root)
        entry_drop(mount->root);
    if (mount->fs)
        fs_drop(mount->fs);
    free_mount(mount);
}

/* Takes one mount without children out of its tree. */
static void detach_leaf(struct mount *mount)
{
    struct mount *parent = mount->parent;
    struct entry *point = mount->point;

    mount->attached = false;
    mount->parent = NULL;
    mount->point = NULL;
    point->mounts--;
    entry_drop(point);
    parent->children--;
    free_if_unused(parent);
    free_if_unused(mount);
}

static struct mount *child_of(struct vfsd *vfsd, const struct mount *mount)
{
    LIST_FOR_EACH(it, &vfsd->mounts) {
        struct mount *child = LIST_ENTRY(it, struct mount, link);

        if (child->parent == mount)
            return child;
    }
    return NULL;
}

void mount_detach(struct vfsd *vfsd, struct mount *mount)
{
    /* `mount` stays attached, and so is not freed, until its last child has gone. */
    while (mount->children) {
        struct mount *leaf = mount, *child;

        while ((child = child_of(vfsd, leaf)))
            leaf = child;
        detach_leaf(leaf);
    }
    detach_leaf(mount);
}

void mount_hold(struct mount *mount)
{
    mount->nodes++;
}

void mount_drop(struct mount *mount)
{
    mount->nodes--;
    free_if_unused(mount);
}

bool mount_idle(const struct mount *mount)
{
    return mount->attached && !mount->nodes && !mount->children;
}

bool mount_read_only(const struct mount *mount)
{
    return (mount->flags & VFS_MOUNT_FLAGS_RDONLY) || mount->tree->read_only;
}
