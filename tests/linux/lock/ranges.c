/*
 * Ranges of record locks: set, split, merged, converted.
 */
#include "locks.h"

#define SET(type, start, length) CHECK_OK(set(fd, F_SETLK, type, start, length))

TEST(lock, unlocking_the_middle_splits)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 0, 30);
    SET(F_UNLCK, 10, 10);
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 10);
    CHECK_MEETS(fd, 10, F_WRLCK, 20, 10);
    CHECK_MEETS(fd, 30, F_UNLCK, 0, 0);
}

TEST(lock, unlocking_the_front_shortens)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 10, 20);
    SET(F_UNLCK, 0, 15);
    CHECK_MEETS(fd, 0, F_WRLCK, 15, 15);
}

TEST(lock, unlocking_the_end_shortens)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 10, 20);
    SET(F_UNLCK, 25, 0);
    CHECK_MEETS(fd, 0, F_WRLCK, 10, 15);
    CHECK_MEETS(fd, 25, F_UNLCK, 0, 0);
}

TEST(lock, neighbours_of_one_type_become_one)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 0, 10);
    SET(F_WRLCK, 10, 10);
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 20);
}

TEST(lock, neighbours_become_one_also_from_behind)
{
    int fd = test_file("f", "", 0);

    SET(F_RDLCK, 10, 10);
    SET(F_RDLCK, 0, 10);
    CHECK_MEETS(fd, 0, F_RDLCK, 0, 20);
}

TEST(lock, a_gap_is_closed_by_what_lies_in_it)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 0, 10);
    SET(F_WRLCK, 20, 10);
    SET(F_WRLCK, 10, 10);
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 30);
}

TEST(lock, what_does_not_touch_stays_apart)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 0, 10);
    SET(F_WRLCK, 11, 10);
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 10);
    CHECK_MEETS(fd, 10, F_WRLCK, 11, 10);
}

TEST(lock, overlapping_locks_become_one)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 0, 15);
    SET(F_WRLCK, 10, 15);
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 25);
}

TEST(lock, neighbours_of_two_types_stay_two)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 0, 10);
    SET(F_RDLCK, 10, 10);
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 10);
    CHECK_MEETS(fd, 10, F_RDLCK, 10, 10);
}

TEST(lock, converting_the_middle_makes_three)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 0, 30);
    SET(F_RDLCK, 10, 10);
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 10);
    CHECK_MEETS(fd, 10, F_RDLCK, 10, 10);
    CHECK_MEETS(fd, 20, F_WRLCK, 20, 10);
}

TEST(lock, converting_back_makes_one)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 0, 30);
    SET(F_RDLCK, 10, 10);
    SET(F_WRLCK, 10, 10);
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 30);
}

TEST(lock, converting_across_locks_swallows_them)
{
    int fd = test_file("f", "", 0);

    SET(F_RDLCK, 0, 5);
    SET(F_WRLCK, 10, 5);
    SET(F_RDLCK, 20, 5);
    SET(F_WRLCK, 2, 21);
    CHECK_MEETS(fd, 0, F_RDLCK, 0, 2);
    CHECK_MEETS(fd, 2, F_WRLCK, 2, 21);
    CHECK_MEETS(fd, 23, F_RDLCK, 23, 2);
}

TEST(lock, length_zero_reaches_to_the_end_of_all_files)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 5, 0);
    CHECK_MEETS(fd, 0, F_WRLCK, 5, 0);
    CHECK_MEETS(fd, INT64_MAX - 1, F_WRLCK, 5, 0);
    SET(F_UNLCK, 1000, 0);
    CHECK_MEETS(fd, 0, F_WRLCK, 5, 995);
}

TEST(lock, the_last_byte_there_is_can_be_locked)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, INT64_MAX, 1);
    CHECK_MEETS(fd, 0, F_WRLCK, INT64_MAX, 0);
    SET(F_WRLCK, INT64_MAX - 1, 1);
    CHECK_MEETS(fd, 0, F_WRLCK, INT64_MAX - 1, 0);
}

TEST(lock, a_negative_length_goes_backwards)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 20, -10);
    CHECK_MEETS(fd, 0, F_WRLCK, 10, 10);
    CHECK_ERR(set(fd, F_SETLK, F_WRLCK, 5, -6), EINVAL);
    SET(F_WRLCK, 5, -5);
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 5);
}

TEST(lock, a_range_starts_at_the_position_or_at_the_end)
{
    int fd = test_file("f", "0123456789", 10);
    struct flock l = range(F_WRLCK, 2, 3);

    CHECK_EQ(lseek(fd, 4, SEEK_SET), 4);
    l.l_whence = SEEK_CUR;
    CHECK_OK(fcntl(fd, F_SETLK, &l));
    CHECK_MEETS(fd, 0, F_WRLCK, 6, 3);
    SET(F_UNLCK, 0, 0);
    l = range(F_WRLCK, -4, 2);
    l.l_whence = SEEK_END;
    CHECK_OK(fcntl(fd, F_SETLK, &l));
    CHECK_MEETS(fd, 0, F_WRLCK, 6, 2);
    l = range(F_WRLCK, -11, 2);
    l.l_whence = SEEK_END;
    CHECK_ERR(fcntl(fd, F_SETLK, &l), EINVAL);
    l = range(F_WRLCK, 0, 2);
    l.l_whence = 3;
    CHECK_ERR(fcntl(fd, F_SETLK, &l), EINVAL);
}

TEST(lock, ranges_past_the_last_byte_overflow)
{
    int fd = test_file("f", "", 0);
    struct flock l = range(F_WRLCK, INT64_MAX, 2);

    CHECK_ERR(fcntl(fd, F_SETLK, &l), EOVERFLOW);
    CHECK_EQ(lseek(fd, 1, SEEK_SET), 1);
    l = range(F_WRLCK, INT64_MAX, 1);
    l.l_whence = SEEK_CUR;
    CHECK_ERR(fcntl(fd, F_SETLK, &l), EOVERFLOW);
}

TEST(lock, getlk_tells_one_lock_and_changes_nothing_else)
{
    int fd = test_file("f", "", 0);
    struct flock l = range(F_RDLCK, 3, 4);

    l.l_pid = 77;
    l.l_whence = SEEK_CUR;
    CHECK_OK(fcntl(fd, F_GETLK, &l));
    CHECK_EQ(l.l_type, F_UNLCK);
    CHECK_EQ(l.l_start, 3);
    CHECK_EQ(l.l_len, 4);
    CHECK_EQ(l.l_pid, 77);
    CHECK_EQ(l.l_whence, SEEK_CUR);
}

TEST(lock, getlk_asks_for_read_or_write_only)
{
    int fd = test_file("f", "", 0);
    struct flock l = range(F_UNLCK, 0, 0);

    CHECK_ERR(fcntl(fd, F_GETLK, &l), EINVAL);
    l.l_type = 9;
    CHECK_ERR(fcntl(fd, F_GETLK, &l), EINVAL);
    CHECK_ERR(fcntl(fd, F_SETLK, &l), EINVAL);
}

TEST(lock, a_shared_lock_is_in_the_way_of_writers_only)
{
    int fd = test_file("f", "", 0);

    SET(F_RDLCK, 0, 10);
    CHECK_EQ(in_the_way_of(fd, F_RDLCK, 0, 0).l_type, F_UNLCK);
    CHECK_EQ(in_the_way_of(fd, F_WRLCK, 0, 0).l_type, F_RDLCK);
    CHECK_IN_CHILD(CHECK_OK(set(fd, F_SETLK, F_RDLCK, 0, 10));
                   CHECK_ERR(set(fd, F_SETLK, F_WRLCK, 9, 1), EAGAIN);
                   CHECK_OK(set(fd, F_SETLK, F_WRLCK, 10, 1)));
}

TEST(lock, a_refused_lock_leaves_what_was_there)
{
    int fd = test_file("f", "", 0);

    SET(F_WRLCK, 0, 10);
    CHECK_IN_CHILD({
        CHECK_OK(set(fd, F_SETLK, F_RDLCK, 20, 10));
        CHECK_ERR(set(fd, F_SETLK, F_WRLCK, 5, 30), EAGAIN);
        CHECK_MEETS(fd, 10, F_RDLCK, 20, 10);
    });
}

TEST(lock, reading_needs_a_readable_and_writing_a_writable_descriptor)
{
    int r, w;

    close(test_file("f", "", 0));
    r = CHECK_FD(open("f", O_RDONLY));
    w = CHECK_FD(open("f", O_WRONLY));
    CHECK_OK(set(r, F_SETLK, F_RDLCK, 0, 1));
    CHECK_ERR(set(r, F_SETLK, F_WRLCK, 0, 1), EBADF);
    CHECK_OK(set(w, F_SETLK, F_WRLCK, 0, 1));
    CHECK_ERR(set(w, F_SETLK, F_RDLCK, 0, 1), EBADF);
    CHECK_OK(set(r, F_SETLK, F_UNLCK, 0, 1));
    CHECK_OK(set(r, F_GETLK, F_WRLCK, 0, 1));
}

TEST(lock, an_o_path_descriptor_locks_nothing)
{
    int fd;

    close(test_file("f", "", 0));
    fd = CHECK_FD(open("f", O_PATH));
    CHECK_ERR(set(fd, F_SETLK, F_RDLCK, 0, 1), EBADF);
    CHECK_ERR(set(fd, F_GETLK, F_RDLCK, 0, 1), EBADF);
    CHECK_ERR(flock(fd, LOCK_SH), EBADF);
}

TEST(lock, a_bad_pointer_is_told)
{
    int fd = test_file("f", "", 0);

    CHECK_ERR(fcntl(fd, F_SETLK, (void *)8), EFAULT);
    CHECK_ERR(fcntl(fd, F_GETLK, (void *)8), EFAULT);
}

TEST(lock, directories_can_be_locked_for_reading)
{
    int fd = CHECK_FD(open(".", O_RDONLY));

    CHECK_OK(set(fd, F_SETLK, F_RDLCK, 0, 0));
    CHECK_ERR(set(fd, F_SETLK, F_WRLCK, 0, 0), EBADF);
    CHECK_EQ(in_the_way_of(fd, F_WRLCK, 0, 0).l_type, F_RDLCK);
    CHECK_OK(flock(fd, LOCK_EX));
}

TEST(lock, pipes_can_be_locked)
{
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_OK(set(p[0], F_SETLK, F_RDLCK, 0, 0));
    CHECK_EQ(in_the_way_of(p[0], F_WRLCK, 0, 0).l_type, F_RDLCK);
    CHECK_IN_CHILD(CHECK_ERR(set(p[1], F_SETLK, F_WRLCK, 0, 0), EAGAIN));
    CHECK_OK(flock(p[0], LOCK_EX));
    CHECK_ERR(flock(p[1], LOCK_EX | LOCK_NB), EAGAIN);
    close(p[0]);
    CHECK_OK(flock(p[1], LOCK_EX | LOCK_NB));
    CHECK_IN_CHILD(CHECK_OK(set(p[1], F_SETLK, F_WRLCK, 0, 0)));
}

TEST(lock, a_thousand_ranges_of_one_process)
{
    int fd = test_file("f", "", 0);

    for (int i = 0; i < 1000; i++)
        SET(i & 1 ? F_RDLCK : F_WRLCK, i * 2, 1);
    CHECK_MEETS(fd, 1000, F_WRLCK, 1000, 1);
    CHECK_MEETS(fd, 1001, F_RDLCK, 1002, 1);
    SET(F_WRLCK, 0, 2000);
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 2000);
    SET(F_UNLCK, 0, 0);
    CHECK_MEETS(fd, 0, F_UNLCK, 0, 0);
}

TEST(lock, locks_of_two_names_of_one_file_meet)
{
    int a = test_file("a", "", 0), b;

    CHECK_OK(link("a", "b"));
    b = CHECK_FD(open("b", O_RDWR));
    CHECK_OK(set(a, F_SETLK, F_WRLCK, 0, 0));
    CHECK_EQ(in_the_way_of(b, F_WRLCK, 0, 0).l_type, F_WRLCK);
    CHECK_OK(flock(a, LOCK_EX));
    CHECK_ERR(flock(b, LOCK_EX | LOCK_NB), EAGAIN);
}

TEST(lock, an_unlinked_file_keeps_its_locks_and_a_new_one_has_none)
{
    int a = test_file("a", "", 0), b;

    CHECK_OK(set(a, F_SETLK, F_WRLCK, 0, 0));
    CHECK_OK(unlink("a"));
    b = test_file("a", "", 0);
    CHECK_EQ(in_the_way_of(a, F_WRLCK, 0, 0).l_type, F_WRLCK);
    CHECK_EQ(in_the_way_of(b, F_WRLCK, 0, 0).l_type, F_UNLCK);
}
