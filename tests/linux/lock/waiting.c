/*
 * Waiting for locks: order, circles, signals.
 */
#include "locks.h"

#include <pthread.h>
#include <sched.h>

/* A child that waits for the whole file, writes its letter to `out`, and ends. Returns once it waits. */
static pid_t waiter(int fd, int type, char letter, int out)
{
    pid_t pid = CHILD({
        CHECK_OK(set(fd, F_SETLKW, type, 0, 0));
        CHECK_EQ(write(out, &letter, 1), 1);
    });

    until_asleep(pid);
    return pid;
}

TEST(lock, writers_are_served_in_the_order_of_their_coming)
{
    int fd = test_file("f", "", 0), out[2];
    char text[6] = "";
    pid_t pid[5];

    CHECK_OK(pipe(out));
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    for (int i = 0; i < 5; i++)
        pid[i] = waiter(fd, F_WRLCK, (char)('a' + i), out[1]);
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
    for (int i = 0; i < 5; i++)
        CHECK_EXIT(pid[i], 0);
    CHECK_EQ(read(out[0], text, 5), 5);
    CHECK_STR(text, "abcde");
}

TEST(lock, readers_behind_a_writer_come_together)
{
    int fd = test_file("f", "", 0), out[2];
    pid_t pid[3];
    char c;

    CHECK_OK(pipe(out));
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    for (int i = 0; i < 3; i++) {
        pid[i] = CHILD({
            CHECK_OK(set(fd, F_SETLKW, F_RDLCK, 0, 0));
            CHECK_EQ(write(out[1], "r", 1), 1);
            pause();
        });
        until_asleep(pid[i]);
    }
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
    for (int i = 0; i < 3; i++)
        CHECK_EQ(read(out[0], &c, 1), 1);
    for (int i = 0; i < 3; i++) {
        kill(pid[i], SIGKILL);
        CHECK_KILLED(pid[i], SIGKILL);
    }
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
}

TEST(lock, becoming_shared_lets_readers_in)
{
    int fd = test_file("f", "", 0), out[2];
    pid_t pid;

    CHECK_OK(pipe(out));
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    pid = waiter(fd, F_RDLCK, 'r', out[1]);
    CHECK_OK(set(fd, F_SETLK, F_RDLCK, 0, 0));
    CHECK_EXIT(pid, 0);
}

TEST(lock, freeing_a_part_lets_in_who_wants_that_part)
{
    int fd = test_file("f", "", 0);
    pid_t low, high;

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 100));
    low = CHILD(CHECK_OK(set(fd, F_SETLKW, F_WRLCK, 0, 10)));
    high = CHILD(CHECK_OK(set(fd, F_SETLKW, F_WRLCK, 90, 10)));
    until_asleep(low);
    until_asleep(high);
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 90, 10));
    CHECK_EXIT(high, 0);
    until_asleep(low);
    CHECK_EQ(waitpid(low, NULL, WNOHANG), 0);
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 10));
    CHECK_EXIT(low, 0);
}

TEST(lock, a_killed_waiter_is_forgotten)
{
    int fd = test_file("f", "", 0), out[2];
    pid_t first, second;

    CHECK_OK(pipe(out));
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    first = waiter(fd, F_WRLCK, 'a', out[1]);
    second = waiter(fd, F_WRLCK, 'b', out[1]);
    kill(first, SIGKILL);
    CHECK_KILLED(first, SIGKILL);
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
    CHECK_EXIT(second, 0);
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
}

TEST(lock, a_killed_holder_hands_over)
{
    int fd = test_file("f", "", 0);
    pid_t holder = CHILD(CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0)); pause());
    pid_t next;

    until_asleep(holder);
    next = CHILD(CHECK_OK(set(fd, F_SETLKW, F_WRLCK, 0, 0)));
    until_asleep(next);
    kill(holder, SIGKILL);
    CHECK_KILLED(holder, SIGKILL);
    CHECK_EXIT(next, 0);
}

TEST(lock, a_signal_ends_the_wait)
{
    int fd = test_file("f", "", 0);
    pid_t pid;

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    pid = CHILD(catch_usr1(0); CHECK_ERR(set(fd, F_SETLKW, F_WRLCK, 0, 0), EINTR));
    until_asleep(pid);
    kill(pid, SIGUSR1);
    CHECK_EXIT(pid, 0);
}

TEST(lock, a_restarting_handler_goes_on_waiting)
{
    int fd = test_file("f", "", 0);
    pid_t pid;

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
    pid = CHILD(catch_usr1(SA_RESTART); CHECK_OK(set(fd, F_SETLKW, F_WRLCK, 0, 0)));
    until_asleep(pid);
    kill(pid, SIGUSR1);
    test_sleep_ms(20);
    until_asleep(pid);
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
    CHECK_EXIT(pid, 0);
}

TEST(lock, a_signal_ends_the_wait_for_a_lock_of_a_description)
{
    int a = test_file("f", "", 0), b = CHECK_FD(open("f", O_RDWR));
    pid_t pid;

    CHECK_OK(set(a, F_OFD_SETLK, F_WRLCK, 0, 0));
    pid = CHILD(catch_usr1(0); CHECK_ERR(set(b, F_OFD_SETLKW, F_WRLCK, 0, 0), EINTR));
    until_asleep(pid);
    kill(pid, SIGUSR1);
    CHECK_EXIT(pid, 0);
}

TEST(lock, two_that_wait_for_each_other_are_refused)
{
    int fd = test_file("f", "", 0);
    pid_t pid;

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 1));
    pid = CHILD({
        CHECK_OK(set(fd, F_SETLK, F_WRLCK, 1, 1));
        CHECK_OK(set(fd, F_SETLKW, F_WRLCK, 0, 1));
    });
    until_asleep(pid);
    CHECK_ERR(set(fd, F_SETLKW, F_WRLCK, 1, 1), EDEADLK);
    /* What was held is held still. */
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 1);
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 1));
    CHECK_EXIT(pid, 0);
}

TEST(lock, a_circle_of_four_is_refused)
{
    int fd = test_file("f", "", 0);
    pid_t pid[3];

    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 1));
    for (int i = 0; i < 3; i++) {
        pid[i] = CHILD({
            CHECK_OK(set(fd, F_SETLK, F_WRLCK, i + 1, 1));
            CHECK_OK(set(fd, F_SETLKW, F_WRLCK, i, 1));
        });
        until_asleep(pid[i]);
    }
    CHECK_ERR(set(fd, F_SETLKW, F_WRLCK, 3, 1), EDEADLK);
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 1));
    for (int i = 0; i < 3; i++)
        CHECK_EXIT(pid[i], 0);
}

TEST(lock, a_circle_through_two_files_is_refused)
{
    int a = test_file("a", "", 0), b = test_file("b", "", 0);
    pid_t pid;

    CHECK_OK(set(a, F_SETLK, F_WRLCK, 0, 0));
    pid =
        CHILD(CHECK_OK(set(b, F_SETLK, F_WRLCK, 0, 0)); CHECK_OK(set(a, F_SETLKW, F_RDLCK, 5, 1)));
    until_asleep(pid);
    CHECK_ERR(set(b, F_SETLKW, F_WRLCK, 0, 0), EDEADLK);
    CHECK_ERR(set(b, F_SETLK, F_WRLCK, 0, 0), EAGAIN);
    CHECK_OK(set(a, F_SETLK, F_UNLCK, 0, 0));
    CHECK_EXIT(pid, 0);
}

TEST(lock, two_readers_that_both_want_to_write_are_refused)
{
    int fd = test_file("f", "", 0);
    pid_t pid;

    CHECK_OK(set(fd, F_SETLK, F_RDLCK, 0, 0));
    pid = CHILD(CHECK_OK(set(fd, F_SETLK, F_RDLCK, 0, 0));
                CHECK_OK(set(fd, F_SETLKW, F_WRLCK, 0, 0)));
    until_asleep(pid);
    CHECK_ERR(set(fd, F_SETLKW, F_WRLCK, 0, 0), EDEADLK);
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
    CHECK_EXIT(pid, 0);
}

TEST(lock, waiting_in_a_row_is_no_circle)
{
    int fd = test_file("f", "", 0), out[2];
    pid_t pid[2];

    CHECK_OK(pipe(out));
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 1));
    pid[0] = CHILD({
        CHECK_OK(set(fd, F_SETLK, F_WRLCK, 1, 1));
        CHECK_OK(set(fd, F_SETLKW, F_WRLCK, 0, 1));
    });
    until_asleep(pid[0]);
    pid[1] = CHILD(CHECK_OK(set(fd, F_SETLKW, F_WRLCK, 1, 1)));
    until_asleep(pid[1]);
    CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 1));
    CHECK_EXIT(pid[0], 0);
    CHECK_EXIT(pid[1], 0);
}

TEST(lock, descriptions_and_flocks_are_not_looked_at_for_circles)
{
    int fd[2] = {test_file("f", "", 0), -1};
    pid_t pid;

    fd[1] = CHECK_FD(open("f", O_RDWR));
    CHECK_OK(set(fd[0], F_OFD_SETLK, F_WRLCK, 0, 1));
    CHECK_OK(set(fd[1], F_OFD_SETLK, F_WRLCK, 1, 1));
    pid = CHILD(CHECK_OK(set(fd[1], F_OFD_SETLKW, F_WRLCK, 0, 1)));
    until_asleep(pid);
    catch_usr1(0);
    {
        pid_t self = getpid(),
              other = CHILD(until_asleep(self); test_sleep_ms(20); kill(self, SIGUSR1));

        CHECK_ERR(set(fd[0], F_OFD_SETLKW, F_WRLCK, 1, 1), EINTR);
        CHECK_EXIT(other, 0);
    }
    CHECK_OK(set(fd[0], F_OFD_SETLK, F_UNLCK, 0, 1));
    CHECK_EXIT(pid, 0);
}

static void *wait_in_thread(void *arg)
{
    CHECK_OK(set(*(int *)arg, F_SETLKW, F_WRLCK, 0, 1));
    return NULL;
}

TEST(lock, one_thread_of_a_process_waits_while_another_unlocks_elsewhere)
{
    int fd = test_file("f", "", 0);
    pthread_t thread;
    pid_t pid = CHILD(CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 1)); pause());

    until_asleep(pid);
    CHECK_OK(pthread_create(&thread, NULL, wait_in_thread, &fd));
    test_sleep_ms(20);
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 1, 1));
    kill(pid, SIGKILL);
    CHECK_KILLED(pid, SIGKILL);
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_MEETS(fd, 0, F_WRLCK, 0, 2);
}

TEST(lock, a_counter_under_a_record_lock_is_exact)
{
    int fd = test_file("f", "\0\0\0\0\0\0\0\0", 8);
    pid_t pid[4];
    long value;

    for (int p = 0; p < 4; p++)
        pid[p] = CHILD(for (int i = 0; i < 100; i++) {
            long v;

            CHECK_OK(set(fd, F_SETLKW, F_WRLCK, 0, 8));
            CHECK_EQ(pread(fd, &v, 8, 0), 8);
            v++;
            sched_yield();
            CHECK_EQ(pwrite(fd, &v, 8, 0), 8);
            CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 8));
        });
    for (int p = 0; p < 4; p++)
        CHECK_EXIT(pid[p], 0);
    CHECK_EQ(pread(fd, &value, 8, 0), 8);
    CHECK_EQ(value, 400);
}

TEST(lock, a_counter_under_flock_is_exact)
{
    pid_t pid[4];
    int fd = test_file("f", "\0\0\0\0\0\0\0\0", 8);
    long value;

    for (int p = 0; p < 4; p++)
        pid[p] = CHILD(int mine = CHECK_FD(open("f", O_RDWR)); for (int i = 0; i < 100; i++) {
            long v;

            CHECK_OK(flock(mine, LOCK_EX));
            CHECK_EQ(pread(mine, &v, 8, 0), 8);
            v++;
            sched_yield();
            CHECK_EQ(pwrite(mine, &v, 8, 0), 8);
            CHECK_OK(flock(mine, LOCK_UN));
        });
    for (int p = 0; p < 4; p++)
        CHECK_EXIT(pid[p], 0);
    CHECK_EQ(pread(fd, &value, 8, 0), 8);
    CHECK_EQ(value, 400);
}

TEST(lock, signals_during_waits_lose_no_lock)
{
    int fd = test_file("f", "", 0), left = 3, status;
    pid_t pid[3], done;

    catch_usr1(0);
    for (int p = 0; p < 3; p++)
        pid[p] = CHILD(for (int i = 0; i < 150;) {
            if (set(fd, F_SETLKW, F_WRLCK, 0, 0)) {
                CHECK_EQ(errno, EINTR);
                continue;
            }
            i++;
            sched_yield();
            CHECK_OK(set(fd, F_SETLK, F_UNLCK, 0, 0));
        });
    while (left) {
        while (left && (done = waitpid(-1, &status, WNOHANG)) > 0) {
            CHECK_EQ(status, 0);
            left--;
            for (int i = 0; i < 3; i++)
                pid[i] = pid[i] == done ? 0 : pid[i];
        }
        test_sleep_ms(1);
        for (int i = 0; i < 3; i++)
            if (pid[i])
                kill(pid[i], SIGUSR1);
    }
    CHECK_OK(set(fd, F_SETLK, F_WRLCK, 0, 0));
}
