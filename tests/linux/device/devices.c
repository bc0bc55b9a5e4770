/*
 * /dev: null, zero, full, random, urandom and tty.
 */
#include "test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <termios.h>

static char buffer[5000];

static int device(const char *path, int minor)
{
    struct stat st;
    int fd = CHECK_FD(open(path, O_RDWR));

    CHECK_OK(fstat(fd, &st));
    CHECK(S_ISCHR(st.st_mode));
    CHECK_EQ(st.st_rdev, makedev(1, (unsigned)minor));
    CHECK_EQ(st.st_mode & 0777, 0666);
    return fd;
}

TEST(device, null_swallows_and_is_empty)
{
    int fd = device("/dev/null", 3);

    CHECK_EQ(write(fd, buffer, sizeof buffer), sizeof buffer);
    CHECK_EQ(read(fd, buffer, 1), 0);
    CHECK_EQ(lseek(fd, 100, SEEK_SET), 0);
    CHECK_FD(open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0644));
    CHECK_ERR(ioctl(fd, TCGETS, buffer), ENOTTY);
}

TEST(device, zero_gives_zeros_and_private_memory)
{
    int fd = device("/dev/zero", 5);

    memset(buffer, 1, sizeof buffer);
    CHECK_EQ(read(fd, buffer, sizeof buffer), sizeof buffer);
    for (size_t i = 0; i < sizeof buffer; i++)
        CHECK_EQ(buffer[i], 0);
    CHECK_EQ(write(fd, buffer, 10), 10);
    char *m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(m != MAP_FAILED);
    CHECK_EQ(m[5000], 0);
    m[5000] = 1;
}

TEST(device, full_has_no_space)
{
    int fd = device("/dev/full", 7);

    CHECK_ERR(write(fd, "x", 1), ENOSPC);
    memset(buffer, 1, 10);
    CHECK_EQ(read(fd, buffer, 10), 10);
    CHECK_EQ(buffer[9], 0);
}

TEST(device, random_and_urandom_are_random)
{
    static const char *const paths[] = {"/dev/random", "/dev/urandom"};

    for (int i = 0; i < 2; i++) {
        int fd = device(paths[i], 8 + i), counts[256] = {0};
        CHECK_EQ(read(fd, buffer, 4096), 4096);
        for (int at = 0; at < 4096; at++)
            counts[(unsigned char)buffer[at]]++;
        for (int value = 0; value < 256; value++)
            CHECK_LT(counts[value], 60); /* 16 on average */
        char other[32];
        CHECK_EQ(read(fd, other, 32), 32);
        CHECK(memcmp(other, buffer, 32) != 0);
    }
}

TEST(device, tty_without_a_controlling_terminal)
{
    CHECK_IN_CHILD({
        setsid();
        CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
    });
    struct stat st;
    CHECK_OK(stat("/dev/tty", &st));
    CHECK_EQ(st.st_rdev, makedev(5, 0));
    CHECK_OK(stat("/dev/console", &st));
    CHECK_EQ(st.st_rdev, makedev(5, 1));
}

TEST(device, ioctls_that_are_not_for_it)
{
    struct winsize size;
    int fd = test_file("f", "x", 1);

    CHECK_ERR(ioctl(fd, TIOCGWINSZ, &size), ENOTTY);
    CHECK_ERR(ioctl(fd, TCGETS, buffer), ENOTTY);
    CHECK_ERR(ioctl(99, TCGETS, buffer), EBADF);
    CHECK_EQ(isatty(fd), 0);
    CHECK_EQ(isatty(0), 0);
}

TEST(device, dev_fd_and_std_names_lead_to_ours)
{
    char c;
    int fd = test_file("f", "hello", 5);
    char path[32];

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int again = CHECK_FD(open(path, O_RDONLY));
    CHECK_EQ(read(again, &c, 1), 1);
    CHECK_EQ(c, 'h');
}
