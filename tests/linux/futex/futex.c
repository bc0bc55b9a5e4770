/*
 * Futexes: counts, arithmetic, restarts, and the words that an exec leaves behind.
 */
#include "test.h"

#include <sched.h>
#include <sys/mman.h>

enum { FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE = 3, FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP };
enum { OP_ADD = 1, OP_OR = 2, OP_SHIFT = 8, CMP_EQ = 0 };

static uint32_t operation(uint32_t op, uint32_t argument, uint32_t compare, uint32_t with)
{
    return op << 28 | compare << 24 | (argument & 0xfff) << 12 | (with & 0xfff);
}

static long futex(volatile uint32_t *word, int op, uint32_t value, uintptr_t timeout, volatile uint32_t *word2, uint32_t value3)
{
    return syscall(SYS_futex, word, op, value, timeout, word2, value3);
}

static volatile uint32_t *shared_words(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    CHECK(p != MAP_FAILED);
    return p;
}

/* Waits until a child sleeps in its call. */
static void until_asleep(pid_t pid)
{
    char path[40], state = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    for (int i = 0; i < 2000; i++) {
        sscanf(strrchr(test_read_file(path, NULL), ')'), ") %c", &state);
        if (state == 'S')
            return;
        test_sleep_ms(1);
    }
    FAIL("child %d is in state %c", pid, state);
}

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
    child = clone(execute_nothing, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_CHILD_CLEARTID | SIGCHLD, NULL, NULL,
                  NULL, w);
    CHECK_GT(child, 0);
    CHECK_EQ(*w, 0);
    CHECK_EXIT(child, 0);
}
