/*
 * Futexes that are owned: LOCK_PI, TRYLOCK_PI, UNLOCK_PI, and musl's mutexes on them.
 */
#include "futexes.h"

#include <pthread.h>

static uint32_t tid(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

TEST(futex, a_free_word_is_locked_and_unlocked)
{
    volatile uint32_t *w = shared_words();

    CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
    CHECK_EQ(*w, tid());
    CHECK_ERR(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0), EDEADLK);
    CHECK_ERR(futex(w, FUTEX_TRYLOCK_PI, 0, 0, NULL, 0), EDEADLK);
    CHECK_OK(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    CHECK_EQ(*w, 0);
    CHECK_ERR(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0), EPERM);
    CHECK_OK(futex(w, FUTEX_TRYLOCK_PI | FUTEX_PRIVATE, 0, 0, NULL, 0));
    CHECK_EQ(*w, tid());
    CHECK_OK(futex(w, FUTEX_UNLOCK_PI | FUTEX_PRIVATE, 0, 0, NULL, 0));
    CHECK_OK(futex(w, FUTEX_LOCK_PI2, 0, 0, NULL, 0));
    CHECK_EQ(*w, tid());
}

TEST(futex, an_owner_that_is_no_task_is_told)
{
    volatile uint32_t *w = shared_words();

    *w = 0x3ffffff0;
    CHECK_ERR(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0), ESRCH);
    CHECK_EQ(*w, 0x3ffffff0 | WAITERS);
}

TEST(futex, a_mark_of_death_stays_with_the_next_owner)
{
    volatile uint32_t *w = shared_words();

    *w = OWNER_DIED;
    CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
    CHECK_EQ(*w, OWNER_DIED | tid());
    CHECK_OK(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    CHECK_EQ(*w, 0);
}

/* A child that takes the word when it can, notes that in w[1], and gives it back. */
static pid_t locker(volatile uint32_t *w, uint32_t mark)
{
    return CHILD({
        CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
        CHECK_EQ(*w & TID_MASK, tid());
        w[1] = w[1] * 10 + mark;
        CHECK_OK(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    });
}

TEST(futex, an_unlocked_word_goes_to_the_waiters_in_order)
{
    volatile uint32_t *w = shared_words();
    pid_t child[3];

    CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
    for (uint32_t i = 0; i < 3; i++) {
        child[i] = locker(w, i + 1);
        until_asleep(child[i]);
    }
    CHECK_EQ(*w, tid() | WAITERS);
    CHECK_OK(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    for (int i = 0; i < 3; i++)
        CHECK_EXIT(child[i], 0);
    CHECK_EQ(w[1], 123);
    CHECK_EQ(*w, 0);
}

TEST(futex, trylock_of_anothers_word_does_not_wait)
{
    volatile uint32_t *w = shared_words();
    pid_t child;

    CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
    CHECK_IN_CHILD(CHECK_ERR(futex(w, FUTEX_TRYLOCK_PI, 0, 0, NULL, 0), EAGAIN));
    CHECK_EQ(*w & TID_MASK, tid());
    child = locker(w, 1);
    until_asleep(child);
    CHECK_IN_CHILD(CHECK_ERR(futex(w, FUTEX_TRYLOCK_PI, 0, 0, NULL, 0), EAGAIN));
    CHECK_IN_CHILD(CHECK_ERR(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0), EPERM));
    CHECK_OK(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    CHECK_EXIT(child, 0);
}

TEST(futex, lock_pi_has_an_absolute_time_out)
{
    volatile uint32_t *w = shared_words();

    CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
    CHECK_IN_CHILD({
        struct timespec t = at_ms(CLOCK_REALTIME, 30);

        CHECK_ERR(futex(w, FUTEX_LOCK_PI, 0, (uintptr_t)&t, NULL, 0), ETIMEDOUT);
        t = at_ms(CLOCK_MONOTONIC, 30);
        CHECK_ERR(futex(w, FUTEX_LOCK_PI2, 0, (uintptr_t)&t, NULL, 0), ETIMEDOUT);
        t = at_ms(CLOCK_REALTIME, 30);
        CHECK_ERR(futex(w, FUTEX_LOCK_PI2 | FUTEX_REALTIME, 0, (uintptr_t)&t, NULL, 0), ETIMEDOUT);
        t = (struct timespec){0};
        CHECK_ERR(futex(w, FUTEX_LOCK_PI, 0, (uintptr_t)&t, NULL, 0), ETIMEDOUT);
    });
    CHECK_EQ(*w, tid() | WAITERS);
    CHECK_OK(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    CHECK_EQ(*w, 0);
}

static volatile int handled;

static void handle(int number)
{
    handled = number;
}

TEST(futex, lock_pi_goes_on_after_any_handler)
{
    volatile uint32_t *w = shared_words();
    pid_t child;

    CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
    child = CHILD({
        struct sigaction action = {.sa_handler = handle};

        CHECK_OK(sigaction(SIGUSR1, &action, NULL));
        CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
        CHECK_EQ(handled, SIGUSR1);
    });
    test_sleep_ms(20);
    until_asleep(child);
    CHECK_OK(kill(child, SIGUSR1));
    test_sleep_ms(10);
    until_asleep(child);
    CHECK_OK(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    CHECK_EXIT(child, 0);
}

TEST(futex, the_end_of_an_owner_gives_the_word_to_a_waiter)
{
    volatile uint32_t *w = shared_words();
    pid_t owner = CHILD(CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0)); pause());
    pid_t child;

    while (!*w)
        test_sleep_ms(1);
    child = CHILD({
        CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
        CHECK_EQ(*w & TID_MASK, tid());
        CHECK(*w & OWNER_DIED);
    });
    until_asleep(child);
    CHECK_OK(kill(owner, SIGKILL));
    CHECK_KILLED(owner, SIGKILL);
    CHECK_EXIT(child, 0);
}

TEST(futex, a_circle_of_owners_is_a_deadlock)
{
    volatile uint32_t *w = shared_words();
    pid_t child;

    CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
    child = CHILD({
        CHECK_OK(futex(w + 1, FUTEX_LOCK_PI, 0, 0, NULL, 0));
        CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
        CHECK_OK(futex(w + 1, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    });
    while (!w[1])
        test_sleep_ms(1);
    test_sleep_ms(20);
    until_asleep(child);
    CHECK_ERR(futex(w + 1, FUTEX_LOCK_PI, 0, 0, NULL, 0), EDEADLK);
    CHECK_OK(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    CHECK_EXIT(child, 0);
}

TEST(futex, owned_and_plain_operations_do_not_mix)
{
    volatile uint32_t *w = shared_words();
    pid_t child;

    CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
    child = locker(w, 1);
    until_asleep(child);
    CHECK_ERR(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), EINVAL);
    CHECK_ERR(futex(w, FUTEX_REQUEUE, 1, 1, w + 5, 0), EINVAL);
    CHECK_ERR(futex(w, FUTEX_WAKE_OP, 1, 1, w + 5, 0), EINVAL);
    CHECK_OK(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    CHECK_EXIT(child, 0);
    *w = 0;
    child = CHILD(CHECK_OK(futex(w, FUTEX_WAIT, 0, 0, NULL, 0)));
    until_asleep(child);
    *w = (uint32_t)child;
    CHECK_ERR(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0), EINVAL);
    *w = tid();
    CHECK_ERR(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0), EINVAL);
    CHECK_EQ(futex(w, FUTEX_WAKE, 1, 0, NULL, 0), 1);
    CHECK_EXIT(child, 0);
}

TEST(futex, a_word_that_names_another_owner_than_known_is_refused)
{
    volatile uint32_t *w = shared_words();
    pid_t child;

    CHECK_OK(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0));
    child = locker(w, 1);
    until_asleep(child);
    *w = (uint32_t)child | WAITERS;
    CHECK_IN_CHILD(CHECK_ERR(futex(w, FUTEX_LOCK_PI, 0, 0, NULL, 0), EINVAL));
    *w = tid() | WAITERS;
    CHECK_OK(futex(w, FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    CHECK_EXIT(child, 0);
}

static pthread_mutex_t mutex;
static long counter;

static void *count_up(void *unused)
{
    (void)unused;
    for (int i = 0; i < 500; i++) {
        CHECK_OK(pthread_mutex_lock(&mutex));
        long seen = counter;

        if (i % 50 == 0)
            sched_yield();
        counter = seen + 1;
        CHECK_OK(pthread_mutex_unlock(&mutex));
    }
    return NULL;
}

static void init_mutex(int robust)
{
    pthread_mutexattr_t a;

    CHECK_OK(pthread_mutexattr_init(&a));
    CHECK_OK(pthread_mutexattr_setprotocol(&a, PTHREAD_PRIO_INHERIT));
    CHECK_OK(pthread_mutexattr_setrobust(&a, robust));
    CHECK_OK(pthread_mutex_init(&mutex, &a));
}

TEST(futex, a_mutex_with_priority_inheritance_excludes)
{
    pthread_t t[8];

    init_mutex(PTHREAD_MUTEX_STALLED);
    for (int i = 0; i < 8; i++)
        CHECK_OK(pthread_create(&t[i], NULL, count_up, NULL));
    for (int i = 0; i < 8; i++)
        CHECK_OK(pthread_join(t[i], NULL));
    CHECK_EQ(counter, 4000);
    CHECK_OK(pthread_mutex_trylock(&mutex));
    CHECK_OK(pthread_mutex_unlock(&mutex));
}

static void *keep(void *unused)
{
    CHECK_OK(pthread_mutex_lock(&mutex));
    test_sleep_ms(30);
    return unused;
}

TEST(futex, a_robust_one_with_priority_inheritance_tells_of_death)
{
    pthread_t t;

    init_mutex(PTHREAD_MUTEX_ROBUST);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(pthread_create(&t, NULL, keep, NULL));
        if (i == 1)
            CHECK_OK(pthread_join(t, NULL));
        else
            test_sleep_ms(10);
        CHECK_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
        CHECK_OK(pthread_mutex_consistent(&mutex));
        CHECK_OK(pthread_mutex_unlock(&mutex));
        if (i != 1)
            CHECK_OK(pthread_join(t, NULL));
    }
    CHECK_OK(pthread_mutex_lock(&mutex));
    CHECK_OK(pthread_mutex_unlock(&mutex));
}

static void *lock_in_vain(void *unused)
{
    struct timespec t = at_ms(CLOCK_REALTIME, 20);

    CHECK_EQ(pthread_mutex_timedlock(&mutex, &t), ETIMEDOUT);
    CHECK_EQ(pthread_mutex_trylock(&mutex), EBUSY);
    return unused;
}

TEST(futex, a_timed_lock_with_priority_inheritance_ends)
{
    pthread_t thread;

    init_mutex(PTHREAD_MUTEX_STALLED);
    CHECK_OK(pthread_mutex_lock(&mutex));
    CHECK_OK(pthread_create(&thread, NULL, lock_in_vain, NULL));
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_OK(pthread_create(&thread, NULL, count_up, NULL));
    test_sleep_ms(10);
    CHECK_OK(pthread_mutex_unlock(&mutex));
    CHECK_OK(pthread_join(thread, NULL));
    CHECK_EQ(counter, 500);
}
