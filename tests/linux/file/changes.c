/*
 * Names, links, listings and times, where they are easily wrong.
 */
#include "test.h"

#include <dirent.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

/* musl 1.2.3 has no statx. Source: linux/stat.h. */
struct statx_time {
    int64_t tv_sec;
    uint32_t tv_nsec;
    int32_t zero;
};
struct statx {
    uint32_t stx_mask, stx_blksize;
    uint64_t stx_attributes;
    uint32_t stx_nlink, stx_uid, stx_gid;
    uint16_t stx_mode, zero;
    uint64_t stx_ino, stx_size, stx_blocks, stx_attributes_mask;
    struct statx_time stx_atime, stx_btime, stx_ctime, stx_mtime;
    uint32_t stx_rdev_major, stx_rdev_minor, stx_dev_major, stx_dev_minor;
    uint64_t stx_mnt_id, spare[13];
};
_Static_assert(sizeof(struct statx) == 256, "linux/stat.h");
#define STATX_BASIC_STATS 0x7ffu
#define STATX_BTIME       0x800u
#define STATX_ALL         0xfffu

static int as_user(void)
{
    return setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534);
}

static int rename2(const char *from, const char *to, unsigned flags)
{
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static ino_t number(const char *path)
{
    struct stat st;

    CHECK_OK(lstat(path, &st));
    return st.st_ino;
}

enum { NOREPLACE = 1, EXCHANGE = 2, WHITEOUT = 4 };

TEST(changes, flags_of_renameat2)
{
    close(test_file("a", "", 0));
    close(test_file("b", "", 0));
    CHECK_ERR(rename2("a", "b", 8), EINVAL);
    CHECK_ERR(rename2("a", "b", NOREPLACE | EXCHANGE), EINVAL);
    CHECK_ERR(rename2("a", "b", WHITEOUT | EXCHANGE), EINVAL);
    CHECK_ERR(rename2("a", "b", NOREPLACE), EEXIST);
    CHECK_ERR(rename2("a", "a", NOREPLACE), EEXIST);
    CHECK_ERR(rename2("missing", "c", NOREPLACE), ENOENT);
    CHECK_ERR(rename2("a", "missing", EXCHANGE), ENOENT);
    CHECK_OK(rename2("a", "c", NOREPLACE));
}

TEST(changes, whiteout_leaves_a_device_behind)
{
    struct stat st;
    ino_t a;

    close(test_file("a", "abc", 3));
    a = number("a");
    CHECK_OK(rename2("a", "b", WHITEOUT));
    CHECK_EQ(number("b"), a);
    CHECK_OK(lstat("a", &st));
    CHECK(S_ISCHR(st.st_mode));
    CHECK_EQ(st.st_rdev, 0);
    CHECK_EQ(st.st_mode & 07777, 0);
    CHECK_EQ(st.st_nlink, 1);
    CHECK_ERR(rename2("b", "a", WHITEOUT | NOREPLACE), EEXIST);
    CHECK_OK(rename2("b", "a", WHITEOUT));
    CHECK_EQ(number("a"), a);
    CHECK_OK(lstat("b", &st));
    CHECK(S_ISCHR(st.st_mode));
    CHECK_OK(unlink("b"));
}

TEST(changes, whiteout_needs_no_power)
{
    CHECK_OK(chmod(".", 0777));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        close(test_file("a", "abc", 3));
        CHECK_OK(mkdir("dir", 0700));
        CHECK_OK(rename2("a", "b", WHITEOUT));
        CHECK_OK(rename2("dir", "folder", WHITEOUT));
        CHECK_OK(mknod("zero", S_IFCHR | 0600, 0));
        CHECK_ERR(mknod("one", S_IFCHR | 0600, 1), EPERM);
    });
}

TEST(changes, exchange_of_a_file_and_a_folder)
{
    ino_t file, dir;
    struct stat st;

    close(test_file("file", "", 0));
    CHECK_OK(mkdir("top", 0755));
    CHECK_OK(mkdir("top/dir", 0755));
    close(test_file("top/dir/x", "", 0));
    file = number("file");
    dir = number("top/dir");
    CHECK_OK(rename2("file", "top/dir", EXCHANGE));
    CHECK_EQ(number("file"), dir);
    CHECK_EQ(number("top/dir"), file);
    CHECK_OK(access("file/x", F_OK));
    CHECK_OK(stat("top", &st));
    CHECK_EQ(st.st_nlink, 2);
    CHECK_ERR(rename2("file", "file/x", EXCHANGE), EINVAL);
    CHECK_ERR(rename2("file/x", "file", EXCHANGE), EINVAL);
}

TEST(changes, rename_of_dots_and_roots)
{
    CHECK_OK(mkdir("dir", 0755));
    CHECK_ERR(rename(".", "x"), EBUSY);
    CHECK_ERR(rename("dir/..", "x"), EBUSY);
    CHECK_ERR(rename("dir", "."), EBUSY);
    CHECK_ERR(rename2("dir", ".", NOREPLACE), EEXIST);
    CHECK_ERR(rename("/", "x"), EBUSY);
    CHECK_ERR(rename("dir", "dir/sub"), EINVAL);
    CHECK_ERR(rename("", "x"), ENOENT);
    CHECK_ERR(rename("dir", ""), ENOENT);
}

TEST(changes, rename_over_the_wrong_kind)
{
    close(test_file("file", "", 0));
    CHECK_OK(mkdir("dir", 0755));
    CHECK_OK(mkdir("full", 0755));
    close(test_file("full/x", "", 0));
    CHECK_ERR(rename("file", "dir"), EISDIR);
    CHECK_ERR(rename("dir", "file"), ENOTDIR);
    CHECK_ERR(rename("dir", "full"), ENOTEMPTY);
    CHECK_OK(rename("full", "dir"));
    CHECK_ERR(rename("file", "new/"), ENOTDIR);
    CHECK_ERR(rename("file/", "new"), ENOTDIR);
    CHECK_OK(rename("dir/", "folder/"));
}

TEST(changes, rename_of_two_names_of_one_file_does_nothing)
{
    close(test_file("a", "", 0));
    CHECK_OK(link("a", "b"));
    CHECK_OK(rename("a", "b"));
    CHECK_OK(access("a", F_OK));
    CHECK_OK(access("b", F_OK));
}

TEST(changes, linkat_flags)
{
    char path[64];
    int fd = test_file("file", "abc", 3);

    CHECK_OK(symlink("file", "sym"));
    CHECK_OK(linkat(AT_FDCWD, "sym", AT_FDCWD, "hardsym", 0));
    CHECK_EQ(number("hardsym"), number("sym"));
    CHECK_OK(linkat(AT_FDCWD, "sym", AT_FDCWD, "hardfile", AT_SYMLINK_FOLLOW));
    CHECK_EQ(number("hardfile"), number("file"));
    CHECK_ERR(linkat(AT_FDCWD, "file", AT_FDCWD, "x", 0x100), EINVAL);
    CHECK_OK(linkat(fd, "", AT_FDCWD, "byfd", AT_EMPTY_PATH));
    CHECK_ERR(linkat(fd, "", AT_FDCWD, "x", 0), ENOENT);
    CHECK_IN_CHILD({
        CHECK_OK(chmod(".", 0777));
        CHECK_OK(chmod("file", 0666));
        CHECK_OK(as_user());
        CHECK_ERR(linkat(fd, "", AT_FDCWD, "x", AT_EMPTY_PATH), ENOENT);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        CHECK_OK(linkat(AT_FDCWD, path, AT_FDCWD, "x", AT_SYMLINK_FOLLOW));
    });
    CHECK_OK(unlink("file"));
    CHECK_OK(unlink("byfd"));
    CHECK_OK(unlink("hardfile"));
    CHECK_OK(unlink("x"));
    CHECK_ERR(linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH), ENOENT);
}

TEST(changes, protected_hardlinks)
{
    CHECK_OK(chmod(".", 0777));
    close(test_file("plain", "", 0));
    CHECK_OK(chmod("plain", 0666));
    close(test_file("closed", "", 0));
    CHECK_OK(chmod("closed", 0644));
    close(test_file("setuid", "", 0));
    CHECK_OK(chmod("setuid", 04777));
    close(test_file("setgid", "", 0));
    CHECK_OK(chmod("setgid", 02777));
    CHECK_OK(mkfifo("fifo", 0666));
    CHECK_OK(chmod("fifo", 0666));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_OK(link("plain", "l1"));
        CHECK_ERR(link("closed", "l2"), EPERM);
        CHECK_ERR(link("setuid", "l3"), EPERM);
        CHECK_ERR(link("setgid", "l4"), EPERM);
        CHECK_ERR(link("fifo", "l5"), EPERM);
        CHECK_ERR(link("closed", "plain"), EEXIST);
    });
}

TEST(changes, protected_symlinks)
{
    close(test_file("target", "abc", 3));
    CHECK_OK(chmod("target", 0644));
    CHECK_OK(mkdir("tmp", 0777));
    CHECK_OK(chmod("tmp", 01777));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_OK(symlink("../target", "tmp/theirs"));
        CHECK_OK(symlink("..", "tmp/way"));
    });
    for (int i = 0; i < 3; i++) {
        CHECK_ERR(open("tmp/theirs", O_RDONLY), EACCES);
        CHECK_ERR(access("tmp/theirs", R_OK), EACCES);
        CHECK_OK(access("tmp/way/target", R_OK)); /* only at the end of a path */
        CHECK_FD(open("tmp/theirs", O_PATH | O_NOFOLLOW));
    }
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_FD(open("tmp/theirs", O_RDONLY));
    });
    CHECK_OK(lchown("tmp/theirs", 0, 0)); /* now it is the folder's owner's */
    CHECK_FD(open("tmp/theirs", O_RDONLY));
    CHECK_OK(lchown("tmp/theirs", 5, 5));
    CHECK_ERR(open("tmp/theirs", O_RDONLY), EACCES);
    CHECK_OK(chmod("tmp", 0777));
    CHECK_FD(open("tmp/theirs", O_RDONLY));
}

TEST(changes, forty_links_are_followed_and_not_one_more)
{
    char from[16], to[16];

    close(test_file("l0", "", 0));
    for (int i = 1; i <= 41; i++) {
        snprintf(from, sizeof from, "l%d", i - 1);
        snprintf(to, sizeof to, "l%d", i);
        CHECK_OK(symlink(from, to));
    }
    CHECK_OK(access("l40", F_OK));
    CHECK_ERR(access("l41", F_OK), ELOOP);
    CHECK_ERR(open("l41", O_RDONLY), ELOOP);
    CHECK_FD(open("l41", O_PATH | O_NOFOLLOW));
}

TEST(changes, limits_of_names_and_paths)
{
    static char name[5000];

    memset(name, 'a', sizeof name);
    name[255] = 0;
    close(test_file(name, "", 0));
    CHECK_OK(unlink(name));
    name[255] = 'a';
    name[256] = 0;
    CHECK_ERR(open(name, O_WRONLY | O_CREAT, 0644), ENAMETOOLONG);
    CHECK_ERR(mkdir(name, 0755), ENAMETOOLONG);
    CHECK_ERR(symlink("x", name), ENAMETOOLONG);
    CHECK_ERR(access(name, F_OK), ENAMETOOLONG);
    for (size_t i = 0; i < 4095; i += 2)
        memcpy(name + i, "./", 2);
    name[4095] = 0;
    CHECK_OK(access(name, F_OK));
    name[4095] = '.';
    name[4096] = 0;
    CHECK_ERR(access(name, F_OK), ENAMETOOLONG);
    memset(name, 'a', sizeof name);
    name[4095] = 0;
    CHECK_OK(symlink(name, "long"));
    name[4095] = 'a';
    name[4096] = 0;
    CHECK_ERR(symlink(name, "longer"), ENAMETOOLONG);
    CHECK_ERR(symlink("", "empty"), ENOENT);
}

TEST(changes, trailing_slashes)
{
    close(test_file("file", "", 0));
    CHECK_OK(mkdir("dir", 0755));
    CHECK_OK(symlink("dir", "link"));
    CHECK_ERR(unlink("file/"), ENOTDIR);
    CHECK_ERR(unlink("dir/"), EISDIR);
    CHECK_ERR(rmdir("link/"), ENOTDIR);
    CHECK_ERR(unlink("link/"), ENOTDIR);
    CHECK_OK(mkdir("new/", 0755));
    CHECK_OK(rmdir("new//"));
    CHECK_ERR(mknod("node/", S_IFREG | 0644, 0), ENOENT);
    CHECK_ERR(symlink("x", "sym/"), ENOENT);
    CHECK_ERR(link("file", "hard/"), ENOENT);
    CHECK_ERR(link("file/", "hard"), ENOTDIR);
    CHECK_ERR(mkdir("link/", 0755), EEXIST);
    CHECK_ERR(rmdir("dir/."), EINVAL);
    CHECK_ERR(rmdir("dir/.."), ENOTEMPTY);
    CHECK_ERR(unlink("."), EISDIR);
    CHECK_ERR(unlinkat(AT_FDCWD, "dir", 0), EISDIR);
    CHECK_ERR(unlinkat(AT_FDCWD, "file", AT_REMOVEDIR), ENOTDIR);
    CHECK_ERR(unlinkat(AT_FDCWD, "file", 1), EINVAL);
}

TEST(changes, kinds_that_mknod_makes)
{
    struct stat st;
    static const mode_t kinds[] = {S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK};

    umask(0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        CHECK_OK(mknod("node", kinds[i] | 04751, makedev(300, 70000)));
        CHECK_OK(lstat("node", &st));
        CHECK_EQ(st.st_mode, kinds[i] | 04751);
        if (kinds[i] == S_IFCHR || kinds[i] == S_IFBLK) {
            CHECK_EQ(major(st.st_rdev), 300);
            CHECK_EQ(minor(st.st_rdev), 70000);
        }
        CHECK_ERR(mknod("node", kinds[i] | 0644, 0), EEXIST);
        CHECK_OK(unlink("node"));
    }
    CHECK_OK(mknod("node", 0644, 0));
    CHECK_OK(lstat("node", &st));
    CHECK(S_ISREG(st.st_mode));
    CHECK_ERR(mknod("dir", S_IFDIR | 0755, 0), EPERM);
    CHECK_ERR(mknod("link", S_IFLNK | 0755, 0), EINVAL);
    CHECK_ERR(mknod("odd", 0030000 | 0755, 0), EINVAL);
}

TEST(changes, utimensat_in_full)
{
    struct timespec t[2] = {{100, 123456789}, {200, 987654321}};
    struct stat st;
    int fd = test_file("file", "abc", 3);

    CHECK_OK(utimensat(AT_FDCWD, "file", t, 0));
    CHECK_OK(stat("file", &st));
    CHECK_EQ(st.st_atim.tv_sec, 100);
    CHECK_EQ(st.st_atim.tv_nsec, 123456789);
    CHECK_EQ(st.st_mtim.tv_nsec, 987654321);
    t[0].tv_nsec = UTIME_OMIT;
    t[1].tv_nsec = UTIME_NOW;
    CHECK_OK(futimens(fd, t));
    CHECK_OK(stat("file", &st));
    CHECK_EQ(st.st_atim.tv_sec, 100);
    CHECK_GT(st.st_mtim.tv_sec, 1000);
    t[1].tv_nsec = UTIME_OMIT;
    CHECK_OK(utimensat(AT_FDCWD, "missing", t, 0));
    t[0].tv_nsec = 1000000000;
    CHECK_ERR(utimensat(AT_FDCWD, "file", t, 0), EINVAL);
    t[0].tv_nsec = -1;
    CHECK_ERR(utimensat(AT_FDCWD, "file", t, 0), EINVAL);
    CHECK_ERR(utimensat(AT_FDCWD, "missing", NULL, 0), ENOENT);
    CHECK_ERR(utimensat(AT_FDCWD, "file", NULL, 0x8000), EINVAL);
    CHECK_ERR(syscall(SYS_utimensat, AT_FDCWD, NULL, NULL, 0), EFAULT);
    t[0] = (struct timespec){-5, 0};
    t[1] = (struct timespec){0, 0};
    CHECK_OK(utimensat(AT_FDCWD, "file", t, 0));
    CHECK_OK(stat("file", &st));
    CHECK_EQ(st.st_atim.tv_sec, -5);
    CHECK_EQ(st.st_mtim.tv_sec, 0);
}

TEST(changes, utimensat_permissions)
{
    struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}}, some[2] = {{1, 0}, {1, 0}};
    struct timespec mixed[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}};

    close(test_file("writable", "", 0));
    close(test_file("closed", "", 0));
    CHECK_OK(chmod("writable", 0666));
    CHECK_OK(chmod("closed", 0644));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_OK(utimensat(AT_FDCWD, "writable", NULL, 0));
        CHECK_OK(utimensat(AT_FDCWD, "writable", now, 0));
        CHECK_ERR(utimensat(AT_FDCWD, "writable", some, 0), EPERM);
        CHECK_ERR(utimensat(AT_FDCWD, "writable", mixed, 0), EPERM);
        CHECK_ERR(utimensat(AT_FDCWD, "closed", NULL, 0), EACCES);
        CHECK_ERR(utimensat(AT_FDCWD, "closed", now, 0), EACCES);
        CHECK_ERR(utimensat(AT_FDCWD, "closed", some, 0), EPERM);
    });
}

TEST(changes, utimensat_of_a_link_itself)
{
    struct timespec t[2] = {{100, 0}, {200, 0}};
    struct stat st;

    CHECK_OK(symlink("missing", "link"));
    CHECK_OK(utimensat(AT_FDCWD, "link", t, AT_SYMLINK_NOFOLLOW));
    CHECK_OK(lstat("link", &st));
    CHECK_EQ(st.st_mtim.tv_sec, 200);
    CHECK_ERR(utimensat(AT_FDCWD, "link", t, 0), ENOENT);
}

static int list(const char *path, char names[][32], int most)
{
    DIR *d = opendir(path);
    struct dirent *e;
    int n = 0;

    CHECK(d);
    while ((e = readdir(d)) && n < most)
        if (e->d_name[0] != '.')
            strcpy(names[n++], e->d_name);
    closedir(d);
    return n;
}

TEST(changes, telldir_and_seekdir_lead_back)
{
    char name[32];
    long at[60];
    struct dirent *e;
    char names[60][32];
    DIR *d;
    int n = 0;

    CHECK_OK(mkdir("dir", 0755));
    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "dir/f%d", i);
        close(test_file(name, "", 0));
    }
    d = opendir("dir");
    CHECK(d);
    for (;; n++) {
        at[n] = telldir(d);
        if (!(e = readdir(d)))
            break;
        strcpy(names[n], e->d_name);
    }
    CHECK_EQ(n, 52);
    for (int i = n - 1; i >= 0; i -= 7) {
        seekdir(d, at[i]);
        e = readdir(d);
        CHECK(e);
        CHECK_STR(e->d_name, names[i]);
    }
    rewinddir(d);
    CHECK_STR(readdir(d)->d_name, ".");
    CHECK_STR(readdir(d)->d_name, "..");
    closedir(d);
}

TEST(changes, removing_while_listing_skips_nobody)
{
    char name[64], gone[256] = "";
    struct dirent *e;
    int met = 0;
    DIR *d;

    CHECK_OK(mkdir("dir", 0755));
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "dir/f%d", i);
        close(test_file(name, "", 0));
    }
    d = opendir("dir");
    while ((e = readdir(d))) {
        if (e->d_name[0] == '.')
            continue;
        int i = atoi(e->d_name + 1);

        CHECK_EQ(gone[i], 0);
        gone[i] = 1;
        met++;
        snprintf(name, sizeof name, "dir/%s", e->d_name);
        CHECK_OK(unlink(name));
    }
    closedir(d);
    CHECK_EQ(met, 200);
    CHECK_OK(rmdir("dir"));
}

TEST(changes, a_removed_folder_lists_nothing_and_takes_nothing)
{
    char names[4][32], path[PATH_MAX];
    int fd;

    CHECK_OK(mkdir("dir", 0755));
    fd = CHECK_FD(open("dir", O_RDONLY));
    CHECK_OK(chdir("dir"));
    CHECK_OK(rmdir("../dir"));
    CHECK_ERR(syscall(SYS_getcwd, path, sizeof path), ENOENT);
    CHECK_ERR(syscall(SYS_getdents64, fd, names, sizeof names), ENOENT);
    CHECK_ERR(open("file", O_WRONLY | O_CREAT, 0644), ENOENT);
    CHECK_ERR(mkdir("sub", 0755), ENOENT);
    CHECK_ERR(openat(fd, "file", O_WRONLY | O_CREAT, 0644), ENOENT);
    CHECK_OK(fchdir(fd));
    CHECK_OK(chdir(".."));
    CHECK_EQ(list(".", names, 4), 0);
}

TEST(changes, fchdir_needs_search_permission_now)
{
    int fd, file = test_file("file", "", 0);

    CHECK_OK(mkdir("dir", 0755));
    fd = CHECK_FD(open("dir", O_RDONLY));
    CHECK_ERR(fchdir(file), ENOTDIR);
    CHECK_ERR(fchdir(99), EBADF);
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_OK(fchdir(fd));
    });
    CHECK_OK(chmod("dir", 0700));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_ERR(fchdir(fd), EACCES);
    });
}

TEST(changes, statfs_of_a_tmpfs)
{
    struct statfs sf;

    CHECK_OK(mkdir("mnt", 0755));
    CHECK_OK(
        mount("none", "mnt", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=1m,nr_inodes=10"));
    CHECK_OK(statfs("mnt", &sf));
    CHECK_EQ(sf.f_type, 0x01021994);
    CHECK_EQ(sf.f_bsize, 4096);
    CHECK_EQ(sf.f_frsize, 4096);
    CHECK_EQ(sf.f_blocks, 256);
    CHECK_EQ(sf.f_bfree, 256);
    CHECK_EQ(sf.f_bavail, 256);
    CHECK_EQ(sf.f_files, 10);
    CHECK_EQ(sf.f_ffree, 9);
    CHECK_EQ(sf.f_namelen, 255);
    CHECK_EQ(sf.f_flags & (2 | 4 | 8), 2 | 4 | 8);
    close(test_file("mnt/file", "x", 1));
    CHECK_OK(statfs("mnt/file", &sf));
    CHECK_EQ(sf.f_bfree, 255);
    CHECK_EQ(sf.f_ffree, 8);
    CHECK_OK(umount2("mnt", MNT_DETACH));
    CHECK_ERR(statfs("missing", &sf), ENOENT);
    CHECK_ERR(syscall(SYS_statfs, ".", 8), EFAULT);
    CHECK_ERR(fstatfs(99, &sf), EBADF);
}

TEST(changes, sticky_folders)
{
    CHECK_OK(mkdir("tmp", 0777));
    CHECK_OK(chmod("tmp", 01777));
    close(test_file("tmp/root", "", 0));
    CHECK_OK(mkdir("tmp/rootdir", 0777));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        close(test_file("tmp/mine", "", 0));
        CHECK_ERR(unlink("tmp/root"), EPERM);
        CHECK_ERR(rmdir("tmp/rootdir"), EPERM);
        CHECK_ERR(rename("tmp/root", "tmp/x"), EPERM);
        CHECK_ERR(rename("tmp/mine", "tmp/root"), EPERM);
        CHECK_ERR(rename2("tmp/mine", "tmp/root", EXCHANGE), EPERM);
        CHECK_OK(rename("tmp/mine", "tmp/yours"));
        CHECK_OK(unlink("tmp/yours"));
    });
}

TEST(changes, a_directory_needs_write_permission_to_get_another_parent)
{
    CHECK_OK(chmod(".", 0777));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_OK(mkdir("a", 0755));
        CHECK_OK(mkdir("b", 0755));
        CHECK_OK(mkdir("a/dir", 0555));
        CHECK_OK(rename("a/dir", "a/dir2"));
        CHECK_ERR(rename("a/dir2", "b/dir"), EACCES);
    });
}

TEST(changes, statx_of_everything)
{
    struct statx x;
    int fd = test_file("file", "abc", 3);

    memset(&x, 0xff, sizeof x);
    CHECK_OK(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_ALL, &x));
    CHECK_EQ(x.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
    CHECK_EQ(x.stx_mask & STATX_BTIME, STATX_BTIME);
    CHECK_EQ(x.stx_size, 3);
    CHECK_EQ(x.stx_blocks, 8);
    CHECK_EQ(x.stx_nlink, 1);
    CHECK_EQ(x.stx_blksize, 4096);
    CHECK(x.stx_btime.tv_sec > 0);
    CHECK_EQ(x.stx_attributes_mask & 0x2000, 0x2000); /* MOUNT_ROOT is known */
    CHECK_EQ(x.stx_attributes & 0x2000, 0);
    CHECK_OK(syscall(SYS_statx, AT_FDCWD, "/proc", 0, STATX_ALL, &x));
    CHECK_EQ(x.stx_attributes & 0x2000, 0x2000);
    CHECK_ERR(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, 0x80000000u, &x), EINVAL);
    CHECK_ERR(syscall(SYS_statx, fd, "", AT_EMPTY_PATH | 0x6000, STATX_ALL, &x), EINVAL);
    CHECK_ERR(syscall(SYS_statx, fd, "", 1, STATX_ALL, &x), EINVAL);
    CHECK_ERR(syscall(SYS_statx, fd, "", 0, STATX_ALL, &x), ENOENT);
    CHECK_ERR(syscall(SYS_statx, 99, "", AT_EMPTY_PATH, STATX_ALL, &x), EBADF);
    CHECK_ERR(syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_ALL, 8), EFAULT);
}

TEST(changes, unlinked_files_live_on)
{
    char text[8] = "", path[64], where[256];
    struct stat st;
    int fd = test_file("file", "abc", 3);

    CHECK_OK(unlink("file"));
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_nlink, 0);
    CHECK_EQ(write(fd, "xyz1", 4), 4);
    CHECK_EQ(pread(fd, text, 8, 0), 4);
    CHECK_STR(text, "xyz1");
    CHECK_OK(fchmod(fd, 0600));
    CHECK_OK(ftruncate(fd, 1));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(path, where, sizeof where - 1);

    CHECK_GT(n, 10);
    where[n] = 0;
    CHECK_STR(where + n - 10, " (deleted)");
}

TEST(changes, old_getdents)
{
    struct old {
        unsigned long ino, off;
        unsigned short size;
        char name[];
    } * e;
    static char data[1024] __attribute__((aligned(8)));
    int fd;
    long n;

    CHECK_OK(mkdir("dir", 0755));
    close(test_file("dir/file", "", 0));
    fd = CHECK_FD(open("dir", O_RDONLY));
    n = syscall(SYS_getdents, fd, data, sizeof data);
    CHECK_EQ(n, 24 + 24 + 24);
    e = (struct old *)data;
    CHECK_STR(e->name, ".");
    CHECK_EQ(data[e->size - 1], DT_DIR);
    e = (struct old *)(data + 48);
    CHECK_STR(e->name, "file");
    CHECK_EQ(((char *)e)[e->size - 1], DT_REG);
    CHECK_EQ(e->ino, number("dir/file"));
    CHECK_EQ(syscall(SYS_getdents, fd, data, sizeof data), 0);
}
