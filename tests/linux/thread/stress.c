/*
 * Two hundred threads under each of the tools that threads meet with.
 */
#include "test.h"

#include <pthread.h>
#include <semaphore.h>

enum { MANY = 200 };

static pthread_t thread[MANY];

static void start_all(void *(*run)(void *))
{
    pthread_attr_t a;

    pthread_attr_init(&a);
    pthread_attr_setstacksize(&a, 32768);
    for (intptr_t i = 0; i < MANY; i++)
        CHECK_OK(pthread_create(&thread[i], &a, run, (void *)i));
}

static void join_all(void *wanted)
{
    for (int i = 0; i < MANY; i++) {
        void *result;

        CHECK_OK(pthread_join(thread[i], &result));
        CHECK(result == wanted);
    }
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static long counter;

static void *count(void *unused)
{
    (void)unused;
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&mutex);
        long seen = counter;

        if (i % 10 == 0)
            sched_yield();
        counter = seen + 1;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

TEST(thread, two_hundred_share_a_mutex)
{
    start_all(count);
    join_all(NULL);
    CHECK_EQ(counter, MANY * 50);
}

static int waiting, round_number;

static void *meet(void *unused)
{
    (void)unused;
    for (int i = 0; i < 5; i++) {
        pthread_mutex_lock(&mutex);
        int mine = round_number;

        if (++waiting == MANY) {
            waiting = 0;
            round_number++;
            pthread_cond_broadcast(&condition);
        }
        while (round_number == mine)
            pthread_cond_wait(&condition, &mutex);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

TEST(thread, two_hundred_wait_for_a_condition)
{
    start_all(meet);
    join_all(NULL);
    CHECK_EQ(round_number, 5);
}

static pthread_barrier_t barrier;
static int serial, inside;

static void *pass(void *unused)
{
    (void)unused;
    for (int i = 0; i < 5; i++) {
        __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST);
        int result = pthread_barrier_wait(&barrier);

        if (result == PTHREAD_BARRIER_SERIAL_THREAD)
            __atomic_add_fetch(&serial, 1, __ATOMIC_SEQ_CST);
        else if (result)
            FAIL("barrier gives %d", result);
        if (__atomic_load_n(&inside, __ATOMIC_SEQ_CST) < (i + 1) * MANY)
            FAIL("passed round %d with %d inside", i, inside);
    }
    return NULL;
}

TEST(thread, two_hundred_pass_a_barrier)
{
    CHECK_OK(pthread_barrier_init(&barrier, NULL, MANY));
    start_all(pass);
    join_all(NULL);
    CHECK_EQ(serial, 5);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long first, second;

static void *read_or_write(void *me)
{
    for (int i = 0; i < 25; i++) {
        if (((intptr_t)me + i) % 10 == 0) {
            pthread_rwlock_wrlock(&rwlock);
            first++;
            sched_yield();
            second++;
            pthread_rwlock_unlock(&rwlock);
        } else {
            pthread_rwlock_rdlock(&rwlock);
            if (first != second)
                FAIL("a reader sees %ld and %ld", first, second);
            pthread_rwlock_unlock(&rwlock);
        }
    }
    return NULL;
}

TEST(thread, two_hundred_read_and_write_under_a_lock)
{
    start_all(read_or_write);
    join_all(NULL);
    CHECK_EQ(first, MANY * 25 / 10);
}

static sem_t cleaned;

static void clean(void *unused)
{
    (void)unused;
    sem_post(&cleaned);
}

static void *wait_to_be_cancelled(void *me)
{
    pthread_cleanup_push(clean, NULL);
    switch ((intptr_t)me % 40) {
    case 0: /* a few that run on and on */
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
        for (;;)
            sched_yield();
    case 1:
        for (;;) {
            pthread_testcancel();
            sched_yield();
        }
    default:
        for (;;) {
            if ((intptr_t)me % 2)
                pause();
            else
                test_sleep_ms(100000);
        }
    }
    pthread_cleanup_pop(0);
    return NULL;
}

TEST(thread, two_hundred_are_cancelled)
{
    CHECK_OK(sem_init(&cleaned, 0, 0));
    start_all(wait_to_be_cancelled);
    for (int i = 0; i < MANY; i++)
        CHECK_OK(pthread_cancel(thread[i]));
    join_all(PTHREAD_CANCELED);
    for (int i = 0; i < MANY; i++)
        CHECK_OK(sem_trywait(&cleaned));
}

static void unlock(void *unused)
{
    (void)unused;
    pthread_mutex_unlock(&mutex);
}

static void *wait_for_nothing(void *unused)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(unlock, NULL);
    for (;;)
        pthread_cond_wait(&condition, &mutex);
    pthread_cleanup_pop(0);
    return unused;
}

TEST(thread, two_hundred_are_cancelled_in_a_condition)
{
    start_all(wait_for_nothing);
    for (int i = 0; i < MANY; i++)
        CHECK_OK(pthread_cancel(thread[i]));
    join_all(PTHREAD_CANCELED);
    CHECK_OK(pthread_mutex_trylock(&mutex));
}

static __thread int local[64];

static void *own_variables(void *me)
{
    for (int i = 0; i < 64; i++)
        CHECK_EQ(local[i], 0);
    for (int i = 0; i < 64; i++)
        local[i] = (int)(intptr_t)me;
    for (int i = 0; i < 20; i++) {
        sched_yield();
        CHECK_EQ(local[i], (intptr_t)me);
    }
    return NULL;
}

TEST(thread, two_hundred_have_variables_of_their_own)
{
    start_all(own_variables);
    join_all(NULL);
    CHECK_EQ(local[5], 0);
}

static sem_t permits;
static int holders;

static void *use_permit(void *unused)
{
    (void)unused;
    for (int i = 0; i < 10; i++) {
        CHECK_OK(sem_wait(&permits));
        if (__atomic_add_fetch(&holders, 1, __ATOMIC_SEQ_CST) > 3)
            FAIL("%d hold 3 permits", holders);
        sched_yield();
        __atomic_sub_fetch(&holders, 1, __ATOMIC_SEQ_CST);
        CHECK_OK(sem_post(&permits));
    }
    return NULL;
}

TEST(thread, two_hundred_share_three_permits)
{
    CHECK_OK(sem_init(&permits, 0, 3));
    start_all(use_permit);
    join_all(NULL);
}
