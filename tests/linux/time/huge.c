/*
 * Times that are as far away as can be said: nothing wraps, nobody else notices.
 */
#include "test.h"

#include <limits.h>
#include <sys/time.h>

static void spin_ms(long ms)
{
    int64_t end = test_now_ms() + ms;

    while (test_now_ms() < end)
        continue;
}

/* Fork, exit, and timers of others go on. */
static void check_others(void)
{
    struct itimerval soon = {.it_value = {0, 20000}};

    CHECK_IN_CHILD(spin_ms(10));
    CHECK_KILLED(CHILD({
                     CHECK_OK(setitimer(ITIMER_REAL, &soon, NULL));
                     spin_ms(5000);
                 }),
                 SIGALRM);
}

TEST(time, interval_timers_as_far_as_can_be_said_do_not_fire)
{
    static const int kinds[] = {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF};
    struct itimerval v = {.it_value = {LONG_MAX, 0}}, left;

    for (int i = 0; i < 3; i++) {
        CHECK_OK(setitimer(kinds[i], &v, NULL));
        spin_ms(1300);
        CHECK_OK(getitimer(kinds[i], &left));
        CHECK_GT(left.it_value.tv_sec, 1000000);
        check_others();
    }
}

TEST(time, posix_timers_as_far_as_can_be_said_do_not_fire)
{
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
                                       CLOCK_THREAD_CPUTIME_ID};
    struct itimerspec v = {.it_value = {LONG_MAX, 999999999}}, left;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    timer_t timer;

    for (int i = 0; i < 4; i++) {
        CHECK_OK(timer_create(clocks[i], &event, &timer));
        CHECK_OK(timer_settime(timer, 0, &v, NULL));
        spin_ms(1300);
        CHECK_OK(timer_gettime(timer, &left));
        CHECK_GT(left.it_value.tv_sec, 1000000);
        check_others();
        CHECK_OK(timer_delete(timer));
    }
}

static volatile sig_atomic_t count;

static void counted(int number)
{
    (void)number;
    count++;
}

TEST(time, a_periodic_timer_that_began_long_ago_goes_on)
{
    struct itimerspec v = {.it_value = {1, 0}, .it_interval = {0, 20000000}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct sigaction action = {.sa_handler = counted};
    timer_t timer;

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(timer_create(CLOCK_REALTIME, &event, &timer));
    CHECK_OK(timer_settime(timer, TIMER_ABSTIME, &v, NULL));
    spin_ms(300);
    CHECK_GE(count, 5);
}
