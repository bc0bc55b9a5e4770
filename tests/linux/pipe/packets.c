/*
 * Pipes with O_DIRECT: packets.
 */
#include "test.h"

#include <poll.h>
#include <sys/ioctl.h>

static int p[2];

static void make(int flags)
{
    CHECK_OK(pipe2(p, O_DIRECT | flags));
}

TEST(pipe, packets_keep_their_borders)
{
    char text[64];

    make(0);
    CHECK_EQ(write(p[1], "abc", 3), 3);
    CHECK_EQ(write(p[1], "de", 2), 2);
    CHECK_EQ(read(p[0], text, sizeof text), 3);
    CHECK_MEM(text, "abc", 3);
    CHECK_EQ(read(p[0], text, sizeof text), 2);
    CHECK_MEM(text, "de", 2);
}

TEST(pipe, the_rest_of_a_packet_is_lost)
{
    char text[64];

    make(0);
    CHECK_EQ(write(p[1], "abcdef", 6), 6);
    CHECK_EQ(write(p[1], "xy", 2), 2);
    CHECK_EQ(read(p[0], text, 2), 2);
    CHECK_MEM(text, "ab", 2);
    CHECK_EQ(read(p[0], text, 64), 2);
    CHECK_MEM(text, "xy", 2);
}

TEST(pipe, a_large_write_is_many_packets)
{
    static char block[10000];

    make(0);
    CHECK_EQ(write(p[1], block, sizeof block), 10000);
    CHECK_EQ(read(p[0], block, sizeof block), 4096);
    CHECK_EQ(read(p[0], block, sizeof block), 4096);
    CHECK_EQ(read(p[0], block, sizeof block), 10000 - 8192);
}

TEST(pipe, each_packet_takes_a_place)
{
    struct pollfd f;
    char c;

    make(O_NONBLOCK);
    for (int i = 0; i < 16; i++)
        CHECK_EQ(write(p[1], "x", 1), 1);
    CHECK_ERR(write(p[1], "x", 1), EAGAIN);
    f = (struct pollfd){.fd = p[1], .events = POLLOUT};
    CHECK_EQ(poll(&f, 1, 0), 0);
    CHECK_EQ(read(p[0], &c, 1), 1);
    CHECK_EQ(write(p[1], "x", 1), 1);
}

TEST(pipe, packets_can_be_turned_on_and_off)
{
    char text[64];

    CHECK_OK(pipe(p));
    CHECK_EQ(write(p[1], "ab", 2), 2);
    CHECK_EQ(write(p[1], "cd", 2), 2);
    CHECK_EQ(fcntl(p[1], F_GETFL) & O_DIRECT, 0);
    CHECK_OK(fcntl(p[1], F_SETFL, O_DIRECT));
    CHECK_EQ(write(p[1], "ef", 2), 2);
    CHECK_EQ(write(p[1], "gh", 2), 2);
    /* A write goes to the end of what may be added to; packets begin when that is gone. */
    CHECK_EQ(read(p[0], text, sizeof text), 8);
    CHECK_MEM(text, "abcdefgh", 8);
    CHECK_EQ(write(p[1], "ef", 2), 2);
    CHECK_EQ(write(p[1], "gh", 2), 2);
    CHECK_EQ(read(p[0], text, sizeof text), 2);
    CHECK_OK(fcntl(p[1], F_SETFL, 0));
    CHECK_EQ(write(p[1], "ij", 2), 2);
    CHECK_EQ(read(p[0], text, sizeof text), 2);
    CHECK_MEM(text, "gh", 2);
    CHECK_EQ(read(p[0], text, sizeof text), 2);
    CHECK_MEM(text, "ij", 2);
    CHECK_EQ(write(p[1], "ij", 2), 2);
    CHECK_EQ(write(p[1], "kl", 2), 2);
    CHECK_EQ(read(p[0], text, sizeof text), 4);
}

TEST(pipe, fionread_counts_all_packets)
{
    int n;

    make(0);
    CHECK_EQ(write(p[1], "abc", 3), 3);
    CHECK_EQ(write(p[1], "de", 2), 2);
    CHECK_OK(ioctl(p[0], FIONREAD, &n));
    CHECK_EQ(n, 5);
    CHECK_EQ(fcntl(p[1], F_GETFL), O_WRONLY | O_DIRECT);
}

TEST(pipe, bad_flags_of_pipe2)
{
    CHECK_ERR(pipe2(p, O_APPEND), EINVAL);
    CHECK_ERR(pipe2(p, O_RDWR), EINVAL);
    CHECK_ERR(syscall(SYS_pipe2, 8, 0), EFAULT);
}
