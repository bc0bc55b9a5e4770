/*
 * Mounts: what is seen where, limits, read-only, and taking them away again.
 */
#include "tap.h"
#include "world.h"

#include <options.h>

#define TMPFS VFS_FS_KIND_TMPFS
#define WRITE VFS_WALK_WRITE
#define RECONFIGURE (VFS_MOUNT_FLAGS_REMOUNT | VFS_MOUNT_FLAGS_FILE_SYSTEM)

static int32_t bind(uint64_t node, const char *path, uint32_t how)
{
    struct mount_request request = {VFS_FS_KIND_BIND, how, 0, "", "", "", node};

    return tree_mount(world_session, (struct tree_path){&world_from, path, strlen(path)}, &request,
                      world_who);
}

TEST(a_mount_covers_and_uncovers)
{
    uint64_t node;

    world_begin(false);
    CHECK_EQ(w_mkdir("/m"), 0);
    CHECK_EQ(w_file("/m/below"), 0);
    CHECK_EQ(w_mount("/m", TMPFS, 0, "mode=700,uid=3,gid=4"), 0);
    CHECK_EQ(w_stat("/m/below", 0), VFS_ERROR_NOENT);
    CHECK_EQ(w_stat("/m", 0), 0);
    CHECK_EQ(world_attr.mode, MODE_DIRECTORY | 0700);
    CHECK_EQ(world_attr.uid, 3);
    CHECK_EQ(world_attr.gid, 4);
    CHECK_EQ(w_file("/m/above"), 0);
    CHECK_EQ(w_stat("/m/..", 0), 0);
    CHECK_EQ(world_attr.dev, 16);
    CHECK_EQ(w_rename("/m/above", "/x", 0), VFS_ERROR_XDEV);
    CHECK_EQ(w_link("/m/above", "/x"), VFS_ERROR_XDEV);
    CHECK_EQ(w_rename("/m", "/n", 0), VFS_ERROR_BUSY);
    CHECK_EQ(w_rmdir("/m"), VFS_ERROR_BUSY);
    CHECK_EQ(w_open("/m/above", 0, 0, &node), 0);
    CHECK_EQ(w_unmount("/m", 0), VFS_ERROR_BUSY);
    CHECK_EQ(w_close(node), 0);
    CHECK_EQ(w_unmount("/m/above", 0), VFS_ERROR_INVAL);
    CHECK_EQ(w_unmount("/m", 0), 0);
    CHECK_EQ(w_stat("/m/below", 0), 0);
    CHECK_EQ(w_unmount("/m", 0), VFS_ERROR_INVAL);
    CHECK_EQ(w_unmount("/", 0), VFS_ERROR_BUSY);
    CHECK(world_end());
}

TEST(mounts_stack_and_detach_as_a_tree)
{
    uint64_t node;

    world_begin(false);
    CHECK_EQ(w_mkdir("/m"), 0);
    CHECK_EQ(w_mount("/m", TMPFS, 0, ""), 0);
    CHECK_EQ(w_mkdir("/m/one"), 0);
    CHECK_EQ(w_mount("/m", TMPFS, 0, ""), 0);
    CHECK_EQ(w_stat("/m/one", 0), VFS_ERROR_NOENT);
    CHECK_EQ(w_mkdir("/m/two"), 0);
    CHECK_EQ(w_mount("/m/two", TMPFS, 0, ""), 0);
    CHECK_EQ(w_open("/m/two", O_DIR, 0, &node), 0);
    CHECK_EQ(w_stat("/m/two/..", 0), 0);
    CHECK_EQ(w_unmount("/m", 0), VFS_ERROR_BUSY);
    CHECK_EQ(w_unmount("/m", 2), 0);
    CHECK_EQ(w_stat("/m/one", 0), 0);
    world_from.dir = node;
    CHECK_EQ(w_file("still-usable"), 0);
    CHECK_EQ(w_mount(".", TMPFS, 0, ""), VFS_ERROR_INVAL);
    world_from.dir = 1;
    CHECK_EQ(w_close(node), 0);
    CHECK(world_end());
}

TEST(a_full_mount_says_so)
{
    struct vfs_fs_info info;
    static char data[5 * 4096];
    jg_handle_t pages;
    uint64_t node, root;

    world_begin(false);
    CHECK_EQ(w_mkdir("/m"), 0);
    CHECK_EQ(w_mount("/m", TMPFS, 0, "size=16k,nr_inodes=3"), 0);
    CHECK_EQ(w_open("/m/f", VFS_WALK_CREATE | WRITE, 0600, &node), 0);
    CHECK_EQ(w_pages(node, &pages), 0);
    CHECK_EQ(host_write(pages, 0, data, 4096), 0);
    CHECK_EQ(w_open("/m", O_DIR, 0, &root), 0);
    CHECK_EQ(tree_statfs(world_session, root, &info), 0);
    CHECK_EQ(info.type, 0x01021994);
    CHECK_EQ(info.blocks, 4);
    CHECK_EQ(info.blocks_free, 3);
    CHECK_EQ(info.files, 3);
    CHECK_EQ(info.files_free, 1);
    CHECK_EQ(host_write(pages, 0, data, sizeof data), JG_ERR_NO_SPACE);
    CHECK_EQ(w_file("/m/g"), 0);
    CHECK_EQ(w_file("/m/h"), VFS_ERROR_NOSPC);
    CHECK_EQ(w_unlink("/m/g"), 0);
    CHECK_EQ(w_file("/m/h"), 0);
    CHECK_EQ(w_mount("/m", TMPFS, RECONFIGURE, "size=4k"), VFS_ERROR_INVAL);
    CHECK_EQ(w_mount("/m", TMPFS, RECONFIGURE, "size=64k,nr_inodes=9"), 0);
    CHECK_EQ(host_write(pages, 0, data, sizeof data), 0);
    CHECK_EQ(w_file("/m/i"), 0);
    CHECK(world_end());
}

TEST(read_only_mounts_refuse_every_change)
{
    struct vfs_new_attr to = {.what = VFS_CHANGE_MODE, .mode = 0};
    uint64_t node;

    world_begin(false);
    CHECK_EQ(w_mkdir("/m"), 0);
    CHECK_EQ(w_mount("/m", TMPFS, 0, ""), 0);
    CHECK_EQ(w_file("/m/f"), 0);
    CHECK_EQ(w_make("/m/null", MODE_CHARACTER | 0666), 0);
    CHECK_EQ(w_mount("/m", TMPFS, RECONFIGURE | VFS_MOUNT_FLAGS_RDONLY, ""), 0);
    CHECK_EQ(w_open("/m/f", WRITE, 0, &node), VFS_ERROR_ROFS);
    CHECK_EQ(w_open("/m/f", VFS_WALK_READ | VFS_WALK_TRUNCATE, 0, &node), VFS_ERROR_ROFS);
    CHECK_EQ(w_open("/m/g", VFS_WALK_CREATE, 0, &node), VFS_ERROR_ROFS);
    CHECK_EQ(w_open("/m/null", WRITE, 0, &node), 0);
    CHECK_EQ(w_open("/m/f", VFS_WALK_CREATE | VFS_WALK_READ, 0, &node), 0);
    CHECK_EQ(tree_setattr(world_session, node, &to, world_who), VFS_ERROR_ROFS);
    CHECK_EQ(w_access("/m/f", WRITE), VFS_ERROR_ROFS);
    CHECK_EQ(w_access("/m/null", WRITE), 0);
    CHECK_EQ(w_file("/m/f"), VFS_ERROR_EXIST);
    CHECK_EQ(w_file("/m/g"), VFS_ERROR_ROFS);
    CHECK_EQ(w_unlink("/m/f"), VFS_ERROR_ROFS);
    CHECK_EQ(w_rename("/m/f", "/m/g", 0), VFS_ERROR_ROFS);
    CHECK_EQ(w_link("/m/f", "/m/g"), VFS_ERROR_ROFS);
    CHECK_EQ(w_symlink("f", "/m/g"), VFS_ERROR_ROFS);
    CHECK_EQ(w_mount("/m/f", TMPFS, RECONFIGURE, ""), VFS_ERROR_INVAL);
    CHECK_EQ(w_mount("/m", TMPFS, RECONFIGURE, ""), 0);
    CHECK_EQ(w_unlink("/m/f"), 0);
}

TEST(nodev_and_noexec)
{
    jg_handle_t pages;
    bool write, execute;
    uint64_t node;

    world_begin(false);
    CHECK_EQ(w_mkdir("/m"), 0);
    CHECK_EQ(w_mount("/m", TMPFS, VFS_MOUNT_FLAGS_NODEV | VFS_MOUNT_FLAGS_NOEXEC, ""), 0);
    CHECK_EQ(w_make("/m/null", MODE_CHARACTER | 0666), 0);
    CHECK_EQ(w_make("/m/x", MODE_FILE | 0755), 0);
    CHECK_EQ(w_open("/m/null", VFS_WALK_READ, 0, &node), VFS_ERROR_ACCES);
    CHECK_EQ(w_open("/m/x", VFS_WALK_EXECUTE, 0, &node), VFS_ERROR_ACCES);
    CHECK_EQ(w_access("/m/x", VFS_WALK_EXECUTE), VFS_ERROR_ACCES);
    CHECK_EQ(w_open("/m/x", VFS_WALK_READ, 0, &node), 0);
    CHECK_EQ(tree_vmo(world_session, node, &pages, &write, &execute), 0);
    CHECK(write && !execute);
}

TEST(bind_mounts_show_the_same_files)
{
    char text[64];
    struct rest rest = {text, sizeof text, 0};
    uint64_t dir, file, node;

    world_begin(false);
    CHECK_EQ(w_mkdir("/a"), 0);
    CHECK_EQ(w_mkdir("/a/b"), 0);
    CHECK_EQ(w_file("/a/b/f"), 0);
    CHECK_EQ(w_mkdir("/there"), 0);
    CHECK_EQ(w_file("/cover"), 0);
    CHECK_EQ(w_open("/a/b", O_DIR, 0, &dir), 0);
    CHECK_EQ(w_open("/a/b/f", 0, 0, &file), 0);
    CHECK_EQ(bind(file, "/there", 0), VFS_ERROR_NOTDIR);
    CHECK_EQ(bind(dir, "/cover", 0), VFS_ERROR_NOTDIR);
    CHECK_EQ(bind(dir, "/there", VFS_MOUNT_FLAGS_RDONLY), 0);
    CHECK_EQ(w_file("/there/e"), 0); /* a bind has the flags of its source ... */
    CHECK_EQ(w_mount("/there", TMPFS, VFS_MOUNT_FLAGS_REMOUNT | VFS_MOUNT_FLAGS_RDONLY, ""), 0);
    CHECK_EQ(bind(file, "/cover", 0), 0);
    CHECK_EQ(w_stat("/cover", 0), 0);
    uint64_t ino = world_attr.ino;

    CHECK_EQ(w_stat("/there/f", 0), 0);
    CHECK_EQ(world_attr.ino, ino);
    CHECK_EQ(w_file("/there/g"), VFS_ERROR_ROFS);
    CHECK_EQ(w_file("/a/b/g"), 0);
    CHECK_EQ(w_stat("/there/g", 0), 0);
    CHECK_EQ(w_rename("/a/b/g", "/there/h", 0), VFS_ERROR_XDEV);
    CHECK_EQ(w_open("/there/g", 0, 0, &node), 0);
    CHECK_EQ(tree_path_of(world_session, node, 1, false, &rest), 0);
    CHECK_EQ(strcmp(text, "/there/g"), 0);
    CHECK_EQ(w_stat("/there/../a", 0), 0);
    CHECK_EQ(w_unlink("/cover"), VFS_ERROR_BUSY);
    CHECK_EQ(w_unmount("/cover", 0), 0);
    CHECK_EQ(w_unlink("/cover"), 0);
    CHECK(world_end());
}

TEST(only_the_powerful_mount)
{
    world_begin(false);
    CHECK_EQ(w_mkdir("/m"), 0);
    world_who = &world_user;
    CHECK_EQ(w_mount("/m", TMPFS, 0, ""), VFS_ERROR_PERM);
    CHECK_EQ(w_unmount("/m", 0), VFS_ERROR_PERM);
    world_who = &world_root;
    CHECK_EQ(w_mount("/nowhere", TMPFS, 0, ""), VFS_ERROR_NOENT);
    CHECK_EQ(w_mount("/m", 9, 0, ""), VFS_ERROR_NODEV);
    CHECK_EQ(w_mount("/m", TMPFS, 0, "colour=red"), VFS_ERROR_INVAL);
    CHECK_EQ(w_file("/f"), 0);
    CHECK_EQ(w_mount("/f", TMPFS, 0, ""), VFS_ERROR_NOTDIR);
    CHECK(world_end());
}

TEST(the_text_of_mounts)
{
    char text[1024];
    size_t used;
    uint64_t root;

    world_begin(true);
    CHECK_EQ(w_mkdir("/a b"), 0);
    CHECK_EQ(w_mount("/a b", TMPFS, VFS_MOUNT_FLAGS_RDONLY | VFS_MOUNT_FLAGS_NOEXEC, "size=1m"), 0);
    CHECK_EQ(tree_mounts(world_session, 1, text, sizeof text, &used), 0);
    text[used] = '\0';
    CHECK_EQ(strcmp(text, "1 1 0:16 / / rw,relatime - tmpfs tmpfs rw,inode64\n"
                          "3 1 0:18 / /dev rw,nosuid,relatime - devtmpfs devtmpfs rw,mode=755\n"
                          "4 1 0:19 / /a\\040b ro,noexec,relatime - tmpfs source ro,size=1024k,inode64\n"),
             0);
    CHECK_EQ(tree_mounts(world_session, 1, text, 60, &used), 0);
    CHECK_EQ(used, 50);
    CHECK_EQ(w_open("/a b", O_DIR, 0, &root), 0);
    CHECK_EQ(tree_mounts(world_session, root, text, sizeof text, &used), 0);
    text[used] = '\0';
    CHECK_EQ(strcmp(text, "4 1 0:19 / / ro,noexec,relatime - tmpfs source ro,size=1024k,inode64\n"), 0);
    CHECK(world_end());
}

TEST(the_users_tree_is_completed)
{
    world_begin(true);
    CHECK_EQ(strcmp(w_list("/", 65536), "dev proc tmp"), 0);
    CHECK_EQ(strcmp(w_list("/dev", 65536), "console fd full null ptmx pts random shm stderr stdin "
                                           "stdout tty ttyS0 urandom zero"),
             0);
    CHECK_EQ(w_stat("/dev/null", 0), 0);
    CHECK_EQ(world_attr.mode, MODE_CHARACTER | 0666);
    CHECK_EQ(world_attr.rdev_major, 1);
    CHECK_EQ(world_attr.rdev_minor, 3);
    CHECK_EQ(w_stat("/dev/shm", 0), 0);
    CHECK_EQ(world_attr.mode, MODE_DIRECTORY | 01777);
    CHECK_EQ(w_stat("/tmp", 0), 0);
    CHECK_EQ(world_attr.mode, MODE_DIRECTORY | 01777);
    CHECK_EQ(trees_complete(&world_vfsd), 0);
    CHECK_EQ(w_mkdir("/again"), 0);
    struct mount_request request = {TMPFS, 0, 0, "dev", "devtmpfs", "", 0};

    CHECK_EQ(tree_mount(world_session, (struct tree_path){&world_from, "/again", 6}, &request,
                        world_who),
             0);
    CHECK_EQ(w_stat("/again/zero", 0), 0);
    CHECK(world_end());
}

TEST(options)
{
    struct options o;

    CHECK_EQ(options_parse("", 100, &o), 0);
    CHECK(!o.has_pages && !o.has_mode);
    CHECK_EQ(options_parse("size=1,mode=0755,nr_inodes=2k,uid=1,gid=0,inode64", 100, &o), 0);
    CHECK_EQ(o.pages, 1);
    CHECK_EQ(o.inodes, 2048);
    CHECK_EQ(o.mode, 0755);
    CHECK_EQ(options_parse("size=50%", 100, &o), 0);
    CHECK_EQ(o.pages, 50);
    CHECK_EQ(options_parse("nr_blocks=7", 100, &o), 0);
    CHECK_EQ(o.pages, 7);
    CHECK_EQ(options_parse("size=2G,", 100, &o), 0);
    CHECK_EQ(o.pages, 524288);
    CHECK_EQ(options_parse("size=", 100, &o), VFS_ERROR_INVAL);
    CHECK_EQ(options_parse("size=1kk", 100, &o), VFS_ERROR_INVAL);
    CHECK_EQ(options_parse("size=99999999999999999999", 100, &o), VFS_ERROR_INVAL);
    CHECK_EQ(options_parse("size=99999999999999999t", 100, &o), VFS_ERROR_INVAL);
    CHECK_EQ(options_parse("mode=8", 100, &o), VFS_ERROR_INVAL);
    CHECK_EQ(options_parse("mode=17777", 100, &o), VFS_ERROR_INVAL);
    CHECK_EQ(options_parse("uid=4294967295", 100, &o), VFS_ERROR_INVAL);
    CHECK_EQ(options_parse("x", 100, &o), VFS_ERROR_INVAL);
}

int main(void)
{
    return tap_main();
}
