/*
 * A static program of glibc's: it starts, finds the vDSO, makes threads and processes.
 */
#include "nocall.h"

#include <pthread.h>
#include <sched.h>
#include <spawn.h>

TEST(glibc, reads_clocks_without_a_system_call)
{
    clocks_make_no_call();
}

TEST(glibc, sched_getcpu_works)
{
    CHECK_EQ(sched_getcpu(), 0);
}

static void *add(void *sum)
{
    for (int i = 0; i < 1000; i++)
        __atomic_fetch_add((long *)sum, 1, __ATOMIC_SEQ_CST);
    return sum;
}

/* clone3, set_robust_list, rseq refused, futexes: what its threads ask for. */
TEST(glibc, threads_run_and_join)
{
    for (int round = 0; round < 10; round++) {
        pthread_t threads[8];
        long sum = 0;

        for (int i = 0; i < 8; i++)
            CHECK_OK(pthread_create(&threads[i], NULL, add, &sum));
        for (int i = 0; i < 8; i++)
            CHECK_OK(pthread_join(threads[i], NULL));
        CHECK_EQ(sum, 8000);
    }
}

HELPER(exit_five)
{
    return 5;
}

/* clone3 with VM and VFORK, or what it falls back to. */
TEST(glibc, posix_spawn_runs_a_program)
{
    char *argv[] = {test_program, (char *)"helper:exit_five", NULL}, *none[] = {NULL};
    pid_t pid;

    for (int i = 0; i < 20; i++) {
        CHECK_OK(posix_spawn(&pid, test_program, NULL, NULL, argv, none));
        CHECK_EXIT(pid, 5);
    }
    CHECK_EQ(posix_spawn(&pid, "/nothing", NULL, NULL, argv, none), ENOENT);
}

TEST(glibc, forks_and_waits)
{
    for (int i = 0; i < 50; i++)
        CHECK_EXIT(CHILD(_exit(i)), i);
}
