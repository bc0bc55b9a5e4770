/*
 * Futexes: moving sleepers to another word, and waking with arithmetic.
 */
#include "futexes.h"

static void start_waiters(volatile uint32_t *w, pid_t *child, int count)
{
    for (int i = 0; i < count; i++) {
        child[i] = CHILD(CHECK_OK(futex(w, FUTEX_WAIT, 0, 0, NULL, 0)));
        until_asleep(child[i]);
    }
}

TEST(futex, requeue_wakes_the_first_and_moves_the_next_in_order)
{
    volatile uint32_t *w = shared_words();
    pid_t child[4];

    start_waiters(w, child, 4);
    CHECK_EQ(futex(w, FUTEX_CMP_REQUEUE, 1, 2, w + 1, 0), 3);
    CHECK_EXIT(child[0], 0);
    CHECK_EQ(futex(w + 1, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child[1], 0);
    CHECK_EQ(futex(w + 1, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child[2], 0);
    CHECK_EQ(futex(w + 1, FUTEX_WAKE, 1, 0, NULL, 0), 0);
    CHECK_EQ(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child[3], 0);
}

TEST(futex, requeue_of_none_does_nothing)
{
    volatile uint32_t *w = shared_words();
    pid_t child[1];

    start_waiters(w, child, 1);
    CHECK_EQ(futex(w, FUTEX_REQUEUE, 0, 0, w + 1, 0), 0);
    CHECK_EQ(futex(w, FUTEX_REQUEUE, 0, 1, w + 1, 0), 1);
    CHECK_EQ(futex(w + 1, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child[0], 0);
}

TEST(futex, requeue_refuses_negative_counts)
{
    volatile uint32_t *w = shared_words();

    CHECK_ERR(futex(w, FUTEX_REQUEUE, -1u, 1, w + 1, 0), EINVAL);
    CHECK_ERR(futex(w, FUTEX_CMP_REQUEUE, 1, (uintptr_t)-1, w + 1, 0), EINVAL);
}

TEST(futex, requeue_to_the_same_word_keeps_them_waiting)
{
    volatile uint32_t *w = shared_words();
    pid_t child[2];

    start_waiters(w, child, 2);
    CHECK_EQ(futex(w, FUTEX_CMP_REQUEUE, 0, 10, w, 0), 2);
    CHECK_EQ(futex(w, FUTEX_WAKE, 10, 0, NULL, 0), 2);
    CHECK_EXIT(child[0], 0);
    CHECK_EXIT(child[1], 0);
}

TEST(futex, requeue_moves_between_two_files)
{
    static const char zeros[4096];
    int one = test_file("one", zeros, sizeof zeros), two = test_file("two", zeros, sizeof zeros);
    volatile uint32_t *a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, one, 0);
    volatile uint32_t *b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, two, 0);
    pid_t child[3];

    start_waiters(a, child, 3);
    CHECK_EQ(futex(a, FUTEX_CMP_REQUEUE, 1, 10, b + 3, 0), 3);
    CHECK_EQ(futex(a, FUTEX_WAKE, 10, 0, NULL, 0), 0);
    CHECK_EQ(futex(b + 3, FUTEX_WAKE, 10, 0, NULL, 0), 2);
    for (int i = 0; i < 3; i++)
        CHECK_EXIT(child[i], 0);
}

TEST(futex, a_moved_sleeper_still_hears_signals_and_time)
{
    volatile uint32_t *w = shared_words();
    struct timespec t = {.tv_nsec = 200000000};
    pid_t timed = CHILD(CHECK_ERR(futex(w, FUTEX_WAIT, 0, (uintptr_t)&t, NULL, 0), ETIMEDOUT));
    pid_t child[1];

    start_waiters(w, child, 1);
    until_asleep(timed);
    CHECK_EQ(futex(w, FUTEX_CMP_REQUEUE, 0, 10, w + 9, 0), 2);
    CHECK_OK(kill(child[0], SIGKILL));
    CHECK_KILLED(child[0], SIGKILL);
    CHECK_EXIT(timed, 0);
    CHECK_EQ(futex(w + 9, FUTEX_WAKE, 10, 0, NULL, 0), 0);
}

TEST(futex, cmp_requeue_faults_where_it_cannot_compare)
{
    volatile uint32_t *w = shared_words(), *gone = (volatile uint32_t *)private_page();

    CHECK_OK(munmap((void *)gone, 4096));
    CHECK_ERR(futex(gone, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE, 1, 1, w, 0), EFAULT);
    CHECK_EQ(futex(gone, FUTEX_REQUEUE | FUTEX_PRIVATE, 1, 1, w, 0), 0);
    CHECK_ERR(futex(w, FUTEX_REQUEUE, 1, 1, gone, 0), EFAULT);
}

static uint32_t result_of(uint32_t op, uint32_t argument, uint32_t before)
{
    static volatile uint32_t *w;

    if (!w)
        w = shared_words();
    w[1] = before;
    CHECK_EQ(futex(w, FUTEX_WAKE_OP, 1, 1, w + 1, operation(op, argument, CMP_EQ, 0)), 0);
    return w[1];
}

TEST(futex, wake_op_has_five_operations)
{
    CHECK_EQ(result_of(OP_SET, 7, 3), 7);
    CHECK_EQ(result_of(OP_ADD, 7, 3), 10);
    CHECK_EQ(result_of(OP_OR, 6, 3), 7);
    CHECK_EQ(result_of(OP_ANDN, 6, 7), 1);
    CHECK_EQ(result_of(OP_XOR, 6, 3), 5);
    CHECK_EQ(result_of(OP_SET, 0xfff, 3), 0xffffffff);
    CHECK_EQ(result_of(OP_SET | OP_SHIFT, 31, 3), 0x80000000);
    CHECK_EQ(result_of(OP_ADD | OP_SHIFT, 4, 3), 19);
}

TEST(futex, wake_op_refuses_what_it_does_not_know)
{
    volatile uint32_t *w = shared_words(), *gone = (volatile uint32_t *)private_page();

    w[1] = 3;
    CHECK_ERR(futex(w, FUTEX_WAKE_OP, 1, 1, w + 1, operation(5, 1, CMP_EQ, 0)), ENOSYS);
    CHECK_EQ(w[1], 3);
    CHECK_ERR(futex(w, FUTEX_WAKE_OP, 1, 1, w + 1, operation(OP_SET, 1, 6, 0)), ENOSYS);
    CHECK_EQ(w[1], 1);
    CHECK_OK(munmap((void *)gone, 4096));
    CHECK_ERR(futex(w, FUTEX_WAKE_OP | FUTEX_PRIVATE, 1, 1, gone, 0), EFAULT);
    CHECK_ERR(futex(w, FUTEX_WAKE_OP, 1, 1, gone, 0), EFAULT);
}

/* Whether the second word's sleeper is woken when the old value 5 is compared with `with`. */
static int compares(uint32_t compare, uint32_t with)
{
    volatile uint32_t *w = shared_words();
    pid_t child;
    long woken;

    w[1] = 5;
    child = CHILD(CHECK_OK(futex(w + 1, FUTEX_WAIT, 5, 0, NULL, 0)));
    until_asleep(child);
    woken = futex(w, FUTEX_WAKE_OP, 1, 1, w + 1, operation(OP_ADD, 0, compare, with));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return (int)woken;
}

TEST(futex, wake_op_has_six_comparisons)
{
    CHECK_EQ(compares(CMP_EQ, 5), 1);
    CHECK_EQ(compares(CMP_EQ, 4), 0);
    CHECK_EQ(compares(CMP_NE, 4), 1);
    CHECK_EQ(compares(CMP_LT, 6), 1);
    CHECK_EQ(compares(CMP_LT, 5), 0);
    CHECK_EQ(compares(CMP_LE, 5), 1);
    CHECK_EQ(compares(CMP_GT, -1u), 1);
    CHECK_EQ(compares(CMP_GT, 5), 0);
    CHECK_EQ(compares(CMP_GE, 5), 1);
    CHECK_EQ(compares(CMP_GE, 6), 0);
}

TEST(futex, wake_op_wakes_on_both_words)
{
    volatile uint32_t *w = shared_words();
    pid_t a[2], b[2];

    start_waiters(w, a, 2);
    start_waiters(w + 1, b, 2);
    CHECK_EQ(futex(w, FUTEX_WAKE_OP, 1, 2, w + 1, operation(OP_SET, 9, CMP_EQ, 0)), 3);
    CHECK_EQ(w[1], 9);
    CHECK_EXIT(a[0], 0);
    CHECK_EXIT(b[0], 0);
    CHECK_EXIT(b[1], 0);
    CHECK_EQ(futex(w, FUTEX_WAKE_OP, 5, 5, w + 1, operation(OP_SET, 0, CMP_EQ, 0)), 1);
    CHECK_EXIT(a[1], 0);
}
