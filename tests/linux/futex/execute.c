/*
 * Words that are owned by a thread which executes: they go to who waits for them, whatever id the thread has then.
 */
#include "futexes.h"

#include <pthread.h>

static volatile uint32_t *word; /* [0]: owned; [1]: the owner's tid */

HELPER(stay)
{
    test_sleep_ms(10000);
    return 0;
}

static void lock_and_execute(void)
{
    CHECK_OK(futex(word, FUTEX_LOCK_PI, 0, 0, NULL, 0));
    __atomic_store_n(&word[1], (uint32_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&word[2], __ATOMIC_SEQ_CST))
        test_sleep_ms(1);
    execl(test_program, test_program, "helper:stay", NULL);
    _exit(1);
}

static void *in_thread(void *unused)
{
    (void)unused;
    lock_and_execute();
    return NULL;
}

/* A process one of whose threads locks, and executes when word[2] is set. */
static pid_t owner(bool leader)
{
    return CHILD({
        pthread_t id;

        if (leader)
            lock_and_execute();
        CHECK_OK(pthread_create(&id, NULL, in_thread, NULL));
        for (;;)
            pause();
    });
}

static void hand_over(bool leader)
{
    struct timespec limit;
    pid_t first, second;

    word = shared_words();
    first = owner(leader);
    while (!__atomic_load_n(&word[1], __ATOMIC_SEQ_CST))
        test_sleep_ms(1);
    CHECK_EQ(word[1] == (uint32_t)first, leader);
    limit = at_ms(CLOCK_REALTIME, 5000);
    second = CHILD({
        CHECK_OK(futex(word, FUTEX_LOCK_PI, 0, (uintptr_t)&limit, NULL, 0));
        CHECK_EQ(*word, (uint32_t)getpid() | OWNER_DIED | WAITERS);
        CHECK_OK(futex(word, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    });
    until_asleep(second);
    CHECK_EQ(*word, word[1] | WAITERS);
    word[2] = 1;
    CHECK_EXIT(second, 0);
    CHECK_OK(kill(first, SIGKILL));
    CHECK_KILLED(first, SIGKILL);
}

TEST(futex, a_leader_that_executes_hands_its_words_on)
{
    hand_over(true);
}

TEST(futex, a_thread_that_executes_hands_its_words_on)
{
    for (int i = 0; i < 5; i++)
        hand_over(false);
}

TEST(futex, who_comes_after_the_exec_finds_no_owner)
{
    pid_t first;

    word = shared_words();
    first = owner(false);
    while (!__atomic_load_n(&word[1], __ATOMIC_SEQ_CST))
        test_sleep_ms(1);
    word[2] = 1;
    test_sleep_ms(100);
    CHECK_ERR(futex(word, FUTEX_LOCK_PI, 0, 0, NULL, 0), ESRCH);
    CHECK_OK(kill(first, SIGKILL));
    CHECK_KILLED(first, SIGKILL);
}
