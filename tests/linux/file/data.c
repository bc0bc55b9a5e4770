/*
 * Bytes of files: reading, writing, seeking, truncating, holes, vectors.
 */
#include "test.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

static char buffer[1 << 16];

static off_t size_of(int fd)
{
    struct stat st;

    CHECK_OK(fstat(fd, &st));
    return st.st_size;
}

TEST(data, what_is_written_is_read)
{
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));

    CHECK_EQ(write(fd, "hello world", 11), 11);
    CHECK_EQ(lseek(fd, 6, SEEK_SET), 6);
    CHECK_EQ(read(fd, buffer, 100), 5);
    CHECK_MEM(buffer, "world", 5);
    CHECK_EQ(read(fd, buffer, 100), 0);
    CHECK_EQ(read(fd, buffer, 0), 0);
}

TEST(data, access_modes_are_enforced)
{
    close(test_file("f", "abc", 3));
    int r = CHECK_FD(open("f", O_RDONLY)), w = CHECK_FD(open("f", O_WRONLY));
    int path = CHECK_FD(open("f", O_PATH));

    CHECK_ERR(write(r, "x", 1), EBADF);
    CHECK_ERR(read(w, buffer, 1), EBADF);
    CHECK_ERR(ftruncate(r, 0), EINVAL);
    CHECK_ERR(read(path, buffer, 1), EBADF);
    CHECK_EQ(read(r, buffer, 0), 0);
    CHECK_EQ(write(w, "", 0), 0);
}

TEST(data, append_always_goes_to_the_end)
{
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT | O_APPEND, 0600));
    int other = CHECK_FD(open("f", O_WRONLY));

    CHECK_EQ(write(fd, "abc", 3), 3);
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    CHECK_EQ(pwrite(other, "XYZ", 3, 3), 3);
    CHECK_EQ(write(fd, "def", 3), 3);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 9);
    CHECK_EQ(pread(fd, buffer, 20, 0), 9);
    CHECK_MEM(buffer, "abcXYZdef", 9);
}

TEST(data, concurrent_appends_lose_nothing)
{
    enum { WRITERS = 4, EACH = 300 };
    int counts[WRITERS] = {0};

    for (int w = 0; w < WRITERS; w++)
        CHILD({
            int fd = CHECK_FD(open("log", O_WRONLY | O_CREAT | O_APPEND, 0600));
            char line[16];
            for (int i = 0; i < EACH; i++) {
                snprintf(line, sizeof line, "%d %04d 12345\n", w, i);
                CHECK_EQ(write(fd, line, 13), 13);
            }
        });
    for (int w = 0; w < WRITERS; w++) {
        int status;
        CHECK_GT(wait(&status), 0);
        CHECK_EQ(status, 0);
    }
    size_t size;
    char *text = test_read_file("log", &size);
    CHECK_EQ(size, WRITERS * EACH * 13);
    for (size_t at = 0; at < size; at += 13) {
        int w = text[at] - '0';
        CHECK_EQ(atoi(text + at + 2), counts[w]++);
    }
}

TEST(data, truncate_shrinks_grows_and_zeroes)
{
    int fd = test_file("f", "abcdefgh", 8);

    CHECK_OK(ftruncate(fd, 3));
    CHECK_EQ(size_of(fd), 3);
    CHECK_OK(ftruncate(fd, 8));
    CHECK_EQ(pread(fd, buffer, 20, 0), 8);
    CHECK_MEM(buffer, "abc\0\0\0\0\0", 8);
    CHECK_OK(truncate("f", 100000));
    CHECK_EQ(size_of(fd), 100000);
    CHECK_ERR(ftruncate(fd, -1), EINVAL);
    CHECK_ERR(truncate("none", 0), ENOENT);
    CHECK_OK(mkdir("d", 0755));
    CHECK_ERR(truncate("d", 0), EISDIR);
    int again = CHECK_FD(open("f", O_WRONLY | O_TRUNC));
    CHECK_EQ(size_of(again), 0);
}

TEST(data, lseek_in_all_ways)
{
    int fd = test_file("f", "0123456789", 10);

    CHECK_EQ(lseek(fd, 3, SEEK_SET), 3);
    CHECK_EQ(lseek(fd, 2, SEEK_CUR), 5);
    CHECK_EQ(lseek(fd, -1, SEEK_END), 9);
    CHECK_EQ(lseek(fd, 100, SEEK_END), 110);
    CHECK_EQ(read(fd, buffer, 1), 0);
    CHECK_ERR(lseek(fd, -200, SEEK_CUR), EINVAL);
    CHECK_ERR(lseek(fd, -1, SEEK_SET), EINVAL);
    CHECK_ERR(lseek(fd, 0, 99), EINVAL);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 110);
    CHECK_ERR(lseek(0x7fffffff, 0, SEEK_SET), EBADF);
}

TEST(data, holes_read_as_zeros_and_cost_nothing)
{
    struct stat st;
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));

    CHECK_EQ(pwrite(fd, "end", 3, 1LL << 30), 3);
    CHECK_EQ(size_of(fd), (1LL << 30) + 3);
    CHECK_EQ(pread(fd, buffer, sizeof buffer, 12345678), sizeof buffer);
    for (size_t i = 0; i < sizeof buffer; i++)
        CHECK_EQ(buffer[i], 0);
    CHECK_OK(fstat(fd, &st));
    CHECK_LE(st.st_blocks, 64);
}

TEST(data, seek_data_and_hole)
{
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));

    CHECK_EQ(pwrite(fd, "x", 1, 8 * 4096), 1);
    CHECK_OK(ftruncate(fd, 20 * 4096));
    CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
    CHECK_EQ(lseek(fd, 0, SEEK_DATA), 8 * 4096);
    CHECK_EQ(lseek(fd, 8 * 4096, SEEK_HOLE), 9 * 4096);
    CHECK_ERR(lseek(fd, 10 * 4096, SEEK_DATA), ENXIO);
    CHECK_ERR(lseek(fd, 20 * 4096, SEEK_HOLE), ENXIO);
}

TEST(data, pread_and_pwrite_leave_the_offset)
{
    int fd = test_file("f", "abcdef", 6);

    CHECK_EQ(pread(fd, buffer, 2, 4), 2);
    CHECK_MEM(buffer, "ef", 2);
    CHECK_EQ(pwrite(fd, "XY", 2, 1), 2);
    CHECK_EQ(read(fd, buffer, 6), 6);
    CHECK_MEM(buffer, "aXYdef", 6);
    CHECK_ERR(pread(fd, buffer, 1, -1), EINVAL);
    CHECK_ERR(pwrite(fd, buffer, 1, -1), EINVAL);
}

TEST(data, vectors)
{
    char a[3], b[4];
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));
    struct iovec out[] = {{"one", 3}, {NULL, 0}, {"two", 3}, {"three", 5}};
    struct iovec in[] = {{a, 3}, {b, 4}};

    CHECK_EQ(writev(fd, out, 4), 11);
    CHECK_EQ(lseek(fd, 2, SEEK_SET), 2);
    CHECK_EQ(readv(fd, in, 2), 7);
    CHECK_MEM(a, "etw", 3);
    CHECK_MEM(b, "othr", 4);
    CHECK_EQ(preadv(fd, in, 2, 0), 7);
    CHECK_MEM(a, "one", 3);
    CHECK_EQ(pwritev(fd, out, 1, 8), 3);
    struct iovec bad[] = {{"x", 1}, {(void *)16, 1}};
    CHECK_EQ(writev(fd, bad, 2), 1);
    struct iovec huge[] = {{buffer, SIZE_MAX}};
    CHECK_ERR(writev(fd, huge, 1), EINVAL);
    CHECK_ERR(readv(fd, in, 1025), EINVAL);
    CHECK_ERR(readv(fd, (void *)16, 1), EFAULT);
}

TEST(data, bad_buffers_are_efault_and_move_nothing)
{
    int fd = test_file("f", "abc", 3);

    CHECK_ERR(read(fd, (void *)16, 3), EFAULT);
    CHECK_ERR(write(fd, (void *)16, 3), EFAULT);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
    CHECK_EQ(size_of(fd), 3);
    CHECK_EQ(read(fd, buffer, 3), 3);
    CHECK_EQ(read(fd, (void *)16, 3), 0); /* at the end nothing is touched */
}

TEST(data, a_file_of_four_megabytes_keeps_every_byte)
{
    enum { TOTAL = 4 << 20 };
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));
    unsigned seed = 1;

    for (int at = 0; at < TOTAL; at += (int)sizeof buffer) {
        for (size_t i = 0; i < sizeof buffer; i++) {
            seed = seed * 1103515245 + 12345;
            buffer[i] = (char)(seed >> 16);
        }
        CHECK_EQ(write(fd, buffer, sizeof buffer), sizeof buffer);
    }
    CHECK_OK(fsync(fd));
    CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
    seed = 1;
    for (int at = 0; at < TOTAL; at += (int)sizeof buffer) {
        CHECK_EQ(read(fd, buffer, sizeof buffer), sizeof buffer);
        for (size_t i = 0; i < sizeof buffer; i++) {
            seed = seed * 1103515245 + 12345;
            CHECK_EQ(buffer[i], (char)(seed >> 16));
        }
    }
}

TEST(data, unaligned_pieces_across_pages)
{
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));
    static char model[40000];

    for (int i = 0; i < 300; i++) {
        int at = i * 7919 % 30000, len = i * 31 % 5000 + 1;
        memset(buffer, 'a' + i % 26, (size_t)len);
        memset(model + at, 'a' + i % 26, (size_t)len);
        CHECK_EQ(pwrite(fd, buffer, (size_t)len, at), len);
    }
    off_t size = size_of(fd);
    CHECK_EQ(pread(fd, buffer, sizeof buffer, 0), size);
    CHECK_MEM(buffer, model, (size_t)size);
}

TEST(data, sendfile_and_copy_file_range)
{
    int a = test_file("a", "0123456789", 10), b = CHECK_FD(open("b", O_RDWR | O_CREAT, 0600)), p[2];
    off_t at = 2;

    CHECK_OK(pipe(p));
    CHECK_EQ(sendfile(p[1], a, &at, 5), 5);
    CHECK_EQ(at, 7);
    CHECK_EQ(read(p[0], buffer, 10), 5);
    CHECK_MEM(buffer, "23456", 5);
    CHECK_EQ(sendfile(b, a, NULL, 100), 10);
    CHECK_EQ(size_of(b), 10);
}

TEST(data, fallocate_reserves_and_extends)
{
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));

    CHECK_OK(fallocate(fd, 0, 0, 10000));
    CHECK_EQ(size_of(fd), 10000);
    CHECK_OK(fallocate(fd, 1 /* KEEP_SIZE */, 0, 50000));
    CHECK_EQ(size_of(fd), 10000);
    CHECK_ERR(fallocate(fd, 0, 0, 0), EINVAL);
}

TEST(data, tmpfile_without_a_name)
{
    int fd = CHECK_FD(open(".", O_TMPFILE | O_RDWR, 0600));
    struct stat st;

    CHECK_EQ(write(fd, "x", 1), 1);
    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_nlink, 0);
}
