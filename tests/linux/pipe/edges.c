/*
 * Vectors and FIFOs at their edges.
 */
#include "test.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

TEST(pipe, a_vector_read_does_not_wait_for_the_rest)
{
    char a[4], b[4];
    struct iovec v[2] = {{a, 4}, {b, 4}};
    int p[2];

    alarm(10);
    CHECK_OK(pipe(p));
    CHECK_EQ(write(p[1], "abcd", 4), 4);
    CHECK_EQ(readv(p[0], v, 2), 4);
    CHECK_MEM(a, "abcd", 4);
    CHECK_EQ(write(p[1], "abcdef", 6), 6);
    CHECK_EQ(readv(p[0], v, 2), 6);
    CHECK_MEM(b, "ef", 2);
}

TEST(pipe, sendfile_takes_files_only)
{
    int fd = test_file("file", "text", 4), p[2];

    CHECK_OK(pipe(p));
    CHECK_EQ(write(p[1], "abcd", 4), 4);
    CHECK_ERR(sendfile(fd, p[0], NULL, 4), EINVAL);
    CHECK_EQ(sendfile(p[1], fd, NULL, 4), 4);
}

/* The writer may be gone again before the reader has woken. */
TEST(pipe, a_reader_of_a_fifo_does_not_miss_a_hasty_writer)
{
    char c;

    alarm(20);
    CHECK_OK(mkfifo("fifo", 0600));
    for (int i = 0; i < 200; i++) {
        pid_t writer = CHILD({
            int fd = CHECK_FD(open("fifo", O_WRONLY));

            CHECK_EQ(write(fd, "x", 1), 1);
        });
        int fd = CHECK_FD(open("fifo", O_RDONLY));

        CHECK_EQ(read(fd, &c, 1), 1);
        CHECK_EQ(read(fd, &c, 1), 0);
        close(fd);
        CHECK_EXIT(writer, 0);
    }
}
