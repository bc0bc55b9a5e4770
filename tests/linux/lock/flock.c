/*
 * flock: a lock belongs to the open file description, not to the process.
 */
#include "test.h"

#include <sys/file.h>

TEST(lock, two_descriptions_of_one_process_exclude_each_other)
{
    int a = test_file("f", "x", 1), b = CHECK_FD(open("f", O_RDONLY));

    CHECK_OK(flock(a, LOCK_EX));
    CHECK_ERR(flock(b, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK_ERR(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
    CHECK_OK(flock(a, LOCK_UN));
    CHECK_OK(flock(b, LOCK_EX | LOCK_NB));
}

TEST(lock, shared_flocks_go_together_and_hold_off_an_exclusive_one)
{
    int a = test_file("f", "x", 1), b = CHECK_FD(open("f", O_RDONLY)), c = CHECK_FD(open("f", O_RDONLY));

    CHECK_OK(flock(a, LOCK_SH));
    CHECK_OK(flock(b, LOCK_SH | LOCK_NB));
    CHECK_ERR(flock(c, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK_OK(flock(a, LOCK_UN));
    CHECK_ERR(flock(c, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK_OK(flock(b, LOCK_UN));
    CHECK_OK(flock(c, LOCK_EX | LOCK_NB));
}

TEST(lock, a_duplicate_and_a_child_hold_the_same_flock)
{
    int a = test_file("f", "x", 1), copy, other = CHECK_FD(open("f", O_RDONLY));

    CHECK_OK(flock(a, LOCK_EX));
    copy = CHECK_FD(dup(a));
    CHECK_OK(flock(copy, LOCK_EX | LOCK_NB));
    CHECK_IN_CHILD(CHECK_OK(flock(a, LOCK_EX | LOCK_NB)));
    close(a);
    CHECK_ERR(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK); /* the copy still holds it */
    close(copy);
    CHECK_OK(flock(other, LOCK_SH | LOCK_NB));
}

TEST(lock, a_child_that_unlocks_unlocks_for_its_parent)
{
    int a = test_file("f", "x", 1), other = CHECK_FD(open("f", O_RDONLY));

    CHECK_OK(flock(a, LOCK_EX));
    CHECK_IN_CHILD(CHECK_OK(flock(a, LOCK_UN)));
    CHECK_OK(flock(other, LOCK_EX | LOCK_NB));
}

TEST(lock, an_flock_is_converted)
{
    int a = test_file("f", "x", 1), b = CHECK_FD(open("f", O_RDONLY));

    CHECK_OK(flock(a, LOCK_EX));
    CHECK_OK(flock(a, LOCK_SH));
    CHECK_OK(flock(b, LOCK_SH | LOCK_NB));
    CHECK_ERR(flock(a, LOCK_EX | LOCK_NB), EWOULDBLOCK);
    CHECK_OK(flock(b, LOCK_UN));
    CHECK_OK(flock(a, LOCK_EX | LOCK_NB));
}

TEST(lock, flock_and_record_locks_do_not_meet)
{
    int a = test_file("f", "x", 1);
    struct flock record = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    CHECK_OK(flock(a, LOCK_EX));
    CHECK_IN_CHILD(CHECK_OK(fcntl(a, F_SETLK, &record)));
}

TEST(lock, flock_refuses_what_it_does_not_know)
{
    int a = test_file("f", "x", 1);

    CHECK_ERR(flock(a, 0), EINVAL);
    CHECK_ERR(flock(a, LOCK_SH | LOCK_EX), EINVAL);
    CHECK_ERR(flock(-1, LOCK_SH), EBADF);
    CHECK_ERR(flock(CHECK_FD(open("f", O_PATH)), LOCK_SH), EBADF);
}

static void nothing(int number)
{
    (void)number;
}

TEST(lock, a_waiting_flock_is_interrupted_or_granted)
{
    int a = test_file("f", "x", 1), b = CHECK_FD(open("f", O_RDONLY));
    struct sigaction action = {.sa_handler = nothing};
    pid_t child;

    CHECK_OK(flock(a, LOCK_EX));
    child = CHILD({
        CHECK_OK(sigaction(SIGALRM, &action, NULL));
        alarm(1);
        CHECK_ERR(flock(b, LOCK_EX), EINTR);
    });
    CHECK_EXIT(child, 0);
    child = CHILD(CHECK_OK(flock(b, LOCK_EX)));
    test_sleep_ms(50);
    CHECK_OK(flock(a, LOCK_UN));
    CHECK_EXIT(child, 0);
}

TEST(lock, an_flock_handed_to_and_fro_is_never_lost)
{
    enum { ROUNDS = 2000 };
    int a = test_file("f", "\0\0\0\0", 4);
    uint32_t count = 0;
    pid_t child;

    child = CHILD({
        int b = CHECK_FD(open("f", O_RDWR));

        for (int i = 0; i < ROUNDS; i++) {
            CHECK_OK(flock(b, LOCK_EX));
            CHECK_EQ(pread(b, &count, 4, 0), 4);
            count++;
            CHECK_EQ(pwrite(b, &count, 4, 0), 4);
            CHECK_OK(flock(b, LOCK_UN));
        }
    });
    for (int i = 0; i < ROUNDS; i++) {
        CHECK_OK(flock(a, LOCK_EX));
        CHECK_EQ(pread(a, &count, 4, 0), 4);
        count++;
        CHECK_EQ(pwrite(a, &count, 4, 0), 4);
        CHECK_OK(flock(a, LOCK_UN));
    }
    CHECK_EXIT(child, 0);
    CHECK_EQ(pread(a, &count, 4, 0), 4);
    CHECK_EQ(count, 2 * ROUNDS);
}
