/*
 * Whose locks are: processes, descriptions, tables; and how /proc tells them.
 */
#include <sys/sysmacros.h>
#include "locks.h"

#include <pthread.h>
#include <sched.h>

TEST(lock, fork_inherits_no_lock_of_a_process)
{
    int fd = test_file("f", "", 0);

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    CHECK_IN_CHILD({
        CHECK_ERR(set(fd, F_SETLK, F_RDLCK, 0, 1), EAGAIN);
        CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
    });
    CHECK_EQ(in_the_way_of(fd, F_WRLCK, 0, 0).l_pid, getpid());
}

TEST(lock, fork_shares_the_locks_of_a_description)
{
    int fd = test_file("f", "", 0), other = CHECK_FD(open("f", O_RDWR));

    CHECK_OK(set(fd, F_OFD_SETLK, F_WRLCK, 0, 10));
    CHECK_IN_CHILD(CHECK_OK(set(fd, F_OFD_SETLK, F_WRLCK, 5, 10)));
    CHECK_ERR(set(other, F_OFD_SETLK, F_WRLCK, 14, 1), EAGAIN);
    CHECK_IN_CHILD(CHECK_OK(set(fd, F_OFD_SETLK, F_UNLCK, 0, 0)));
    CHECK_OK(set(other, F_OFD_SETLK, F_WRLCK, 0, 0));
}

TEST(lock, a_duplicate_shares_the_locks_of_a_description_until_the_last_close)
{
    int fd = test_file("f", "", 0), other = CHECK_FD(open("f", O_RDWR)), copy;

    CHECK_OK(set(fd, F_OFD_SETLK, F_WRLCK, 0, 10));
    copy = CHECK_FD(dup(fd));
    close(fd);
    CHECK_ERR(set(other, F_OFD_SETLK, F_RDLCK, 0, 1), EAGAIN);
    close(copy);
    CHECK_OK(set(other, F_OFD_SETLK, F_WRLCK, 0, 1));
}

TEST(lock, closing_another_descriptor_leaves_the_locks_of_a_description)
{
    int fd = test_file("f", "", 0), other = CHECK_FD(open("f", O_RDWR));

    CHECK_OK(set(fd, F_OFD_SETLK, F_WRLCK, 0, 0));
    close(CHECK_FD(open("f", O_RDONLY)));
    CHECK_ERR(set(other, F_OFD_SETLK, F_WRLCK, 0, 0), EAGAIN);
}

TEST(lock, a_process_and_a_description_of_its_own_exclude_each_other)
{
    int fd = test_file("f", "", 0);

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 10));
    CHECK_ERR(set(fd, F_OFD_SETLK, F_WRLCK, 5, 1), EAGAIN);
    CHECK_OK(set(fd, F_OFD_SETLK, F_WRLCK, 10, 1));
    CHECK_ERR(set(fd, F_SETLK, F_WRLCK, 0, 0), EAGAIN);
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
    CHECK_ERR(set(fd, F_SETLK, F_WRLCK, 10, 0), EAGAIN);
}

TEST(lock, two_descriptions_of_one_process_exclude_each_other_by_ofd)
{
    int a = test_file("f", "", 0), b = CHECK_FD(open("f", O_RDWR));

    CHECK_OK(set(a, F_OFD_SETLK, F_RDLCK, 0, 10));
    CHECK_OK(set(b, F_OFD_SETLK, F_RDLCK, 0, 10));
    CHECK_ERR(set(a, F_OFD_SETLK, F_WRLCK, 0, 5), EAGAIN);
    CHECK_OK(set(b, F_OFD_SETLK, F_UNLCK, 0, 5));
    CHECK_OK(set(a, F_OFD_SETLK, F_WRLCK, 0, 5));
}

TEST(lock, getlk_of_a_description_tells_minus_one)
{
    int a = test_file("f", "", 0), b = CHECK_FD(open("f", O_RDWR));
    struct flock l = range(F_WRLCK, 0, 0);

    CHECK_OK(set(a, F_OFD_SETLK, F_WRLCK, 3, 4));
    CHECK_OK(fcntl(b, F_OFD_GETLK, &l));
    CHECK_EQ(l.l_type, F_WRLCK);
    CHECK_EQ(l.l_start, 3);
    CHECK_EQ(l.l_len, 4);
    CHECK_EQ(l.l_pid, -1);
    l = range(F_WRLCK, 0, 0);
    CHECK_OK(fcntl(a, F_OFD_GETLK, &l));
    CHECK_EQ(l.l_type, F_UNLCK);
}

TEST(lock, commands_of_descriptions_want_pid_zero)
{
    int fd = test_file("f", "", 0);
    struct flock l = range(F_WRLCK, 0, 0);

    l.l_pid = 1;
    CHECK_ERR(fcntl(fd, F_OFD_SETLK, &l), EINVAL);
    CHECK_ERR(fcntl(fd, F_OFD_SETLKW, &l), EINVAL);
    CHECK_ERR(fcntl(fd, F_OFD_GETLK, &l), EINVAL);
    CHECK_OK(fcntl(fd, F_SETLK, &l));
}

TEST(lock, dup2_over_a_descriptor_drops_the_locks_of_its_file)
{
    int fd = test_file("f", "", 0), other = CHECK_FD(open("f", O_RDWR));

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    CHECK_EQ(dup2(0, other), other);
    CHECK_EQ(in_the_way_of(fd, F_WRLCK, 0, 0).l_type, F_UNLCK);
}

TEST(lock, closing_a_duplicate_drops_the_locks_of_a_process)
{
    int fd = test_file("f", "", 0), copy = CHECK_FD(dup(fd));

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    close(copy);
    CHECK_EQ(in_the_way_of(fd, F_WRLCK, 0, 0).l_type, F_UNLCK);
}

TEST(lock, closing_another_name_of_the_file_drops_the_locks_of_a_process)
{
    int fd = test_file("a", "", 0);

    CHECK_OK(link("a", "b"));
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    close(CHECK_FD(open("b", O_RDONLY)));
    CHECK_EQ(in_the_way_of(fd, F_WRLCK, 0, 0).l_type, F_UNLCK);
}

TEST(lock, closing_the_other_end_of_a_pipe_drops_the_locks_of_a_process)
{
    int p[2];

    CHECK_OK(pipe(p));
    CHECK_OK(set(p[0], F_SETLK, F_RDLCK, 0, 0));
    close(p[1]);
    CHECK_EQ(in_the_way_of(p[0], F_WRLCK, 0, 0).l_type, F_UNLCK);
    CHECK_IN_CHILD(CHECK_OK(set(p[0], F_SETLK, F_RDLCK, 0, 0)));
}

HELPER(stays)
{
    pause();
    return 0;
}

TEST(lock, close_on_exec_drops_the_locks_of_a_process)
{
    int fd = test_file("f", "", 0), p[2];
    pid_t pid;
    char c;

    CHECK_OK(pipe2(p, O_CLOEXEC));
    pid = CHILD({
        CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
        CHECK_OK(fcntl(fd, F_SETFD, FD_CLOEXEC));
        execl(test_program, test_program, "helper:stays", NULL);
        _exit(1);
    });
    close(p[1]);
    CHECK_EQ(read(p[0], &c, 1), 0);
    test_sleep_ms(20);
    CHECK_OK(set(fd, F_SETLKW, F_WRLCK, 0, 0));
    kill(pid, SIGKILL);
    CHECK_KILLED(pid, SIGKILL);
}

static void *lock_in_thread(void *arg)
{
    CHECK_OK(set(*(int *)arg, F_SETLK, F_WRLCK, 0, 10));
    return NULL;
}

TEST(lock, threads_share_the_locks_of_their_process_which_outlive_them)
{
    int fd = test_file("f", "", 0);
    pthread_t thread;

    CHECK_OK(pthread_create(&thread, NULL, lock_in_thread, &fd));
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 5, 10));
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 15);
    CHECK_EQ(in_the_way_of(fd, F_WRLCK, 0, 0).l_pid, getpid());
}

static int lock_and_end(void *arg)
{
    return set(*(int *)arg, F_SETLK, F_WRLCK, 0, 0) ? 1 : 0;
}

TEST(lock, processes_with_one_table_are_one_owner)
{
    static char stack[65536];
    int fd = test_file("f", "", 0);
    pid_t pid;

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    pid = CHECK_FD(clone(lock_and_end, stack + sizeof stack, CLONE_FILES | SIGCHLD, &fd));
    CHECK_EXIT(pid, 0);
    CHECK_EQ(in_the_way_of(fd, F_WRLCK, 0, 0).l_type, F_WRLCK);
}

TEST(lock, unlocking_what_is_not_locked_is_fine)
{
    int fd = test_file("f", "", 0);

    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
    CHECK_OK(set(fd, F_OFD_SETLK, F_UNLCK, 0, 0));
    CHECK_OK(flock(fd, LOCK_UN));
}

TEST(lock, a_failed_conversion_of_an_flock_loses_it)
{
    int a = test_file("f", "", 0), b = CHECK_FD(open("f", O_RDWR)), c = CHECK_FD(open("f", O_RDWR));

    CHECK_OK(flock(a, LOCK_SH));
    CHECK_OK(flock(b, LOCK_SH));
    CHECK_ERR(flock(a, LOCK_EX | LOCK_NB), EAGAIN);
    CHECK_OK(flock(b, LOCK_EX | LOCK_NB));
    CHECK_ERR(flock(c, LOCK_SH | LOCK_NB), EAGAIN);
}

TEST(lock, becoming_shared_by_flock_lets_readers_in)
{
    int a = test_file("f", "", 0), b = CHECK_FD(open("f", O_RDWR));
    pid_t pid;

    CHECK_OK(flock(a, LOCK_EX));
    pid = CHILD(CHECK_OK(flock(b, LOCK_SH)));
    until_asleep(pid);
    CHECK_OK(flock(a, LOCK_SH));
    CHECK_EXIT(pid, 0);
}

TEST(lock, flock_waiters_are_served_in_order)
{
    int a = test_file("f", "", 0), p[2];
    char text[5] = "";
    pid_t pid[4];

    CHECK_OK(pipe(p));
    CHECK_OK(flock(a, LOCK_EX));
    for (int i = 0; i < 4; i++) {
        pid[i] = CHILD({
            int mine = CHECK_FD(open("f", O_RDWR));
            char c = (char)('a' + i);

            CHECK_OK(flock(mine, LOCK_EX));
            CHECK_EQ(write(p[1], &c, 1), 1);
        });
        until_asleep(pid[i]);
    }
    CHECK_OK(flock(a, LOCK_UN));
    for (int i = 0; i < 4; i++)
        CHECK_EXIT(pid[i], 0);
    CHECK_EQ(read(p[0], text, 4), 4);
    CHECK_STR(text, "abcd");
}

TEST(lock, flock_needs_no_right_to_write)
{
    int fd;

    close(test_file("f", "", 0));
    fd = CHECK_FD(open("f", O_RDONLY));
    CHECK_OK(flock(fd, LOCK_EX | LOCK_NB));
}

/* Finds the line of /proc/locks about the file that has `wanted`; returns whether there is one. */
static bool told(int fd, const char *wanted)
{
    struct stat st;
    char file[64], *line, *text = test_read_file("/proc/locks", NULL);

    CHECK_OK(fstat(fd, &st));
    snprintf(file, sizeof file, "%02x:%02x:%lu ", major(st.st_dev),
             minor(st.st_dev), (unsigned long)st.st_ino);
    for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        if (strstr(line, file) && strstr(line, wanted))
            return true;
    return false;
}

TEST(lock, proc_locks_tells_record_locks)
{
    int fd = test_file("f", "", 0);
    char wanted[64];

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 3, 4));
    CHECK_OK(set(fd, F_SETLK, F_RDLCK, 20, 0));
    snprintf(wanted, sizeof wanted, ": POSIX  ADVISORY  WRITE %d ", getpid());
    CHECK(told(fd, wanted));
    CHECK(told(fd, " 3 6"));
    snprintf(wanted, sizeof wanted, ": POSIX  ADVISORY  READ %d ", getpid());
    CHECK(told(fd, wanted));
    CHECK(told(fd, " 20 EOF"));
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
    CHECK(!told(fd, "POSIX"));
}

TEST(lock, proc_locks_tells_flocks_and_locks_of_descriptions)
{
    int fd = test_file("f", "", 0);
    char wanted[64];

    CHECK_OK(flock(fd, LOCK_SH));
    snprintf(wanted, sizeof wanted, ": FLOCK  ADVISORY  READ %d ", getpid());
    CHECK(told(fd, wanted));
    CHECK(told(fd, " 0 EOF"));
    CHECK_OK(set(fd, F_OFD_SETLK, F_WRLCK, 1, 1));
    CHECK(told(fd, ": OFDLCK ADVISORY  WRITE -1 "));
    CHECK(told(fd, " 1 1"));
}

TEST(lock, proc_locks_tells_who_waits)
{
    int fd = test_file("f", "", 0);
    char wanted[64];
    pid_t pid;

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    pid = CHILD(CHECK_OK(set(fd, F_SETLKW, F_RDLCK, 5, 5)));
    until_asleep(pid);
    snprintf(wanted, sizeof wanted, ": -> POSIX  ADVISORY  READ %d ", pid);
    CHECK(told(fd, wanted));
    CHECK(told(fd, " 5 9"));
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
    CHECK_EXIT(pid, 0);
}

TEST(lock, fdinfo_tells_locks)
{
    int fd = test_file("f", "", 0);
    char path[64], wanted[64];

    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    CHECK(!strstr(test_read_file(path, NULL), "lock:"));
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 3, 4));
    snprintf(wanted, sizeof wanted, "lock:\t1: POSIX  ADVISORY  WRITE %d ", getpid());
    CHECK(strstr(test_read_file(path, NULL), wanted));
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
    CHECK_OK(flock(fd, LOCK_EX));
    CHECK(strstr(test_read_file(path, NULL), "lock:\t1: FLOCK  ADVISORY  WRITE "));
}

TEST(lock, files_of_proc_can_be_locked)
{
    int a = CHECK_FD(open("/proc/version", O_RDONLY)),
        b = CHECK_FD(open("/proc/version", O_RDONLY));

    CHECK_OK(flock(a, LOCK_EX));
    CHECK_ERR(flock(b, LOCK_EX | LOCK_NB), EAGAIN);
    close(a);
    CHECK_OK(flock(b, LOCK_EX | LOCK_NB));
}
