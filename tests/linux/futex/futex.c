/*
 * Futexes: counts, arithmetic, restarts, and the words that an exec leaves behind.
 */
#include "futexes.h"

TEST(futex, wait_compares_and_wake_counts)
{
    volatile uint32_t *w = shared_words();
    pid_t child[3];

    CHECK_ERR(futex(w, FUTEX_WAIT, 1, 0, NULL, 0), EAGAIN);
    for (int i = 0; i < 3; i++)
        child[i] = CHILD(CHECK_OK(futex(w, FUTEX_WAIT, 0, 0, NULL, 0)));
    for (int i = 0; i < 3; i++)
        until_asleep(child[i]);
    CHECK_EQ(futex(w, FUTEX_WAKE, 2, 0, NULL, 0), 2);
    CHECK_EQ(futex(w, FUTEX_WAKE, 100, 0, NULL, 0), 1);
    CHECK_EQ(futex(w, FUTEX_WAKE, 100, 0, NULL, 0), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EXIT(child[i], 0);
}

TEST(futex, requeue_counts_the_moved_ones_too)
{
    volatile uint32_t *w = shared_words();
    pid_t child[3];

    for (int i = 0; i < 3; i++)
        child[i] = CHILD(CHECK_OK(futex(w, FUTEX_WAIT, 0, 0, NULL, 0)));
    for (int i = 0; i < 3; i++)
        until_asleep(child[i]);
    CHECK_ERR(futex(w, FUTEX_CMP_REQUEUE, 1, 100, w + 1, 7), EAGAIN);
    CHECK_EQ(futex(w, FUTEX_REQUEUE, 1, 1, w + 1, 0), 2);
    CHECK_EQ(futex(w + 1, FUTEX_WAKE, 100, 0, NULL, 0), 1);
    CHECK_EQ(futex(w, FUTEX_WAKE, 100, 0, NULL, 0), 1);
    for (int i = 0; i < 3; i++)
        CHECK_EXIT(child[i], 0);
}

TEST(futex, wake_op_adds_a_negative_number)
{
    volatile uint32_t *w = shared_words();

    w[1] = 5;
    CHECK_EQ(futex(w, FUTEX_WAKE_OP, 1, 1, w + 1, operation(OP_ADD, -1u, CMP_EQ, 5)), 0);
    CHECK_EQ(w[1], 4);
    CHECK_EQ(futex(w, FUTEX_WAKE_OP, 1, 1, w + 1, operation(OP_OR | OP_SHIFT, 4, CMP_EQ, 5)), 0);
    CHECK_EQ(w[1], 20);
}

TEST(futex, a_timed_wait_goes_on_after_a_stop)
{
    volatile uint32_t *w = shared_words();
    struct timespec t = {.tv_sec = 20};
    int status;
    pid_t child = CHILD(CHECK_OK(futex(w, FUTEX_WAIT, 0, (uintptr_t)&t, NULL, 0)));

    until_asleep(child);
    CHECK_OK(kill(child, SIGSTOP));
    CHECK_EQ(waitpid(child, &status, WUNTRACED), child);
    CHECK(WIFSTOPPED(status));
    CHECK_OK(kill(child, SIGCONT));
    test_sleep_ms(20);
    until_asleep(child);
    CHECK_EQ(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child, 0);
}

HELPER(nothing)
{
    return 0;
}

static int execute_nothing(void *unused)
{
    (void)unused;
    execl(test_program, test_program, "helper:nothing", NULL);
    return 9;
}

TEST(futex, exec_clears_the_word_that_exit_would_clear)
{
    static char stack[65536] __attribute__((aligned(16)));
    volatile uint32_t *w = shared_words();
    pid_t child;

    *w = 1;
    child = clone(execute_nothing, stack + sizeof stack,
                  CLONE_VM | CLONE_VFORK | CLONE_CHILD_CLEARTID | SIGCHLD, NULL, NULL, NULL, w);
    CHECK_GT(child, 0);
    CHECK_EQ(*w, 0);
    CHECK_EXIT(child, 0);
}
