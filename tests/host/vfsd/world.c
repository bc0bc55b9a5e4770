/*
 * The short forms of world.h.
 */
#include "world.h"

#include <session.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vfsd world_vfsd;
struct session *world_session;
struct vfs_cred world_root = {.powers = 0x7f}, world_user = {.uid = 1000, .gid = 1000};
const struct vfs_cred *world_who = &world_root;
struct vfs_place world_from = {1, 1};
struct vfs_attr world_attr;
char world_text[VFS_PATH_MAX + 1];
uint32_t world_foreign;
struct gone world_gone;

static struct rest rest_of(void)
{
    world_text[0] = '\0';
    return (struct rest){world_text, sizeof world_text, 0};
}

static struct tree_path at(const char *path)
{
    return (struct tree_path){&world_from, path, strlen(path)};
}

void world_begin(bool complete)
{
    if (world_session && !world_end())
        abort();
    world_who = &world_root;
    world_from = (struct vfs_place){1, 1};
    if (trees_create(&world_vfsd) || (complete && trees_complete(&world_vfsd)) ||
        session_create(&world_vfsd, &world_vfsd.user, false, &world_session))
        abort();
}

static void drop_tree(struct tree *tree)
{
    struct mount *root = tree->root;

    /* Roots are never unmounted; here they go as if they were. */
    while (root->children) {
        LIST_FOR_EACH(it, &world_vfsd.mounts) {
            struct mount *mount = LIST_ENTRY(it, struct mount, link);

            if (mount->parent == root) {
                mount_detach(&world_vfsd, mount);
                break;
            }
        }
    }
    root->attached = false;
    mount_hold(root);
    mount_drop(&world_vfsd, root);
}

bool world_end(void)
{
    session_free(world_session);
    world_session = NULL;
    drop_tree(&world_vfsd.user);
    drop_tree(&world_vfsd.system);
    if (world_vfsd.devices)
        fs_drop(world_vfsd.devices);
    if (host_blocks() || host_handles())
        printf("# left behind: %u blocks, %u handles\n", host_blocks(), host_handles());
    return !host_blocks() && !host_handles() && list_empty(&world_vfsd.mounts);
}

int32_t w_open(const char *path, uint32_t how, uint32_t mode, uint64_t *node)
{
    struct rest rest = rest_of();
    int32_t error = tree_open(world_session, at(path), how, mode, world_who, &world_attr, &rest);

    *node = error ? 0 : world_attr.node;
    return error;
}

int32_t w_stat(const char *path, uint32_t how)
{
    struct rest rest = rest_of();

    return tree_stat(world_session, at(path), how, world_who, &world_attr, &rest);
}

int32_t w_access(const char *path, uint32_t how)
{
    struct rest rest = rest_of();

    return tree_access(world_session, at(path), how, world_who, &world_attr, &rest);
}

int32_t w_close(uint64_t node)
{
    return session_close(world_session, node, 1);
}

int32_t w_make(const char *path, uint32_t mode)
{
    struct rest rest = rest_of();

    return tree_make(world_session, at(path), mode, 1, 2, world_who, &world_attr, &rest);
}

int32_t w_mkdir(const char *path)
{
    return w_make(path, MODE_DIRECTORY | 0755);
}

int32_t w_file(const char *path)
{
    return w_make(path, MODE_FILE | 0644);
}

int32_t w_symlink(const char *target, const char *path)
{
    struct rest rest = rest_of();

    return tree_symlink(world_session, at(path), target, strlen(target), world_who, &rest,
                        &world_foreign);
}

int32_t w_link(const char *old, const char *path)
{
    struct rest rest;
    uint64_t node;
    int32_t error = w_open(old, VFS_WALK_NOFOLLOW, 0, &node);

    if (error)
        return error;
    rest = rest_of();
    error = tree_link(world_session, node, at(path), world_who, &rest, &world_foreign);
    w_close(node);
    return error;
}

static int32_t remove_name(const char *path, uint32_t how)
{
    struct rest rest = rest_of();

    return tree_unlink(world_session, at(path), how, world_who, &rest, &world_foreign, &world_gone);
}

int32_t w_unlink(const char *path)
{
    return remove_name(path, 0);
}

int32_t w_rmdir(const char *path)
{
    return remove_name(path, VFS_WALK_DIRECTORY);
}

int32_t w_rename(const char *old, const char *path, uint32_t how)
{
    return tree_rename(world_session, at(old), at(path), how, world_who, &world_foreign,
                       &world_gone);
}

int32_t w_readlink(const char *path)
{
    char other[64];
    struct rest target = rest_of(), rest = {other, sizeof other, 0};

    return tree_readlink(world_session, at(path), 0, world_who, &target, &rest, &world_foreign);
}

static int32_t change(const char *path, struct vfs_new_attr to)
{
    uint64_t node;
    int32_t error = w_open(path, 0, 0, &node);

    if (error)
        return error;
    error = tree_setattr(world_session, node, &to, world_who);
    w_close(node);
    return error;
}

int32_t w_chmod(const char *path, uint32_t mode)
{
    return change(path, (struct vfs_new_attr){.what = VFS_CHANGE_MODE, .mode = mode});
}

int32_t w_chown(const char *path, uint32_t uid, uint32_t gid)
{
    return change(path, (struct vfs_new_attr){
                            .what = VFS_CHANGE_UID | VFS_CHANGE_GID, .uid = uid, .gid = gid});
}

int32_t w_mount(const char *path, uint32_t kind, uint32_t how, const char *options)
{
    struct mount_request request = {kind, how, 7, "source", "tmpfs", options, 0};

    return tree_mount(world_session, at(path), &request, world_who);
}

int32_t w_unmount(const char *path, uint32_t how)
{
    return tree_unmount(world_session, at(path), how, world_who);
}

int32_t w_pages(uint64_t node, jg_handle_t *pages)
{
    bool write, execute;

    return tree_vmo(world_session, node, pages, &write, &execute);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

const char *w_list(const char *path, size_t size)
{
    static char text[1 << 20];
    static _Alignas(8) char buffer[65536];
    static char *name[65536];
    size_t count = 0, used, length = 0;
    uint64_t node, cursor = 0;

    text[0] = '\0';
    if (w_open(path, O_DIR, 0, &node))
        return "?";
    while (!tree_readdir(world_session, node, cursor, buffer, size, &used) && used) {
        for (size_t i = 0; i < used;) {
            uint16_t bytes;

            memcpy(&bytes, buffer + i + 16, 2);
            memcpy(&cursor, buffer + i + 8, 8);
            if (strcmp(buffer + i + 24, ".") && strcmp(buffer + i + 24, ".."))
                name[count++] = strdup(buffer + i + 24);
            i += bytes;
        }
    }
    w_close(node);
    qsort(name, count, sizeof *name, by_name);
    for (size_t i = 0; i < count; i++) {
        length +=
            (size_t)snprintf(text + length, sizeof text - length, "%s%s", i ? " " : "", name[i]);
        free(name[i]);
    }
    return text;
}
