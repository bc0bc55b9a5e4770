/*
 * Extended attributes on tmpfs: trusted.*, security.*; user.* since Linux 6.6.
 */
#include "test.h"

#include <sys/mount.h>
#include <sys/xattr.h>

static char value[65536];

static int as_user(void)
{
    return setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534);
}

static void make(void)
{
    close(test_file("file", "abc", 3));
}

/* user.* came to tmpfs with Linux 6.6; before, the case has nothing to say. */
static void need_user_xattrs(void)
{
    make();
    if (setxattr("file", "user.probe", "", 0, 0) && errno == EOPNOTSUPP)
        SKIP("user.* on tmpfs is of Linux 6.6 and later");
    CHECK_OK(removexattr("file", "user.probe"));
}

TEST(xattr, set_get_replace_remove)
{
    make();
    CHECK_OK(setxattr("file", "trusted.a", "hello", 5, 0));
    CHECK_EQ(getxattr("file", "trusted.a", value, sizeof value), 5);
    CHECK_MEM(value, "hello", 5);
    CHECK_OK(setxattr("file", "trusted.a", "hi", 2, 0));
    CHECK_EQ(getxattr("file", "trusted.a", value, sizeof value), 2);
    CHECK_MEM(value, "hi", 2);
    CHECK_OK(removexattr("file", "trusted.a"));
    CHECK_ERR(getxattr("file", "trusted.a", value, sizeof value), ENODATA);
    CHECK_ERR(removexattr("file", "trusted.a"), ENODATA);
}

TEST(xattr, create_and_replace)
{
    make();
    CHECK_ERR(setxattr("file", "trusted.a", "1", 1, XATTR_REPLACE), ENODATA);
    CHECK_OK(setxattr("file", "trusted.a", "1", 1, XATTR_CREATE));
    CHECK_ERR(setxattr("file", "trusted.a", "2", 1, XATTR_CREATE), EEXIST);
    CHECK_OK(setxattr("file", "trusted.a", "2", 1, XATTR_REPLACE));
    CHECK_ERR(setxattr("file", "trusted.a", "2", 1, XATTR_CREATE | XATTR_REPLACE), EEXIST);
    CHECK_ERR(setxattr("file", "trusted.b", "2", 1, XATTR_CREATE | XATTR_REPLACE), ENODATA);
    CHECK_ERR(setxattr("file", "trusted.a", "2", 1, 4), EINVAL);
}

TEST(xattr, an_empty_value_is_there)
{
    make();
    CHECK_OK(setxattr("file", "trusted.a", "", 0, 0));
    CHECK_EQ(getxattr("file", "trusted.a", value, sizeof value), 0);
    CHECK_EQ(getxattr("file", "trusted.a", NULL, 0), 0);
    CHECK_EQ(listxattr("file", value, sizeof value), 10);
    CHECK_STR(value, "trusted.a");
}

TEST(xattr, sizes_are_told_and_short_buffers_are_erange)
{
    make();
    CHECK_OK(setxattr("file", "trusted.a", "hello", 5, 0));
    CHECK_EQ(getxattr("file", "trusted.a", NULL, 0), 5);
    CHECK_ERR(getxattr("file", "trusted.a", value, 4), ERANGE);
    CHECK_EQ(getxattr("file", "trusted.a", value, 5), 5);
    CHECK_EQ(listxattr("file", NULL, 0), 10);
    CHECK_ERR(listxattr("file", value, 9), ERANGE);
    CHECK_ERR(getxattr("file", "trusted.a", (void *)8, 5), EFAULT);
    CHECK_ERR(listxattr("file", (void *)8, 100), EFAULT);
}

TEST(xattr, a_list_of_many)
{
    char name[32];
    size_t used = 0;

    make();
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "trusted.n%02d", i);
        CHECK_OK(setxattr("file", name, name, strlen(name), 0));
    }
    CHECK_EQ(listxattr("file", value, sizeof value), 20 * 12);
    /* The newest comes first. */
    for (int i = 19; i >= 0; i--, used += 12) {
        snprintf(name, sizeof name, "trusted.n%02d", i);
        CHECK_STR(value + used, name);
    }
    CHECK_OK(setxattr("file", "trusted.n07", "new", 3, 0));
    CHECK_OK(removexattr("file", "trusted.n19"));
    CHECK_EQ(listxattr("file", value, sizeof value), 19 * 12);
    CHECK_STR(value, "trusted.n18");
    CHECK_STR(value + 11 * 12, "trusted.n07");
}

TEST(xattr, values_up_to_64_kib)
{
    static char big[65537], back[65536];

    make();
    memset(big, 'x', sizeof big);
    CHECK_OK(setxattr("file", "trusted.big", big, 65536, 0));
    CHECK_EQ(getxattr("file", "trusted.big", back, sizeof back), 65536);
    CHECK_MEM(back, big, 65536);
    CHECK_ERR(setxattr("file", "trusted.big", big, 65537, 0), E2BIG);
    CHECK_ERR(setxattr("file", "trusted.big", (void *)8, 10, 0), EFAULT);
}

TEST(xattr, names_have_limits)
{
    char name[300] = "trusted.";

    make();
    memset(name + 8, 'n', sizeof name - 8);
    name[255] = 0;
    CHECK_OK(setxattr("file", name, "1", 1, 0));
    CHECK_EQ(getxattr("file", name, value, 10), 1);
    CHECK_EQ(listxattr("file", value, sizeof value), 256);
    name[255] = 'n';
    name[256] = 0;
    CHECK_ERR(setxattr("file", name, "1", 1, 0), ERANGE);
    CHECK_ERR(getxattr("file", name, value, 10), ERANGE);
    CHECK_ERR(removexattr("file", name), ERANGE);
    CHECK_ERR(setxattr("file", "", "1", 1, 0), ERANGE);
    CHECK_ERR(getxattr("file", (char *)8, value, 10), EFAULT);
}

TEST(xattr, namespaces)
{
    make();
    CHECK_ERR(setxattr("file", "nothing", "1", 1, 0), EOPNOTSUPP);
    CHECK_ERR(setxattr("file", "foo.bar", "1", 1, 0), EOPNOTSUPP);
    CHECK_ERR(getxattr("file", "foo.bar", value, 10), EOPNOTSUPP);
    CHECK_ERR(removexattr("file", "foo.bar"), EOPNOTSUPP);
    CHECK_ERR(setxattr("file", "trusted.", "1", 1, 0), EINVAL);
    CHECK_ERR(getxattr("file", "trusted.", value, 10), EINVAL);
    CHECK_ERR(setxattr("file", "trusted", "1", 1, 0), EOPNOTSUPP);
    CHECK_OK(setxattr("file", "security.thing", "1", 1, 0));
    CHECK_EQ(getxattr("file", "security.thing", value, 10), 1);
    CHECK_ERR(getxattr("file", "security.other", value, 10), ENODATA);
    CHECK_OK(removexattr("file", "security.thing"));
}

TEST(xattr, trusted_is_for_root)
{
    make();
    CHECK_OK(chmod("file", 0666));
    CHECK_OK(setxattr("file", "trusted.a", "1", 1, 0));
    CHECK_OK(setxattr("file", "security.b", "1", 1, 0));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_ERR(getxattr("file", "trusted.a", value, 10), ENODATA);
        CHECK_ERR(setxattr("file", "trusted.a", "2", 1, 0), EPERM);
        CHECK_ERR(removexattr("file", "trusted.a"), EPERM);
        CHECK_EQ(listxattr("file", value, sizeof value), 11);
        CHECK_STR(value, "security.b");
        CHECK_EQ(getxattr("file", "security.b", value, 10), 1);
        CHECK_ERR(setxattr("file", "foo.bar", "2", 1, 0), EOPNOTSUPP);
    });
    CHECK_OK(chmod("file", 0600));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_ERR(setxattr("file", "foo.bar", "2", 1, 0), EACCES);
        CHECK_EQ(getxattr("file", "security.b", value, 10), 1);
    });
}

TEST(xattr, links_themselves_or_what_they_lead_to)
{
    make();
    CHECK_OK(symlink("file", "link"));
    CHECK_OK(lsetxattr("link", "trusted.link", "l", 1, 0));
    CHECK_OK(setxattr("link", "trusted.file", "f", 1, 0));
    CHECK_EQ(lgetxattr("link", "trusted.link", value, 10), 1);
    CHECK_ERR(getxattr("link", "trusted.link", value, 10), ENODATA);
    CHECK_EQ(getxattr("file", "trusted.file", value, 10), 1);
    CHECK_EQ(llistxattr("link", value, sizeof value), 13);
    CHECK_STR(value, "trusted.link");
    CHECK_OK(lremovexattr("link", "trusted.link"));
    CHECK_EQ(llistxattr("link", value, sizeof value), 0);
    CHECK_EQ(listxattr("link", value, sizeof value), 13);
}

TEST(xattr, descriptors)
{
    int fd, p[2];

    make();
    fd = CHECK_FD(open("file", O_RDONLY));
    CHECK_OK(fsetxattr(fd, "trusted.a", "1", 1, 0));
    CHECK_EQ(fgetxattr(fd, "trusted.a", value, 10), 1);
    CHECK_EQ(flistxattr(fd, value, sizeof value), 10);
    CHECK_OK(fremovexattr(fd, "trusted.a"));
    CHECK_ERR(fsetxattr(99, "trusted.a", "1", 1, 0), EBADF);
    fd = CHECK_FD(open("file", O_PATH));
    CHECK_ERR(syscall(SYS_fsetxattr, fd, "trusted.a", "1", 1, 0), EBADF);
    CHECK_ERR(syscall(SYS_fgetxattr, fd, "trusted.a", value, 10), EBADF);
    CHECK_ERR(syscall(SYS_flistxattr, fd, value, 10), EBADF);
    CHECK_OK(pipe(p));
    CHECK_ERR(fsetxattr(p[0], "trusted.a", "1", 1, 0), EOPNOTSUPP);
    CHECK_ERR(fgetxattr(p[0], "trusted.a", value, 10), EOPNOTSUPP);
    CHECK_EQ(flistxattr(p[0], value, sizeof value), 0);
}

TEST(xattr, every_kind_of_file_has_them)
{
    CHECK_OK(mkdir("dir", 0755));
    CHECK_OK(mkfifo("fifo", 0600));
    CHECK_OK(mknod("socket", S_IFSOCK | 0600, 0));
    CHECK_OK(setxattr("dir", "trusted.a", "1", 1, 0));
    CHECK_OK(setxattr("fifo", "trusted.a", "2", 1, 0));
    CHECK_OK(setxattr("socket", "trusted.a", "3", 1, 0));
    CHECK_EQ(getxattr("dir", "trusted.a", value, 10), 1);
    CHECK_EQ(getxattr("fifo", "trusted.a", value, 10), 1);
    CHECK_EQ(value[0], '2');
    CHECK_ERR(getxattr("missing", "trusted.a", value, 10), ENOENT);
    CHECK_ERR(getxattr("fifo/x", "trusted.a", value, 10), ENOTDIR);
}

TEST(xattr, hard_links_share_them_and_copies_do_not)
{
    make();
    CHECK_OK(setxattr("file", "trusted.a", "1", 1, 0));
    CHECK_OK(link("file", "other"));
    CHECK_EQ(getxattr("other", "trusted.a", value, 10), 1);
    CHECK_OK(rename("other", "third"));
    CHECK_EQ(getxattr("third", "trusted.a", value, 10), 1);
    CHECK_OK(unlink("file"));
    CHECK_OK(unlink("third"));
    make();
    CHECK_ERR(getxattr("file", "trusted.a", value, 10), ENODATA);
}

TEST(xattr, setting_stamps_ctime)
{
    struct timespec old[2] = {{1000, 0}, {1000, 0}};
    struct stat a, b;

    make();
    CHECK_OK(utimensat(AT_FDCWD, "file", old, 0));
    CHECK_OK(stat("file", &a));
    test_sleep_ms(20);
    CHECK_OK(setxattr("file", "trusted.a", "1", 1, 0));
    CHECK_OK(stat("file", &b));
    CHECK_EQ(b.st_mtime, 1000);
    CHECK(b.st_ctim.tv_sec > a.st_ctim.tv_sec || b.st_ctim.tv_nsec > a.st_ctim.tv_nsec);
}

TEST(xattr, a_read_only_mount_is_erofs)
{
    CHECK_OK(mkdir("mnt", 0755));
    CHECK_OK(mount("none", "mnt", "tmpfs", 0, ""));
    close(test_file("mnt/file", "", 0));
    CHECK_OK(setxattr("mnt/file", "trusted.a", "1", 1, 0));
    CHECK_OK(mount("none", "mnt", "tmpfs", MS_REMOUNT | MS_RDONLY, ""));
    CHECK_ERR(setxattr("mnt/file", "trusted.a", "2", 1, 0), EROFS);
    CHECK_ERR(removexattr("mnt/file", "trusted.a"), EROFS);
    CHECK_EQ(getxattr("mnt/file", "trusted.a", value, 10), 1);
    CHECK_OK(umount2("mnt", MNT_DETACH));
}

TEST(xattr, user_attributes_need_permission_on_the_file)
{
    need_user_xattrs();
    CHECK_OK(setxattr("file", "user.a", "1", 1, 0));
    CHECK_OK(chmod("file", 0644));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_EQ(getxattr("file", "user.a", value, 10), 1);
        CHECK_ERR(setxattr("file", "user.a", "2", 1, 0), EACCES);
    });
    CHECK_OK(chmod("file", 0622));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_ERR(getxattr("file", "user.a", value, 10), EACCES);
        CHECK_OK(setxattr("file", "user.a", "22", 2, 0));
    });
    CHECK_EQ(getxattr("file", "user.a", value, 10), 2);
}

TEST(xattr, user_attributes_are_for_files_and_folders)
{
    make();
    CHECK_OK(mkfifo("fifo", 0600));
    CHECK_OK(symlink("file", "link"));
    CHECK_ERR(setxattr("fifo", "user.a", "1", 1, 0), EPERM);
    CHECK_ERR(getxattr("fifo", "user.a", value, 10), ENODATA);
    CHECK_ERR(lsetxattr("link", "user.a", "1", 1, 0), EPERM);
    CHECK_ERR(setxattr("/dev/null", "user.a", "1", 1, 0), EPERM);
}

TEST(xattr, user_attributes_of_a_sticky_folder_are_its_owners)
{
    CHECK_OK(mkdir("dir", 0777));
    CHECK_OK(chmod("dir", 01777));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_ERR(setxattr("dir", "user.a", "1", 1, 0), EPERM);
    });
    need_user_xattrs();
    CHECK_OK(setxattr("dir", "user.a", "1", 1, 0));
    CHECK_EQ(getxattr("dir", "user.a", value, 10), 1);
}
