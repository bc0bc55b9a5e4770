/*
 * SA_RESTART, class by class: what signal(7) says is restarted, what never is, and what is only without a handler.
 *
 * Each row blocks in one call, is hit by a handled signal, and then (if the call goes on) gets what it waits for.
 */
#include "restart_calls.h"

static volatile int seen;

static void count(int sig)
{
    (void)sig;
    seen++;
}

static void make_world(void)
{
    struct itimerspec later = {.it_value = {.tv_sec = 1}};
    sigset_t usr2;

    sigemptyset(&usr2);
    sigaddset(&usr2, SIGUSR2);
    CHECK_OK(sigprocmask(SIG_BLOCK, &usr2, NULL));
    CHECK_OK(pipe(in));
    CHECK_OK(pipe(out));
    fcntl(out[1], F_SETFL, O_NONBLOCK);
    while (write(out[1], big, 4096) > 0)
        continue;
    fcntl(out[1], F_SETFL, 0);
    mkfifo(fifo, 0600);
    close(open("lock", O_RDWR | O_CREAT, 0600));
    lock_fd = open("lock", O_RDWR);
    event_fd = eventfd(0, 0);
    timer_fd = timerfd_create(CLOCK_MONOTONIC, 0);
    CHECK_OK(timerfd_settime(timer_fd, 0, &later, NULL));
    signal_fd = signalfd(-1, &usr2, 0);
    CHECK(event_fd >= 0 && timer_fd >= 0 && signal_fd >= 0);
    unlink(address.sun_path);
    CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    listener = CHECK_FD(socket(AF_UNIX, SOCK_STREAM, 0));
    CHECK_OK(bind(listener, (struct sockaddr *)&address, sizeof address));
    CHECK_OK(listen(listener, 5));
    epoll_fd = CHECK_FD(epoll_create1(0));
    CHECK_OK(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, in[0], &(struct epoll_event){.events = EPOLLIN}));
}

/*
 * The other process: hits `target` with USR1 until it says so, then gives everything that any call waits for.
 */
static void torment(pid_t target, int ready, bool release)
{
    char c;

    CHECK_EQ(read(ready, &c, 1), 1);
    test_sleep_ms(15);
    for (int i = 0; i < 3; i++) {
        kill(target, SIGUSR1);
        test_sleep_ms(5);
    }
    if (!release)
        return;
    uint64_t one = 1;
    (void)!write(in[1], "x", 1);
    (void)!write(pair[1], "x", 1);
    (void)!connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address);
    (void)!read(out[0], big, 8192);
    (void)!write(event_fd, &one, 8);
    kill(target, SIGUSR2);
    for (int i = 0; i < 50; i++) { /* a writer, as soon as the reader waits for one */
        int fd = open(fifo, O_WRONLY | O_NONBLOCK);
        if (fd >= 0) {
            close(fd);
            break;
        }
        test_sleep_ms(1);
    }
}

/* Runs the call of one row under fire; its value, or -errno. */
static long under_fire(const struct row *row, int flags)
{
    struct sigaction action = {.sa_handler = count, .sa_flags = flags};
    int ready[2], held[2], result[2];
    long value;
    char c;

    make_world();
    CHECK_OK(pipe(ready));
    CHECK_OK(pipe(held));
    CHECK_OK(pipe(result));
    pid_t holder = CHILD({
        struct flock l = {.l_type = F_WRLCK};
        int fd = open("lock", O_RDWR);
        CHECK_OK(flock(fd, LOCK_EX));
        CHECK_OK(fcntl(fd, F_SETLK, &l));
        CHECK_EQ(write(held[1], "x", 1), 1);
        close(held[1]);
        CHECK_EQ(read(result[0], &c, 1), 1);
    });
    CHECK_EQ(read(held[0], &c, 1), 1);
    pid_t caller = CHILD({
        pid_t child = 0;
        long r;

        CHECK_OK(sigaction(SIGUSR1, &action, NULL));
        if (row->call == do_wait || row->call == do_waitid)
            child = CHILD(test_sleep_ms(150));
        CHECK_EQ(write(ready[1], "x", 1), 1);
        r = row->call();
        r = r >= 0 ? r : -errno;
        if (!seen)
            r = -999;
        CHECK_EQ(write(result[1], "xx", 2), 2);
        CHECK_EQ(write(held[1], &r, sizeof r), sizeof r);
        if (child)
            kill(child, SIGKILL);
        if (row->call == do_futex || row->call == do_futex_timed)
            _exit(0);
    });
    torment(caller, ready[0], row->class == RESTARTED && (flags & SA_RESTART));
    if (row->class == RESTARTED && (flags & SA_RESTART)) {
        if (row->call == do_flock || row->call == do_fcntl_lock)
            CHECK_EQ(write(result[1], "x", 1), 1);
        if (row->call == do_futex) {
            /* Nobody else shares its word: that it still sleeps is what is seen. */
            test_sleep_ms(30);
            CHECK_EQ(waitpid(caller, NULL, WNOHANG), 0);
            CHECK_OK(kill(caller, SIGKILL));
            CHECK_KILLED(caller, SIGKILL);
            CHECK_OK(kill(holder, SIGKILL));
            CHECK_KILLED(holder, SIGKILL);
            return 1;
        }
    }
    CHECK_EQ(read(held[0], &value, sizeof value), sizeof value);
    CHECK_EXIT(caller, 0);
    kill(holder, SIGKILL);
    test_status(holder, __FILE__, __LINE__);
    for (int fd = 3; fd < 64; fd++)
        close(fd);
    return value;
}

static void one(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        long with, without;

        if (strcmp(row->name, name) != 0)
            continue;
        with = under_fire(row, SA_RESTART);
        without = under_fire(row, 0);
        if (with != (row->class == RESTARTED ? 1 : -EINTR))
            FAIL("%s with SA_RESTART gives %ld", row->name, with);
        if (without != -EINTR)
            FAIL("%s without SA_RESTART gives %ld", row->name, without);
        return;
    }
    FAIL("no row %s", name);
}

TEST(sa_restart, read_of_a_pipe)
{
    one("read of a pipe");
    one("readv");
}

TEST(sa_restart, write_to_a_full_pipe)
{
    one("write to a full pipe");
}

TEST(sa_restart, wait4_and_waitid)
{
    one("wait4");
    one("waitid");
}

TEST(sa_restart, open_of_a_fifo)
{
    one("open of a FIFO");
}

TEST(sa_restart, flock)
{
    one("flock");
}

TEST(sa_restart, fcntl_setlkw)
{
    one("fcntl F_SETLKW");
}

TEST(sa_restart, futex_wait)
{
    one("futex WAIT");
}

TEST(sa_restart, futex_wait_with_a_time_is_not)
{
    one("futex WAIT with a time");
}

TEST(sa_restart, read_of_eventfd_timerfd_signalfd)
{
    one("read of an eventfd");
    one("read of a timerfd");
    one("read of a signalfd");
}

TEST(sa_restart, recv_and_accept_are_but_not_with_a_time)
{
    one("recv of a socket");
    one("accept");
    one("recv with a time");
}

TEST(sa_restart, epoll_is_not)
{
    one("epoll_wait");
    one("epoll_pwait");
}

TEST(sa_restart, poll_and_select_are_not)
{
    one("poll");
    one("ppoll");
    one("select");
}

TEST(sa_restart, waiting_for_signals_is_not)
{
    one("pause");
    one("sigsuspend");
    one("sigtimedwait");
}

TEST(sa_restart, sleeps_are_not)
{
    one("nanosleep");
    one("clock_nanosleep");
}

/* Without a handler, a stop and continue lets all of these go on; signal(7) names those that Linux fails all the same. */
static long stopped_and_continued(long (*call)(void))
{
    long value = 0;
    int result[2], status;

    make_world();
    CHECK_OK(pipe(result));
    pid_t pid = CHILD({
        long r = call();
        r = r >= 0 ? r : -errno;
        CHECK_EQ(write(result[1], &r, sizeof r), sizeof r);
    });
    test_sleep_ms(30);
    CHECK_OK(kill(pid, SIGSTOP));
    CHECK_EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK_OK(kill(pid, SIGCONT));
    test_sleep_ms(30);
    CHECK_EQ(write(in[1], "x", 1), 1);
    kill(pid, SIGUSR2);
    fcntl(result[0], F_SETFL, O_NONBLOCK);
    for (int i = 0; i < 300 && read(result[0], &value, sizeof value) < 0; i++)
        test_sleep_ms(1);
    kill(pid, SIGKILL);
    test_status(pid, __FILE__, __LINE__);
    return value;
}

TEST(sa_restart, a_stop_interrupts_no_read_poll_or_sleep)
{
    CHECK_EQ(stopped_and_continued(do_read), 1);
    CHECK_EQ(stopped_and_continued(do_poll), 1);
    CHECK_EQ(stopped_and_continued(do_ppoll), 1);
    CHECK_EQ(stopped_and_continued(do_select), 1);
    CHECK_EQ(stopped_and_continued(do_nanosleep), 0); /* still asleep */
    CHECK_EQ(stopped_and_continued(do_signalfd), 1);
}

TEST(sa_restart, a_stop_does_interrupt_sigtimedwait)
{
    CHECK_EQ(stopped_and_continued(do_sigtimedwait), -EINTR);
}
