/*
 * Futexes and real-time priorities: who is woken first, and whose priority an owner inherits.
 */
#include "futexes.h"

#include <sched.h>

enum { WORD, SECOND, ORDER, READY, GO, DONE };

static volatile uint32_t *w;

/* musl's own only says ENOSYS. */
static void set_priority(int priority)
{
    struct sched_param param = {.sched_priority = priority};

    CHECK_OK(syscall(SYS_sched_setscheduler, 0, priority ? SCHED_FIFO : SCHED_OTHER, &param));
}

/* Above all that the case starts. */
static void set_up(void)
{
    w = shared_words();
    set_priority(90);
}

static void note(uint32_t mark)
{
    w[ORDER] = w[ORDER] * 10 + mark;
}

static pid_t waiter(int priority, uint32_t mark)
{
    pid_t pid = CHILD({
        set_priority(priority);
        CHECK_OK(futex(&w[WORD], FUTEX_WAIT, 0, 0, NULL, 0));
        note(mark);
    });

    until_asleep(pid);
    return pid;
}

TEST(futex, the_highest_priority_is_woken_first)
{
    pid_t pids[5];

    set_up();
    pids[0] = waiter(0, 1);
    pids[1] = waiter(10, 2);
    pids[2] = waiter(30, 3);
    pids[3] = waiter(20, 4);
    pids[4] = waiter(0, 5);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ(futex(&w[WORD], FUTEX_WAKE, 1, 0, NULL, 0), 1);
        test_sleep_ms(30);
    }
    CHECK_EQ(w[ORDER], 34215);
    for (int i = 0; i < 5; i++)
        CHECK_EXIT(pids[i], 0);
}

TEST(futex, a_requeue_keeps_the_order_of_priorities)
{
    pid_t pids[3];

    set_up();
    pids[0] = waiter(0, 1);
    pids[1] = waiter(10, 2);
    pids[2] = waiter(30, 3);
    CHECK_EQ(futex(&w[WORD], FUTEX_REQUEUE, 0, 10, &w[SECOND], 0), 3);
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(futex(&w[SECOND], FUTEX_WAKE, 1, 0, NULL, 0), 1);
        test_sleep_ms(30);
    }
    CHECK_EQ(w[ORDER], 321);
    for (int i = 0; i < 3; i++)
        CHECK_EXIT(pids[i], 0);
}

static pid_t locker(int priority, uint32_t mark)
{
    pid_t pid = CHILD({
        set_priority(priority);
        CHECK_OK(futex(&w[WORD], FUTEX_LOCK_PI, 0, 0, NULL, 0));
        note(mark);
        CHECK_OK(futex(&w[WORD], FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    });

    until_asleep(pid);
    return pid;
}

TEST(futex, an_owned_word_goes_to_the_highest_priority)
{
    pid_t pids[4];

    set_up();
    CHECK_OK(futex(&w[WORD], FUTEX_LOCK_PI, 0, 0, NULL, 0));
    pids[0] = locker(0, 1);
    pids[1] = locker(10, 2);
    pids[2] = locker(30, 3);
    pids[3] = locker(20, 4);
    CHECK_OK(futex(&w[WORD], FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    for (int i = 0; i < 4; i++)
        CHECK_EXIT(pids[i], 0);
    CHECK_EQ(w[ORDER], 3421);
}

/* Owns the word, works for a while when it is told to, then gives it up. */
static pid_t worker(int priority)
{
    pid_t pid = CHILD({
        set_priority(priority);
        CHECK_OK(futex(&w[WORD], FUTEX_LOCK_PI, 0, 0, NULL, 0));
        w[READY] = 1;
        CHECK_OK(futex(&w[GO], FUTEX_WAIT, 0, 0, NULL, 0));
        for (int64_t end = test_now_ms() + 50; test_now_ms() < end;)
            continue;
        note(1);
        CHECK_OK(futex(&w[WORD], FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
        note(4);
    });

    while (!w[READY])
        test_sleep_ms(1);
    until_asleep(pid);
    return pid;
}

/* Has priority over the worker, and works for long. */
static pid_t hog(int priority)
{
    pid_t pid = CHILD({
        set_priority(priority);
        CHECK_OK(futex(&w[GO], FUTEX_WAIT, 0, 0, NULL, 0));
        for (int64_t end = test_now_ms() + 300; test_now_ms() < end;)
            continue;
        note(3);
    });

    until_asleep(pid);
    return pid;
}

static void let_go(void)
{
    w[GO] = 1;
    CHECK_EQ(futex(&w[GO], FUTEX_WAKE, 10, 0, NULL, 0), 2);
}

TEST(futex, an_owner_inherits_the_priority_of_who_waits)
{
    pid_t low, middle, high;

    set_up();
    low = worker(10);
    middle = hog(20);
    high = locker(30, 2);
    let_go();
    CHECK_EXIT(high, 0);
    CHECK_EXIT(middle, 0);
    CHECK_EXIT(low, 0);
    CHECK_EQ(w[ORDER], 1234); /* the worker, who waited, the hog, and the worker once more */
}

TEST(futex, without_a_waiter_it_inherits_nothing)
{
    pid_t low, middle;

    set_up();
    low = worker(10);
    middle = hog(20);
    let_go();
    CHECK_EXIT(middle, 0);
    CHECK_EXIT(low, 0);
    CHECK_EQ(w[ORDER], 314);
}

TEST(futex, a_waiter_that_gives_up_takes_its_priority_back)
{
    struct timespec limit;
    pid_t low, middle, high;

    set_up();
    low = worker(10);
    middle = hog(20);
    limit = at_ms(CLOCK_REALTIME, 100);
    high = CHILD({
        set_priority(30);
        CHECK_ERR(futex(&w[WORD], FUTEX_LOCK_PI, 0, (uintptr_t)&limit, NULL, 0), ETIMEDOUT);
    });
    CHECK_EXIT(high, 0);
    let_go();
    CHECK_EXIT(middle, 0);
    CHECK_EXIT(low, 0);
    CHECK_EQ(w[ORDER], 314);
}

TEST(futex, priority_is_inherited_over_another_owner)
{
    pid_t low, between, middle, high;

    set_up();
    low = worker(10);
    between = CHILD({
        set_priority(15);
        CHECK_OK(futex(&w[SECOND], FUTEX_LOCK_PI, 0, 0, NULL, 0));
        CHECK_OK(futex(&w[WORD], FUTEX_LOCK_PI, 0, 0, NULL, 0));
        note(5);
        CHECK_OK(futex(&w[WORD], FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
        CHECK_OK(futex(&w[SECOND], FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    });
    until_asleep(between);
    middle = hog(20);
    high = CHILD({
        set_priority(30);
        CHECK_OK(futex(&w[SECOND], FUTEX_LOCK_PI, 0, 0, NULL, 0));
        note(2);
        CHECK_OK(futex(&w[SECOND], FUTEX_UNLOCK_PI, 0, 0, NULL, 0));
    });
    until_asleep(high);
    let_go();
    CHECK_EXIT(high, 0);
    CHECK_EXIT(middle, 0);
    CHECK_EXIT(between, 0);
    CHECK_EXIT(low, 0);
    CHECK_EQ(w[ORDER], 15234);
}
