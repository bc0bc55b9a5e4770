/*
 * The trees at their start, and /dev.
 *
 * The nodes in /dev are numbers only: what they do is the personality's business.
 */
#include "devices.h"

#include "directory.h"
#include "pages.h"
#include "tree.h"
#include "words.h"

#include <jg/rt/string.h>

/* Device numbers below are those of foreign file systems: their tags. */
#define FOREIGN_DEVICES 16u

static const struct vfs_cred system_itself = {.powers = UINT32_MAX};

static const struct device {
    const char *name;
    uint32_t mode, number[2];
    const char *link;
} devices[] = {
    {"null", MODE_CHARACTER | 0666, {1, 3}, NULL},
    {"zero", MODE_CHARACTER | 0666, {1, 5}, NULL},
    {"full", MODE_CHARACTER | 0666, {1, 7}, NULL},
    {"random", MODE_CHARACTER | 0666, {1, 8}, NULL},
    {"urandom", MODE_CHARACTER | 0666, {1, 9}, NULL},
    {"tty", MODE_CHARACTER | 0666, {5, 0}, NULL},
    {"console", MODE_CHARACTER | 0600, {5, 1}, NULL},
    {"ttyS0", MODE_CHARACTER | 0666, {4, 64}, NULL},
    {"ptmx", MODE_CHARACTER | 0666, {5, 2}, NULL},
    {"pts", MODE_DIRECTORY | 0755, {0, 0}, NULL},
    {"shm", MODE_DIRECTORY | MODE_STICKY | 0777, {0, 0}, NULL},
    {"fd", MODE_LINK | 0777, {0, 0}, "/proc/self/fd"},
    {"stdin", MODE_LINK | 0777, {0, 0}, "/proc/self/fd/0"},
    {"stdout", MODE_LINK | 0777, {0, 0}, "/proc/self/fd/1"},
    {"stderr", MODE_LINK | 0777, {0, 0}, "/proc/self/fd/2"},
};

static int32_t create_tree(struct vfsd *vfsd, struct tree *tree, const char *source,
                           uint64_t max_pages)
{
    struct mount_plan plan = {
        .source = source, .type = "tmpfs", .options = "", .kind = VFS_FS_KIND_TMPFS};
    int32_t error = fs_create(vfsd->next_dev++, max_pages, 0, &plan.fs);

    if (error)
        return error;
    plan.root = plan.fs->root;
    error = mount_create(vfsd, tree, (struct spot){0}, &plan, &tree->root);
    if (error)
        fs_drop(plan.fs);
    return error;
}

int32_t trees_create(struct vfsd *vfsd)
{
    int32_t error;

    memset(vfsd, 0, sizeof *vfsd);
    list_init(&vfsd->mounts);
    list_init(&vfsd->sessions);
    vfsd->next_mount = 1;
    vfsd->next_dev = FOREIGN_DEVICES;
    vfsd->next_session = 1;
    error = create_tree(vfsd, &vfsd->user, "tmpfs", UINT64_MAX);
    if (!error)
        error = create_tree(vfsd, &vfsd->system, "system", 0);
    vfsd->system.read_only = true;
    return error;
}

/* Finds a directory in `dir`, or makes it. `*out` is NULL when a link has the name. */
static int32_t directory_at(struct entry *dir, const char *name, uint32_t mode, struct entry **out)
{
    static const uint32_t no_device[2];
    size_t length = strlen(name);
    struct entry *found = directory_find(&dir->inode->dir, name, length, entry_hash(name, length));

    *out = found;
    if (!found)
        return make_entry(dir, name, length, MODE_DIRECTORY | mode, no_device, NULL, 0,
                          &system_itself, out);
    if (inode_is_directory(found->inode))
        return 0;
    *out = NULL;
    return inode_type(found->inode) == MODE_LINK ? 0 : VFS_ERROR_NOTDIR;
}

static int32_t make_devices(struct fs *fs)
{
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        const struct device *d = &devices[i];
        struct entry *made;
        int32_t error = make_entry(fs->root, d->name, strlen(d->name), d->mode, d->number, d->link,
                                   d->link ? strlen(d->link) : 0, &system_itself, &made);

        if (error)
            return error;
    }
    return 0;
}

static int32_t mount_devices(struct vfsd *vfsd, struct entry *point)
{
    struct mount_plan plan = {
        .source = "devtmpfs",
        .type = "devtmpfs",
        .options = "mode=755",
        .kind = VFS_FS_KIND_TMPFS,
        .flags = VFS_MOUNT_FLAGS_NOSUID,
    };
    struct mount *mount;
    int32_t error = fs_create(vfsd->next_dev++, 0, 0, &plan.fs);

    if (error)
        return error;
    plan.root = plan.fs->root;
    error = make_devices(plan.fs);
    if (!error)
        error =
            mount_create(vfsd, &vfsd->user, (struct spot){vfsd->user.root, point}, &plan, &mount);
    if (error) {
        fs_drop(plan.fs);
        return error;
    }
    vfsd->devices = plan.fs;
    vfsd->devices->mounts++; /* it stays, even when it is mounted nowhere */
    return 0;
}

/*
 * Sets the root's limits, now that it is known what it holds: half of what is left is for programs.
 */
static void limit_root(struct fs *fs)
{
    uint64_t total, free, used = account_used(fs->account);

    pages_of_machine(&total, &free);
    if (!account_limit(fs->account, used + free / 2))
        fs->max_pages = used + free / 2;
    fs->max_inodes = fs->inodes + total / 2;
}

int32_t trees_complete(struct vfsd *vfsd)
{
    struct entry *root = vfsd->user.root->root, *dev, *other;
    int32_t error;

    if (vfsd->devices)
        return 0;
    error = directory_at(root, "proc", 0555, &other);
    if (!error)
        error = directory_at(root, "tmp", MODE_STICKY | 0777, &other);
    if (!error)
        error = directory_at(root, "dev", 0755, &dev);
    if (!error && !dev)
        error = VFS_ERROR_NOTDIR;
    if (!error)
        error = mount_devices(vfsd, dev);
    if (!error)
        limit_root(vfsd->user.root->fs);
    words_all_changed();
    return error;
}
