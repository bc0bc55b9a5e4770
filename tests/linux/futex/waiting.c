/*
 * Futexes: time-outs, signals, bit sets, bad arguments, counts.
 */
#include "futexes.h"

#include <pthread.h>

TEST(futex, a_relative_time_out_ends_a_wait)
{
    volatile uint32_t *w = shared_words();
    struct timespec t = {.tv_nsec = 30000000};
    int64_t start = test_now_ms();

    CHECK_ERR(futex(w, FUTEX_WAIT, 0, (uintptr_t)&t, NULL, 0), ETIMEDOUT);
    CHECK_GE(test_now_ms() - start, 29);
    t = (struct timespec){0};
    CHECK_ERR(futex(w, FUTEX_WAIT, 0, (uintptr_t)&t, NULL, 0), ETIMEDOUT);
}

TEST(futex, an_absolute_time_out_is_on_either_clock)
{
    volatile uint32_t *w = shared_words();
    struct timespec t = at_ms(CLOCK_MONOTONIC, 30);
    int64_t start = test_now_ms();

    CHECK_ERR(futex(w, FUTEX_WAIT_BITSET, 0, (uintptr_t)&t, NULL, ~0u), ETIMEDOUT);
    CHECK_GE(test_now_ms() - start, 29);
    start = test_now_ms();
    t = at_ms(CLOCK_REALTIME, 30);
    CHECK_ERR(futex(w, FUTEX_WAIT_BITSET | FUTEX_REALTIME, 0, (uintptr_t)&t, NULL, ~0u), ETIMEDOUT);
    CHECK_GE(test_now_ms() - start, 29);
    t = (struct timespec){.tv_sec = 1};
    CHECK_ERR(futex(w, FUTEX_WAIT_BITSET | FUTEX_REALTIME, 0, (uintptr_t)&t, NULL, ~0u), ETIMEDOUT);
}

TEST(futex, the_word_is_compared_before_the_time_is)
{
    volatile uint32_t *w = shared_words();
    struct timespec t = {0};

    CHECK_ERR(futex(w, FUTEX_WAIT_BITSET, 7, (uintptr_t)&t, NULL, ~0u), EAGAIN);
    CHECK_ERR(futex(w, FUTEX_WAIT, 7, (uintptr_t)&t, NULL, 0), EAGAIN);
}

TEST(futex, bad_times_are_refused)
{
    volatile uint32_t *w = shared_words();
    struct timespec t = {.tv_nsec = 1000000000};

    CHECK_ERR(futex(w, FUTEX_WAIT, 0, (uintptr_t)&t, NULL, 0), EINVAL);
    t = (struct timespec){.tv_nsec = -1};
    CHECK_ERR(futex(w, FUTEX_WAIT, 0, (uintptr_t)&t, NULL, 0), EINVAL);
    t = (struct timespec){.tv_sec = -1};
    CHECK_ERR(futex(w, FUTEX_WAIT_BITSET, 0, (uintptr_t)&t, NULL, ~0u), EINVAL);
    CHECK_ERR(futex(w, FUTEX_LOCK_PI, 0, (uintptr_t)&t, NULL, 0), EINVAL);
    CHECK_ERR(futex(w, FUTEX_WAIT, 0, 8, NULL, 0), EFAULT);
    CHECK_EQ(futex(w, FUTEX_WAKE, 1, 8, NULL, 0), 0); /* waking has none */
}

TEST(futex, only_some_operations_take_the_real_time_clock)
{
    volatile uint32_t *w = shared_words();

    CHECK_ERR(futex(w, FUTEX_WAIT | FUTEX_REALTIME, 1, 0, NULL, 0), ENOSYS);
    CHECK_ERR(futex(w, FUTEX_WAKE | FUTEX_REALTIME, 1, 0, NULL, 0), ENOSYS);
    CHECK_ERR(futex(w, FUTEX_LOCK_PI | FUTEX_REALTIME, 0, 0, NULL, 0), ENOSYS);
    CHECK_ERR(futex(w, FUTEX_WAIT_BITSET | FUTEX_REALTIME, 1, 0, NULL, ~0u), EAGAIN);
}

TEST(futex, unknown_operations_are_not_there)
{
    volatile uint32_t *w = shared_words();

    CHECK_ERR(futex(w, FUTEX_FD, 0, 0, NULL, 0), ENOSYS);
    CHECK_ERR(futex(w, 14, 0, 0, NULL, 0), ENOSYS);
    CHECK_ERR(futex(w, 127, 0, 0, NULL, 0), ENOSYS);
}

TEST(futex, a_crooked_address_is_refused)
{
    volatile uint32_t *w = (volatile uint32_t *)((char *)shared_words() + 2);

    CHECK_ERR(futex(w, FUTEX_WAIT, 0, 0, NULL, 0), EINVAL);
    CHECK_ERR(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), EINVAL);
    CHECK_ERR(futex(w, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, NULL, 0), EINVAL);
    CHECK_ERR(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0), EINVAL);
    CHECK_ERR(futex(shared_words(), FUTEX_REQUEUE, 1, 1, w, 0), EINVAL);
}

TEST(futex, memory_that_is_not_there_is_a_fault_unless_private_and_only_woken)
{
    volatile uint32_t *gone = (volatile uint32_t *)private_page();

    CHECK_OK(munmap((void *)gone, 4096));
    CHECK_ERR(futex(gone, FUTEX_WAIT, 0, 0, NULL, 0), EFAULT);
    CHECK_ERR(futex(gone, FUTEX_WAIT | FUTEX_PRIVATE, 0, 0, NULL, 0), EFAULT);
    CHECK_ERR(futex(gone, FUTEX_WAKE, 1, 0, NULL, 0), EFAULT);
    CHECK_EQ(futex(gone, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, NULL, 0), 0);
    CHECK_ERR(futex(gone, FUTEX_LOCK_PI | FUTEX_PRIVATE, 0, 0, NULL, 0), EFAULT);
    CHECK_ERR(futex(gone, FUTEX_UNLOCK_PI | FUTEX_PRIVATE, 0, 0, NULL, 0), EFAULT);
    CHECK_ERR(futex((uint32_t *)0xffff800000000000, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, NULL, 0),
              EFAULT);
}

TEST(futex, a_word_that_can_only_be_read_can_be_waited_for_as_a_private_one)
{
    char *page = private_page();
    struct timespec t = {.tv_nsec = 1000000};

    *(uint32_t *)page = 3;
    CHECK_OK(mprotect(page, 4096, PROT_READ));
    CHECK_ERR(futex((uint32_t *)page, FUTEX_WAIT | FUTEX_PRIVATE, 4, (uintptr_t)&t, NULL, 0),
              EAGAIN);
    CHECK_ERR(futex((uint32_t *)page, FUTEX_WAIT | FUTEX_PRIVATE, 3, (uintptr_t)&t, NULL, 0),
              ETIMEDOUT);
    CHECK_ERR(futex((uint32_t *)page, FUTEX_WAIT, 3, (uintptr_t)&t, NULL, 0), EFAULT);
    CHECK_ERR(futex((uint32_t *)page, FUTEX_LOCK_PI, 0, 0, NULL, 0), EFAULT);
    CHECK_OK(mprotect(page, 4096, PROT_NONE));
    CHECK_ERR(futex((uint32_t *)page, FUTEX_WAIT, 3, (uintptr_t)&t, NULL, 0), EFAULT);
    CHECK_ERR(futex((uint32_t *)page, FUTEX_WAIT | FUTEX_PRIVATE, 3, (uintptr_t)&t, NULL, 0),
              EFAULT);
}

TEST(futex, bit_sets_choose_who_is_woken)
{
    volatile uint32_t *w = shared_words();
    pid_t child[3];

    CHECK_ERR(futex(w, FUTEX_WAIT_BITSET, 0, 0, NULL, 0), EINVAL);
    CHECK_ERR(futex(w, FUTEX_WAKE_BITSET, 1, 0, NULL, 0), EINVAL);
    for (int i = 0; i < 3; i++) {
        child[i] = CHILD(CHECK_OK(futex(w, FUTEX_WAIT_BITSET, 0, 0, NULL, 1u << i)));
        until_asleep(child[i]);
    }
    CHECK_EQ(futex(w, FUTEX_WAKE_BITSET, 10, 0, NULL, 8), 0);
    CHECK_EQ(futex(w, FUTEX_WAKE_BITSET, 10, 0, NULL, 2), 1);
    CHECK_EXIT(child[1], 0);
    CHECK_EQ(futex(w, FUTEX_WAKE_BITSET, 10, 0, NULL, 6), 1);
    CHECK_EXIT(child[2], 0);
    CHECK_EQ(futex(w, FUTEX_WAKE, 10, 0, NULL, 0), 1);
    CHECK_EXIT(child[0], 0);
}

TEST(futex, the_longest_waiter_is_woken_first)
{
    volatile uint32_t *w = shared_words();
    pid_t child[4];

    for (int i = 0; i < 4; i++) {
        child[i] = CHILD({
            CHECK_OK(futex(w, FUTEX_WAIT, 0, 0, NULL, 0));
            w[1] = (uint32_t)i + 1;
        });
        until_asleep(child[i]);
    }
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), 1);
        CHECK_EXIT(child[i], 0);
        CHECK_EQ(w[1], i + 1);
    }
}

TEST(futex, to_wake_none_or_fewer_wakes_one)
{
    volatile uint32_t *w = shared_words();
    pid_t child[3];

    for (int i = 0; i < 3; i++) {
        child[i] = CHILD(CHECK_OK(futex(w, FUTEX_WAIT, 0, 0, NULL, 0)));
        until_asleep(child[i]);
    }
    CHECK_EQ(futex(w, FUTEX_WAKE, 0, 0, NULL, 0), 1);
    CHECK_EQ(futex(w, FUTEX_WAKE, -1u, 0, NULL, 0), 1);
    CHECK_EQ(futex(w, FUTEX_WAKE, 0x7fffffff, 0, NULL, 0), 1);
    for (int i = 0; i < 3; i++)
        CHECK_EXIT(child[i], 0);
}

static volatile int handled;

static void handle(int number)
{
    handled += number == SIGUSR1;
}

static pid_t waiting_child(volatile uint32_t *w, int op, struct timespec *t, int flags, int error)
{
    pid_t child = CHILD({
        struct sigaction action = {.sa_handler = handle, .sa_flags = flags};

        CHECK_OK(sigaction(SIGUSR1, &action, NULL));
        if (error)
            CHECK_ERR(futex(w, op, 0, (uintptr_t)t, NULL, ~0u), error);
        else
            CHECK_OK(futex(w, op, 0, (uintptr_t)t, NULL, ~0u));
        CHECK_EQ(handled, 1);
    });

    test_sleep_ms(20);
    until_asleep(child);
    return child;
}

TEST(futex, a_handler_interrupts_a_wait)
{
    volatile uint32_t *w = shared_words();
    pid_t child = waiting_child(w, FUTEX_WAIT, NULL, 0, EINTR);

    CHECK_OK(kill(child, SIGUSR1));
    CHECK_EXIT(child, 0);
}

TEST(futex, a_restarting_handler_does_not_if_there_is_no_time_out)
{
    volatile uint32_t *w = shared_words();
    pid_t child = waiting_child(w, FUTEX_WAIT, NULL, SA_RESTART, 0);

    CHECK_OK(kill(child, SIGUSR1));
    test_sleep_ms(20);
    until_asleep(child);
    CHECK_EQ(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child, 0);
}

TEST(futex, a_wait_with_a_time_out_is_interrupted_even_so)
{
    volatile uint32_t *w = shared_words();
    struct timespec t = {.tv_sec = 10};
    pid_t child = waiting_child(w, FUTEX_WAIT, &t, SA_RESTART, EINTR);

    CHECK_OK(kill(child, SIGUSR1));
    CHECK_EXIT(child, 0);
    t = at_ms(CLOCK_MONOTONIC, 10000);
    child = waiting_child(w, FUTEX_WAIT_BITSET, &t, SA_RESTART, EINTR);
    CHECK_OK(kill(child, SIGUSR1));
    CHECK_EXIT(child, 0);
}

TEST(futex, an_absolute_wait_goes_on_after_a_stop)
{
    volatile uint32_t *w = shared_words();
    struct timespec t = at_ms(CLOCK_MONOTONIC, 300);
    int64_t start = test_now_ms();
    int status;
    pid_t child =
        CHILD(CHECK_ERR(futex(w, FUTEX_WAIT_BITSET, 0, (uintptr_t)&t, NULL, ~0u), ETIMEDOUT));

    until_asleep(child);
    CHECK_OK(kill(child, SIGSTOP));
    CHECK_EQ(waitpid(child, &status, WUNTRACED), child);
    CHECK_OK(kill(child, SIGCONT));
    CHECK_EXIT(child, 0);
    CHECK_GE(test_now_ms() - start, 290);
}

TEST(futex, ignored_signals_do_not_interrupt)
{
    volatile uint32_t *w = shared_words();
    pid_t child = CHILD(signal(SIGUSR1, SIG_IGN); CHECK_OK(futex(w, FUTEX_WAIT, 0, 0, NULL, 0)));

    test_sleep_ms(20);
    until_asleep(child);
    for (int i = 0; i < 10; i++) {
        CHECK_OK(kill(child, SIGUSR1));
        CHECK_OK(kill(child, SIGCHLD));
    }
    until_asleep(child);
    CHECK_EQ(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child, 0);
}

static void *wake_later(void *word)
{
    volatile uint32_t *w = word;

    for (int i = 0; i < 2000; i++) {
        while (__atomic_load_n(w, __ATOMIC_SEQ_CST) != 1)
            sched_yield();
        __atomic_store_n(w, 0, __ATOMIC_SEQ_CST);
        futex(w, FUTEX_WAKE | FUTEX_PRIVATE, 1, 0, NULL, 0);
    }
    return NULL;
}

TEST(futex, no_wake_is_lost_between_check_and_sleep)
{
    static volatile uint32_t word;
    pthread_t other;

    CHECK_OK(pthread_create(&other, NULL, wake_later, (void *)&word));
    for (int i = 0; i < 2000; i++) {
        __atomic_store_n(&word, 1, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&word, __ATOMIC_SEQ_CST) == 1)
            futex(&word, FUTEX_WAIT | FUTEX_PRIVATE, 1, 0, NULL, 0);
    }
    CHECK_OK(pthread_join(other, NULL));
}
