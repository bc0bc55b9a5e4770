/*
 * Attributes and permissions: stat's fields, modes, owners, times, and what a plain user may do.
 */
#include "test.h"

#include <sys/statfs.h>
#include <sys/sysmacros.h>

static struct stat of(const char *path)
{
    struct stat st;

    CHECK_OK(lstat(path, &st));
    return st;
}

#define AS_NOBODY(...)                                                                             \
    CHECK_IN_CHILD({                                                                               \
        CHECK_OK(syscall(SYS_setgroups, 0, NULL));                                                 \
        CHECK_OK(setgid(65534));                                                                   \
        CHECK_OK(setuid(65534));                                                                   \
        __VA_ARGS__;                                                                               \
    })

TEST(attributes, stat_of_a_new_file)
{
    time_t now = time(NULL);
    int fd = test_file("f", "12345", 5);
    struct stat st = of("f"), other, dir = of(".");

    CHECK_EQ(st.st_mode, S_IFREG | 0644);
    CHECK_EQ(st.st_size, 5);
    CHECK_EQ(st.st_nlink, 1);
    CHECK_EQ(st.st_uid, 0);
    CHECK_EQ(st.st_gid, 0);
    CHECK_EQ(st.st_blocks, 8);
    CHECK_EQ(st.st_blksize, 4096);
    CHECK_EQ(st.st_dev, dir.st_dev);
    CHECK_NE(st.st_ino, dir.st_ino);
    CHECK_NE(st.st_ino, 0);
    CHECK_LE(st.st_mtime - now, 2);
    CHECK_GE(st.st_mtime - now, -1);
    CHECK_OK(fstat(fd, &other));
    CHECK_EQ(other.st_ino, st.st_ino);
    CHECK_ERR(stat("none", &st), ENOENT);
    CHECK_ERR(syscall(SYS_newfstatat, AT_FDCWD, "f", (void *)16, 0), EFAULT);
}

TEST(attributes, umask_takes_bits_away)
{
    CHECK_EQ(umask(0137), 022);
    close(open("f", O_CREAT | O_WRONLY, 0777));
    CHECK_OK(mkdir("d", 0777));
    CHECK_EQ(of("f").st_mode & 07777, 0640);
    CHECK_EQ(of("d").st_mode & 07777, 0640);
    CHECK_EQ(umask(022), 0137);
}

TEST(attributes, chmod_keeps_the_kind_and_all_twelve_bits)
{
    int fd = test_file("f", "", 0);

    CHECK_OK(chmod("f", 07777));
    CHECK_EQ(of("f").st_mode, S_IFREG | 07777);
    CHECK_OK(fchmod(fd, 0));
    CHECK_EQ(of("f").st_mode, S_IFREG);
    CHECK_OK(symlink("f", "s"));
    CHECK_OK(chmod("s", 0604));
    CHECK_EQ(of("f").st_mode & 0777, 0604);
    CHECK_ERR(chmod("none", 0), ENOENT);
}

TEST(attributes, chown_sets_clears_setid_and_minus_one_keeps)
{
    int fd = test_file("f", "", 0);

    CHECK_OK(chmod("f", 06755));
    CHECK_OK(chown("f", 5, 6));
    struct stat st = of("f");
    CHECK_EQ(st.st_uid, 5);
    CHECK_EQ(st.st_gid, 6);
    CHECK_EQ(st.st_mode & 06000, 0);
    CHECK_OK(fchown(fd, (uid_t)-1, 9));
    st = of("f");
    CHECK_EQ(st.st_uid, 5);
    CHECK_EQ(st.st_gid, 9);
    CHECK_OK(symlink("f", "s"));
    CHECK_OK(lchown("s", 7, 7));
    CHECK_EQ(of("s").st_uid, 7);
    CHECK_EQ(of("f").st_uid, 5);
}

TEST(attributes, times_can_be_set_to_the_nanosecond)
{
    struct timespec t[2] = {{1000000, 123456789}, {2000000, 987654321}};

    close(test_file("f", "", 0));
    CHECK_OK(utimensat(AT_FDCWD, "f", t, 0));
    struct stat st = of("f");
    CHECK_EQ(st.st_atim.tv_sec, 1000000);
    CHECK_EQ(st.st_atim.tv_nsec, 123456789);
    CHECK_EQ(st.st_mtim.tv_sec, 2000000);
    CHECK_EQ(st.st_mtim.tv_nsec, 987654321);
    t[0].tv_nsec = UTIME_OMIT;
    t[1].tv_nsec = UTIME_NOW;
    CHECK_OK(utimensat(AT_FDCWD, "f", t, 0));
    st = of("f");
    CHECK_EQ(st.st_atim.tv_sec, 1000000);
    CHECK_GT(st.st_mtim.tv_sec, 2000000);
    t[0].tv_nsec = 2000000000;
    CHECK_ERR(utimensat(AT_FDCWD, "f", t, 0), EINVAL);
    CHECK_ERR(utimensat(AT_FDCWD, "none", NULL, 0), ENOENT);
}

static bool later(struct timespec a, struct timespec b)
{
    return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

TEST(attributes, writing_and_naming_move_the_times)
{
    int fd = test_file("f", "", 0);
    struct stat file = of("f"), dir = of(".");

    test_sleep_ms(30);
    CHECK_EQ(write(fd, "x", 1), 1);
    CHECK(later(of("f").st_mtim, file.st_mtim));
    CHECK(later(of("f").st_ctim, file.st_ctim));
    CHECK_EQ(of(".").st_mtim.tv_nsec, dir.st_mtim.tv_nsec);
    file = of("f");
    test_sleep_ms(30);
    CHECK_OK(rename("f", "g"));
    CHECK(later(of(".").st_mtim, dir.st_mtim));
    CHECK_EQ(of("g").st_mtim.tv_nsec, file.st_mtim.tv_nsec);
    test_sleep_ms(30);
    CHECK_OK(chmod("g", 0600));
    CHECK(later(of("g").st_ctim, file.st_ctim));
    CHECK_EQ(of("g").st_mtim.tv_nsec, file.st_mtim.tv_nsec);
}

TEST(attributes, mknod_makes_devices_and_fifos)
{
    struct stat st;
    char c;

    CHECK_OK(mknod("zero", S_IFCHR | 0666, makedev(1, 5)));
    st = of("zero");
    CHECK(S_ISCHR(st.st_mode));
    CHECK_EQ(st.st_rdev, makedev(1, 5));
    CHECK_EQ(read(CHECK_FD(open("zero", O_RDONLY)), &c, 1), 1);
    CHECK_EQ(c, 0);
    CHECK_OK(mknod("fifo", S_IFIFO | 0600, 0));
    CHECK(S_ISFIFO(of("fifo").st_mode));
    CHECK_OK(mknod("plain", S_IFREG | 0600, 0));
    CHECK(S_ISREG(of("plain").st_mode));
    CHECK_ERR(mknod("plain", S_IFREG | 0600, 0), EEXIST);
}

TEST(attributes, access_asks_for_the_real_user)
{
    close(test_file("f", "", 0));
    CHECK_OK(chmod("f", 0));
    CHECK_OK(access("f", R_OK | W_OK)); /* root may */
    CHECK_ERR(access("f", X_OK), EACCES); /* but not execute what nobody may */
    CHECK_OK(chmod("f", 0100));
    CHECK_OK(access("f", X_OK));
    CHECK_ERR(access("f", 99), EINVAL);
    CHECK_IN_CHILD({
        CHECK_OK(setresuid(65534, 0, 0));
        CHECK_ERR(access("f", R_OK), EACCES);
        CHECK_FD(open("f", O_RDONLY));
    });
}

TEST(attributes, owner_group_and_other_bits_count_in_this_order)
{
    close(test_file("own", "", 0));
    close(test_file("group", "", 0));
    close(test_file("other", "", 0));
    CHECK_OK(chown("own", 65534, 0));
    CHECK_OK(chmod("own", 0077)); /* the owner's bits say no */
    CHECK_OK(chown("group", 0, 65534));
    CHECK_OK(chmod("group", 0640));
    CHECK_OK(chmod("other", 0602));
    AS_NOBODY({
        CHECK_ERR(open("own", O_RDONLY), EACCES);
        CHECK_FD(open("group", O_RDONLY));
        CHECK_ERR(open("group", O_WRONLY), EACCES);
        CHECK_FD(open("other", O_WRONLY));
        CHECK_ERR(open("other", O_RDONLY), EACCES);
        CHECK_OK(chmod("own", 0600));
        CHECK_FD(open("own", O_RDWR));
        CHECK_ERR(chmod("group", 0777), EPERM);
        CHECK_ERR(chown("own", 0, 0), EPERM);
        CHECK_ERR(truncate("group", 0), EACCES);
    });
}

TEST(attributes, folders_need_x_to_pass_w_to_change_r_to_list)
{
    CHECK_OK(mkdir("x", 0711));
    CHECK_OK(mkdir("r", 0744));
    CHECK_OK(mkdir("none", 0700));
    CHECK_OK(mkdir("open", 0777));
    CHECK_OK(chmod("open", 0777));
    close(test_file("x/f", "", 0));
    close(test_file("r/f", "", 0));
    close(test_file("none/f", "", 0));
    AS_NOBODY({
        CHECK_FD(open("x/f", O_RDONLY));
        CHECK_ERR(open("x", O_RDONLY), EACCES);
        CHECK_FD(open("r", O_RDONLY));
        CHECK_ERR(open("r/f", O_RDONLY), EACCES);
        CHECK_ERR(open("none/f", O_RDONLY), EACCES);
        CHECK_ERR(chdir("none"), EACCES);
        CHECK_ERR(unlink("x/f"), EACCES);
        CHECK_ERR(open("x/new", O_CREAT | O_WRONLY, 0600), EACCES);
        CHECK_FD(open("open/new", O_CREAT | O_WRONLY, 0600));
        CHECK_OK(unlink("open/new"));
        CHECK_ERR(mkdir("x/d", 0700), EACCES);
        CHECK_ERR(rename("x/f", "open/f"), EACCES);
    });
}

TEST(attributes, sticky_folders_protect_other_peoples_names)
{
    CHECK_OK(mkdir("t", 0777));
    CHECK_OK(chmod("t", 01777));
    close(test_file("t/roots", "", 0));
    AS_NOBODY({
        CHECK_ERR(unlink("t/roots"), EPERM);
        CHECK_ERR(rename("t/roots", "t/mine"), EPERM);
        CHECK_FD(open("t/own", O_CREAT | O_WRONLY, 0600));
        CHECK_OK(unlink("t/own"));
    });
}

TEST(attributes, a_plain_user_loses_root_for_good)
{
    CHECK_OK(chmod(".", 0777));
    AS_NOBODY({
        CHECK_EQ(getuid(), 65534);
        CHECK_EQ(geteuid(), 65534);
        CHECK_EQ(getegid(), 65534);
        CHECK_ERR(setuid(0), EPERM);
        CHECK_ERR(setgid(0), EPERM);
        CHECK_ERR(setresuid(0, 0, 0), EPERM);
        CHECK_ERR(syscall(SYS_setgroups, 0, NULL), EPERM);
        CHECK_ERR(mknod("dev", S_IFCHR | 0666, makedev(1, 3)), EPERM);
        CHECK_ERR(chroot("/"), EPERM);
    });
}

TEST(attributes, new_files_belong_to_the_effective_user)
{
    CHECK_OK(chmod(".", 0777));
    AS_NOBODY(close(CHECK_FD(open("f", O_CREAT | O_WRONLY, 0600))));
    CHECK_EQ(of("f").st_uid, 65534);
    CHECK_EQ(of("f").st_gid, 65534);
    CHECK_OK(mkdir("g", 0777));
    CHECK_OK(chown("g", 0, 12));
    CHECK_OK(chmod("g", 02777));
    close(CHECK_FD(open("g/f", O_CREAT | O_WRONLY, 0600)));
    CHECK_EQ(of("g/f").st_gid, 12); /* the folder's, as it has the set-group-id bit */
}

TEST(attributes, statfs_says_tmpfs)
{
    struct statfs fs;

    CHECK_OK(statfs("/tmp", &fs));
    CHECK_EQ(fs.f_type, 0x01021994);
    CHECK_EQ(fs.f_bsize, 4096);
    CHECK_EQ(fs.f_namelen, 255);
    CHECK_GE(fs.f_blocks, fs.f_bfree);
    CHECK_GT(fs.f_bfree, 0);
    CHECK_OK(statfs("/proc", &fs));
    CHECK_EQ(fs.f_type, 0x9fa0);
    CHECK_ERR(statfs("/none", &fs), ENOENT);
}
