/*
 * Paths: links, dots, slashes, mounts, the root as a limit, and what each gives for an error.
 */
#include "tap.h"
#include "world.h"

TEST(a_plain_path_is_found_and_a_missing_one_is_not)
{
    world_begin(false);
    CHECK_EQ(w_mkdir("/a"), 0);
    CHECK_EQ(w_mkdir("/a/b"), 0);
    CHECK_EQ(w_file("/a/b/c"), 0);
    CHECK_EQ(w_stat("//a///b//c", 0), 0);
    CHECK_EQ(world_attr.mode, MODE_FILE | 0644);
    CHECK_EQ(w_stat("a/b/c", 0), 0);
    CHECK_EQ(w_stat("/a/./b/../b/c", 0), 0);
    CHECK_EQ(w_stat("/a/x", 0), VFS_ERROR_NOENT);
    CHECK_EQ(w_stat("/a/x/c", 0), VFS_ERROR_NOENT);
    CHECK_EQ(w_stat("/a/b/c/d", 0), VFS_ERROR_NOTDIR);
    CHECK_EQ(w_stat("/a/b/c/", 0), VFS_ERROR_NOTDIR);
    CHECK_EQ(w_stat("/a/b/c/.", 0), VFS_ERROR_NOTDIR);
    CHECK_EQ(w_stat("/a/b/c/..", 0), VFS_ERROR_NOTDIR);
    CHECK_EQ(w_stat("", 0), VFS_ERROR_NOENT);
    CHECK_EQ(w_stat("", VFS_WALK_EMPTY_PATH), 0);
    CHECK_EQ(w_stat("/", 0), 0);
    CHECK_EQ(w_stat("/a/b/c", VFS_WALK_DIRECTORY), VFS_ERROR_NOTDIR);
}

TEST(dotdot_stays_below_the_root)
{
    uint64_t root, inner;

    world_begin(false);
    CHECK_EQ(w_mkdir("/jail"), 0);
    CHECK_EQ(w_mkdir("/jail/d"), 0);
    CHECK_EQ(w_symlink("/d", "/jail/absolute"), 0);
    CHECK_EQ(w_symlink("../../d", "/jail/up"), 0);
    CHECK_EQ(w_stat("/../../jail", 0), 0);
    CHECK_EQ(w_stat("/absolute", 0), VFS_ERROR_NOENT);
    CHECK_EQ(w_open("/jail", O_DIR, 0, &root), 0);
    CHECK_EQ(w_open("/jail/d", O_DIR, 0, &inner), 0);
    uint64_t wanted = world_attr.ino;

    world_from = (struct vfs_place){root, inner};
    CHECK_EQ(w_stat("../../../d", 0), 0);
    CHECK_EQ(world_attr.ino, wanted);
    CHECK_EQ(w_stat("/absolute", 0), 0);
    CHECK_EQ(world_attr.ino, wanted);
    CHECK_EQ(w_stat("/up", 0), 0);
    CHECK_EQ(world_attr.ino, wanted);
    CHECK_EQ(w_stat("/jail", 0), VFS_ERROR_NOENT);
}

TEST(links_are_followed_forty_times_and_no_more)
{
    char name[16], target[16];

    world_begin(false);
    CHECK_EQ(w_file("/f"), 0);
    CHECK_EQ(w_symlink("f", "/l0"), 0);
    for (int i = 1; i < 45; i++) {
        snprintf(target, sizeof target, "l%d", i - 1);
        snprintf(name, sizeof name, "/l%d", i);
        CHECK_EQ(w_symlink(target, name), 0);
    }
    CHECK_EQ(w_stat("/l39", 0), 0);
    CHECK_EQ(w_stat("/l40", 0), VFS_ERROR_LOOP);
    CHECK_EQ(w_stat("/l40", VFS_WALK_NOFOLLOW), 0);
    CHECK_EQ(world_attr.mode, MODE_LINK | 0777);
    CHECK_EQ(w_symlink("loop", "/loop"), 0);
    CHECK_EQ(w_stat("/loop", 0), VFS_ERROR_LOOP);
    CHECK_EQ(w_stat("/loop/x", VFS_WALK_NOFOLLOW), VFS_ERROR_LOOP);
}

TEST(links_in_the_middle_and_with_slashes)
{
    world_begin(false);
    CHECK_EQ(w_mkdir("/d"), 0);
    CHECK_EQ(w_mkdir("/d/e"), 0);
    CHECK_EQ(w_file("/d/e/f"), 0);
    CHECK_EQ(w_symlink("d", "/l"), 0);
    CHECK_EQ(w_symlink("l/e/", "/m"), 0);
    CHECK_EQ(w_symlink("m", "/n"), 0);
    CHECK_EQ(w_symlink("d/e/f", "/file"), 0);
    CHECK_EQ(w_symlink("/", "/slash"), 0);
    CHECK_EQ(w_stat("/n/f", 0), 0);
    CHECK_EQ(w_stat("/slash/n/../e/f", 0), 0);
    CHECK_EQ(w_stat("/n", VFS_WALK_NOFOLLOW), 0);
    CHECK_EQ(world_attr.mode, MODE_LINK | 0777);
    CHECK_EQ(w_stat("/n/", VFS_WALK_NOFOLLOW), 0);
    CHECK_EQ(world_attr.mode, MODE_DIRECTORY | 0755);
    CHECK_EQ(w_stat("/n", VFS_WALK_NOFOLLOW | VFS_WALK_DIRECTORY), VFS_ERROR_NOTDIR);
    CHECK_EQ(w_stat("/file/", 0), VFS_ERROR_NOTDIR);
    CHECK_EQ(w_stat("/slash", 0), 0);
    CHECK_EQ(world_attr.mode, MODE_DIRECTORY | 0755);
    CHECK_EQ(w_symlink("", "/empty"), VFS_ERROR_NOENT);
}

TEST(names_and_paths_have_limits)
{
    static char path[VFS_PATH_MAX + 8];

    world_begin(false);
    memset(path, 'x', 256);
    path[0] = '/';
    path[256] = '\0';
    CHECK_EQ(w_file(path), 0);
    CHECK_EQ(w_stat(path, 0), 0);
    path[256] = 'x';
    path[257] = '\0';
    CHECK_EQ(w_file(path), VFS_ERROR_NAMETOOLONG);
    CHECK_EQ(w_stat(path, 0), VFS_ERROR_NAMETOOLONG);
    CHECK_EQ(w_rename("/", path, 0), VFS_ERROR_BUSY);
    memset(path, '/', sizeof path - 1);
    path[VFS_PATH_MAX] = '\0';
    CHECK_EQ(w_stat(path, 0), VFS_ERROR_NAMETOOLONG);
    path[VFS_PATH_MAX - 1] = '\0';
    CHECK_EQ(w_stat(path, 0), 0);
}

TEST(search_permission_is_wanted_on_the_way)
{
    world_begin(false);
    CHECK_EQ(w_mkdir("/d"), 0);
    CHECK_EQ(w_file("/d/f"), 0);
    CHECK_EQ(w_chmod("/d", 0700), 0);
    world_who = &world_user;
    CHECK_EQ(w_stat("/d", 0), 0);
    CHECK_EQ(w_stat("/d/f", 0), VFS_ERROR_ACCES);
    CHECK_EQ(w_stat("/d/missing", 0), VFS_ERROR_ACCES);
    CHECK_EQ(w_stat("/d/..", 0), VFS_ERROR_ACCES);
    world_who = &world_root;
    CHECK_EQ(w_chmod("/d", 0711), 0);
    world_who = &world_user;
    CHECK_EQ(w_stat("/d/f", 0), 0);
    CHECK_EQ(w_access("/d", VFS_WALK_READ), VFS_ERROR_ACCES);
    CHECK_EQ(w_access("/d", VFS_WALK_EXECUTE), 0);
}

TEST(a_removed_directory_still_leads_up)
{
    uint64_t node;

    world_begin(false);
    CHECK_EQ(w_mkdir("/a"), 0);
    CHECK_EQ(w_mkdir("/a/b"), 0);
    CHECK_EQ(w_open("/a/b", O_DIR, 0, &node), 0);
    CHECK_EQ(w_rmdir("/a/b"), 0);
    CHECK_EQ(w_rmdir("/a"), 0);
    world_from.dir = node;
    CHECK_EQ(w_stat(".", 0), 0);
    CHECK_EQ(world_attr.nlink, 0);
    CHECK_EQ(w_stat("../..", 0), 0);
    CHECK_EQ(world_attr.ino, 1);
    CHECK_EQ(w_file("x"), VFS_ERROR_NOENT);
    CHECK_EQ(w_stat("x", 0), VFS_ERROR_NOENT);
    world_from.dir = 1;
    CHECK_EQ(w_close(node), 0);
    CHECK(world_end());
}

TEST(foreign_mounts_get_the_rest_of_the_path)
{
    uint64_t node;

    world_begin(false);
    CHECK_EQ(w_mkdir("/proc"), 0);
    CHECK_EQ(w_file("/f"), 0);
    CHECK_EQ(w_symlink("/proc/self", "/me"), 0);
    CHECK_EQ(w_symlink("/proc", "/p"), 0);
    CHECK_EQ(w_mount("/proc", VFS_FS_KIND_FOREIGN, 0, ""), 0);
    CHECK_EQ(w_stat("/proc", 0), 0);
    CHECK_EQ(world_attr.foreign, 7);
    CHECK_EQ(strcmp(world_text, ""), 0);
    CHECK_EQ(w_stat("/proc/self/fd/", 0), 0);
    CHECK_EQ(world_attr.foreign, 7);
    CHECK_EQ(strcmp(world_text, "self/fd/"), 0);
    CHECK_EQ(w_open("/me//fd/../0", 0, 0, &node), 0);
    CHECK_EQ(world_attr.foreign, 7);
    CHECK_EQ(strcmp(world_text, "self/fd/../0"), 0);
    CHECK_EQ(w_open("/me", VFS_WALK_CREATE | VFS_WALK_WRITE, 0600, &node), 0);
    CHECK_EQ(strcmp(world_text, "self"), 0);
    CHECK_EQ(w_stat("/me", VFS_WALK_NOFOLLOW), 0);
    CHECK_EQ(world_attr.foreign, 0);
    CHECK_EQ(w_stat("/p/./", 0), 0);
    CHECK_EQ(world_attr.foreign, 7);
    CHECK_EQ(strcmp(world_text, ""), 0);
    CHECK_EQ(w_stat("/p/../f", 0), 0);
    CHECK_EQ(world_attr.foreign, 0);
    CHECK_EQ(w_stat("/proc/..", 0), 0);
    CHECK_EQ(world_attr.ino, 1);
    CHECK_EQ(w_mkdir("/proc/x"), 0);
    CHECK_EQ(world_attr.foreign, 7);
    CHECK_EQ(w_mkdir("/proc"), VFS_ERROR_EXIST);
    CHECK_EQ(w_rmdir("/proc"), VFS_ERROR_BUSY);
    CHECK_EQ(w_unlink("/proc/x"), 0);
    CHECK_EQ(world_foreign, 7);
    CHECK_EQ(w_readlink("/me/exe"), 0);
    CHECK_EQ(world_foreign, 7);
    CHECK_EQ(w_rename("/f", "/proc/x", 0), VFS_ERROR_XDEV);
    CHECK_EQ(w_rename("/proc/y", "/proc/x", 0), 0);
    CHECK_EQ(world_foreign, 7);
    CHECK_EQ(w_unmount("/proc/x", 0), VFS_ERROR_INVAL);
    CHECK_EQ(w_unmount("/proc", 0), 0);
    CHECK_EQ(w_stat("/proc", 0), 0);
    CHECK_EQ(world_attr.foreign, 0);
    CHECK(world_end());
}

int main(void)
{
    return tap_main();
}
