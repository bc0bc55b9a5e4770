/*
 * Record locks: whose they are and how long they last.
 */
#include "test.h"

static struct flock range(int type, off_t start, off_t length)
{
    return (struct flock){.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

/* What another process sees at byte 0: the lock's type, or F_UNLCK. */
static int seen_by_another(int fd, pid_t *owner)
{
    int channel[2];
    struct flock l = range(F_WRLCK, 0, 1);

    CHECK_OK(pipe(channel));
    CHECK_IN_CHILD({
        CHECK_OK(fcntl(fd, F_GETLK, &l));
        CHECK_EQ(write(channel[1], &l, sizeof l), (ssize_t)sizeof l);
    });
    CHECK_EQ(read(channel[0], &l, sizeof l), (ssize_t)sizeof l);
    close(channel[0]);
    close(channel[1]);
    if (owner)
        *owner = l.l_pid;
    return l.l_type;
}

TEST(lock, a_record_lock_belongs_to_the_process_and_goes_with_any_close)
{
    int fd = test_file("file", "text", 4), second;
    struct flock l = range(F_WRLCK, 0, 0);
    pid_t owner = 0;

    CHECK_OK(fcntl(fd, F_SETLK, &l));
    CHECK_EQ(seen_by_another(fd, &owner), F_WRLCK);
    CHECK_EQ(owner, getpid());
    CHECK_IN_CHILD(CHECK_ERR(fcntl(fd, F_SETLK, &l), EAGAIN); close(fd));
    CHECK_EQ(seen_by_another(fd, NULL), F_WRLCK);
    second = CHECK_FD(open("file", O_RDONLY));
    close(second);
    CHECK_EQ(seen_by_another(fd, NULL), F_UNLCK);
}

HELPER(still_locked)
{
    return seen_by_another(atoi(argv[2]), NULL) == F_WRLCK ? 0 : 1;
}

TEST(lock, a_record_lock_survives_exec)
{
    int fd = test_file("file", "text", 4);
    struct flock l = range(F_WRLCK, 0, 0);
    char number[16];

    snprintf(number, sizeof number, "%d", fd);
    CHECK_IN_CHILD({
        CHECK_OK(fcntl(fd, F_SETLK, &l));
        execl(test_program, test_program, "helper:still_locked", number, NULL);
        FAIL("exec");
    });
    CHECK_EQ(seen_by_another(fd, NULL), F_UNLCK);
}

TEST(lock, a_waiting_lock_is_given_when_the_holder_exits)
{
    int fd = test_file("file", "text", 4), ready[2];
    struct flock l = range(F_WRLCK, 0, 0);
    char c;

    CHECK_OK(pipe(ready));
    pid_t holder = CHILD({
        CHECK_OK(fcntl(fd, F_SETLK, &l));
        CHECK_EQ(write(ready[1], "x", 1), 1);
        test_sleep_ms(50);
    });
    CHECK_EQ(read(ready[0], &c, 1), 1);
    CHECK_OK(fcntl(fd, F_SETLKW, &l));
    CHECK_EXIT(holder, 0);
}

TEST(lock, ranges_that_cannot_be)
{
    int fd = test_file("file", "text", 4);
    struct flock l = range(F_WRLCK, -1, 1);

    CHECK_ERR(fcntl(fd, F_SETLK, &l), EINVAL);
    l = range(F_WRLCK, 3, -4);
    CHECK_ERR(fcntl(fd, F_SETLK, &l), EINVAL);
    l = range(F_WRLCK, INT64_MIN, INT64_MIN);
    CHECK_ERR(fcntl(fd, F_SETLK, &l), EINVAL);
    l = range(F_WRLCK, 2, INT64_MAX);
    CHECK_ERR(fcntl(fd, F_SETLK, &l), EOVERFLOW);
    l = range(F_WRLCK, 1, -1);
    CHECK_OK(fcntl(fd, F_SETLK, &l));
    CHECK_EQ(seen_by_another(fd, NULL), F_WRLCK);
}

TEST(lock, the_lock_of_a_description_has_no_pid)
{
    int fd = test_file("file", "text", 4), other = CHECK_FD(open("file", O_RDWR));
    struct flock l = range(F_WRLCK, 0, 0);

    CHECK_OK(fcntl(fd, F_OFD_SETLK, &l));
    l = range(F_WRLCK, 0, 0);
    CHECK_OK(fcntl(other, F_GETLK, &l));
    CHECK_EQ(l.l_type, F_WRLCK);
    CHECK_EQ(l.l_pid, -1);
}
