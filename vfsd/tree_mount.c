/*
 * mount(): new ones, binds, remounts, kinds.
 *
 * Source: mount(2), mount_namespaces(7).
 */
#include "devices.h"
#include "devpts.h"
#include "options.h"
#include "pages.h"
#include "propagate.h"
#include "tree.h"
#include "words.h"

#include <jg/rt/string.h>

#define STORED_FLAGS                                                                               \
    (VFS_MOUNT_FLAGS_RDONLY | VFS_MOUNT_FLAGS_NOSUID | VFS_MOUNT_FLAGS_NODEV |                     \
     VFS_MOUNT_FLAGS_NOEXEC | VFS_MOUNT_FLAGS_NOATIME | VFS_MOUNT_FLAGS_NODIRATIME |               \
     VFS_MOUNT_FLAGS_STRICTATIME)

/* Makes a tmpfs as the options say; what they do not say is half of the machine, as on Linux. */
static int32_t make_tmpfs(struct vfsd *vfsd, const char *text, struct fs **out)
{
    struct options options;
    uint64_t machine, free;
    struct inode *root;
    int32_t error;

    pages_of_machine(&machine, &free);
    error = options_parse(text, machine, &options);
    if (error)
        return error;
    error = fs_create(vfsd->next_dev++, options.has_pages ? options.pages : machine / 2,
                      options.has_inodes ? options.inodes : machine / 2, out);
    if (error)
        return error;
    root = (*out)->root->inode;
    root->mode = MODE_DIRECTORY | (options.has_mode ? options.mode : 01777);
    root->uid = options.uid;
    root->gid = options.gid;
    (*out)->limits = options;
    return 0;
}

#define ATIME_FLAGS                                                                                \
    (VFS_MOUNT_FLAGS_NOATIME | VFS_MOUNT_FLAGS_NODIRATIME | VFS_MOUNT_FLAGS_STRICTATIME)

/* Changes what all mounts of a tmpfs have in common. Limits may not go below what is in use. */
static int32_t reconfigure(struct fs *fs, const char *text)
{
    struct options options;
    uint64_t machine, free;
    int32_t error;

    pages_of_machine(&machine, &free);
    error = options_parse(text, machine, &options);
    if (error)
        return error;
    if (options.has_pages && (!fs->max_pages != !options.pages ||
                              (options.pages && options.pages < account_used(fs->account))))
        return VFS_ERROR_INVAL;
    if (options.has_inodes && options.inodes && options.inodes < fs->inodes)
        return VFS_ERROR_INVAL;
    if (options.has_pages && options.pages && account_limit(fs->account, options.pages))
        return VFS_ERROR_NOMEM;
    if (options.has_pages)
        fs->max_pages = fs->limits.pages = options.pages;
    if (options.has_inodes)
        fs->max_inodes = fs->limits.inodes = options.inodes;
    fs->limits.has_pages |= options.has_pages;
    fs->limits.has_inodes |= options.has_inodes;
    return 0;
}

/* Changes a mount, and if asked its file system. */
static int32_t remount(struct mount *mount, const struct mount_request *request)
{
    uint32_t flags = request->how & STORED_FLAGS;
    struct fs *fs = mount->fs;
    int32_t error = 0;

    if (fs && request->how & VFS_MOUNT_FLAGS_FILE_SYSTEM) {
        if (fs->fixed)
            error = devpts_configure(fs, request->options);
        else if (!strcmp(mount->type, "tmpfs"))
            error = reconfigure(fs, request->options);
        if (error)
            return error;
        fs->read_only = flags & VFS_MOUNT_FLAGS_RDONLY;
    }
    if (request->how & VFS_MOUNT_FLAGS_KEEP_ATIME)
        flags = (flags & ~ATIME_FLAGS) | (mount->flags & ATIME_FLAGS);
    mount->flags = flags;
    words_all_changed();
    return 0;
}

/*
 * Finds or makes what is to be seen. On 0 the caller has a reference to plan->fs, if there is one.
 */
static int32_t make_plan(struct session *session, const struct mount_request *request,
                         struct mount_plan *plan)
{
    int32_t error;

    *plan = (struct mount_plan){
        .source = request->source,
        .type = request->type,
        .options = request->options,
        .kind = request->kind,
        .flags = request->how & STORED_FLAGS,
        .tag = request->tag,
    };
    switch (request->kind) {
    case VFS_FS_KIND_FOREIGN:
        return request->tag ? 0 : VFS_ERROR_INVAL;
    case VFS_FS_KIND_TMPFS:
        break;
    default:
        return VFS_ERROR_NODEV;
    }
    if (!strcmp(request->type, "devtmpfs") && session->vfsd->devices) {
        plan->fs = session->vfsd->devices;
        plan->fs->mounts++;
        error = 0;
    } else if (!strcmp(request->type, "devpts")) {
        error = devpts_mount(session->vfsd, request->options, &plan->fs);
    } else {
        error = make_tmpfs(session->vfsd, request->options, &plan->fs);
    }
    if (!error)
        plan->root = plan->fs->root;
    return error;
}

int32_t tree_find_spot(struct session *session, struct tree_path path, uint32_t how,
                       const struct vfs_cred *who, struct walk *walk)
{
    int32_t error = walk_begin(walk, session, path.from, path.text, path.length, 0, who);

    if (error)
        return error;
    walk->keeps_marks = how & TREE_KEEPS_MARKS;
    error = walk_full(walk, how & ~TREE_KEEPS_MARKS);
    if (!error && walk->foreign && walk->kind == LAST_NAME)
        error = VFS_ERROR_INVAL; /* somewhere inside of it */
    return error;
}

bool tree_is_mount(const struct walk *walk)
{
    return walk->foreign || walk->at.entry == walk->at.mount->root;
}

/* Sets what becomes of mounts below a mount, or below all that stand on it. */
static int32_t set_kind(struct vfsd *vfsd, const struct walk *walk,
                        const struct mount_request *request)
{
    struct mount *top = walk->at.mount;

    if (request->tag < VFS_MOUNT_KIND_PRIVATE || request->tag > VFS_MOUNT_KIND_UNBINDABLE ||
        !tree_is_mount(walk))
        return VFS_ERROR_INVAL;
    for (struct mount *m = top; m;
         m = request->how & VFS_MOUNT_FLAGS_RECURSIVE ? mount_next(vfsd, top, m) : NULL)
        propagate_change(vfsd, m, request->tag);
    return 0;
}

/* Is the mount one of those that a bind with RECURSIVE takes along, as far as it alone says? */
static bool taken_along(const struct mount *m, const struct mount *top, const struct entry *root)
{
    if (m->unbindable)
        return false;
    if (m->parent != top)
        return m->parent->copy_of != NULL;
    for (const struct entry *e = m->point; e; e = e->parent)
        if (e == root)
            return true;
    return false;
}

/* Copies what is mounted below `from`, onto `made`. On failure the caller takes the copies away with `made`. */
static int32_t copy_tree(struct vfsd *vfsd, struct spot from, struct mount *made)
{
    struct mount *top = from.mount, *copy;
    int32_t error = 0;

    /* While this lasts, `copy_of` of a mount is its copy. */
    top->copy_of = made;
    for (struct mount *m = mount_next(vfsd, top, top); m && !error; m = mount_next(vfsd, top, m)) {
        if (!taken_along(m, top, from.entry))
            continue;
        error = mount_copy(vfsd, m, m->root, &copy);
        if (error)
            break;
        error = mount_attach(copy, (struct spot){m->parent->copy_of, m->point});
        if (error)
            mount_discard(vfsd, copy);
        else
            m->copy_of = copy;
    }
    LIST_FOR_EACH(it, &vfsd->mounts)
    LIST_ENTRY(it, struct mount, link)->copy_of = NULL;
    return error;
}

/* Makes the mount of a bind, attached nowhere, with what is mounted below if asked. */
static int32_t make_bind(struct session *session, const struct mount_request *request,
                         struct mount **out)
{
    const struct spot *from = session_spot(session, request->bind_node);
    int32_t error;

    if (!from)
        return VFS_ERROR_BADNODE;
    if (!from->mount->attached || from->mount->unbindable)
        return VFS_ERROR_INVAL;
    if (!from->entry->inode->nlink)
        return VFS_ERROR_NOENT;
    error = mount_copy(session->vfsd, from->mount, from->entry, out);
    if (error || !(request->how & VFS_MOUNT_FLAGS_RECURSIVE))
        return error;
    error = copy_tree(session->vfsd, *from, *out);
    if (error)
        mount_detach(session->vfsd, *out);
    return error;
}

/* Makes the mount of anything else, attached nowhere. */
static int32_t make_new(struct session *session, const struct mount_request *request,
                        struct mount **out)
{
    struct mount_plan plan;
    int32_t error = make_plan(session, request, &plan);

    if (!error)
        error = mount_create(session->vfsd, session->tree, (struct spot){0}, &plan, out);
    if (error && plan.fs)
        fs_drop(plan.fs);
    else if (!error && plan.fs && plan.fs->mounts == 1) /* new as well */
        plan.fs->read_only = request->how & VFS_MOUNT_FLAGS_RDONLY;
    return error;
}

int32_t tree_place_mount(struct session *session, struct mount *mount, struct spot at)
{
    int32_t error = 0;

    /* Nothing is mounted where no one could ever find it. */
    if (!at.mount->attached)
        error = VFS_ERROR_INVAL;
    else if (!at.entry->inode->nlink)
        error = VFS_ERROR_NOENT;
    /* A directory covers a directory, anything else anything else. */
    else if (inode_is_directory(at.entry->inode) !=
             (!mount->root || inode_is_directory(mount->root->inode)))
        error = VFS_ERROR_NOTDIR;
    if (!error)
        error = mount_attach(mount, at);
    if (error)
        return error;
    error = propagate_mount(session->vfsd, mount);
    if (error)
        mount_lift(mount);
    return error;
}

/* The one file system of a type is not mounted onto itself. */
static bool same_again(const struct walk *walk, const struct mount *made)
{
    return made->fs && made->fs == walk->at.mount->fs && walk->at.entry == walk->at.mount->root;
}

int32_t tree_mount(struct session *session, struct tree_path path,
                   const struct mount_request *request, const struct vfs_cred *who)
{
    struct mount *made;
    struct walk walk;
    int32_t error;

    if (!(who->powers & VFS_POWER_ADMIN) || session->read_only)
        return VFS_ERROR_PERM;
    error = tree_find_spot(session, path, 0, who, &walk);
    if (error)
        return error;
    if (request->kind == VFS_FS_KIND_KIND)
        return set_kind(session->vfsd, &walk, request);
    if (request->how & VFS_MOUNT_FLAGS_REMOUNT)
        return tree_is_mount(&walk) ? remount(walk.at.mount, request) : VFS_ERROR_INVAL;
    error = request->kind == VFS_FS_KIND_BIND ? make_bind(session, request, &made)
                                              : make_new(session, request, &made);
    if (error)
        return error;
    if (request->kind != VFS_FS_KIND_BIND && same_again(&walk, made))
        error = VFS_ERROR_BUSY;
    else if (walk.foreign)
        error = VFS_ERROR_NOTSUP; /* its root has no entry that could be covered */
    if (!error)
        error = tree_place_mount(session, made, walk.at);
    if (error)
        mount_detach(session->vfsd, made);
    else if (request->kind == VFS_FS_KIND_TMPFS && made->fs == session->vfsd->terminals)
        error = devpts_configure(made->fs, request->options); /* they were read before: no error */
    words_all_changed();
    return error;
}
