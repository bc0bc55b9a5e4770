/*
 * A tmpfs and its limits.
 */
#include "mounts.h"

TEST(mount, a_tmpfs_covers_and_uncovers)
{
    begin();
    CHECK_OK(mkdir("m", 0755));
    touch("m/below");
    tmpfs("m", "");
    CHECK(!there("m/below"));
    touch("m/above");
    CHECK_OK(umount("m"));
    CHECK(there("m/below"));
    CHECK(!there("m/above"));
}

TEST(mount, mode_uid_gid_of_a_tmpfs)
{
    struct stat st;

    begin();
    tmpfs("m", "mode=710,uid=12,gid=34");
    CHECK_OK(stat("m", &st));
    CHECK_EQ(st.st_mode, S_IFDIR | 0710);
    CHECK_EQ(st.st_uid, 12);
    CHECK_EQ(st.st_gid, 34);
    tmpfs("n", "");
    CHECK_OK(stat("n", &st));
    CHECK_EQ(st.st_mode, S_IFDIR | 01777);
    CHECK(strstr(told("m"), "mode=710,uid=12,gid=34"));
}

TEST(mount, a_full_tmpfs_says_so)
{
    static char page[4096];
    struct statfs fs;
    ssize_t n;
    int fd;

    begin();
    tmpfs("m", "size=64k");
    fd = CHECK_FD(open("m/f", O_CREAT | O_RDWR, 0644));
    for (int i = 0; i < 16; i++)
        CHECK_EQ(write(fd, page, sizeof page), (ssize_t)sizeof page);
    CHECK_ERR(write(fd, page, sizeof page), ENOSPC);
    CHECK_OK(statfs("m", &fs));
    CHECK_EQ(fs.f_blocks, 16);
    CHECK_EQ(fs.f_bfree, 0);
    CHECK_EQ(fs.f_bavail, 0);
    CHECK_EQ(fs.f_bsize, 4096);
    CHECK_OK(ftruncate(fd, 4096));
    CHECK_OK(statfs("m", &fs));
    CHECK_EQ(fs.f_bfree, 15);
    n = pwrite(fd, page, sizeof page, 4096);
    CHECK_EQ(n, (ssize_t)sizeof page);
    close(fd);
}

TEST(mount, a_write_that_does_not_fit_is_short)
{
    static char pages[5 * 4096];
    int fd;

    begin();
    tmpfs("m", "size=16k");
    fd = CHECK_FD(open("m/f", O_CREAT | O_RDWR, 0644));
    CHECK_EQ(write(fd, pages, sizeof pages), 4 * 4096);
    CHECK_ERR(write(fd, pages, 1), ENOSPC);
    close(fd);
}

TEST(mount, size_is_rounded_up_to_pages_and_knows_suffixes)
{
    struct statfs fs;

    begin();
    tmpfs("m", "size=5000");
    CHECK_OK(statfs("m", &fs));
    CHECK_EQ(fs.f_blocks, 2);
    tmpfs("n", "size=1m");
    CHECK_OK(statfs("n", &fs));
    CHECK_EQ(fs.f_blocks, 256);
    tmpfs("o", "nr_blocks=7");
    CHECK_OK(statfs("o", &fs));
    CHECK_EQ(fs.f_blocks, 7);
    CHECK(strstr(told("n"), ",size=1024k"));
}

TEST(mount, nr_inodes_limits_files)
{
    struct statfs fs;
    char name[16];

    begin();
    tmpfs("m", "nr_inodes=5");
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "m/%d", i);
        touch(name);
    }
    CHECK_OK(statfs("m", &fs));
    CHECK_EQ(fs.f_files, 5);
    CHECK_EQ(fs.f_ffree, 0);
    CHECK_ERR(open("m/more", O_CREAT | O_WRONLY, 0644), ENOSPC);
    CHECK_ERR(mkdir("m/more", 0755), ENOSPC);
    CHECK_ERR(symlink("x", "m/more"), ENOSPC);
    CHECK_OK(unlink("m/0"));
    CHECK_OK(mkdir("m/more", 0755));
    CHECK(strstr(told("m"), ",nr_inodes=5"));
}

TEST(mount, unknown_options_are_refused)
{
    begin();
    CHECK_OK(mkdir("m", 0755));
    CHECK_ERR(mount("none", "m", "tmpfs", 0, "nonsense"), EINVAL);
    CHECK_ERR(mount("none", "m", "tmpfs", 0, "size=abc"), EINVAL);
    CHECK_ERR(mount("none", "m", "tmpfs", 0, "mode=9"), EINVAL);
    CHECK_EQ(*info("m"), 0);
}

TEST(mount, unknown_types_are_refused)
{
    begin();
    CHECK_OK(mkdir("m", 0755));
    CHECK_ERR(mount("none", "m", "nosuchfs", 0, ""), ENODEV);
    CHECK_ERR(mount("none", "m", NULL, 0, ""), EINVAL);
    CHECK_ERR(mount("none", "m", (char *)8, 0, ""), EFAULT);
    CHECK_ERR(mount("none", "missing", "tmpfs", 0, ""), ENOENT);
}

TEST(mount, only_directories_are_covered_by_file_systems)
{
    begin();
    touch("f");
    CHECK_ERR(mount("none", "f", "tmpfs", 0, ""), ENOTDIR);
    CHECK_ERR(mount("none", "f/", "tmpfs", 0, ""), ENOTDIR);
}

TEST(mount, remount_changes_the_size)
{
    static char page[4096];
    struct statfs fs;
    int fd;

    begin();
    tmpfs("m", "size=16k");
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT, "size=64k"));
    CHECK_OK(statfs("m", &fs));
    CHECK_EQ(fs.f_blocks, 16);
    fd = CHECK_FD(open("m/f", O_CREAT | O_RDWR, 0644));
    for (int i = 0; i < 10; i++)
        CHECK_EQ(write(fd, page, sizeof page), (ssize_t)sizeof page);
    close(fd);
    CHECK_ERR(mount("none", "m", NULL, MS_REMOUNT, "size=16k"), EINVAL);
    CHECK_OK(mount("none", "m", NULL, MS_REMOUNT, "size=40k"));
    CHECK_OK(statfs("m", &fs));
    CHECK_EQ(fs.f_bfree, 0);
    CHECK(strstr(told("m"), ",size=40k"));
}

TEST(mount, remount_wants_the_root_of_a_mount)
{
    begin();
    CHECK_OK(mkdir("d", 0755));
    CHECK_ERR(mount("none", "d", NULL, MS_REMOUNT, ""), EINVAL);
    CHECK_ERR(mount("none", "d", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, ""), EINVAL);
}

TEST(mount, only_who_may_mounts)
{
    begin();
    tmpfs("m", "");
    CHECK_OK(mkdir("d", 0777));
    CHECK_IN_CHILD({
        CHECK_OK(setuid(1000));
        CHECK_ERR(mount("none", "d", "tmpfs", 0, ""), EPERM);
        CHECK_ERR(mount("m", "d", NULL, MS_BIND, NULL), EPERM);
        CHECK_ERR(mount("", "m", NULL, MS_REMOUNT, ""), EPERM);
        CHECK_ERR(mount("", "m", NULL, MS_SHARED, NULL), EPERM);
        CHECK_ERR(umount("m"), EPERM);
    });
}

TEST(mount, dev_numbers_differ_and_files_do_not_move_between_mounts)
{
    struct stat a, b;

    begin();
    tmpfs("m", "");
    tmpfs("n", "");
    CHECK_OK(stat("m", &a));
    CHECK_OK(stat("n", &b));
    CHECK_NE(a.st_dev, b.st_dev);
    touch("m/f");
    CHECK_ERR(rename("m/f", "n/f"), EXDEV);
    CHECK_ERR(link("m/f", "n/f"), EXDEV);
    CHECK_ERR(rename("m", "x"), EBUSY);
    CHECK_ERR(rmdir("m"), EBUSY);
}

TEST(mount, links_and_renames_do_not_cross_mounts_of_one_file_system)
{
    begin();
    tmpfs("m", "");
    CHECK_OK(mkdir("m/d", 0755));
    CHECK_OK(mkdir("b", 0755));
    touch("m/f");
    CHECK_OK(mount("m/d", "b", NULL, MS_BIND, NULL));
    CHECK_ERR(link("m/f", "b/f"), EXDEV);
    CHECK_ERR(rename("m/f", "b/f"), EXDEV);
    CHECK_OK(rename("m/f", "m/d/f"));
    CHECK(there("b/f"));
}

TEST(mount, proc_can_be_mounted_again)
{
    begin();
    CHECK_OK(mkdir("p", 0755));
    CHECK_OK(mount("proc", "p", "proc", MS_NOSUID | MS_NODEV, NULL));
    CHECK(there("p/self/status"));
    CHECK(strstr(told("p"), " proc rw,nosuid,nodev,relatime"));
    CHECK_OK(umount("p"));
    CHECK(!there("p/self"));
}

TEST(mount, one_file_system_is_not_mounted_onto_itself)
{
    begin();
    CHECK_OK(mkdir("p", 0755));
    CHECK_OK(mount("none", "p", "devtmpfs", 0, NULL));
    CHECK_ERR(mount("none", "p", "devtmpfs", 0, NULL), EBUSY);
    CHECK(there("p/null"));
    CHECK_OK(umount("p"));
}

TEST(mount, devtmpfs_is_the_same_everywhere)
{
    struct stat a, b;

    begin();
    CHECK_OK(mkdir("d", 0755));
    CHECK_OK(mount("none", "d", "devtmpfs", 0, NULL));
    touch("d/test-of-mounts");
    CHECK_OK(stat("d/null", &a));
    CHECK_OK(mkdir("e", 0755));
    CHECK_OK(mount("none", "e", "devtmpfs", 0, NULL));
    CHECK_OK(stat("e/null", &b));
    CHECK_EQ(a.st_ino, b.st_ino);
    CHECK_EQ(a.st_dev, b.st_dev);
    CHECK(there("e/test-of-mounts"));
    CHECK_OK(unlink("e/test-of-mounts"));
    CHECK_OK(umount("e"));
    CHECK_OK(umount("d"));
}

TEST(mount, a_mount_on_a_mount_is_seen_first)
{
    begin();
    tmpfs("m", "");
    touch("m/one");
    tmpfs("m", "");
    touch("m/two");
    CHECK(!there("m/one"));
    CHECK_OK(umount("m"));
    CHECK(there("m/one"));
    CHECK_OK(umount("m"));
    CHECK(!there("m/one"));
    CHECK_ERR(umount("m"), EINVAL);
}

TEST(mount, mountinfo_tells_parents_and_roots)
{
    int id, parent, base_id;
    char root[64];

    begin();
    tmpfs("m", "");
    CHECK_OK(mkdir("m/deep", 0755));
    CHECK_OK(mkdir("m/deep/er", 0755));
    CHECK_OK(mkdir("b", 0755));
    CHECK_OK(mount("m/deep/er", "b", NULL, MS_BIND, NULL));
    CHECK_EQ(sscanf(info(""), "%d", &base_id), 1);
    CHECK_EQ(sscanf(info("m"), "%d %d %*s %63s", &id, &parent, root), 3);
    CHECK_EQ(parent, base_id);
    CHECK_STR(root, "/");
    CHECK_EQ(sscanf(info("b"), "%d %d %*s %63s", &id, &parent, root), 3);
    CHECK_EQ(parent, base_id);
    CHECK_STR(root, "/deep/er");
    CHECK(strstr(info("m"), " - tmpfs none rw"));
}

TEST(mount, names_with_blanks_are_written_in_octal)
{
    begin();
    CHECK_OK(mkdir("a b", 0755));
    CHECK_OK(mount("s p", "a b", "tmpfs", 0, ""));
    CHECK(strstr(told("a\\040b"), "s\\040p "));
}
