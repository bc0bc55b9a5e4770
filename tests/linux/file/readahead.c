/*
 * readahead: a hint that has errors.
 */
#include "test.h"

static long ahead(int fd, off_t offset, size_t count)
{
    return syscall(SYS_readahead, fd, offset, count);
}

TEST(readahead, changes_nothing_in_a_file)
{
    int fd = test_file("f", "hello", 5);
    char text[8];

    CHECK_OK(ahead(fd, 0, 5));
    CHECK_OK(ahead(fd, 3, 100000));
    CHECK_OK(ahead(fd, 1000000, 4096));
    CHECK_OK(ahead(fd, 0, 0));
    CHECK_EQ(read(fd, text, sizeof text), 5);
}

TEST(readahead, wants_a_readable_file)
{
    int fd = test_file("f", "hello", 5), p[2];

    CHECK_OK(close(fd));
    fd = CHECK_FD(open("f", O_WRONLY));
    CHECK_ERR(ahead(fd, 0, 5), EBADF);
    CHECK_ERR(ahead(-1, 0, 5), EBADF);
    CHECK_ERR(ahead(CHECK_FD(open("f", O_PATH)), 0, 5), EBADF);
    CHECK_OK(pipe(p));
    CHECK_ERR(ahead(p[0], 0, 5), EINVAL);
    CHECK_ERR(ahead(CHECK_FD(open(".", O_RDONLY)), 0, 5), EINVAL);
    CHECK_ERR(ahead(CHECK_FD(open("/dev/null", O_RDONLY)), 0, 5), EINVAL);
}
