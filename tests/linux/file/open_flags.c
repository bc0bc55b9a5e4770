/*
 * The flags of open(2), one by one.
 */
#include "test.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

static int as_user(void)
{
    return setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534);
}

static int flags_of(int fd)
{
    return fcntl(fd, F_GETFL) & ~0100000; /* O_LARGEFILE */
}

TEST(open_flags, access_mode_three_gives_neither_reading_nor_writing)
{
    char c;
    int fd = test_file("file", "abc", 3);

    close(fd);
    fd = CHECK_FD(open("file", 3));
    CHECK_EQ(flags_of(fd), 3);
    CHECK_ERR(read(fd, &c, 1), EBADF);
    CHECK_ERR(write(fd, &c, 1), EBADF);
    CHECK_ERR(ftruncate(fd, 0), EINVAL);
    CHECK_IN_CHILD({
        CHECK_OK(chmod("file", 0444));
        CHECK_OK(as_user());
        CHECK_ERR(open("file", 3), EACCES);
    });
}

TEST(open_flags, o_path_of_a_file_opens_without_permission)
{
    close(test_file("file", "abc", 3));
    CHECK_OK(chmod("file", 0));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_ERR(open("file", O_RDONLY), EACCES);
        CHECK_FD(open("file", O_PATH));
    });
}

TEST(open_flags, o_path_descriptors_do_nothing_to_data)
{
    char c;
    int fd;

    close(test_file("file", "abc", 3));
    fd = CHECK_FD(open("file", O_PATH | O_RDWR));
    CHECK_EQ(flags_of(fd), O_PATH);
    CHECK_ERR(read(fd, &c, 1), EBADF);
    CHECK_ERR(write(fd, &c, 1), EBADF);
    CHECK_ERR(lseek(fd, 0, SEEK_SET), EBADF);
    CHECK_ERR(ftruncate(fd, 0), EBADF);
    CHECK_ERR(fallocate(fd, 0, 0, 1), EBADF);
    CHECK_ERR(syscall(SYS_fchmod, fd, 0600), EBADF);
    CHECK_ERR(syscall(SYS_fchown, fd, 0, 0), EBADF);
    CHECK_ERR(fsync(fd), EBADF);
    CHECK_ERR(fdatasync(fd), EBADF);
    CHECK_ERR(ioctl(fd, FIONREAD, &c), EBADF);
    CHECK_ERR(futimens(fd, NULL), EBADF);
    CHECK_ERR((long)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0), EBADF);
    CHECK_ERR(posix_fadvise(fd, 0, 0, 0) ? (errno = EBADF, -1) : 0, EBADF);
}

TEST(open_flags, o_path_descriptors_can_be_asked_and_copied)
{
    struct stat st;
    struct statfs sf;
    struct pollfd p;
    struct epoll_event e = {.events = EPOLLIN};
    int fd, copy, ep = CHECK_FD(epoll_create1(0));

    close(test_file("file", "abc", 3));
    fd = CHECK_FD(open("file", O_PATH));
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_size, 3);
    CHECK_OK(fstatfs(fd, &sf));
    copy = CHECK_FD(dup(fd));
    CHECK_EQ(flags_of(copy), O_PATH);
    CHECK_FD(fcntl(fd, F_DUPFD, 50));
    CHECK_OK(fcntl(fd, F_SETFD, FD_CLOEXEC));
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_ERR(fcntl(fd, F_SETFL, O_NONBLOCK), EBADF);
    CHECK_ERR(fcntl(fd, F_GETOWN), EBADF);
    p = (struct pollfd){.fd = fd, .events = POLLIN};
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLNVAL);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e), EBADF);
}

TEST(open_flags, o_path_of_a_folder_is_a_start)
{
    char names[256];
    int dir, fd;

    CHECK_OK(mkdir("dir", 0755));
    close(test_file("dir/file", "abc", 3));
    dir = CHECK_FD(open("dir", O_PATH));
    fd = CHECK_FD(openat(dir, "file", O_RDONLY));
    close(fd);
    CHECK_ERR(syscall(SYS_getdents64, dir, names, sizeof names), EBADF);
    CHECK_OK(fchdir(dir));
    CHECK_OK(access("file", F_OK));
}

TEST(open_flags, o_path_nofollow_is_the_link_itself)
{
    struct stat st;
    char text[16] = "";
    int fd;

    CHECK_OK(symlink("target", "link"));
    fd = CHECK_FD(open("link", O_PATH | O_NOFOLLOW));
    CHECK_EQ(flags_of(fd), O_PATH | O_NOFOLLOW);
    CHECK_OK(fstat(fd, &st));
    CHECK(S_ISLNK(st.st_mode));
    CHECK_EQ(readlinkat(fd, "", text, sizeof text), 6);
    CHECK_STR(text, "target");
    CHECK_ERR(open("link", O_PATH), ENOENT);
    CHECK_ERR(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
    CHECK_ERR(openat(fd, "x", O_RDONLY), ENOTDIR);
}

TEST(open_flags, o_path_reopened_through_proc)
{
    char path[64], text[8] = "";
    int fd, again;

    close(test_file("file", "abc", 3));
    fd = CHECK_FD(open("file", O_PATH));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    again = CHECK_FD(open(path, O_RDWR));
    CHECK_EQ(read(again, text, sizeof text), 3);
    CHECK_STR(text, "abc");
    CHECK_OK(unlink("file"));
    again = CHECK_FD(open(path, O_RDONLY));
    CHECK_EQ(read(again, text, sizeof text), 3);
}

TEST(open_flags, o_path_ignores_create_and_cut)
{
    struct stat st;

    CHECK_ERR(open("new", O_PATH | O_CREAT, 0644), ENOENT);
    close(test_file("file", "abc", 3));
    close(CHECK_FD(open("file", O_PATH | O_TRUNC | O_RDWR)));
    CHECK_OK(stat("file", &st));
    CHECK_EQ(st.st_size, 3);
}

TEST(open_flags, directory_with_create)
{
    CHECK_OK(mkdir("dir", 0755));
    CHECK_ERR(open("dir", O_RDONLY | O_CREAT, 0644), EISDIR);
    CHECK_ERR(open("dir", O_RDONLY | O_CREAT | O_EXCL, 0644), EEXIST);
    CHECK_ERR(open("dir", O_WRONLY), EISDIR);
    CHECK_ERR(open("dir", O_RDONLY | O_TRUNC), EISDIR);
    close(test_file("file", "", 0));
    CHECK_ERR(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
    CHECK_ERR(open("missing", O_RDONLY | O_DIRECTORY), ENOENT);
    CHECK_OK(symlink("dir", "link"));
    CHECK_FD(open("link", O_RDONLY | O_DIRECTORY));
    CHECK_ERR(open("link", O_RDONLY | O_DIRECTORY | O_NOFOLLOW), ENOTDIR);
    CHECK_FD(open("link/", O_RDONLY | O_NOFOLLOW));
}

TEST(open_flags, create_follows_a_dangling_link_unless_exclusive)
{
    CHECK_OK(symlink("target", "link"));
    CHECK_ERR(open("link", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
    CHECK_ERR(open("link", O_WRONLY | O_CREAT | O_NOFOLLOW, 0644), ELOOP);
    CHECK_ERR(access("target", F_OK), ENOENT);
    CHECK_FD(open("link", O_WRONLY | O_CREAT, 0644));
    CHECK_OK(access("target", F_OK));
}

TEST(open_flags, create_with_slashes_behind)
{
    CHECK_ERR(open("new/", O_WRONLY | O_CREAT, 0644), EISDIR);
    CHECK_ERR(open("new/", O_RDONLY), ENOENT);
    close(test_file("file", "", 0));
    CHECK_ERR(open("file/", O_RDONLY), ENOTDIR);
    CHECK_ERR(open("file/", O_WRONLY | O_CREAT, 0644), EISDIR);
    CHECK_ERR(open("file/x", O_WRONLY | O_CREAT, 0644), ENOTDIR);
}

TEST(open_flags, exclusive_without_create_means_nothing)
{
    close(test_file("file", "abc", 3));
    CHECK_FD(open("file", O_RDONLY | O_EXCL));
    CHECK_ERR(open("missing", O_RDONLY | O_EXCL), ENOENT);
}

TEST(open_flags, noatime_is_for_the_owner)
{
    int fd = test_file("file", "abc", 3);

    close(fd);
    CHECK_OK(chmod("file", 0666));
    fd = CHECK_FD(open("file", O_RDONLY | O_NOATIME));
    CHECK_EQ(flags_of(fd), O_NOATIME);
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        for (int i = 0; i < 3; i++) {
            CHECK_FD(open("file", O_RDONLY));
            CHECK_ERR(open("file", O_RDONLY | O_NOATIME), EPERM);
        }
        fd = CHECK_FD(open("file", O_RDONLY));
        CHECK_ERR(fcntl(fd, F_SETFL, O_NOATIME), EPERM);
    });
}

TEST(open_flags, reading_with_noatime_leaves_atime)
{
    struct timespec old[2] = {{1000, 0}, {2000, 0}};
    struct stat st;
    char c;
    int fd;

    close(test_file("file", "abc", 3));
    CHECK_OK(utimensat(AT_FDCWD, "file", old, 0));
    fd = CHECK_FD(open("file", O_RDONLY | O_NOATIME));
    CHECK_EQ(read(fd, &c, 1), 1);
    CHECK_OK(stat("file", &st));
    CHECK_EQ(st.st_atime, 1000);
    CHECK_OK(fcntl(fd, F_SETFL, 0));
    CHECK_EQ(read(fd, &c, 1), 1);
    CHECK_OK(stat("file", &st));
    CHECK_GT(st.st_atime, 2000);
}

TEST(open_flags, sync_implies_dsync)
{
    int fd;

    close(test_file("file", "", 0));
    fd = CHECK_FD(open("file", O_WRONLY | O_SYNC));
    CHECK_EQ(flags_of(fd), O_WRONLY | O_SYNC);
    CHECK_EQ(write(fd, "x", 1), 1);
    fd = CHECK_FD(open("file", O_WRONLY | O_DSYNC));
    CHECK_EQ(flags_of(fd), O_WRONLY | O_DSYNC);
    CHECK_EQ(write(fd, "x", 1), 1);
    /* The bit of O_SYNC that is not O_DSYNC. */
    fd = CHECK_FD(open("file", O_WRONLY | (O_SYNC & ~O_DSYNC)));
    CHECK_EQ(flags_of(fd), O_WRONLY | O_SYNC);
}

TEST(open_flags, sync_cannot_be_changed_later)
{
    int fd;

    close(test_file("file", "", 0));
    fd = CHECK_FD(open("file", O_WRONLY));
    CHECK_OK(fcntl(fd, F_SETFL, O_SYNC | O_CREAT | O_TRUNC | O_EXCL | O_RDWR));
    CHECK_EQ(flags_of(fd), O_WRONLY);
    CHECK_OK(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
    CHECK_EQ(flags_of(fd), O_WRONLY | O_APPEND | O_NONBLOCK);
    CHECK_OK(fcntl(fd, F_SETFL, 0));
    CHECK_EQ(flags_of(fd), O_WRONLY);
}

TEST(open_flags, direct_is_refused_by_tmpfs_until_6_6)
{
    int fd;

    close(test_file("file", "abc", 3));
    CHECK_ERR(open("file", O_RDONLY | O_DIRECT), EINVAL);
    fd = CHECK_FD(open("file", O_RDONLY));
    CHECK_ERR(fcntl(fd, F_SETFL, O_DIRECT), EINVAL);
}

TEST(open_flags, flags_that_are_told_back)
{
    int fd;

    fd = CHECK_FD(open("file", O_RDWR | O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY | O_APPEND, 0644));
    CHECK_EQ(flags_of(fd), O_RDWR | O_APPEND);
    fd = CHECK_FD(open("file", O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    CHECK_EQ(flags_of(fd), O_RDONLY | O_NOFOLLOW);
    fd = CHECK_FD(open(".", O_RDONLY | O_DIRECTORY));
    CHECK_EQ(flags_of(fd), O_RDONLY | O_DIRECTORY);
    fd = CHECK_FD(open(".", O_RDWR | O_TMPFILE, 0600));
    CHECK_EQ(flags_of(fd), O_RDWR | O_TMPFILE);
}

TEST(open_flags, tmpfile_gets_a_name_by_linkat)
{
    char path[64], text[8] = "";
    struct stat st;
    int fd = CHECK_FD(open(".", O_RDWR | O_TMPFILE, 0640));

    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_nlink, 0);
    CHECK_EQ(st.st_mode, S_IFREG | 0640);
    CHECK_EQ(write(fd, "hello", 5), 5);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK_OK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_nlink, 1);
    CHECK_EQ(read(CHECK_FD(open("named", O_RDONLY)), text, 7), 5);
    CHECK_STR(text, "hello");
    CHECK_ERR(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW), EEXIST);
    CHECK_OK(linkat(fd, "", AT_FDCWD, "twice", AT_EMPTY_PATH));
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_nlink, 2);
}

TEST(open_flags, tmpfile_exclusive_never_gets_a_name)
{
    char path[64];
    int fd = CHECK_FD(open(".", O_RDWR | O_TMPFILE | O_EXCL, 0600));

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    CHECK_ERR(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW), ENOENT);
    CHECK_ERR(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH), ENOENT);
}

TEST(open_flags, tmpfile_errors)
{
    close(test_file("file", "", 0));
    CHECK_OK(symlink("file", "link"));
    CHECK_ERR(open("file", O_RDWR | O_TMPFILE, 0600), ENOTDIR);
    CHECK_ERR(open("link", O_RDWR | O_TMPFILE, 0600), ENOTDIR);
    CHECK_ERR(open("missing", O_RDWR | O_TMPFILE, 0600), ENOENT);
    CHECK_ERR(open(".", O_RDONLY | O_TMPFILE, 0600), EINVAL);
    CHECK_ERR(open("/proc", O_RDWR | O_TMPFILE, 0600), EOPNOTSUPP);
    CHECK_IN_CHILD({
        CHECK_OK(mkdir("closed", 0755));
        CHECK_OK(as_user());
        CHECK_ERR(open("closed", O_RDWR | O_TMPFILE, 0600), EACCES);
    });
}

TEST(open_flags, tmpfile_obeys_the_umask_and_may_be_unwritable)
{
    struct stat st;
    int fd;

    umask(027);
    fd = CHECK_FD(open(".", O_RDWR | O_TMPFILE, 0777));
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_mode & 07777, 0750);
    CHECK_IN_CHILD({
        CHECK_OK(chmod(".", 0777));
        CHECK_OK(as_user());
        fd = CHECK_FD(open(".", O_RDWR | O_TMPFILE, 0));
        CHECK_EQ(write(fd, "x", 1), 1);
    });
}

TEST(open_flags, truncate_needs_write_permission_even_for_reading)
{
    struct stat st;

    close(test_file("file", "abc", 3));
    CHECK_OK(chmod("file", 0644));
    CHECK_IN_CHILD({
        CHECK_OK(as_user());
        CHECK_ERR(open("file", O_RDONLY | O_TRUNC), EACCES);
    });
    CHECK_OK(stat("file", &st));
    CHECK_EQ(st.st_size, 3);
    close(CHECK_FD(open("file", O_RDONLY | O_TRUNC)));
    CHECK_OK(stat("file", &st));
    CHECK_EQ(st.st_size, 0);
}

TEST(open_flags, a_device_a_fifo_and_a_socket)
{
    CHECK_OK(mkfifo("fifo", 0600));
    CHECK_OK(mknod("socket", S_IFSOCK | 0600, 0));
    CHECK_OK(mknod("device", S_IFCHR | 0600, makedev(200, 7)));
    CHECK_OK(mknod("block", S_IFBLK | 0600, makedev(200, 7)));
    CHECK_ERR(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
    CHECK_FD(open("fifo", O_RDONLY | O_NONBLOCK));
    CHECK_FD(open("fifo", O_RDWR));
    CHECK_ERR(open("socket", O_RDONLY), ENXIO);
    CHECK_ERR(open("device", O_RDONLY), ENXIO);
    CHECK_ERR(open("block", O_RDONLY), ENXIO);
    CHECK_FD(open("socket", O_PATH));
    CHECK_FD(open("device", O_PATH));
    CHECK_ERR(open("fifo", O_RDONLY | O_NONBLOCK | O_DIRECTORY), ENOTDIR);
}

TEST(open_flags, no_descriptor_left_makes_no_file)
{
    struct {
        unsigned long soft, hard;
    } limit = {0, 0};

    CHECK_OK(syscall(SYS_prlimit64, 0, 7, NULL, &limit));
    limit.soft = 3;
    CHECK_OK(syscall(SYS_prlimit64, 0, 7, &limit, NULL));
    CHECK_ERR(open("new", O_RDWR | O_CREAT, 0644), EMFILE);
    CHECK_ERR(open("missing/x", O_RDONLY), EMFILE);
    CHECK_ERR(access("new", F_OK), ENOENT);
}
