/*
 * Descriptors: dup, dup2, dup3, fcntl, close and their limits.
 */
#include "test.h"

#include <sys/resource.h>

TEST(fd, lowest_free_number_is_given)
{
    int a = CHECK_FD(open("/dev/null", O_RDONLY)), b = CHECK_FD(dup(a)), c = CHECK_FD(dup(a));

    CHECK_EQ(b, a + 1);
    CHECK_EQ(c, a + 2);
    CHECK_OK(close(b));
    CHECK_EQ(dup(a), b);
    CHECK_OK(close(a));
    CHECK_EQ(open("/dev/null", O_RDONLY), a);
}

TEST(fd, dup_shares_offset_and_status_flags_but_not_cloexec)
{
    int a = test_file("f", "abcdef", 6), b;
    char c;

    CHECK_OK(fcntl(a, F_SETFD, FD_CLOEXEC));
    b = CHECK_FD(dup(a));
    CHECK_EQ(fcntl(b, F_GETFD), 0);
    CHECK_EQ(read(a, &c, 1), 1);
    CHECK_EQ(read(b, &c, 1), 1);
    CHECK_EQ(c, 'b');
    CHECK_OK(fcntl(b, F_SETFL, O_APPEND));
    CHECK(fcntl(a, F_GETFL) & O_APPEND);
}

TEST(fd, dup2_replaces_and_is_nothing_on_itself)
{
    int a = test_file("f", "abc", 3), p[2];
    char c;

    CHECK_OK(pipe(p));
    CHECK_EQ(dup2(a, p[1]), p[1]); /* closes the pipe's writing end */
    CHECK_EQ(read(p[0], &c, 1), 0);
    CHECK_EQ(read(p[1], &c, 1), 1);
    CHECK_EQ(c, 'a');
    CHECK_EQ(dup2(a, a), a);
    CHECK_EQ(dup2(a, 200), 200);
}

TEST(fd, dup_errors)
{
    CHECK_ERR(dup(77), EBADF);
    CHECK_ERR(dup2(77, 5), EBADF);
    CHECK_ERR(dup2(0, -1), EBADF);
    CHECK_ERR(dup2(0, 1 << 20), EBADF);
    CHECK_ERR(dup2(77, 77), EBADF);
    CHECK_ERR(dup3(0, 0, 0), EINVAL);
    CHECK_ERR(syscall(SYS_dup3, 0, 9, O_APPEND), EINVAL); /* musl does not ask */
    CHECK_EQ(dup3(0, 9, O_CLOEXEC), 9);
    CHECK_EQ(fcntl(9, F_GETFD), FD_CLOEXEC);
}

TEST(fd, fcntl_dupfd_takes_the_lowest_from_a_minimum)
{
    CHECK_EQ(fcntl(0, F_DUPFD, 20), 20);
    CHECK_EQ(fcntl(0, F_DUPFD, 20), 21);
    CHECK_EQ(fcntl(0, F_DUPFD_CLOEXEC, 20), 22);
    CHECK_EQ(fcntl(22, F_GETFD), FD_CLOEXEC);
    CHECK_ERR(fcntl(0, F_DUPFD, -1), EINVAL);
    CHECK_ERR(fcntl(0, F_DUPFD, 1 << 30), EINVAL);
    CHECK_ERR(fcntl(99, F_DUPFD, 3), EBADF);
}

TEST(fd, fcntl_setfl_changes_only_what_may_change)
{
    int fd = CHECK_FD(open("f", O_RDWR | O_CREAT, 0600));

    CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
    CHECK_OK(fcntl(fd, F_SETFL, O_WRONLY | O_NONBLOCK | O_APPEND | O_CREAT));
    CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_APPEND | O_CREAT),
             O_RDWR | O_NONBLOCK | O_APPEND);
    CHECK_ERR(fcntl(fd, 9999), EINVAL);
    CHECK_ERR(fcntl(99, F_GETFL), EBADF);
}

TEST(fd, closed_and_wild_numbers_are_ebadf_everywhere)
{
    static const int bad[] = {-1, 99, 1 << 20, INT32_MAX, INT32_MIN};
    struct stat st;
    char c;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_ERR(close(bad[i]), EBADF);
        CHECK_ERR(read(bad[i], &c, 1), EBADF);
        CHECK_ERR(write(bad[i], &c, 1), EBADF);
        CHECK_ERR(lseek(bad[i], 0, SEEK_SET), EBADF);
        CHECK_ERR(syscall(SYS_fstat, bad[i], &st), EBADF);
        CHECK_ERR(fsync(bad[i]), EBADF);
        CHECK_ERR(ftruncate(bad[i], 0), EBADF);
        CHECK_ERR(fchmod(bad[i], 0), EBADF);
        CHECK_ERR(fchdir(bad[i]), EBADF);
    }
}

TEST(fd, emfile_and_recovery)
{
    struct rlimit limit = {64, 64};
    int count = 0, fd, p[2];

    CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
    while ((fd = open("/dev/null", O_RDONLY)) >= 0)
        count++;
    CHECK_EQ(errno, EMFILE);
    CHECK_EQ(count, 61); /* 0, 1 and 2 were open */
    CHECK_ERR(dup(0), EMFILE);
    CHECK_ERR(pipe(p), EMFILE);
    CHECK_ERR(fcntl(0, F_DUPFD, 10), EMFILE);
    CHECK_OK(close(40));
    CHECK_ERR(pipe(p), EMFILE); /* needs two, and keeps none */
    CHECK_EQ(dup(0), 40);
}

TEST(fd, default_limit_is_1024_and_reached)
{
    int fd, last = -1;

    while ((fd = open("/dev/null", O_RDONLY)) >= 0)
        last = fd;
    CHECK_EQ(errno, EMFILE);
    CHECK_EQ(last, 1023);
}

TEST(fd, table_grows_and_survives_fork_and_exec_sized_use)
{
    for (int i = 3; i < 600; i++)
        CHECK_EQ(dup2(0, i), i);
    CHECK_IN_CHILD({
        for (int i = 3; i < 600; i++)
            CHECK_OK(close(i));
        CHECK_ERR(fcntl(599, F_GETFD), EBADF);
    });
    CHECK_OK(fcntl(599, F_GETFD));
}
