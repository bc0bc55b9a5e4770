/*
 * What threads ask of the processors: affinity, barriers, yielding, where they are.
 */
#include "test.h"

#include <pthread.h>
#include <sched.h>

#ifndef SYS_rseq
#define SYS_rseq 334
#endif

TEST(thread, affinity_names_the_processors)
{
    uint64_t mask[16];
    long size;

    memset(mask, 0xff, sizeof mask);
    size = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    CHECK_EQ(size % 8, 0);
    CHECK_GT(size, 0);
    CHECK(mask[0] & 1);
    CHECK_EQ(mask[15], ~0ull);
    CHECK_EQ(syscall(SYS_sched_getaffinity, getpid(), sizeof mask, mask), size);
}

TEST(thread, affinity_refuses_bad_arguments)
{
    uint64_t mask[2] = {0};

    CHECK_ERR(syscall(SYS_sched_getaffinity, 0, 0, mask), EINVAL);
    CHECK_ERR(syscall(SYS_sched_getaffinity, 0, 9, mask), EINVAL);
    CHECK_ERR(syscall(SYS_sched_getaffinity, 0, 8, (void *)8), EFAULT);
    CHECK_ERR(syscall(SYS_sched_getaffinity, 0x3ffffff, 8, mask), ESRCH);
    CHECK_ERR(syscall(SYS_sched_getaffinity, -1, 8, mask), ESRCH);
    CHECK_ERR(syscall(SYS_sched_setaffinity, 0, 8, mask), EINVAL);
    CHECK_ERR(syscall(SYS_sched_setaffinity, 0, 0, mask), EINVAL);
    CHECK_ERR(syscall(SYS_sched_setaffinity, 0, 8, (void *)8), EFAULT);
    mask[0] = 1;
    CHECK_ERR(syscall(SYS_sched_setaffinity, 0x3ffffff, 8, mask), ESRCH);
    CHECK_OK(syscall(SYS_sched_setaffinity, 0, 1, mask));
    CHECK_OK(syscall(SYS_sched_setaffinity, 0, 16, mask));
    CHECK_OK(syscall(SYS_sched_setaffinity, getpid(), 8, mask));
}

TEST(thread, affinity_of_anothers_process_is_not_ours_to_set)
{
    uint64_t mask = 1;
    pid_t child = CHILD(pause());

    CHECK_IN_CHILD({
        CHECK_OK(setuid(1000));
        CHECK_ERR(syscall(SYS_sched_setaffinity, child, 8, &mask), EPERM);
        CHECK_GT(syscall(SYS_sched_getaffinity, child, 8, &mask), 0);
        CHECK_OK(syscall(SYS_sched_setaffinity, 0, 8, &mask));
    });
    CHECK_OK(kill(child, SIGKILL));
    CHECK_KILLED(child, SIGKILL);
}

enum {
    QUERY = 0,
    GLOBAL = 1,
    GLOBAL_EXPEDITED = 2,
    REGISTER_GLOBAL = 4,
    PRIVATE = 8,
    REGISTER_PRIVATE = 16,
    SYNC_CORE = 32,
    REGISTER_SYNC_CORE = 64,
};

TEST(thread, membarrier_tells_what_it_can)
{
    CHECK_EQ(syscall(SYS_membarrier, QUERY, 0, 0) & 0x7f, 0x7f);
    CHECK_ERR(syscall(SYS_membarrier, QUERY, 1, 0), EINVAL);
    CHECK_ERR(syscall(SYS_membarrier, 3, 0, 0), EINVAL);
    CHECK_ERR(syscall(SYS_membarrier, 1 << 20, 0, 0), EINVAL);
    CHECK_ERR(syscall(SYS_membarrier, -1, 0, 0), EINVAL);
}

TEST(thread, membarrier_wants_a_registration)
{
    CHECK_ERR(syscall(SYS_membarrier, PRIVATE, 0, 0), EPERM);
    CHECK_ERR(syscall(SYS_membarrier, SYNC_CORE, 0, 0), EPERM);
    CHECK_OK(syscall(SYS_membarrier, REGISTER_PRIVATE, 0, 0));
    CHECK_OK(syscall(SYS_membarrier, PRIVATE, 0, 0));
    CHECK_ERR(syscall(SYS_membarrier, SYNC_CORE, 0, 0), EPERM);
    CHECK_OK(syscall(SYS_membarrier, REGISTER_SYNC_CORE, 0, 0));
    CHECK_OK(syscall(SYS_membarrier, SYNC_CORE, 0, 0));
    CHECK_OK(syscall(SYS_membarrier, GLOBAL, 0, 0));
    CHECK_OK(syscall(SYS_membarrier, GLOBAL_EXPEDITED, 0, 0));
    CHECK_OK(syscall(SYS_membarrier, REGISTER_GLOBAL, 0, 0));
}

HELPER(barrier_after_exec)
{
    CHECK_ERR(syscall(SYS_membarrier, PRIVATE, 0, 0), EPERM);
    return 0;
}

TEST(thread, membarrier_registrations_end_with_exec)
{
    CHECK_OK(syscall(SYS_membarrier, REGISTER_PRIVATE, 0, 0));
    CHECK_IN_CHILD(CHECK_OK(syscall(SYS_membarrier, PRIVATE, 0, 0)));
    CHECK_IN_CHILD(execl(test_program, test_program, "helper:barrier_after_exec", NULL); _exit(1));
}

TEST(thread, yield_lets_another_run)
{
    for (int i = 0; i < 100; i++)
        CHECK_OK(sched_yield());
}

static void *ask_processor(void *unused)
{
    unsigned cpu = 77, node = 77;

    CHECK_OK(syscall(SYS_getcpu, &cpu, &node, NULL));
    CHECK_LT(cpu, 64);
    CHECK_LT(node, 64);
    CHECK_OK(syscall(SYS_getcpu, NULL, NULL, NULL));
    CHECK_ERR(syscall(SYS_getcpu, 8, NULL, NULL), EFAULT);
    return unused;
}

TEST(thread, getcpu_tells_where)
{
    pthread_t t;

    ask_processor(NULL);
    CHECK_OK(pthread_create(&t, NULL, ask_processor, NULL));
    CHECK_OK(pthread_join(t, NULL));
}

TEST(thread, a_bad_restartable_sequence_is_refused)
{
    /* ENOSYS is what a kernel without them says; libraries go on without. */
    CHECK_EQ(syscall(SYS_rseq, (void *)1, 32, 0, 0), -1);
    CHECK(errno == EINVAL || errno == ENOSYS);
}

static void *show_tid(void *out)
{
    *(pid_t *)out = (pid_t)syscall(SYS_set_tid_address, NULL);
    CHECK_EQ(*(pid_t *)out, syscall(SYS_gettid));
    for (;;)
        syscall(SYS_exit, 0);
    return NULL;
}

TEST(thread, set_tid_address_tells_the_callers_number)
{
    static pid_t tid;
    static int word = 7;
    pthread_t t;

    CHECK_EQ(syscall(SYS_set_tid_address, &word), getpid());
    CHECK_OK(pthread_create(&t, NULL, show_tid, &tid));
    while (!__atomic_load_n(&tid, __ATOMIC_SEQ_CST))
        sched_yield();
    CHECK_NE(tid, getpid());
    test_sleep_ms(10);
    CHECK_EQ(word, 7);
}
