/*
 * Mounts: the list of them and their counts.
 *
 * In:    mount_create() and mount_detach() from tree_mount.c and devices.c; mount_at() from each
 *        step of a walk onto an entry that is covered.
 */
#include "mount.h"

#include "propagate.h"

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

/* A mount with the texts and flags of a plan, in no tree. NULL: no memory. */
static struct mount *make(struct vfsd *vfsd, struct tree *tree, const struct mount_plan *plan)
{
    struct mount *mount = rt_zalloc(sizeof *mount);

    if (!mount)
        return NULL;
    mount->source = copy_text(plan->source);
    mount->type = copy_text(plan->type);
    mount->options = copy_text(plan->options);
    if (!mount->source || !mount->type || !mount->options) {
        free_mount(mount);
        return NULL;
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
    list_add_tail(&vfsd->mounts, &mount->link);
    vfsd->mount_count++;
    return mount;
}

int32_t mount_attach(struct mount *mount, struct spot at)
{
    if (at.entry->mounts == UINT16_MAX)
        return VFS_ERROR_NOMEM;
    mount->parent = at.mount;
    mount->parent->children++;
    mount->point = entry_hold(at.entry);
    mount->point->mounts++;
    return 0;
}

int32_t mount_create(struct vfsd *vfsd, struct tree *tree, struct spot at,
                     const struct mount_plan *plan, struct mount **out)
{
    struct mount *mount;

    if (vfsd->mount_count >= MOUNTS_LIMIT)
        return VFS_ERROR_NOSPC;
    if (at.entry && at.entry->mounts == UINT16_MAX)
        return VFS_ERROR_NOMEM;
    mount = make(vfsd, tree, plan);
    if (!mount)
        return VFS_ERROR_NOMEM;
    if (at.entry)
        mount_attach(mount, at);
    *out = mount;
    return 0;
}

int32_t mount_copy(struct vfsd *vfsd, struct mount *from, struct entry *root, struct mount **out)
{
    const struct mount_plan plan = {.fs = from->fs,
                                    .root = root,
                                    .source = from->source,
                                    .type = from->type,
                                    .options = from->options,
                                    .kind = from->kind,
                                    .flags = from->flags,
                                    .tag = from->tag};
    int32_t error = mount_create(vfsd, from->tree, (struct spot){0}, &plan, out);

    if (error)
        return error;
    if (from->fs)
        from->fs->mounts++;
    (*out)->group = from->group;
    (*out)->master = from->master;
    return 0;
}

struct mount *mount_at(struct vfsd *vfsd, struct spot at)
{
    LIST_FOR_EACH(it, &vfsd->mounts)
    {
        struct mount *mount = LIST_ENTRY(it, struct mount, link);

        if (mount->point == at.entry && mount->parent == at.mount)
            return mount;
    }
    return NULL;
}

static void free_if_unused(struct vfsd *vfsd, struct mount *mount)
{
    if (mount->attached || mount->nodes || mount->children)
        return;
    list_remove(&mount->link);
    vfsd->mount_count--;
    if (mount->root)
        entry_drop(mount->root);
    if (mount->fs)
        fs_drop(mount->fs);
    free_mount(mount);
}

void mount_lift(struct mount *mount)
{
    struct entry *point = mount->point;

    mount->parent->children--;
    mount->parent = NULL;
    mount->point = NULL;
    point->mounts--;
    entry_drop(point);
}

void mount_discard(struct vfsd *vfsd, struct mount *mount)
{
    propagate_leave(vfsd, mount);
    mount->attached = false;
    free_if_unused(vfsd, mount);
}

void mount_detach_leaf(struct vfsd *vfsd, struct mount *mount)
{
    struct mount *parent = mount->parent;

    mount_lift(mount);
    free_if_unused(vfsd, parent);
    mount_discard(vfsd, mount);
}

/* The first mount on `parent` behind `after` in the list; NULL for the first of all. */
static struct mount *child_behind(struct vfsd *vfsd, const struct mount *parent,
                                  const struct mount *after)
{
    const struct list *from = after ? &after->link : &vfsd->mounts;

    for (struct list *it = from->next; it != &vfsd->mounts; it = it->next)
        if (LIST_ENTRY(it, struct mount, link)->parent == parent)
            return LIST_ENTRY(it, struct mount, link);
    return NULL;
}

struct mount *mount_next(struct vfsd *vfsd, struct mount *top, struct mount *at)
{
    struct mount *next = child_behind(vfsd, at, NULL);

    for (; !next && at != top; at = at->parent)
        next = child_behind(vfsd, at->parent, at);
    return next;
}

void mount_detach(struct vfsd *vfsd, struct mount *mount)
{
    /* `mount` stays attached, and so is not freed, until its last child has gone. */
    while (mount->children) {
        struct mount *leaf = mount, *child;

        while ((child = child_behind(vfsd, leaf, NULL)))
            leaf = child;
        mount_detach_leaf(vfsd, leaf);
    }
    if (mount->parent)
        mount_detach_leaf(vfsd, mount);
    else
        mount_discard(vfsd, mount);
}

void mount_hold(struct mount *mount)
{
    mount->nodes++;
}

void mount_drop(struct vfsd *vfsd, struct mount *mount)
{
    mount->nodes--;
    free_if_unused(vfsd, mount);
}

bool mount_idle(const struct mount *mount)
{
    return mount->attached && !mount->nodes && !mount->children;
}

bool mount_read_only(const struct mount *mount)
{
    return (mount->flags & VFS_MOUNT_FLAGS_RDONLY) || mount->tree->read_only ||
           (mount->fs && mount->fs->read_only);
}
