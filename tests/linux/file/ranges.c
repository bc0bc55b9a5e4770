/*
 * Parts of files: holes, fallocate, copies, and reads and writes with flags.
 */
#include "test.h"

#include <limits.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define PAGE 4096

enum { KEEP = 1, PUNCH = 2, COLLAPSE = 8, ZERO = 16, INSERT = 32, UNSHARE = 64 };
enum { HIPRI = 1, DSYNC = 2, SYNC = 4, NOWAIT = 8, APPEND = 16 };

static ssize_t readv2(int fd, void *buf, size_t size, off_t at, int flags)
{
    struct iovec v = {buf, size};

    return syscall(327, fd, &v, 1, at, 0, flags);
}

static ssize_t writev2(int fd, const void *buf, size_t size, off_t at, int flags)
{
    struct iovec v = {(void *)buf, size};

    return syscall(328, fd, &v, 1, at, 0, flags);
}

static ssize_t copy(int in, off_t *in_at, int out, off_t *out_at, size_t size, unsigned flags)
{
    return syscall(326, in, in_at, out, out_at, size, flags);
}

static off_t size_of(int fd)
{
    struct stat st;

    CHECK_OK(fstat(fd, &st));
    return st.st_size;
}

static blkcnt_t blocks_of(int fd)
{
    struct stat st;

    CHECK_OK(fstat(fd, &st));
    return st.st_blocks;
}

static int empty(void)
{
    return test_file("file", "", 0);
}

TEST(ranges, seek_data_and_hole_in_a_sparse_file)
{
    int fd = empty();

    CHECK_EQ(pwrite(fd, "x", 1, 10 * PAGE), 1);
    CHECK_EQ(pwrite(fd, "y", 1, 20 * PAGE + 5), 1);
    CHECK_OK(ftruncate(fd, 30 * PAGE));
    CHECK_EQ(lseek(fd, 0, SEEK_DATA), 10 * PAGE);
    CHECK_EQ(lseek(fd, 10 * PAGE + 7, SEEK_DATA), 10 * PAGE + 7);
    CHECK_EQ(lseek(fd, 11 * PAGE, SEEK_DATA), 20 * PAGE);
    CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
    CHECK_EQ(lseek(fd, 10 * PAGE, SEEK_HOLE), 11 * PAGE);
    CHECK_EQ(lseek(fd, 20 * PAGE + 9, SEEK_HOLE), 21 * PAGE);
    CHECK_EQ(lseek(fd, 29 * PAGE, SEEK_HOLE), 29 * PAGE);
    CHECK_ERR(lseek(fd, 21 * PAGE, SEEK_DATA), ENXIO);
    CHECK_ERR(lseek(fd, 30 * PAGE, SEEK_DATA), ENXIO);
    CHECK_ERR(lseek(fd, 30 * PAGE, SEEK_HOLE), ENXIO);
    CHECK_ERR(lseek(fd, -1, SEEK_HOLE), ENXIO);
    CHECK_ERR(lseek(fd, -1, SEEK_DATA), ENXIO);
}

TEST(ranges, the_end_of_a_full_file_is_a_hole)
{
    int fd = test_file("file", "abc", 3);

    CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 3);
    CHECK_EQ(lseek(fd, 2, SEEK_HOLE), 3);
    CHECK_EQ(lseek(fd, 1, SEEK_DATA), 1);
    CHECK_ERR(lseek(fd, 3, SEEK_DATA), ENXIO);
    CHECK_OK(ftruncate(fd, 0));
    CHECK_ERR(lseek(fd, 0, SEEK_DATA), ENXIO);
    CHECK_ERR(lseek(fd, 0, SEEK_HOLE), ENXIO);
}

TEST(ranges, seek_moves_the_offset_only_when_it_succeeds)
{
    int fd = test_file("file", "abcdef", 6);

    CHECK_EQ(lseek(fd, 4, SEEK_SET), 4);
    CHECK_ERR(lseek(fd, 100, SEEK_DATA), ENXIO);
    CHECK_ERR(lseek(fd, 0, 77), EINVAL);
    CHECK_ERR(lseek(fd, -5, SEEK_CUR), EINVAL);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 4);
    CHECK_EQ(lseek(fd, 1, SEEK_DATA), 1);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 1);
    CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 6);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
}

TEST(ranges, seek_far_beyond_the_end)
{
    int fd = empty();
    char c;

    CHECK_EQ(lseek(fd, LLONG_MAX, SEEK_SET), LLONG_MAX);
    CHECK_ERR(read(fd, &c, 1), EINVAL);
    CHECK_ERR(write(fd, "x", 1), EINVAL);
    CHECK_ERR(pread(fd, &c, 2, LLONG_MAX - 1), EINVAL);
    CHECK_ERR(pwrite(fd, "xy", 2, LLONG_MAX - 1), EINVAL);
    CHECK_EQ(pread(fd, &c, 1, LLONG_MAX - 1), 0);
    CHECK_ERR(lseek(fd, 1, SEEK_CUR), EINVAL);
    CHECK_EQ(size_of(fd), 0);
}

TEST(ranges, fallocate_reserves_blocks_and_extends)
{
    int fd = empty();

    CHECK_OK(fallocate(fd, 0, 0, 3 * PAGE));
    CHECK_EQ(size_of(fd), 3 * PAGE);
    CHECK_EQ(blocks_of(fd), 24);
    CHECK_OK(fallocate(fd, 0, PAGE, PAGE));
    CHECK_EQ(size_of(fd), 3 * PAGE);
    CHECK_OK(fallocate(fd, 0, 3 * PAGE + 100, 50));
    CHECK_EQ(size_of(fd), 3 * PAGE + 150);
    CHECK_EQ(blocks_of(fd), 32);
}

TEST(ranges, fallocate_keeps_the_size_if_told)
{
    char c = 1;
    int fd = test_file("file", "abc", 3);

    CHECK_OK(fallocate(fd, KEEP, 0, 4 * PAGE));
    CHECK_EQ(size_of(fd), 3);
    CHECK_EQ(blocks_of(fd), 32);
    CHECK_EQ(pread(fd, &c, 1, 3), 0);
    CHECK_OK(ftruncate(fd, 2 * PAGE));
    CHECK_EQ(pread(fd, &c, 1, PAGE), 1);
    CHECK_EQ(c, 0);
}

TEST(ranges, fallocate_leaves_what_is_there)
{
    char text[8] = "";
    int fd = test_file("file", "abc", 3);

    CHECK_OK(fallocate(fd, 0, 0, PAGE));
    CHECK_EQ(pread(fd, text, 4, 0), 4);
    CHECK_MEM(text, "abc\0", 4);
}

TEST(ranges, punching_a_hole_zeroes_and_frees)
{
    char text[3 * PAGE];
    int fd;

    memset(text, 'a', sizeof text);
    fd = test_file("file", text, sizeof text);
    CHECK_OK(fallocate(fd, PUNCH | KEEP, 100, 2 * PAGE));
    CHECK_EQ(size_of(fd), 3 * PAGE);
    CHECK_EQ(blocks_of(fd), 16);
    CHECK_EQ(pread(fd, text, sizeof text, 0), (ssize_t)sizeof text);
    CHECK_EQ(text[99], 'a');
    CHECK_EQ(text[100], 0);
    CHECK_EQ(text[2 * PAGE + 99], 0);
    CHECK_EQ(text[2 * PAGE + 100], 'a');
    CHECK_EQ(lseek(fd, 0, SEEK_HOLE), PAGE);
    CHECK_OK(fallocate(fd, PUNCH | KEEP, 0, 100 * PAGE));
    CHECK_EQ(size_of(fd), 3 * PAGE);
    CHECK_EQ(blocks_of(fd), 0);
    CHECK_OK(fallocate(fd, PUNCH | KEEP, 1000 * PAGE, PAGE));
}

TEST(ranges, fallocate_modes_that_tmpfs_lacks)
{
    int fd = empty();

    CHECK_ERR(fallocate(fd, PUNCH, 0, PAGE), EOPNOTSUPP);
    CHECK_ERR(fallocate(fd, ZERO, 0, PAGE), EOPNOTSUPP);
    CHECK_ERR(fallocate(fd, ZERO | KEEP, 0, PAGE), EOPNOTSUPP);
    CHECK_ERR(fallocate(fd, COLLAPSE, 0, PAGE), EOPNOTSUPP);
    CHECK_ERR(fallocate(fd, INSERT, 0, PAGE), EOPNOTSUPP);
    CHECK_ERR(fallocate(fd, UNSHARE, 0, PAGE), EOPNOTSUPP);
    CHECK_ERR(fallocate(fd, 1 << 20, 0, PAGE), EOPNOTSUPP);
    CHECK_ERR(fallocate(fd, PUNCH | ZERO | KEEP, 0, PAGE), EOPNOTSUPP);
    CHECK_ERR(fallocate(fd, COLLAPSE | KEEP, 0, PAGE), EINVAL);
}

TEST(ranges, fallocate_arguments)
{
    int fd = empty(), p[2];

    CHECK_ERR(fallocate(fd, 0, -1, 10), EINVAL);
    CHECK_ERR(fallocate(fd, 0, 0, 0), EINVAL);
    CHECK_ERR(fallocate(fd, 0, 0, -1), EINVAL);
    CHECK_ERR(fallocate(fd, 0, LLONG_MAX, 1), EFBIG);
    CHECK_ERR(fallocate(99, 0, 0, 10), EBADF);
    CHECK_ERR(fallocate(CHECK_FD(open("file", O_RDONLY)), 0, 0, 10), EBADF);
    CHECK_ERR(fallocate(CHECK_FD(open(".", O_RDONLY)), 0, 0, 10), EBADF);
    CHECK_ERR(fallocate(CHECK_FD(open("/dev/null", O_RDWR)), 0, 0, 10), ENODEV);
    CHECK_OK(pipe(p));
    CHECK_ERR(fallocate(p[1], 0, 0, 10), ESPIPE);
    CHECK_ERR(fallocate(p[0], 0, 0, 10), EBADF);
}

TEST(ranges, fallocate_obeys_the_limit_of_sizes)
{
    struct {
        unsigned long soft, hard;
    } limit = {2 * PAGE, 2 * PAGE};
    int fd = empty();

    signal(SIGXFSZ, SIG_IGN);
    CHECK_OK(syscall(SYS_prlimit64, 0, 1, &limit, NULL));
    CHECK_OK(fallocate(fd, 0, 0, 2 * PAGE));
    CHECK_ERR(fallocate(fd, 0, 0, 2 * PAGE + 1), EFBIG);
    CHECK_EQ(size_of(fd), 2 * PAGE);
    CHECK_ERR(ftruncate(fd, 2 * PAGE + 1), EFBIG);
    CHECK_ERR(pwrite(fd, "x", 1, 2 * PAGE), EFBIG);
    CHECK_EQ(pwrite(fd, "xyz", 3, 2 * PAGE - 2), 2);
}

TEST(ranges, fallocate_on_a_full_file_system_gives_back)
{
    int fd;

    CHECK_OK(mkdir("mnt", 0755));
    CHECK_OK(mount("none", "mnt", "tmpfs", 0, "size=64k"));
    fd = CHECK_FD(open("mnt/file", O_RDWR | O_CREAT, 0644));
    CHECK_EQ(write(fd, "abc", 3), 3);
    CHECK_ERR(fallocate(fd, 0, 0, 1 << 20), ENOSPC);
    CHECK_EQ(size_of(fd), 3);
    CHECK_EQ(blocks_of(fd), 8);
    CHECK_OK(fallocate(fd, 0, 0, 16 * PAGE));
    CHECK_ERR(fallocate(fd, KEEP, 16 * PAGE, PAGE), ENOSPC);
    CHECK_OK(umount2("mnt", MNT_DETACH));
}

TEST(ranges, ftruncate_errors)
{
    int p[2];

    close(test_file("file", "abc", 3));
    CHECK_ERR(ftruncate(CHECK_FD(open("file", O_RDWR)), -1), EINVAL);
    CHECK_ERR(ftruncate(CHECK_FD(open("file", O_RDONLY)), 1), EINVAL);
    CHECK_ERR(ftruncate(CHECK_FD(open(".", O_RDONLY)), 1), EINVAL);
    CHECK_ERR(ftruncate(CHECK_FD(open("/dev/null", O_RDWR)), 1), EINVAL);
    CHECK_OK(pipe(p));
    CHECK_ERR(ftruncate(p[1], 1), EINVAL);
    CHECK_ERR(ftruncate(77, 1), EBADF);
    CHECK_ERR(truncate("file", -1), EINVAL);
    CHECK_ERR(truncate(".", 1), EISDIR);
    CHECK_ERR(truncate("missing", 1), ENOENT);
    CHECK_OK(mkfifo("fifo", 0600));
    CHECK_ERR(truncate("fifo", 1), EINVAL);
    CHECK_ERR(truncate("/dev/null", 1), EINVAL);
}

TEST(ranges, ftruncate_to_the_same_size_stamps)
{
    struct timespec old[2] = {{1000, 0}, {1000, 0}};
    struct stat st;
    int fd = test_file("file", "abc", 3);

    CHECK_OK(futimens(fd, old));
    CHECK_OK(ftruncate(fd, 3));
    CHECK_OK(fstat(fd, &st));
    CHECK_GT(st.st_mtime, 1000);
    CHECK_GT(st.st_ctime, 1000);
}

TEST(ranges, growing_past_a_cut_tail_reads_zeros)
{
    char text[16] = "";
    int fd = test_file("file", "abcdefgh", 8);

    CHECK_OK(ftruncate(fd, 3));
    CHECK_OK(ftruncate(fd, 8));
    CHECK_EQ(pread(fd, text, 16, 0), 8);
    CHECK_MEM(text, "abc\0\0\0\0\0", 8);
}

TEST(ranges, copy_file_range_copies_and_moves_both_offsets)
{
    char text[16] = "";
    int in = test_file("in", "0123456789", 10), out = test_file("out", "", 0);

    CHECK_EQ(copy(in, NULL, out, NULL, 4, 0), 4);
    CHECK_EQ(lseek(in, 0, SEEK_CUR), 4);
    CHECK_EQ(lseek(out, 0, SEEK_CUR), 4);
    CHECK_EQ(copy(in, NULL, out, NULL, 100, 0), 6);
    CHECK_EQ(copy(in, NULL, out, NULL, 100, 0), 0);
    CHECK_EQ(pread(out, text, 16, 0), 10);
    CHECK_STR(text, "0123456789");
}

TEST(ranges, copy_file_range_with_offsets_of_ones_own)
{
    char text[16] = "";
    off_t from = 2, to = 5;
    int in = test_file("in", "0123456789", 10), out = test_file("out", "", 0);

    CHECK_EQ(copy(in, &from, out, &to, 3, 0), 3);
    CHECK_EQ(from, 5);
    CHECK_EQ(to, 8);
    CHECK_EQ(lseek(in, 0, SEEK_CUR), 0);
    CHECK_EQ(lseek(out, 0, SEEK_CUR), 0);
    CHECK_EQ(pread(out, text, 16, 0), 8);
    CHECK_MEM(text,
              "\0\0\0\0\0"
              "234",
              8);
    from = 50;
    CHECK_EQ(copy(in, &from, out, &to, 3, 0), 0);
    CHECK_EQ(from, 50);
}

TEST(ranges, copy_file_range_inside_one_file)
{
    char text[16] = "";
    off_t from = 0, to = 10;
    int fd = test_file("file", "0123456789", 10);

    CHECK_EQ(copy(fd, &from, fd, &to, 4, 0), 4);
    from = 0;
    to = 2;
    CHECK_ERR(copy(fd, &from, fd, &to, 4, 0), EINVAL);
    to = 4;
    CHECK_EQ(copy(fd, &from, fd, &to, 4, 0), 4);
    CHECK_EQ(pread(fd, text, 16, 0), 14);
    CHECK_STR(text, "01230123890123");
}

TEST(ranges, copy_file_range_errors)
{
    off_t at = -5, wraps = -1, large = LLONG_MAX;
    int in = test_file("in", "0123456789", 10), out = test_file("out", "", 0), p[2];
    int folder = CHECK_FD(open(".", O_RDONLY)), null = CHECK_FD(open("/dev/null", O_RDWR));

    CHECK_OK(pipe(p));
    CHECK_ERR(copy(in, NULL, out, NULL, 1, 1), EINVAL);
    CHECK_ERR(copy(99, NULL, out, NULL, 1, 0), EBADF);
    CHECK_ERR(copy(in, NULL, 99, NULL, 1, 0), EBADF);
    CHECK_ERR(copy(folder, NULL, out, NULL, 1, 0), EISDIR);
    CHECK_ERR(copy(in, NULL, folder, NULL, 1, 0), EISDIR);
    CHECK_ERR(copy(p[0], NULL, out, NULL, 1, 0), EINVAL);
    CHECK_ERR(copy(in, NULL, p[1], NULL, 1, 0), EINVAL);
    CHECK_ERR(copy(in, NULL, null, NULL, 1, 0), EINVAL);
    CHECK_ERR(copy(CHECK_FD(open("in", O_WRONLY)), NULL, out, NULL, 1, 0), EBADF);
    CHECK_ERR(copy(in, NULL, CHECK_FD(open("out", O_RDONLY)), NULL, 1, 0), EBADF);
    CHECK_ERR(copy(in, NULL, CHECK_FD(open("out", O_WRONLY | O_APPEND)), NULL, 1, 0), EBADF);
    CHECK_ERR(copy(in, &at, out, NULL, 1, 0), EINVAL);
    CHECK_ERR(copy(in, NULL, out, &at, 1, 0), EINVAL);
    CHECK_ERR(copy(in, NULL, out, &large, 1, 0), EFBIG);
    CHECK_ERR(copy(in, &wraps, out, NULL, 1, 0), EOVERFLOW);
    CHECK_ERR(copy(in, (off_t *)8, out, NULL, 1, 0), EFAULT);
    CHECK_EQ(copy(in, NULL, out, NULL, 0, 0), 0);
    CHECK_EQ(lseek(in, 0, SEEK_CUR), 0);
}

TEST(ranges, copy_file_range_between_file_systems_is_exdev_since_5_19)
{
    int in = test_file("in", "0123456789", 10), out;

    CHECK_OK(mkdir("mnt", 0755));
    CHECK_OK(mount("none", "mnt", "tmpfs", 0, ""));
    out = CHECK_FD(open("mnt/out", O_RDWR | O_CREAT, 0644));
    CHECK_ERR(copy(in, NULL, out, NULL, 10, 0), EXDEV);
    CHECK_OK(umount2("mnt", MNT_DETACH));
}

TEST(ranges, copy_file_range_of_much)
{
    static char block[300000], back[300000];
    off_t from = 0;
    int in, out = test_file("out", "", 0);
    size_t done = 0;
    ssize_t n;

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = (char)(i * 7 + i / 1000);
    in = test_file("in", block, sizeof block);
    while ((n = copy(in, &from, out, NULL, sizeof block, 0)) > 0)
        done += (size_t)n;
    CHECK_EQ(n, 0);
    CHECK_EQ(done, sizeof block);
    CHECK_EQ(pread(out, back, sizeof back, 0), (ssize_t)sizeof back);
    CHECK_MEM(back, block, sizeof back);
}

TEST(ranges, preadv2_and_pwritev2_at_a_place_or_at_the_offset)
{
    char text[8] = "";
    int fd = test_file("file", "0123456789", 10);

    CHECK_EQ(readv2(fd, text, 3, 4, 0), 3);
    CHECK_MEM(text, "456", 3);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
    CHECK_EQ(readv2(fd, text, 3, -1, 0), 3);
    CHECK_MEM(text, "012", 3);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 3);
    CHECK_EQ(writev2(fd, "ab", 2, -1, 0), 2);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 5);
    CHECK_EQ(writev2(fd, "z", 1, 0, 0), 1);
    CHECK_EQ(pread(fd, text, 6, 0), 6);
    CHECK_MEM(text, "z12ab5", 6);
    CHECK_ERR(readv2(fd, text, 1, -2, 0), EINVAL);
}

TEST(ranges, flags_of_preadv2)
{
    char text[8];
    int fd = test_file("file", "0123456789", 10);

    CHECK_EQ(readv2(fd, text, 3, 0, HIPRI), 3);
    CHECK_EQ(readv2(fd, text, 3, 0, DSYNC | SYNC), 3);
    CHECK_ERR(readv2(fd, text, 3, 0, 0x20), EOPNOTSUPP);
    CHECK_ERR(readv2(fd, text, 3, 0, 1 << 30), EOPNOTSUPP);
    CHECK_EQ(writev2(fd, "a", 1, 0, DSYNC), 1);
    CHECK_EQ(writev2(fd, "b", 1, 1, SYNC | DSYNC), 1);
    CHECK_EQ(writev2(fd, "c", 1, 2, HIPRI), 1);
    CHECK_ERR(writev2(fd, "c", 1, 2, 0x40), EOPNOTSUPP);
}

TEST(ranges, nowait_is_refused_by_tmpfs)
{
    char text[8];
    int fd = test_file("file", "0123456789", 10);

    CHECK_ERR(readv2(fd, text, 3, 0, NOWAIT), EOPNOTSUPP);
    CHECK_ERR(writev2(fd, text, 3, 0, NOWAIT), EOPNOTSUPP);
}

TEST(ranges, append_flag_appends_this_once)
{
    char text[16] = "";
    int fd = test_file("file", "0123", 4);

    CHECK_EQ(writev2(fd, "ab", 2, 0, APPEND), 2);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
    CHECK_EQ(writev2(fd, "cd", 2, -1, APPEND), 2);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 8);
    CHECK_EQ(pwrite(fd, "z", 1, 0), 1);
    CHECK_EQ(pread(fd, text, 16, 0), 8);
    CHECK_STR(text, "z123abcd");
    CHECK_EQ(fcntl(fd, F_GETFL) & O_APPEND, 0);
}

TEST(ranges, flags_on_pipes)
{
    char text[8] = "";
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_EQ(writev2(p[1], "abc", 3, -1, 0), 3);
    CHECK_EQ(readv2(p[0], text, 8, -1, 0), 3);
    CHECK_STR(text, "abc");
    CHECK_ERR(writev2(p[1], "abc", 3, 0, 0), ESPIPE);
    CHECK_ERR(readv2(p[0], text, 8, 0, 0), ESPIPE);
    CHECK_ERR(readv2(p[0], text, 8, -1, 0x80), EOPNOTSUPP);
}

TEST(ranges, nowait_on_pipes_and_sockets_comes_later)
{
    char text[8] = "";
    int s[2];

    CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
    CHECK_ERR(readv2(s[0], text, 8, -1, NOWAIT), EOPNOTSUPP);
    CHECK_ERR(writev2(s[1], "abc", 3, -1, NOWAIT), EOPNOTSUPP);
    CHECK_OK(pipe(s));
    CHECK_ERR(readv2(s[0], text, 8, -1, NOWAIT), EOPNOTSUPP);
}

TEST(ranges, vectors_of_preadv2_are_checked)
{
    struct iovec v[2] = {{NULL, 8}, {NULL, 0}};
    int fd = test_file("file", "0123456789", 10);

    CHECK_ERR(syscall(327, fd, v, 2, 0, 0, 0), EFAULT);
    CHECK_ERR(syscall(327, fd, v, 1025, 0, 0, 0), EINVAL);
    CHECK_ERR(syscall(327, fd, (void *)8, 1, 0, 0, 0), EFAULT);
    CHECK_EQ(syscall(327, fd, v, 0, 0, 0, 0), 0);
    v[0].iov_len = (size_t)-1;
    CHECK_ERR(syscall(327, fd, v, 1, 0, 0, 0), EINVAL);
    CHECK_ERR(syscall(327, 99, v, 1, 0, 0, 0), EBADF);
}
