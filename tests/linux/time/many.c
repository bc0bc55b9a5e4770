/*
 * Thousands of timers of processor time in a process of hundreds of threads: looking after them does not take the
 * processor from everybody.
 */
#include "test.h"

#include <pthread.h>
#include <sys/resource.h>

enum { TIMERS = 3000, THREADS = 200 };

static void *sleep_long(void *unused)
{
    (void)unused;
    for (;;)
        pause();
    return NULL;
}

TEST(time, many_cpu_timers_and_threads_leave_time_for_the_program)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGURG}; /* ignored */
    struct itimerspec far = {.it_value = {10000, 0}}, often = {{0, 1000000}, {0, 1000000}};
    struct rlimit limit = {TIMERS + 100, TIMERS + 100};
    pthread_attr_t attributes;
    int64_t begun;
    pthread_t id;
    timer_t timer;

    CHECK_OK(setrlimit(RLIMIT_SIGPENDING, &limit));
    CHECK_OK(pthread_attr_init(&attributes));
    CHECK_OK(pthread_attr_setstacksize(&attributes, 16384));
    for (int i = 0; i < THREADS; i++)
        CHECK_OK(pthread_create(&id, &attributes, sleep_long, NULL));
    for (int i = 0; i < TIMERS; i++) {
        CHECK_OK(timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer));
        CHECK_OK(timer_settime(timer, 0, i % 100 ? &far : &often, NULL));
    }
    begun = test_now_ms();
    for (clock_t end = clock() + CLOCKS_PER_SEC / 4; clock() < end;)
        continue;
    CHECK_LT(test_now_ms() - begun, 8000);
}
