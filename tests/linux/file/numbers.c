/*
 * Calls that no library function of musl's makes, by their numbers: what they do, and what they refuse.
 */
#include "test.h"

#include <sys/time.h>
#include <sys/sysmacros.h>
#include <utime.h>

#define AT_EACCESS_ 0x200

enum { SOME_TYPE = 1, SOME_SIZE = 0x200, BASIC = 0x7ff, ALL = 0xfff };

struct statx_time {
    int64_t tv_sec;
    uint32_t tv_nsec;
    int32_t reserved;
};

/* What statx(2) gives; this musl has no name for it. */
struct found {
    uint32_t mask, blksize;
    uint64_t attributes;
    uint32_t nlink, uid, gid;
    uint16_t mode, spare;
    uint64_t ino, size, blocks, attributes_mask;
    struct statx_time atime, btime, ctime, mtime;
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t more[14];
};

_Static_assert(sizeof(struct found) == 256, "struct statx");

static struct stat of(const char *path)
{
    struct stat st;

    CHECK_OK(lstat(path, &st));
    return st;
}

static void make(const char *path)
{
    CHECK_OK(close(CHECK_FD(open(path, O_CREAT | O_WRONLY, 0644))));
}

TEST(file, utime_sets_seconds_or_now)
{
    struct utimbuf times = {.actime = 1000, .modtime = 2000};
    time_t now = time(NULL);

    make("f");
    CHECK_OK(syscall(SYS_utime, "f", &times));
    CHECK_EQ(of("f").st_atim.tv_sec, 1000);
    CHECK_EQ(of("f").st_mtim.tv_sec, 2000);
    CHECK_EQ(of("f").st_mtim.tv_nsec, 0);
    CHECK_GE(of("f").st_ctim.tv_sec, now);
    CHECK_OK(syscall(SYS_utime, "f", NULL));
    CHECK_GE(of("f").st_atim.tv_sec, now);
    CHECK_GE(of("f").st_mtim.tv_sec, now);
    CHECK_ERR(syscall(SYS_utime, "missing", &times), ENOENT);
    CHECK_ERR(syscall(SYS_utime, "f", (void *)1), EFAULT);
    CHECK_ERR(syscall(SYS_utime, (void *)1, &times), EFAULT);
}

TEST(file, utime_follows_links_and_asks_for_permission)
{
    struct utimbuf times = {.actime = 3, .modtime = 4};

    make("f");
    CHECK_OK(symlink("f", "l"));
    CHECK_OK(syscall(SYS_utime, "l", &times));
    CHECK_EQ(of("f").st_mtim.tv_sec, 4);
    CHECK_NE(of("l").st_mtim.tv_sec, 4);
    CHECK_OK(chmod("f", 0444));
    CHECK_IN_CHILD({
        CHECK_OK(setresuid(1000, 1000, 1000));
        CHECK_ERR(syscall(SYS_utime, "f", &times), EPERM);
        CHECK_ERR(syscall(SYS_utime, "f", NULL), EACCES);
    });
    CHECK_OK(chmod("f", 0464)); /* the group is still root's */
    CHECK_IN_CHILD({
        CHECK_OK(setresuid(1000, 1000, 1000));
        CHECK_ERR(syscall(SYS_utime, "f", &times), EPERM);
        CHECK_OK(syscall(SYS_utime, "f", NULL)); /* now: who may write may */
    });
}

TEST(file, futimesat_sets_microseconds_below_a_directory)
{
    struct timeval times[2] = {{10, 20}, {30, 999999}}, wrong[2] = {{10, 1000000}, {30, 0}};
    int d;

    CHECK_OK(mkdir("d", 0755));
    make("d/f");
    d = CHECK_FD(open("d", O_RDONLY | O_DIRECTORY));
    CHECK_OK(syscall(SYS_futimesat, d, "f", times));
    CHECK_EQ(of("d/f").st_atim.tv_sec, 10);
    CHECK_EQ(of("d/f").st_atim.tv_nsec, 20000);
    CHECK_EQ(of("d/f").st_mtim.tv_nsec, 999999000);
    CHECK_ERR(syscall(SYS_futimesat, d, "f", wrong), EINVAL);
    CHECK_ERR(syscall(SYS_futimesat, d, "missing", times), ENOENT);
    CHECK_ERR(syscall(SYS_futimesat, 99, "f", times), EBADF);
    CHECK_OK(syscall(SYS_futimesat, d, NULL, times)); /* the directory itself */
    CHECK_EQ(of("d").st_mtim.tv_sec, 30);
    CHECK_OK(syscall(SYS_futimesat, AT_FDCWD, "d/f", NULL));
    CHECK_GT(of("d/f").st_mtim.tv_sec, 1000);
    CHECK_ERR(syscall(SYS_futimesat, d, "f", (void *)1), EFAULT);
}

TEST(file, fchownat_knows_links_and_empty_paths)
{
    int fd;

    make("f");
    CHECK_OK(symlink("f", "l"));
    CHECK_OK(syscall(SYS_fchownat, AT_FDCWD, "l", 11, 12, 0));
    CHECK_EQ(of("f").st_uid, 11);
    CHECK_EQ(of("f").st_gid, 12);
    CHECK_EQ(of("l").st_uid, 0);
    CHECK_OK(syscall(SYS_fchownat, AT_FDCWD, "l", 21, -1, AT_SYMLINK_NOFOLLOW));
    CHECK_EQ(of("l").st_uid, 21);
    CHECK_EQ(of("l").st_gid, 0);
    CHECK_EQ(of("f").st_uid, 11);
    fd = CHECK_FD(open("f", O_RDONLY));
    CHECK_OK(syscall(SYS_fchownat, fd, "", 31, 32, AT_EMPTY_PATH));
    CHECK_EQ(of("f").st_gid, 32);
    CHECK_ERR(syscall(SYS_fchownat, fd, "", 31, 32, 0), ENOENT);
    CHECK_ERR(syscall(SYS_fchownat, fd, "x", 31, 32, 0), ENOTDIR);
    CHECK_ERR(syscall(SYS_fchownat, AT_FDCWD, "f", 1, 1, 0x4000), EINVAL);
    CHECK_ERR(syscall(SYS_fchownat, 99, "f", 1, 1, 0), EBADF);
    CHECK_OK(syscall(SYS_fchownat, AT_FDCWD, "f", -1, -1, 0));
    CHECK_EQ(of("f").st_uid, 31);
    CHECK_IN_CHILD({
        CHECK_OK(setresuid(1000, 1000, 1000));
        CHECK_ERR(syscall(SYS_fchownat, AT_FDCWD, "f", 1000, -1, 0), EPERM);
    });
}

TEST(file, fchownat_takes_set_id_bits_away)
{
    make("f");
    CHECK_OK(chown("f", 1000, 1000));
    CHECK_OK(chmod("f", 06755));
    CHECK_IN_CHILD({
        CHECK_OK(setresgid(1000, 1000, 1000));
        CHECK_OK(setresuid(1000, 1000, 1000));
        CHECK_OK(syscall(SYS_fchownat, AT_FDCWD, "f", 1000, 1000, 0));
    });
    CHECK_EQ(of("f").st_mode, S_IFREG | 0755);
}

TEST(file, fchmodat_follows_links_and_has_no_flags)
{
    int d, fd;

    CHECK_OK(mkdir("d", 0755));
    make("d/f");
    CHECK_OK(symlink("f", "d/l"));
    d = CHECK_FD(open("d", O_RDONLY | O_DIRECTORY));
    CHECK_OK(syscall(SYS_fchmodat, d, "l", 0600));
    CHECK_EQ(of("d/f").st_mode, S_IFREG | 0600);
    CHECK_OK(syscall(SYS_fchmodat, d, "f", 0170000 | 07751)); /* the type is not looked at */
    CHECK_EQ(of("d/f").st_mode, S_IFREG | 07751);
    CHECK_ERR(syscall(SYS_fchmodat, d, "missing", 0600), ENOENT);
    CHECK_ERR(syscall(SYS_fchmodat, d, "", 0600), ENOENT);
    CHECK_ERR(syscall(SYS_fchmodat, 99, "f", 0600), EBADF);
    fd = CHECK_FD(open("d/f", O_RDONLY));
    CHECK_ERR(syscall(SYS_fchmodat, fd, "f", 0600), ENOTDIR);
    CHECK_ERR(syscall(SYS_fchmodat, d, (void *)1, 0600), EFAULT);
    CHECK_IN_CHILD({
        CHECK_OK(setresuid(1000, 1000, 1000));
        CHECK_ERR(syscall(SYS_fchmodat, d, "f", 0777), EPERM);
    });
}

TEST(file, faccessat2_asks_for_either_user)
{
    int fd;

    make("f");
    CHECK_OK(chmod("f", 0600));
    CHECK_OK(symlink("nowhere", "l"));
    CHECK_OK(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK | W_OK, 0));
    CHECK_ERR(syscall(SYS_faccessat2, AT_FDCWD, "f", X_OK, 0), EACCES);
    CHECK_ERR(syscall(SYS_faccessat2, AT_FDCWD, "l", F_OK, 0), ENOENT);
    CHECK_OK(syscall(SYS_faccessat2, AT_FDCWD, "l", F_OK, AT_SYMLINK_NOFOLLOW));
    fd = CHECK_FD(open("f", O_RDONLY));
    CHECK_OK(syscall(SYS_faccessat2, fd, "", R_OK, AT_EMPTY_PATH));
    CHECK_ERR(syscall(SYS_faccessat2, fd, "", R_OK, 0), ENOENT);
    CHECK_ERR(syscall(SYS_faccessat2, AT_FDCWD, "f", 8, 0), EINVAL);
    CHECK_ERR(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, 0x4000), EINVAL);
    CHECK_ERR(syscall(SYS_faccessat2, 99, "f", R_OK, 0), EBADF);
    CHECK_IN_CHILD({
        CHECK_OK(setresuid(-1, 1000, -1)); /* real: root */
        CHECK_OK(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, 0));
        CHECK_ERR(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS_), EACCES);
    });
    CHECK_IN_CHILD({
        CHECK_OK(setresuid(1000, 0, -1)); /* effective: root */
        CHECK_ERR(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, 0), EACCES);
        CHECK_OK(syscall(SYS_faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS_));
    });
}

static struct found asked(int fd, const char *path, int flags, unsigned mask)
{
    struct found x;

    memset(&x, 0xaa, sizeof x);
    CHECK_OK(syscall(SYS_statx, fd, path, flags, mask, &x));
    return x;
}

TEST(file, statx_tells_what_stat_tells)
{
    struct found x;
    struct stat st;
    int fd;

    fd = test_file("f", "hello", 5);
    CHECK_OK(chown("f", 5, 6));
    CHECK_OK(chmod("f", 04640));
    CHECK_OK(link("f", "g"));
    st = of("f");
    x = asked(AT_FDCWD, "f", 0, BASIC);
    CHECK_EQ(x.mask & BASIC, BASIC);
    CHECK_EQ(x.mode, st.st_mode);
    CHECK_EQ(x.nlink, 2);
    CHECK_EQ(x.uid, 5);
    CHECK_EQ(x.gid, 6);
    CHECK_EQ(x.size, 5);
    CHECK_EQ(x.ino, st.st_ino);
    CHECK_EQ(x.blocks, st.st_blocks);
    CHECK_EQ(x.blksize, st.st_blksize);
    CHECK_EQ(x.mtime.tv_sec, st.st_mtim.tv_sec);
    CHECK_EQ(x.mtime.tv_nsec, st.st_mtim.tv_nsec);
    CHECK_EQ(x.ctime.tv_nsec, st.st_ctim.tv_nsec);
    CHECK_EQ(x.dev_major, major(st.st_dev));
    CHECK_EQ(x.dev_minor, minor(st.st_dev));
    CHECK_EQ(x.rdev_major, 0);
    CHECK_EQ(asked(fd, "", AT_EMPTY_PATH, SOME_SIZE).size, 5);
    CHECK_EQ(asked(AT_FDCWD, "f", AT_STATX_DONT_SYNC, 0).ino, st.st_ino);
}

TEST(file, statx_of_links_and_devices)
{
    struct found x;

    CHECK_OK(symlink("/dev/null", "l"));
    x = asked(AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, ALL);
    CHECK_EQ(x.mode & S_IFMT, S_IFLNK);
    CHECK_EQ(x.size, 9);
    x = asked(AT_FDCWD, "l", 0, SOME_TYPE);
    CHECK_EQ(x.mode & S_IFMT, S_IFCHR);
    CHECK_EQ(x.rdev_major, 1);
    CHECK_EQ(x.rdev_minor, 3);
}

TEST(file, statx_refuses_what_it_does_not_know)
{
    struct found x;

    make("f");
    CHECK_ERR(syscall(SYS_statx, AT_FDCWD, "f", 0x8000, ALL, &x), EINVAL);
    CHECK_ERR(syscall(SYS_statx, AT_FDCWD, "f", AT_STATX_SYNC_TYPE, ALL, &x), EINVAL);
    CHECK_ERR(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x80000000u, &x), EINVAL);
    CHECK_ERR(syscall(SYS_statx, AT_FDCWD, "missing", 0, ALL, &x), ENOENT);
    CHECK_ERR(syscall(SYS_statx, AT_FDCWD, "", 0, ALL, &x), ENOENT);
    CHECK_ERR(syscall(SYS_statx, 99, "f", 0, ALL, &x), EBADF);
    CHECK_ERR(syscall(SYS_statx, AT_FDCWD, "f", 0, ALL, (void *)1), EFAULT);
    CHECK_ERR(syscall(SYS_statx, AT_FDCWD, (void *)1, 0, ALL, &x), EFAULT);
}

TEST(file, sync_file_range_checks_its_arguments)
{
    int fd = test_file("f", "hello", 5), p[2];

    CHECK_OK(syscall(SYS_sync_file_range, fd, 0l, 0l, 7));
    CHECK_OK(syscall(SYS_sync_file_range, fd, 2l, 100l, 0));
    CHECK_ERR(syscall(SYS_sync_file_range, fd, 0l, 0l, 8), EINVAL);
    CHECK_ERR(syscall(SYS_sync_file_range, fd, -1l, 0l, 2), EINVAL);
    CHECK_ERR(syscall(SYS_sync_file_range, fd, 1l, -2l, 2), EINVAL);
    CHECK_ERR(syscall(SYS_sync_file_range, 99, 0l, 0l, 2), EBADF);
    CHECK_OK(pipe(p));
    CHECK_ERR(syscall(SYS_sync_file_range, p[0], 0l, 0l, 2), ESPIPE);
}
