/*
 * The rarer forms of file calls: at a directory, with flags, or by an older name.
 */
#include "test.h"

#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <utime.h>

/* musl 1.2.3 emulates flags that the calls below should see themselves. */
#define AT(call, ...) syscall(SYS_##call, __VA_ARGS__)

/* musl 1.2.3 has no statx. Source: linux/stat.h. */
struct answer_time {
    int64_t tv_sec;
    uint32_t tv_nsec;
    int32_t zero;
};
struct answer {
    uint32_t mask, blksize;
    uint64_t attributes;
    uint32_t nlink, uid, gid;
    uint16_t mode, zero;
    uint64_t ino, size, blocks, attributes_mask;
    struct answer_time atime, btime, ctime, mtime;
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t rest[14];
};
_Static_assert(sizeof(struct answer) == 256, "struct statx");
#define BASIC_STATS 0x7ffu

TEST(file, creat_makes_an_empty_file_that_can_only_be_written)
{
    int fd;
    char c;

    test_file("f", "old", 3);
    fd = CHECK_FD(creat("f", 0600));
    CHECK_EQ(lseek(fd, 0, SEEK_END), 0);
    CHECK_EQ(write(fd, "n", 1), 1);
    CHECK_ERR(read(fd, &c, 1), EBADF);
    CHECK_ERR(creat("f/x", 0600), ENOTDIR);
}

TEST(file, fdatasync_sync_and_syncfs_want_a_descriptor_that_is_open)
{
    int fd = test_file("f", "x", 1), p[2];

    CHECK_OK(fdatasync(fd));
    CHECK_OK(fsync(fd));
    CHECK_OK(syncfs(fd));
    sync();
    CHECK_ERR(fdatasync(-1), EBADF);
    CHECK_ERR(syncfs(-1), EBADF);
    CHECK_OK(pipe(p));
    CHECK_ERR(fdatasync(p[0]), EINVAL);
    CHECK_ERR(fsync(p[1]), EINVAL);
}

TEST(file, sync_file_range_checks_what_it_is_told)
{
    int fd = test_file("f", "x", 1), p[2];

    CHECK_OK(AT(sync_file_range, fd, 0, 0, 7));
    CHECK_ERR(AT(sync_file_range, fd, -1L, 0L, 7), EINVAL);
    CHECK_ERR(AT(sync_file_range, fd, 0, 0, 8), EINVAL);
    CHECK_OK(pipe(p));
    CHECK_ERR(AT(sync_file_range, p[0], 0, 0, 0), ESPIPE);
}

TEST(file, fadvise_knows_its_advice)
{
    int fd = test_file("f", "x", 1), p[2];

    for (int advice = 0; advice <= 5; advice++)
        CHECK_OK(posix_fadvise(fd, 0, 0, advice));
    CHECK_EQ(posix_fadvise(fd, 0, 0, 6), EINVAL);
    CHECK_EQ(posix_fadvise(fd, 0, -1, 0), EINVAL);
    CHECK_OK(pipe(p));
    CHECK_EQ(posix_fadvise(p[0], 0, 0, 0), ESPIPE);
    CHECK_EQ(posix_fadvise(-1, 0, 0, 0), EBADF);
}

TEST(file, readahead_wants_a_file_open_for_reading)
{
    int fd = test_file("f", "x", 1), p[2];

    CHECK_OK(AT(readahead, fd, 0, 4096));
    CHECK_ERR(AT(readahead, CHECK_FD(open("f", O_WRONLY)), 0, 4096), EBADF);
    CHECK_OK(pipe(p));
    CHECK_ERR(AT(readahead, p[0], 0, 4096), EINVAL);
}

TEST(file, fchmodat_and_fchownat_start_at_a_directory)
{
    struct stat st;
    int dir;

    CHECK_OK(mkdir("d", 0755));
    dir = CHECK_FD(open("d", O_RDONLY | O_DIRECTORY));
    close(test_file("d/f", "x", 1));
    CHECK_OK(AT(fchmodat, dir, "f", 0640));
    CHECK_OK(AT(fchownat, dir, "f", 5, 6, 0));
    CHECK_OK(stat("d/f", &st));
    CHECK_EQ(st.st_mode & 07777, 0640);
    CHECK_EQ(st.st_uid, 5);
    CHECK_EQ(st.st_gid, 6);
    CHECK_ERR(AT(fchmodat, dir, "g", 0640), ENOENT);
    CHECK_ERR(AT(fchmodat, -1, "f", 0640), EBADF);
    CHECK_ERR(AT(fchownat, dir, "f", 5, 6, 1), EINVAL);
}

TEST(file, fchownat_changes_a_link_itself_or_the_descriptors_own_file)
{
    struct stat st;
    int fd = test_file("f", "x", 1);

    CHECK_OK(symlink("f", "l"));
    CHECK_OK(AT(fchownat, AT_FDCWD, "l", 7, 8, AT_SYMLINK_NOFOLLOW));
    CHECK_OK(lstat("l", &st));
    CHECK_EQ(st.st_uid, 7);
    CHECK_OK(stat("l", &st));
    CHECK_EQ(st.st_uid, 0);
    CHECK_OK(AT(fchownat, fd, "", 9, -1, AT_EMPTY_PATH));
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_uid, 9);
    CHECK_EQ(st.st_gid, 0);
    CHECK_ERR(AT(fchownat, fd, "", 9, -1, 0), ENOENT);
}

TEST(file, utime_utimes_and_futimesat_set_both_times)
{
    struct utimbuf seconds = {1000, 2000};
    struct timeval pair[2] = {{3000, 5}, {4000, 6}}, wrong[2] = {{0, 1000000}, {0, 0}};
    struct stat st;

    close(test_file("f", "x", 1));
    CHECK_OK(AT(utime, "f", &seconds));
    CHECK_OK(stat("f", &st));
    CHECK_EQ(st.st_atim.tv_sec, 1000);
    CHECK_EQ(st.st_mtim.tv_sec, 2000);
    CHECK_EQ(st.st_mtim.tv_nsec, 0);
    CHECK_OK(AT(futimesat, AT_FDCWD, "f", pair));
    CHECK_OK(stat("f", &st));
    CHECK_EQ(st.st_atim.tv_sec, 3000);
    CHECK_EQ(st.st_mtim.tv_nsec, 6000);
    CHECK_ERR(AT(utimes, "f", wrong), EINVAL);
    CHECK_ERR(AT(utime, "none", &seconds), ENOENT);
    CHECK_OK(AT(utime, "f", NULL));
    CHECK_OK(stat("f", &st));
    CHECK_GE(st.st_mtim.tv_sec, time(NULL) - 5);
}

TEST(file, mknodat_makes_files_fifos_and_devices)
{
    struct stat st;
    int dir;

    CHECK_OK(mkdir("d", 0755));
    dir = CHECK_FD(open("d", O_PATH));
    CHECK_OK(mknodat(dir, "file", S_IFREG | 0600, 0));
    CHECK_OK(mknodat(dir, "pipe", S_IFIFO | 0600, 0));
    CHECK_OK(mknodat(dir, "null", S_IFCHR | 0600, makedev(1, 3)));
    CHECK_OK(mknodat(dir, "plain", 0600, 0)); /* no type: a file */
    CHECK_ERR(mknodat(dir, "dir", S_IFDIR | 0600, 0), EPERM);
    CHECK_ERR(mknodat(dir, "link", S_IFLNK | 0600, 0), EINVAL);
    CHECK_ERR(mknodat(dir, "file", S_IFREG | 0600, 0), EEXIST);
    CHECK_OK(stat("d/null", &st));
    CHECK(S_ISCHR(st.st_mode));
    CHECK_EQ(st.st_rdev, makedev(1, 3));
    CHECK_OK(stat("d/plain", &st));
    CHECK(S_ISREG(st.st_mode));
    CHECK_OK(stat("d/pipe", &st));
    CHECK(S_ISFIFO(st.st_mode));
}

TEST(file, faccessat2_asks_for_the_effective_ids_if_told)
{
    close(test_file("f", "x", 1));
    CHECK_OK(chmod("f", 0600));
    CHECK_OK(symlink("none", "l"));
    CHECK_OK(AT(faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS));
    CHECK_ERR(AT(faccessat2, AT_FDCWD, "f", X_OK, 0), EACCES);
    CHECK_ERR(AT(faccessat2, AT_FDCWD, "l", F_OK, 0), ENOENT);
    CHECK_OK(AT(faccessat2, AT_FDCWD, "l", F_OK, AT_SYMLINK_NOFOLLOW));
    CHECK_OK(AT(faccessat2, CHECK_FD(open("f", O_RDONLY)), "", R_OK, AT_EMPTY_PATH));
    CHECK_ERR(AT(faccessat2, AT_FDCWD, "f", 8, 0), EINVAL);
    CHECK_ERR(AT(faccessat2, AT_FDCWD, "f", R_OK, 1), EINVAL);
    CHECK_IN_CHILD({
        CHECK_OK(chmod(".", 0755));
        CHECK_OK(setresuid(65534, 0, 0)); /* real: nobody; effective: root */
        CHECK_ERR(AT(faccessat2, AT_FDCWD, "f", R_OK, 0), EACCES);
        CHECK_OK(AT(faccessat2, AT_FDCWD, "f", R_OK, AT_EACCESS));
    });
}

TEST(file, statx_says_what_stat_says_and_what_it_filled_in)
{
    struct answer x;
    struct stat st;
    int fd = test_file("f", "12345", 5);

    CHECK_OK(stat("f", &st));
    CHECK_OK(AT(statx, AT_FDCWD, "f", 0, BASIC_STATS, &x));
    CHECK_EQ(x.mask & BASIC_STATS, BASIC_STATS);
    CHECK_EQ(x.size, 5);
    CHECK_EQ(x.mode, st.st_mode);
    CHECK_EQ(x.ino, st.st_ino);
    CHECK_EQ(x.nlink, 1);
    CHECK_EQ(x.blocks, 8);
    CHECK_EQ(makedev(x.dev_major, x.dev_minor), st.st_dev);
    CHECK_EQ(x.mtime.tv_sec, st.st_mtim.tv_sec);
    CHECK_EQ(x.mtime.tv_nsec, (uint32_t)st.st_mtim.tv_nsec);
    CHECK_OK(AT(statx, fd, "", AT_EMPTY_PATH, 0, &x));
    CHECK_EQ(x.ino, st.st_ino);
    CHECK_ERR(AT(statx, AT_FDCWD, "f", 0, 0x80000000u, &x), EINVAL);
    CHECK_ERR(AT(statx, AT_FDCWD, "f", 1, 0, &x), EINVAL);
    CHECK_ERR(AT(statx, AT_FDCWD, "f", 0x6000, 0, &x), EINVAL);
    CHECK_ERR(AT(statx, AT_FDCWD, "", 0, 0, &x), ENOENT);
}

TEST(file, fstatfs_tells_the_kind_of_a_pipe_and_of_a_file)
{
    struct statfs s;
    int fd = test_file("f", "x", 1), p[2];

    CHECK_OK(fstatfs(fd, &s));
    CHECK_EQ(s.f_type, 0x01021994); /* tmpfs */
    CHECK_EQ(s.f_bsize, 4096);
    CHECK_EQ(s.f_namelen, 255);
    CHECK_GT(s.f_blocks, 0);
    CHECK_OK(pipe(p));
    CHECK_OK(fstatfs(p[0], &s));
    CHECK_EQ(s.f_type, 0x50495045);
    CHECK_ERR(fstatfs(-1, &s), EBADF);
    CHECK_OK(statfs("/proc", &s));
    CHECK_EQ(s.f_type, 0x9fa0);
}

TEST(file, close_range_closes_marks_and_checks)
{
    int a = CHECK_FD(dup2(0, 100)), b = CHECK_FD(dup2(0, 101)), c = CHECK_FD(dup2(0, 103));

    CHECK_OK(AT(close_range, 101, 102, 0));
    CHECK_EQ(fcntl(a, F_GETFD), 0);
    CHECK_ERR(fcntl(b, F_GETFD), EBADF);
    CHECK_EQ(fcntl(c, F_GETFD), 0);
    CHECK_OK(AT(close_range, 100, ~0u, 4 /* CLOEXEC */));
    CHECK_EQ(fcntl(a, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(c, F_GETFD), FD_CLOEXEC);
    CHECK_ERR(AT(close_range, 5, 4, 0), EINVAL);
    CHECK_ERR(AT(close_range, 5, 6, 1), EINVAL);
    CHECK_OK(AT(close_range, 100, ~0u, 0));
    CHECK_ERR(fcntl(c, F_GETFD), EBADF);
}

TEST(file, close_range_unshare_leaves_the_other_thread_its_table)
{
    int fd = CHECK_FD(dup2(0, 100));

    CHECK_IN_CHILD({
        CHECK_OK(AT(close_range, 100, 100, 2 /* UNSHARE */));
        CHECK_ERR(fcntl(100, F_GETFD), EBADF);
    });
    CHECK_EQ(fcntl(fd, F_GETFD), 0);
}
