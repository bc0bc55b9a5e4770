/*
 * Files, links, removal, renames, ownership, times.
 */
#include "tap.h"
#include "world.h"

#define CREATE VFS_WALK_CREATE
#define EXCL   VFS_WALK_EXCLUSIVE
#define READ   VFS_WALK_READ
#define WRITE  VFS_WALK_WRITE

TEST(open_creates_and_finds)
{
    uint64_t a, b;

    world_begin(false);
    CHECK_EQ(w_open("/f", READ, 0, &a), VFS_ERROR_NOENT);
    CHECK_EQ(w_open("/f", CREATE | WRITE, 0640, &a), 0);
    CHECK_EQ(world_attr.mode, MODE_FILE | 0640);
    CHECK_EQ(world_attr.nlink, 1);
    CHECK_EQ(w_open("/f", CREATE | WRITE, 0600, &b), 0);
    CHECK_EQ(a, b);
    CHECK_EQ(world_attr.mode, MODE_FILE | 0640);
    CHECK_EQ(w_open("/f", CREATE | EXCL, 0600, &b), VFS_ERROR_EXIST);
    CHECK_EQ(w_open("/g/", CREATE, 0600, &b), VFS_ERROR_ISDIR);
    CHECK_EQ(w_open("/", CREATE, 0600, &b), VFS_ERROR_ISDIR);
    CHECK_EQ(w_open("/", WRITE, 0, &b), VFS_ERROR_ISDIR);
    CHECK_EQ(w_open("/f", VFS_WALK_DIRECTORY, 0, &b), VFS_ERROR_NOTDIR);
    CHECK_EQ(session_close(world_session, a, 3), VFS_ERROR_INVAL);
    CHECK_EQ(session_close(world_session, a, 2), 0);
    CHECK_EQ(w_close(a), VFS_ERROR_BADNODE);
    CHECK_EQ(w_close(1), 0);
    CHECK_EQ(w_stat("/", 0), VFS_ERROR_BADNODE);
    CHECK(world_end());
}

TEST(open_through_links)
{
    uint64_t node;

    world_begin(false);
    CHECK_EQ(w_symlink("target", "/l"), 0);
    CHECK_EQ(w_open("/l", CREATE | EXCL, 0600, &node), VFS_ERROR_EXIST);
    CHECK_EQ(w_open("/l", VFS_WALK_NOFOLLOW | READ, 0, &node), VFS_ERROR_LOOP);
    CHECK_EQ(w_open("/l", VFS_WALK_NOFOLLOW, 0, &node), 0);
    CHECK_EQ(world_attr.mode, MODE_LINK | 0777);
    CHECK_EQ(w_open("/l", CREATE | WRITE, 0600, &node), 0);
    CHECK_EQ(w_stat("/target", 0), 0);
    CHECK_EQ(world_attr.mode, MODE_FILE | 0600);
    CHECK_EQ(w_readlink("/l"), 0);
    CHECK_EQ(strcmp(world_text, "target"), 0);
    CHECK_EQ(w_readlink("/target"), VFS_ERROR_INVAL);
}

TEST(unlinked_files_live_while_they_are_open)
{
    jg_handle_t pages;
    uint64_t node;
    char back[3];

    world_begin(false);
    CHECK_EQ(w_open("/f", CREATE | WRITE, 0600, &node), 0);
    CHECK_EQ(w_pages(node, &pages), 0);
    CHECK_EQ(host_write(pages, 0, "abc", 3), 0);
    CHECK_EQ(w_link("/f", "/g"), 0);
    CHECK_EQ(w_unlink("/f"), 0);
    CHECK_EQ(tree_getattr(world_session, node, &world_attr), 0);
    CHECK_EQ(world_attr.nlink, 1);
    CHECK_EQ(w_unlink("/g"), 0);
    CHECK_EQ(tree_getattr(world_session, node, &world_attr), 0);
    CHECK_EQ(world_attr.nlink, 0);
    CHECK_EQ(world_attr.size, 3);
    CHECK_EQ(host_read(pages, 0, back, 3), 0);
    CHECK_EQ(memcmp(back, "abc", 3), 0);
    CHECK_EQ(host_handles(), 2); /* the root's account and the file */
    CHECK_EQ(w_close(node), 0);
    CHECK_EQ(host_handles(), 1);
    CHECK(world_end());
}

TEST(empty_files_have_no_memory)
{
    uint64_t node;

    world_begin(false);
    CHECK_EQ(w_open("/f", CREATE | WRITE | VFS_WALK_TRUNCATE, 0600, &node), 0);
    CHECK_EQ(w_open("/f", WRITE | VFS_WALK_TRUNCATE, 0600, &node), 0);
    CHECK_EQ(host_handles(), 1);
}

TEST(a_session_that_ends_gives_everything_back)
{
    uint64_t node;

    world_begin(false);
    for (int i = 0; i < 100; i++) {
        char name[16];

        snprintf(name, sizeof name, "/f%d", i);
        CHECK_EQ(w_open(name, CREATE | WRITE, 0600, &node), 0);
        CHECK_EQ(w_unlink(name), 0);
    }
    CHECK_EQ(w_make("/d", MODE_DIRECTORY | 0700), 0);
    CHECK_EQ(w_open("/d", O_DIR, 0600, &node), 0);
    CHECK_EQ(w_rmdir("/d"), 0);
    CHECK(world_end());
}

TEST(removal_knows_files_from_directories)
{
    world_begin(false);
    CHECK_EQ(w_mkdir("/d"), 0);
    CHECK_EQ(w_stat("/", 0), 0);
    CHECK_EQ(world_attr.nlink, 3);
    CHECK_EQ(w_file("/d/f"), 0);
    CHECK_EQ(w_unlink("/d"), VFS_ERROR_ISDIR);
    CHECK_EQ(w_rmdir("/d"), VFS_ERROR_NOTEMPTY);
    CHECK_EQ(w_rmdir("/d/f"), VFS_ERROR_NOTDIR);
    CHECK_EQ(w_unlink("/d/f/"), VFS_ERROR_NOTDIR);
    CHECK_EQ(w_unlink("/d/"), VFS_ERROR_ISDIR);
    CHECK_EQ(w_unlink("/d/x/"), VFS_ERROR_NOENT);
    CHECK_EQ(w_rmdir("/d/."), VFS_ERROR_INVAL);
    CHECK_EQ(w_rmdir("/d/.."), VFS_ERROR_NOTEMPTY);
    CHECK_EQ(w_rmdir("/"), VFS_ERROR_BUSY);
    CHECK_EQ(w_unlink("/"), VFS_ERROR_ISDIR);
    CHECK_EQ(w_unlink("/d/f"), 0);
    CHECK_EQ(w_rmdir("/d/"), 0);
    CHECK_EQ(w_stat("/", 0), 0);
    CHECK_EQ(world_attr.nlink, 2);
}

TEST(making_gives_errors_in_linux_order)
{
    world_begin(false);
    CHECK_EQ(w_mkdir("/d/"), 0);
    CHECK_EQ(w_mkdir("/d/."), VFS_ERROR_EXIST);
    CHECK_EQ(w_mkdir("/d/.."), VFS_ERROR_EXIST);
    CHECK_EQ(w_mkdir("/"), VFS_ERROR_EXIST);
    CHECK_EQ(w_mkdir("/x/y"), VFS_ERROR_NOENT);
    CHECK_EQ(w_file("/f/"), VFS_ERROR_NOENT);
    CHECK_EQ(w_file("/d/"), VFS_ERROR_EXIST);
    CHECK_EQ(w_symlink("x", "/s/"), VFS_ERROR_NOENT);
    CHECK_EQ(w_symlink("nowhere", "/s"), 0);
    CHECK_EQ(w_mkdir("/s"), VFS_ERROR_EXIST);
    CHECK_EQ(w_make("/n", MODE_CHARACTER | 0600), 0);
    CHECK_EQ(world_attr.rdev_major, 1);
    CHECK_EQ(world_attr.rdev_minor, 2);
    CHECK_EQ(w_make("/o", 0050000), VFS_ERROR_INVAL);
    CHECK_EQ(w_make("/p", MODE_FIFO | 0600), 0);
    CHECK_EQ(w_make("/q", MODE_SOCKET | 0600), 0);
    CHECK_EQ(w_make("/r", 0600), 0);
    CHECK_EQ(world_attr.mode, MODE_FILE | 0600);
    CHECK_EQ(w_chmod("/d", 0777), 0);
    world_who = &world_user;
    CHECK_EQ(w_make("/d/n", MODE_CHARACTER | 0600), VFS_ERROR_PERM);
    CHECK_EQ(w_make("/n2", MODE_FIFO | 0600), VFS_ERROR_ACCES);
    CHECK_EQ(w_make("/d/n", MODE_FIFO | 0600), 0);
    CHECK_EQ(world_attr.uid, 1000);
}

TEST(hard_links)
{
    world_begin(false);
    CHECK_EQ(w_file("/f"), 0);
    CHECK_EQ(w_mkdir("/d"), 0);
    CHECK_EQ(w_link("/f", "/d/g"), 0);
    CHECK_EQ(w_link("/f", "/d/g"), VFS_ERROR_EXIST);
    CHECK_EQ(w_link("/d", "/e"), VFS_ERROR_PERM);
    CHECK_EQ(w_link("/f", "/e/"), VFS_ERROR_NOENT);
    CHECK_EQ(w_stat("/d/g", 0), 0);
    CHECK_EQ(world_attr.nlink, 2);
    CHECK_EQ(w_rename("/f", "/d/g", 0), 0); /* one file: nothing happens */
    CHECK_EQ(w_stat("/f", 0), 0);
    CHECK_EQ(w_rename("/f", "/d/g", VFS_RENAME_HOW_NOREPLACE), VFS_ERROR_EXIST);
    CHECK_EQ(w_unlink("/f"), 0);
    CHECK_EQ(w_stat("/d/g", 0), 0);
    CHECK_EQ(world_attr.nlink, 1);
}

TEST(files_without_a_name)
{
    struct vfs_place root = {1, 1};
    char text[8];
    struct rest rest = {text, sizeof text, 0};
    uint32_t foreign;
    uint64_t node;

    world_begin(false);
    CHECK_EQ(tree_anonymous(world_session, 1, 0600, 0, world_who, &world_attr), 0);
    node = world_attr.node;
    CHECK_EQ(world_attr.nlink, 0);
    CHECK_EQ(tree_path_of(world_session, node, 1, false, &rest), VFS_ERROR_NOENT);
    CHECK_EQ(tree_link(world_session, node, (struct tree_path){&root, "f", 1}, world_who, &rest,
                       &foreign),
             0);
    CHECK_EQ(w_unlink("/f"), 0);
    CHECK_EQ(tree_link(world_session, node, (struct tree_path){&root, "f", 1}, world_who, &rest,
                       &foreign),
             VFS_ERROR_NOENT);
    CHECK(world_end());
}

TEST(rename_moves_and_replaces)
{
    world_begin(false);
    CHECK_EQ(w_mkdir("/a"), 0);
    CHECK_EQ(w_mkdir("/a/b"), 0);
    CHECK_EQ(w_mkdir("/c"), 0);
    CHECK_EQ(w_file("/f"), 0);
    CHECK_EQ(w_file("/g"), 0);
    CHECK_EQ(w_rename("/a", "/a/b/x", 0), VFS_ERROR_INVAL);
    CHECK_EQ(w_rename("/a/b", "/a", 0), VFS_ERROR_NOTEMPTY);
    CHECK_EQ(w_rename("/a/b", "/a", VFS_RENAME_HOW_EXCHANGE), VFS_ERROR_INVAL);
    CHECK_EQ(w_rename("/f", "/c", 0), VFS_ERROR_ISDIR);
    CHECK_EQ(w_rename("/c", "/f", 0), VFS_ERROR_NOTDIR);
    CHECK_EQ(w_rename("/c", "/a", 0), VFS_ERROR_NOTEMPTY);
    CHECK_EQ(w_rename("/f", "/h/", 0), VFS_ERROR_NOTDIR);
    CHECK_EQ(w_rename("/f/", "/h", 0), VFS_ERROR_NOTDIR);
    CHECK_EQ(w_rename("/f", "/g", VFS_RENAME_HOW_NOREPLACE), VFS_ERROR_EXIST);
    CHECK_EQ(w_rename("/f", "/z", VFS_RENAME_HOW_EXCHANGE), VFS_ERROR_NOENT);
    CHECK_EQ(w_rename("/z", "/f", 0), VFS_ERROR_NOENT);
    CHECK_EQ(w_rename("/a/.", "/f", 0), VFS_ERROR_BUSY);
    CHECK_EQ(w_rename("/f", "/", 0), VFS_ERROR_BUSY);
    CHECK_EQ(w_rename("/f", "/g", 0), 0);
    CHECK_EQ(w_stat("/f", 0), VFS_ERROR_NOENT);
    CHECK_EQ(w_rename("/a/b", "/c", 0), 0);
    CHECK_EQ(w_stat("/a", 0), 0);
    CHECK_EQ(world_attr.nlink, 2);
    CHECK_EQ(w_rename("/c", "/a/a-much-longer-name-than-it-had-before", 0), 0);
    CHECK_EQ(w_stat("/a/a-much-longer-name-than-it-had-before/..", 0), 0);
    CHECK_EQ(world_attr.nlink, 3);
    CHECK_EQ(w_stat("/", 0), 0);
    CHECK_EQ(world_attr.nlink, 3);
    CHECK_EQ(strcmp(w_list("/", 65536), "a g"), 0);
    CHECK(world_end());
}

TEST(rename_exchanges)
{
    uint64_t file, dir;

    world_begin(false);
    CHECK_EQ(w_mkdir("/a"), 0);
    CHECK_EQ(w_mkdir("/a/dir"), 0);
    CHECK_EQ(w_mkdir("/b"), 0);
    CHECK_EQ(w_file("/b/file"), 0);
    CHECK_EQ(w_stat("/a/dir", 0), 0);
    dir = world_attr.ino;
    CHECK_EQ(w_stat("/b/file", 0), 0);
    file = world_attr.ino;
    CHECK_EQ(w_rename("/a/dir", "/b/file", VFS_RENAME_HOW_EXCHANGE), 0);
    CHECK_EQ(w_stat("/a/dir", 0), 0);
    CHECK_EQ(world_attr.ino, file);
    CHECK_EQ(w_stat("/b/file", 0), 0);
    CHECK_EQ(world_attr.ino, dir);
    CHECK_EQ(w_stat("/a", 0), 0);
    CHECK_EQ(world_attr.nlink, 2);
    CHECK_EQ(w_stat("/b", 0), 0);
    CHECK_EQ(world_attr.nlink, 3);
    CHECK_EQ(w_file("/b/other"), 0);
    CHECK_EQ(w_rename("/b/other", "/b/file", VFS_RENAME_HOW_EXCHANGE), 0);
    CHECK_EQ(w_stat("/b/other", 0), 0);
    CHECK_EQ(world_attr.ino, dir);
    CHECK_EQ(strcmp(w_list("/b", 65536), "file other"), 0);
    CHECK(world_end());
}

TEST(open_nodes_follow_a_rename)
{
    char text[64];
    struct rest rest = {text, sizeof text, 0};
    uint64_t node;

    world_begin(false);
    CHECK_EQ(w_mkdir("/a"), 0);
    CHECK_EQ(w_mkdir("/a/b"), 0);
    CHECK_EQ(w_open("/a/b", O_DIR, 0, &node), 0);
    CHECK_EQ(w_rename("/a", "/new", 0), 0);
    CHECK_EQ(tree_path_of(world_session, node, 1, false, &rest), 0);
    CHECK_EQ(strcmp(text, "/new/b"), 0);
    CHECK_EQ(rest.length, 6);
    CHECK_EQ(tree_path_of(world_session, 1, node, false, &rest), VFS_ERROR_XDEV);
    CHECK_EQ(tree_path_of(world_session, 1, 1, false, &rest), 0);
    CHECK_EQ(strcmp(text, "/"), 0);
    CHECK_EQ(w_rmdir("/new/b"), 0);
    CHECK_EQ(tree_path_of(world_session, node, 1, false, &rest), VFS_ERROR_NOENT);
}

TEST(sticky_directories_protect_names)
{
    struct vfs_cred other = world_user;

    world_begin(false);
    other.uid = 1001;
    CHECK_EQ(w_make("/t", MODE_DIRECTORY | MODE_STICKY | 0777), 0);
    world_who = &world_user;
    CHECK_EQ(w_file("/t/mine"), 0);
    world_who = &other;
    CHECK_EQ(w_unlink("/t/mine"), VFS_ERROR_PERM);
    CHECK_EQ(w_rename("/t/mine", "/t/yours", 0), VFS_ERROR_PERM);
    CHECK_EQ(w_file("/t/yours"), 0);
    CHECK_EQ(w_rename("/t/yours", "/t/mine", 0), VFS_ERROR_PERM);
    world_who = &world_user;
    CHECK_EQ(w_unlink("/t/mine"), 0);
    world_who = &world_root;
    CHECK_EQ(w_unlink("/t/yours"), 0);
    world_who = &world_root;
}

TEST(set_group_id_directories_pass_their_group_on)
{
    world_begin(false);
    CHECK_EQ(w_mkdir("/d"), 0);
    CHECK_EQ(w_chown("/d", 0, 50), 0);
    CHECK_EQ(w_chmod("/d", 02777), 0);
    world_who = &world_user;
    CHECK_EQ(w_file("/d/f"), 0);
    CHECK_EQ(world_attr.gid, 50);
    CHECK_EQ(w_mkdir("/d/e"), 0);
    CHECK_EQ(world_attr.gid, 50);
    CHECK_EQ(world_attr.mode, MODE_DIRECTORY | 02755);
    CHECK_EQ(w_make("/d/x", MODE_FILE | 02755), 0);
    CHECK_EQ(world_attr.mode, MODE_FILE | 0755);
    world_who = &world_root;
}

TEST(changing_owner_and_mode)
{
    world_begin(false);
    CHECK_EQ(w_file("/f"), 0);
    CHECK_EQ(w_chmod("/f", 06755), 0);
    CHECK_EQ(w_chown("/f", 1000, 1000), 0);
    CHECK_EQ(w_stat("/f", 0), 0);
    CHECK_EQ(world_attr.mode, MODE_FILE | 0755);
    world_who = &world_user;
    CHECK_EQ(w_chmod("/f", 04711), 0);
    CHECK_EQ(w_chown("/f", 1000, 1000), 0);
    CHECK_EQ(w_chown("/f", 1000, 7), VFS_ERROR_PERM);
    CHECK_EQ(w_chown("/f", 0, 1000), VFS_ERROR_PERM);
    CHECK_EQ(w_chmod("/", 0777), VFS_ERROR_PERM);
    world_who = &world_root;
    CHECK_EQ(w_chown("/f", 0, 5), 0);
    CHECK_EQ(w_symlink("x", "/l"), 0);
    CHECK_EQ(w_chmod("/l", 0777), VFS_ERROR_NOENT);
}

TEST(modes_decide_who_opens)
{
    static const struct {
        uint32_t mode, how;
        int32_t root, owner, member, other;
    } rows[] = {
        {0600, READ, 0, 0, VFS_ERROR_ACCES, VFS_ERROR_ACCES},
        {0040, READ, 0, VFS_ERROR_ACCES, 0, VFS_ERROR_ACCES},
        {0004, READ, 0, VFS_ERROR_ACCES, VFS_ERROR_ACCES, 0},
        {0000, WRITE, 0, VFS_ERROR_ACCES, VFS_ERROR_ACCES, VFS_ERROR_ACCES},
        {0222, WRITE, 0, 0, 0, 0},
        {0666, VFS_WALK_EXECUTE, VFS_ERROR_ACCES, VFS_ERROR_ACCES, VFS_ERROR_ACCES,
         VFS_ERROR_ACCES},
        {0100, VFS_WALK_EXECUTE, 0, 0, VFS_ERROR_ACCES, VFS_ERROR_ACCES},
        {0001, VFS_WALK_EXECUTE | READ, 0, VFS_ERROR_ACCES, VFS_ERROR_ACCES, VFS_ERROR_ACCES},
    };
    struct vfs_cred member = {.uid = 5, .gid = 6, .group_count = 2, .groups = {9, 1000}};
    struct vfs_cred other = {.uid = 5, .gid = 6, .group_count = UINT32_MAX};
    uint64_t node;

    world_begin(false);
    CHECK_EQ(w_file("/f"), 0);
    CHECK_EQ(w_chown("/f", 1000, 1000), 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world_who = &world_root;
        CHECK_EQ(w_chmod("/f", rows[i].mode), 0);
        CHECK_EQ(w_open("/f", rows[i].how, 0, &node), rows[i].root);
        world_who = &world_user;
        CHECK_EQ(w_open("/f", rows[i].how, 0, &node), rows[i].owner);
        world_who = &member;
        CHECK_EQ(w_open("/f", rows[i].how, 0, &node), rows[i].member);
        world_who = &other;
        CHECK_EQ(w_open("/f", rows[i].how, 0, &node), rows[i].other);
        CHECK_EQ(w_access("/f", rows[i].how), rows[i].other);
    }
    world_who = &world_root;
    CHECK_EQ(w_open("/", VFS_WALK_EXECUTE, 0, &node), VFS_ERROR_ACCES);
    CHECK_EQ(w_open("/", VFS_WALK_EXECUTE | VFS_WALK_DIRECTORY, 0, &node), 0);
}

TEST(times_follow_the_pages_and_utimens)
{
    struct vfs_new_attr to = {.what = VFS_CHANGE_ATIME | VFS_CHANGE_MTIME, .atime = 5, .mtime = 6};
    struct vfs_attr before;
    jg_handle_t pages;
    uint64_t node;
    char byte;

    world_begin(false);
    CHECK_EQ(w_open("/f", CREATE | WRITE, 0644, &node), 0);
    before = world_attr;
    CHECK_EQ(before.mtime, before.btime);
    CHECK_EQ(w_pages(node, &pages), 0);
    CHECK_EQ(tree_getattr(world_session, node, &world_attr), 0);
    CHECK_EQ(world_attr.mtime, before.mtime); /* asking for the memory changes nothing */
    CHECK_EQ(host_write(pages, 0, "x", 1), 0);
    CHECK_EQ(tree_getattr(world_session, node, &world_attr), 0);
    CHECK(world_attr.mtime > before.mtime && world_attr.ctime == world_attr.mtime);
    CHECK_EQ(world_attr.blocks, 8);
    CHECK_EQ(host_read(pages, 0, &byte, 1), 0);
    CHECK_EQ(tree_getattr(world_session, node, &world_attr), 0);
    CHECK(world_attr.atime > world_attr.mtime);
    CHECK_EQ(host_write(pages, 0, "x", 1), 0);
    CHECK_EQ(tree_setattr(world_session, node, &to, world_who), 0);
    CHECK_EQ(tree_getattr(world_session, node, &world_attr), 0);
    CHECK_EQ(world_attr.atime, 5);
    CHECK_EQ(world_attr.mtime, 6);
    CHECK_EQ(host_read(pages, 0, &byte, 1), 0);
    CHECK_EQ(host_write(pages, 0, "x", 1), 0);
    CHECK_EQ(tree_getattr(world_session, node, &world_attr), 0);
    CHECK(world_attr.mtime > before.mtime && world_attr.atime > before.mtime);
    world_who = &world_user;
    CHECK_EQ(tree_setattr(world_session, node, &to, world_who), VFS_ERROR_PERM);
    to.what = VFS_CHANGE_ATIME_NOW | VFS_CHANGE_MTIME_NOW;
    CHECK_EQ(tree_setattr(world_session, node, &to, world_who), VFS_ERROR_ACCES);
    world_who = &world_root;
    CHECK_EQ(w_chmod("/f", 0666), 0);
    world_who = &world_user;
    CHECK_EQ(tree_setattr(world_session, node, &to, world_who), 0);
    to.what = VFS_CHANGE_ATIME_NOW;
    CHECK_EQ(tree_setattr(world_session, node, &to, world_who), VFS_ERROR_PERM);
    world_who = &world_root;
}

TEST(sizes)
{
    struct vfs_new_attr to = {.what = VFS_CHANGE_SIZE, .size = 10000};
    jg_handle_t pages;
    uint64_t node;
    char byte = 1;

    world_begin(false);
    CHECK_EQ(w_open("/f", CREATE | WRITE, 06777, &node), 0);
    CHECK_EQ(tree_setattr(world_session, node, &to, &world_user), 0);
    CHECK_EQ(tree_getattr(world_session, node, &world_attr), 0);
    CHECK_EQ(world_attr.size, 10000);
    CHECK_EQ(world_attr.mode, MODE_FILE | 0777); /* set-id bits go when others change the content */
    CHECK_EQ(world_attr.blocks, 0);
    CHECK_EQ(w_pages(node, &pages), 0);
    CHECK_EQ(host_write(pages, 5000, "x", 1), 0);
    to.size = 4999;
    CHECK_EQ(tree_setattr(world_session, node, &to, world_who), 0);
    to.size = 6000;
    CHECK_EQ(tree_setattr(world_session, node, &to, world_who), 0);
    CHECK_EQ(host_read(pages, 5000, &byte, 1), 0);
    CHECK_EQ(byte, 0);
    to.size = UINT64_MAX;
    CHECK_EQ(tree_setattr(world_session, node, &to, world_who), VFS_ERROR_INVAL);
    CHECK_EQ(w_open("/f", WRITE | VFS_WALK_TRUNCATE, 0, &node), 0);
    CHECK_EQ(world_attr.size, 0);
    to.size = 0;
    CHECK_EQ(tree_setattr(world_session, 1, &to, world_who), VFS_ERROR_ISDIR);
    CHECK_EQ(w_pages(1, &pages), VFS_ERROR_NODATA);
}

int main(void)
{
    return tap_main();
}
