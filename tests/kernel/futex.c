/* Futexes. */
#include "test.h"
#include <jg/rt/sync.h>

static volatile uint32_t word, other, done;
static volatile int64_t status;

static void sleeper(void *arg)
{
    status = jg_futex_wait((const uint32_t *)arg, 0, JG_TIME_INFINITE);
    bump(&done);
}

TEST(futex, wait_errors)
{
    word = 5;
    CHECK_EQ(jg_futex_wait((const uint32_t *)&word, 6, JG_TIME_INFINITE), JG_ERR_WOULD_BLOCK);
    CHECK_EQ(jg_futex_wait((const uint32_t *)((uintptr_t)&word + 1), 5, 0), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_futex_wake((const uint32_t *)((uintptr_t)&word + 2), 1), JG_ERR_INVALID_ARGS);
    CHECK_EQ(jg_futex_wait((const uint32_t *)64, 5, 0), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_futex_wait((const uint32_t *)0xffffffff80000000, 5, 0), JG_ERR_BAD_ADDRESS);
    CHECK_EQ(jg_futex_wait((const uint32_t *)&word, 5, 0), JG_ERR_TIMED_OUT);
    CHECK_EQ(jg_futex_wait((const uint32_t *)&word, 5, -1), JG_ERR_TIMED_OUT);
    CHECK_EQ(jg_futex_wake((const uint32_t *)&word, 100), 0);
}

TEST(futex, deadline_is_kept)
{
    jg_time_t begin = now();

    word = 0;
    CHECK_EQ(jg_futex_wait((const uint32_t *)&word, 0, begin + 10000000), JG_ERR_TIMED_OUT);
    CHECK(now() - begin >= 10000000);
    CHECK(now() - begin < 500000000);
}

TEST(futex, wake_counts_and_leaves_other_words_alone)
{
    word = other = done = 0;
    for (unsigned i = 0; i < 3; i++)
        jg_handle_close((jg_handle_t)thread_run(sleeper, (void *)&word));
    jg_handle_close((jg_handle_t)thread_run(sleeper, (void *)&other));
    quiet();
    CHECK_EQ(jg_futex_wake((const uint32_t *)&word, 0), 0);
    CHECK_EQ(jg_futex_wake((const uint32_t *)&word, 2), 2);
    quiet();
    CHECK_EQ(done, 2);
    CHECK_EQ(jg_futex_wake((const uint32_t *)&word, 2), 1);
    quiet();
    CHECK_EQ(done, 3);
    CHECK_EQ(jg_futex_wake((const uint32_t *)&other, UINT32_MAX), 1);
    CHECK(wait_change(&done, 3));
    CHECK_EQ(status, JG_OK);
}

#define ROUNDS 5000
static volatile uint32_t ping, pong;

static void ponger(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        while (ping == i)
            jg_futex_wait((const uint32_t *)&ping, i, JG_TIME_INFINITE);
        bump(&pong);
    }
}

TEST(futex, five_thousand_turns_lose_no_wake_up)
{
    ping = pong = 0;
    jg_handle_close((jg_handle_t)thread_run(ponger, NULL));
    for (uint32_t i = 0; i < ROUNDS; i++) {
        bump(&ping);
        CHECK(wait_change(&pong, i));
    }
}

static struct mutex lock = MUTEX_INIT;
static uint64_t counted;

static void counter(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < 3000; i++) {
        mutex_lock(&lock);
        uint64_t before = counted;
        if (i % 50 == 0)
            jg_yield();
        counted = before + 1;
        mutex_unlock(&lock);
    }
    bump(&done);
}

TEST(futex, a_mutex_of_the_runtime_excludes)
{
    done = 0;
    counted = 0;
    for (unsigned i = 0; i < 4; i++)
        jg_handle_close((jg_handle_t)thread_run(counter, NULL));
    for (unsigned i = 0; i < 4; i++)
        CHECK(wait_change(&done, i) || done > i);
    CHECK_EQ(counted, 4 * 3000);
}

static volatile uint32_t spins[2], stop;

static void spinner(void *arg)
{
    while (!stop)
        spins[(uintptr_t)arg]++;
    bump(&done);
}

TEST(sched, two_that_never_wait_share_the_processor)
{
    stop = spins[0] = spins[1] = done = 0;
    for (uintptr_t i = 0; i < 2; i++)
        jg_handle_close((jg_handle_t)thread_run(spinner, (void *)i));
    sleep_ms(100);
    stop = 1;
    CHECK(wait_change(&done, 0));
    CHECK(wait_change(&done, 1) || done == 2);
    CHECK(spins[0] > 0 && spins[1] > 0);
    CHECK(spins[0] < 4ull * spins[1] && spins[1] < 4ull * spins[0]);
}

TEST(sched, yield_is_ok)
{
    for (unsigned i = 0; i < 100; i++)
        CHECK_EQ(jg_yield(), JG_OK);
}

TEST(sched, time_is_charged)
{
    struct jg_info_task info;
    jg_handle_t t;

    stop = spins[0] = done = 0;
    t = (jg_handle_t)thread_run(spinner, (void *)0);
    sleep_ms(30);
    CHECK_EQ(jg_object_info(t, JG_INFO_TASK, &info, sizeof(info)), sizeof(info));
    CHECK(info.user_ns > 5000000);
    CHECK(info.user_ns < 1000000000);
    CHECK_EQ(info.state, 1);
    stop = 1;
    CHECK(wait_change(&done, 0));
    jg_handle_close(t);
}
