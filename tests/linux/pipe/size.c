/*
 * Pipes that change their size while they hold bytes.
 */
#include "test.h"

#include <poll.h>

static int ends[2];
static unsigned char written, wanted;

static void put(size_t count)
{
    static unsigned char block[70000];

    for (size_t i = 0; i < count; i++)
        block[i] = written++;
    CHECK_EQ(write(ends[1], block, count), count);
}

static void take(size_t count)
{
    static unsigned char block[70000];

    CHECK_EQ(read(ends[0], block, count), count);
    for (size_t i = 0; i < count; i++)
        CHECK_EQ(block[i], wanted++);
}

TEST(pipe, a_pipe_grows_with_what_it_holds)
{
    CHECK_OK(pipe(ends));
    put(60000);
    take(5000);
    put(3000);
    CHECK_EQ(fcntl(ends[1], F_SETPIPE_SZ, 131072), 131072);
    CHECK_EQ(fcntl(ends[0], F_GETPIPE_SZ), 131072);
    put(60000);
    take(58000);
    take(60000);
    put(10);
    take(10);
}

TEST(pipe, a_pipe_shrinks_to_what_it_holds_and_no_further)
{
    CHECK_OK(pipe(ends));
    put(8192);
    CHECK_ERR(fcntl(ends[1], F_SETPIPE_SZ, 4096), EBUSY);
    CHECK_EQ(fcntl(ends[1], F_SETPIPE_SZ, 8192), 8192);
    CHECK_OK(fcntl(ends[1], F_SETFL, O_NONBLOCK));
    CHECK_ERR(write(ends[1], "x", 1), EAGAIN);
    take(8192);
    CHECK_EQ(fcntl(ends[1], F_SETPIPE_SZ, 1), 4096);
    put(4096);
    take(4096);
    CHECK_EQ(fcntl(ends[1], F_SETPIPE_SZ, 0), 4096);
    CHECK_ERR(syscall(SYS_fcntl, ends[1], F_SETPIPE_SZ, 0x80000001ul), EINVAL);
    CHECK_ERR(fcntl(0, F_SETPIPE_SZ, 4096), EBADF);
}

TEST(pipe, growing_lets_a_writer_go_on)
{
    struct pollfd p;

    CHECK_OK(pipe(ends));
    put(65536);
    p = (struct pollfd){.fd = ends[1], .events = POLLOUT};
    CHECK_EQ(poll(&p, 1, 0), 0);
    CHECK_EQ(fcntl(ends[0], F_SETPIPE_SZ, 262144), 262144);
    CHECK_EQ(poll(&p, 1, 0), 1);
    put(65536);
    take(65536);
    take(65536);
}
