/*
 * epoll: sleeping, signals, time; instances that watch instances; threads.
 */
#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

static int ends[2], ep;

static int watch_in(int instance, int op, int fd, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.fd = fd};

    return epoll_ctl(instance, op, fd, &e);
}

static void set_up(uint32_t events)
{
    CHECK_OK(pipe(ends));
    ep = CHECK_FD(epoll_create1(0));
    CHECK_OK(watch_in(ep, EPOLL_CTL_ADD, ends[0], events));
}

static void put(void)
{
    CHECK_EQ(write(ends[1], "x", 1), 1);
}

TEST(epoll, a_wait_ends_in_time)
{
    struct epoll_event e;
    int64_t start = test_now_ms();

    set_up(EPOLLIN);
    CHECK_EQ(epoll_wait(ep, &e, 1, 30), 0);
    CHECK_GE(test_now_ms() - start, 29);
    CHECK_EQ(epoll_wait(ep, &e, 1, 0), 0);
}

TEST(epoll, pwait2_counts_nanoseconds)
{
    struct timespec t = {.tv_nsec = 20000000};
    struct epoll_event e;
    int64_t start = test_now_ms();

    set_up(EPOLLIN);
    CHECK_EQ(syscall(SYS_epoll_pwait2, ep, &e, 1, &t, NULL, 8), 0);
    CHECK_GE(test_now_ms() - start, 19);
    t.tv_nsec = -1;
    CHECK_ERR(syscall(SYS_epoll_pwait2, ep, &e, 1, &t, NULL, 8), EINVAL);
    CHECK_ERR(syscall(SYS_epoll_pwait2, ep, &e, 1, 8, NULL, 8), EFAULT);
    put();
    CHECK_EQ(syscall(SYS_epoll_pwait2, ep, &e, 1, NULL, NULL, 8), 1);
}

TEST(epoll, a_write_ends_a_wait)
{
    struct epoll_event e;
    pid_t child;

    set_up(EPOLLIN);
    for (int i = 0; i < 50; i++) {
        char c;

        child = CHILD(if (i % 2) test_sleep_ms(1); put());
        CHECK_EQ(epoll_wait(ep, &e, 1, 10000), 1);
        CHECK_EQ(read(ends[0], &c, 1), 1);
        CHECK_EXIT(child, 0);
    }
}

TEST(epoll, a_watch_added_meanwhile_ends_a_wait)
{
    struct epoll_event e;
    int other[2];
    pid_t child;

    set_up(EPOLLIN);
    CHECK_OK(pipe(other));
    CHECK_EQ(write(other[1], "x", 1), 1);
    child = CHILD(test_sleep_ms(30); CHECK_OK(watch_in(ep, EPOLL_CTL_ADD, other[0], EPOLLIN)));
    CHECK_EQ(epoll_wait(ep, &e, 1, 10000), 1);
    CHECK_EQ(e.data.fd, other[0]);
    CHECK_EXIT(child, 0);
}

TEST(epoll, a_changed_wish_ends_a_wait)
{
    struct epoll_event e;
    pid_t child;

    set_up(EPOLLOUT);
    put();
    child = CHILD(test_sleep_ms(30); CHECK_OK(watch_in(ep, EPOLL_CTL_MOD, ends[0], EPOLLIN)));
    CHECK_EQ(epoll_wait(ep, &e, 1, 10000), 1);
    CHECK_EXIT(child, 0);
}

static volatile int handled;

static void handle(int number)
{
    handled = number;
}

TEST(epoll, a_handler_interrupts_even_a_restarting_one)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
    struct epoll_event e;
    pid_t parent = getpid(), child;

    set_up(EPOLLIN);
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    child = CHILD(test_sleep_ms(30); kill(parent, SIGUSR1));
    CHECK_ERR(epoll_wait(ep, &e, 1, 10000), EINTR);
    CHECK_EQ(handled, SIGUSR1);
    CHECK_EXIT(child, 0);
}

TEST(epoll, pwait_lets_a_signal_in_for_the_wait_only)
{
    struct sigaction action = {.sa_handler = handle};
    struct epoll_event e;
    sigset_t set, none;

    set_up(EPOLLIN);
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_OK(raise(SIGUSR1));
    CHECK_EQ(handled, 0);
    CHECK_ERR(epoll_pwait(ep, &e, 1, 10000, &none), EINTR);
    CHECK_EQ(handled, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set));
    CHECK(sigismember(&set, SIGUSR1));
    CHECK_ERR(syscall(SYS_epoll_pwait, ep, &e, 1, 0, &none, 4), EINVAL);
    CHECK_ERR(syscall(SYS_epoll_pwait, ep, &e, 1, 0, 8, 8), EFAULT);
    put();
    CHECK_OK(raise(SIGUSR1));
    handled = 0;
    CHECK_EQ(epoll_pwait(ep, &e, 1, 10000, &none), 1);
    CHECK_EQ(handled, 0); /* there was an event: the signal waits */
}

TEST(epoll, a_stop_and_its_end_interrupt_a_wait)
{
    int status;
    pid_t child;

    set_up(EPOLLIN);
    child = CHILD({
        struct epoll_event e;

        CHECK_ERR(epoll_wait(ep, &e, 1, 10000), EINTR);
    });
    test_sleep_ms(30);
    CHECK_OK(kill(child, SIGSTOP));
    CHECK_EQ(waitpid(child, &status, WUNTRACED), child);
    CHECK_OK(kill(child, SIGCONT));
    CHECK_EXIT(child, 0);
}

static void *close_it(void *unused)
{
    test_sleep_ms(20);
    CHECK_OK(close(ep));
    test_sleep_ms(20);
    put();
    return unused;
}

TEST(epoll, closing_the_descriptor_does_not_end_a_wait)
{
    struct epoll_event e;
    pthread_t t;
    int before;

    set_up(EPOLLIN);
    before = ep;
    CHECK_OK(pthread_create(&t, NULL, close_it, NULL));
    CHECK_EQ(epoll_wait(ep, &e, 1, 10000), 1);
    CHECK_OK(pthread_join(t, NULL));
    CHECK_ERR(epoll_wait(before, &e, 1, 0), EBADF);
}

static void *close_watched(void *unused)
{
    test_sleep_ms(20);
    close(ends[0]);
    return unused;
}

TEST(epoll, closing_a_watched_file_does_not_end_a_wait)
{
    struct epoll_event e;
    pthread_t t;

    set_up(EPOLLIN);
    CHECK_OK(pthread_create(&t, NULL, close_watched, NULL));
    CHECK_EQ(epoll_wait(ep, &e, 1, 60), 0);
    CHECK_OK(pthread_join(t, NULL));
}

TEST(epoll, an_instance_in_an_instance_is_ready_when_its_files_are)
{
    struct epoll_event e;
    int outer;
    char c;

    set_up(EPOLLIN);
    outer = CHECK_FD(epoll_create1(0));
    CHECK_OK(watch_in(outer, EPOLL_CTL_ADD, ep, EPOLLIN));
    CHECK_EQ(epoll_wait(outer, &e, 1, 0), 0);
    put();
    CHECK_EQ(epoll_wait(outer, &e, 1, 1000), 1);
    CHECK_EQ(e.data.fd, ep);
    CHECK_EQ(e.events, EPOLLIN);
    CHECK_EQ(epoll_wait(outer, &e, 1, 0), 1);
    CHECK_EQ(read(ends[0], &c, 1), 1);
    CHECK_EQ(epoll_wait(outer, &e, 1, 0), 0);
    pid_t child = CHILD(test_sleep_ms(20); put());

    CHECK_EQ(epoll_wait(outer, &e, 1, 5000), 1);
    CHECK_EXIT(child, 0);
}

TEST(epoll, an_outer_edge_is_told_once)
{
    struct epoll_event e;
    int outer;

    set_up(EPOLLIN);
    outer = CHECK_FD(epoll_create1(0));
    CHECK_OK(watch_in(outer, EPOLL_CTL_ADD, ep, EPOLLIN | EPOLLET));
    put();
    CHECK_EQ(epoll_wait(outer, &e, 1, 0), 1);
    CHECK_EQ(epoll_wait(outer, &e, 1, 0), 0);
    CHECK_EQ(epoll_wait(ep, &e, 1, 0), 1);
    CHECK_EQ(epoll_wait(outer, &e, 1, 0), 0);
    put();
    CHECK_EQ(epoll_wait(outer, &e, 1, 0), 1);
}

TEST(epoll, circles_are_refused)
{
    int a = CHECK_FD(epoll_create1(0)), b = CHECK_FD(epoll_create1(0)),
        c = CHECK_FD(epoll_create1(0));

    CHECK_OK(watch_in(a, EPOLL_CTL_ADD, b, EPOLLIN));
    CHECK_ERR(watch_in(b, EPOLL_CTL_ADD, a, EPOLLIN), ELOOP);
    CHECK_OK(watch_in(b, EPOLL_CTL_ADD, c, EPOLLIN));
    CHECK_ERR(watch_in(c, EPOLL_CTL_ADD, a, EPOLLIN), ELOOP);
    CHECK_OK(watch_in(a, EPOLL_CTL_ADD, c, EPOLLIN));
    CHECK_OK(watch_in(a, EPOLL_CTL_DEL, b, 0));
    CHECK_OK(watch_in(a, EPOLL_CTL_DEL, c, 0));
    CHECK_OK(watch_in(c, EPOLL_CTL_ADD, a, EPOLLIN));
}

/* Watches `inner` in a new instance, that in another, and so on, as far as it goes. How far; *top is the last. */
static int nest(int inner, int *top)
{
    *top = inner;
    for (int made = 0; made < 8; made++) {
        int outer = CHECK_FD(epoll_create1(0));

        if (watch_in(outer, EPOLL_CTL_ADD, *top, EPOLLIN)) {
            CHECK_EQ(errno, ELOOP);
            return made;
        }
        *top = outer;
    }
    return 8;
}

TEST(epoll, empty_instances_nest_so_deep)
{
    int top;

    CHECK_EQ(nest(CHECK_FD(epoll_create1(0)), &top), 4);
}

TEST(epoll, a_file_is_so_far_below_the_top)
{
    struct epoll_event got;
    int top;

    set_up(EPOLLIN);
    CHECK_EQ(nest(ep, &top), 4);
    put();
    CHECK_EQ(epoll_wait(top, &got, 1, 0), 1);
}

TEST(epoll, a_closed_inner_instance_is_watched_no_more)
{
    struct epoll_event e;
    int outer;

    set_up(EPOLLIN);
    outer = CHECK_FD(epoll_create1(0));
    CHECK_OK(watch_in(outer, EPOLL_CTL_ADD, ep, EPOLLIN));
    put();
    CHECK_EQ(epoll_wait(outer, &e, 1, 0), 1);
    CHECK_OK(close(ep));
    CHECK_EQ(epoll_wait(outer, &e, 1, 0), 0);
}

static int total;

static void *collect(void *unused)
{
    struct epoll_event e;
    char c;

    for (;;) {
        if (epoll_wait(ep, &e, 1, 10000) != 1)
            FAIL("a waiter was left behind");
        int n = (int)read(ends[0], &c, 1);

        if (n == 0)
            return unused;
        if (n == 1)
            __atomic_add_fetch(&total, 1, __ATOMIC_SEQ_CST);
    }
}

TEST(epoll, several_threads_wait_on_one_instance)
{
    pthread_t t[4];

    set_up(EPOLLIN);
    CHECK_OK(fcntl(ends[0], F_SETFL, O_NONBLOCK));
    for (int i = 0; i < 4; i++)
        CHECK_OK(pthread_create(&t[i], NULL, collect, NULL));
    for (int i = 0; i < 500; i++) {
        put();
        if (i % 10 == 0)
            sched_yield();
    }
    while (__atomic_load_n(&total, __ATOMIC_SEQ_CST) < 500)
        test_sleep_ms(1);
    close(ends[1]);
    for (int i = 0; i < 4; i++)
        CHECK_OK(pthread_join(t[i], NULL));
}

static void *watch_and_forget(void *unused)
{
    for (int i = 0; i < 300; i++) {
        int p[2];

        CHECK_OK(pipe(p));
        CHECK_OK(watch_in(ep, EPOLL_CTL_ADD, p[0], EPOLLIN));
        CHECK_EQ(write(p[1], "x", 1), 1);
        if (i % 3 == 0)
            CHECK_OK(watch_in(ep, EPOLL_CTL_DEL, p[0], 0));
        close(p[0]);
        close(p[1]);
    }
    return unused;
}

TEST(epoll, files_come_and_go_while_others_wait)
{
    struct epoll_event e[4];
    pthread_t t[3];

    set_up(EPOLLIN);
    for (int i = 0; i < 3; i++)
        CHECK_OK(pthread_create(&t[i], NULL, watch_and_forget, NULL));
    for (int i = 0; i < 300; i++)
        CHECK_GE(epoll_wait(ep, e, 4, 1), 0);
    for (int i = 0; i < 3; i++)
        CHECK_OK(pthread_join(t[i], NULL));
    CHECK_EQ(epoll_wait(ep, e, 4, 0), 0);
    put();
    CHECK_EQ(epoll_wait(ep, e, 4, 0), 1);
}
