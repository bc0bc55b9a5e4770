/*
 * POSIX message queues. Names are taken away at the end of each case, where it does not fail.
 */
#include "test.h"

#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define NAME "/test-of-queues"

static mqd_t open_new(int flags, long room, long size)
{
    struct mq_attr attr = {.mq_maxmsg = room, .mq_msgsize = size};

    mq_unlink(NAME);
    return CHECK_FD(mq_open(NAME, O_CREAT | O_EXCL | flags, 0600, room ? &attr : NULL));
}

static void until_asleep(pid_t pid)
{
    char path[64], *state;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    for (int i = 0; i < 2000; i++) {
        state = strrchr(test_read_file(path, NULL), ')');
        if (state && state[2] == 'S')
            return;
        test_sleep_ms(1);
    }
    FAIL("process %d never sleeps", pid);
}

static struct timespec in_ms(long ms)
{
    struct timespec at;

    CHECK_OK(clock_gettime(CLOCK_REALTIME, &at));
    at.tv_nsec += ms * 1000000;
    at.tv_sec += at.tv_nsec / 1000000000;
    at.tv_nsec %= 1000000000;
    return at;
}

#define CHECK_GETS(q, text_, priority_)                                                            \
    do {                                                                                           \
        char got[8192] = "";                                                                       \
        unsigned priority = 99;                                                                    \
        CHECK_EQ(mq_receive(q, got, sizeof got, &priority), (ssize_t)strlen(text_));               \
        CHECK_STR(got, text_);                                                                     \
        CHECK_EQ(priority, priority_);                                                             \
    } while (0)

TEST(mqueue, names_lead_to_queues)
{
    mqd_t q;

    mq_unlink(NAME);
    CHECK_ERR(mq_open(NAME, O_RDWR), ENOENT);
    q = open_new(O_RDWR, 0, 0);
    CHECK_ERR(mq_open(NAME, O_CREAT | O_EXCL | O_RDWR, 0600, NULL), EEXIST);
    CHECK_OK(mq_close(CHECK_FD(mq_open(NAME, O_RDONLY))));
    CHECK_OK(mq_unlink(NAME));
    CHECK_ERR(mq_unlink(NAME), ENOENT);
    CHECK_ERR(mq_open(NAME, O_RDWR), ENOENT);
    CHECK_OK(mq_send(q, "x", 1, 0));
    CHECK_OK(mq_close(q));
    CHECK_ERR(mq_close(q), EBADF);
}

TEST(mqueue, names_that_cannot_be)
{
    static char name[300];

    memset(name, 'x', 256);
    CHECK_ERR(syscall(SYS_mq_open, "", O_CREAT | O_RDWR, 0600, NULL), ENOENT);
    CHECK_ERR(syscall(SYS_mq_open, "a/b", O_CREAT | O_RDWR, 0600, NULL), EACCES);
    CHECK_ERR(syscall(SYS_mq_open, "..", O_CREAT | O_RDWR, 0600, NULL), EACCES);
    CHECK_ERR(syscall(SYS_mq_open, name, O_CREAT | O_RDWR, 0600, NULL), ENAMETOOLONG);
    CHECK_ERR(syscall(SYS_mq_open, (char *)8, O_CREAT | O_RDWR, 0600, NULL), EFAULT);
}

TEST(mqueue, the_usual_attributes)
{
    struct mq_attr attr;
    mqd_t q = open_new(O_RDWR | O_NONBLOCK, 0, 0);

    CHECK_OK(mq_getattr(q, &attr));
    CHECK_EQ(attr.mq_maxmsg, 10);
    CHECK_EQ(attr.mq_msgsize, 8192);
    CHECK_EQ(attr.mq_curmsgs, 0);
    CHECK_EQ(attr.mq_flags, O_NONBLOCK);
    CHECK_OK(mq_send(q, "x", 1, 0));
    CHECK_OK(mq_getattr(q, &attr));
    CHECK_EQ(attr.mq_curmsgs, 1);
    CHECK_EQ(fcntl(q, F_GETFD), FD_CLOEXEC);
    mq_unlink(NAME);
}

TEST(mqueue, attributes_that_cannot_be)
{
    struct mq_attr attr = {.mq_maxmsg = 0, .mq_msgsize = 10};

    mq_unlink(NAME);
    CHECK_ERR(mq_open(NAME, O_CREAT | O_RDWR, 0600, &attr), EINVAL);
    attr = (struct mq_attr){.mq_maxmsg = 10, .mq_msgsize = 0};
    CHECK_ERR(mq_open(NAME, O_CREAT | O_RDWR, 0600, &attr), EINVAL);
    attr = (struct mq_attr){.mq_maxmsg = 65537, .mq_msgsize = 1};
    CHECK_ERR(mq_open(NAME, O_CREAT | O_RDWR, 0600, &attr), EINVAL);
    CHECK_IN_CHILD({
        CHECK_OK(setuid(1000));
        attr = (struct mq_attr){.mq_maxmsg = 11, .mq_msgsize = 1};
        CHECK_ERR(mq_open(NAME, O_CREAT | O_RDWR, 0600, &attr), EINVAL);
        attr = (struct mq_attr){.mq_maxmsg = 1, .mq_msgsize = 8193};
        CHECK_ERR(mq_open(NAME, O_CREAT | O_RDWR, 0600, &attr), EINVAL);
        attr = (struct mq_attr){.mq_maxmsg = 10, .mq_msgsize = 8192};
        CHECK_OK(mq_close(CHECK_FD(mq_open(NAME, O_CREAT | O_RDWR, 0600, &attr))));
        CHECK_OK(mq_unlink(NAME));
    });
    CHECK_ERR(mq_open(NAME, O_RDWR), ENOENT);
}

TEST(mqueue, flags_are_changed)
{
    struct mq_attr attr = {.mq_flags = O_NONBLOCK, .mq_maxmsg = 77}, old;
    mqd_t q = open_new(O_RDWR, 2, 16);

    CHECK_OK(mq_setattr(q, &attr, &old));
    CHECK_EQ(old.mq_flags, 0);
    CHECK_EQ(old.mq_maxmsg, 2);
    CHECK_OK(mq_getattr(q, &attr));
    CHECK_EQ(attr.mq_flags, O_NONBLOCK);
    CHECK_EQ(attr.mq_maxmsg, 2);
    CHECK(fcntl(q, F_GETFL) & O_NONBLOCK);
    attr.mq_flags = O_APPEND;
    CHECK_ERR(mq_setattr(q, &attr, NULL), EINVAL);
    CHECK_ERR(mq_getattr(0, &attr), EBADF);
    mq_unlink(NAME);
}

TEST(mqueue, higher_priorities_come_first_and_equal_ones_in_order)
{
    mqd_t q = open_new(O_RDWR, 0, 0);

    CHECK_OK(mq_send(q, "low", 3, 1));
    CHECK_OK(mq_send(q, "high", 4, 9));
    CHECK_OK(mq_send(q, "middle", 6, 5));
    CHECK_OK(mq_send(q, "high too", 8, 9));
    CHECK_OK(mq_send(q, "highest", 7, 32767));
    CHECK_ERR(mq_send(q, "x", 1, 32768), EINVAL);
    CHECK_GETS(q, "highest", 32767);
    CHECK_GETS(q, "high", 9);
    CHECK_GETS(q, "high too", 9);
    CHECK_GETS(q, "middle", 5);
    CHECK_GETS(q, "low", 1);
    mq_unlink(NAME);
}

TEST(mqueue, sizes_are_checked)
{
    char buf[16];
    mqd_t q = open_new(O_RDWR, 2, 16);

    CHECK_ERR(mq_send(q, "01234567890123456", 17, 0), EMSGSIZE);
    CHECK_OK(mq_send(q, "0123456789012345", 16, 0));
    CHECK_OK(mq_send(q, "", 0, 0));
    CHECK_ERR(mq_receive(q, buf, 15, NULL), EMSGSIZE);
    CHECK_EQ(mq_receive(q, buf, 16, NULL), 16);
    CHECK_EQ(mq_receive(q, buf, 16, NULL), 0);
    mq_unlink(NAME);
}

TEST(mqueue, full_and_empty_without_waiting)
{
    char buf[16];
    mqd_t q = open_new(O_RDWR | O_NONBLOCK, 2, 16);

    CHECK_ERR(mq_receive(q, buf, 16, NULL), EAGAIN);
    CHECK_OK(mq_send(q, "a", 1, 0));
    CHECK_OK(mq_send(q, "b", 1, 0));
    CHECK_ERR(mq_send(q, "c", 1, 0), EAGAIN);
    mq_unlink(NAME);
}

TEST(mqueue, one_direction_only)
{
    char buf[16];
    mqd_t r, w;

    CHECK_OK(mq_close(open_new(O_RDWR, 2, 16)));
    r = CHECK_FD(mq_open(NAME, O_RDONLY));
    w = CHECK_FD(mq_open(NAME, O_WRONLY));
    CHECK_ERR(mq_send(r, "a", 1, 0), EBADF);
    CHECK_ERR(mq_receive(w, buf, 16, NULL), EBADF);
    CHECK_OK(mq_send(w, "a", 1, 0));
    CHECK_EQ(mq_receive(r, buf, 16, NULL), 1);
    CHECK_ERR(mq_send(0, "a", 1, 0), EBADF);
    CHECK_ERR(mq_send(999, "a", 1, 0), EBADF);
    CHECK_ERR(mq_open(NAME, O_RDWR | O_WRONLY), EINVAL);
    mq_unlink(NAME);
}

TEST(mqueue, a_receiver_waits)
{
    mqd_t q = open_new(O_RDWR, 2, 8192);
    pid_t pid = CHILD(CHECK_GETS(q, "hello", 3));

    until_asleep(pid);
    CHECK_OK(mq_send(q, "hello", 5, 3));
    CHECK_EXIT(pid, 0);
    mq_unlink(NAME);
}

TEST(mqueue, a_sender_waits_and_his_priority_counts)
{
    mqd_t q = open_new(O_RDWR, 2, 8192);
    pid_t pid;

    CHECK_OK(mq_send(q, "one", 3, 2));
    CHECK_OK(mq_send(q, "two", 3, 2));
    pid = CHILD(CHECK_OK(mq_send(q, "late but high", 13, 7)));
    until_asleep(pid);
    CHECK_GETS(q, "one", 2);
    CHECK_EXIT(pid, 0);
    CHECK_GETS(q, "late but high", 7);
    CHECK_GETS(q, "two", 2);
    mq_unlink(NAME);
}

TEST(mqueue, waits_end_in_time)
{
    struct timespec at = in_ms(30), bad = {0, 1000000000}, past = {1, 0};
    mqd_t q = open_new(O_RDWR, 1, 16);
    int64_t before = test_now_ms();
    char buf[16];

    CHECK_ERR(mq_timedreceive(q, buf, 16, NULL, &at), ETIMEDOUT);
    CHECK_GE(test_now_ms() - before, 10);
    CHECK_ERR(mq_timedreceive(q, buf, 16, NULL, &bad), EINVAL);
    CHECK_ERR(mq_timedreceive(q, buf, 16, NULL, &past), ETIMEDOUT);
    CHECK_OK(mq_timedsend(q, "x", 1, 0, &past));
    CHECK_ERR(mq_timedsend(q, "x", 1, 0, &past), ETIMEDOUT);
    at = in_ms(20);
    CHECK_ERR(mq_timedsend(q, "x", 1, 0, &at), ETIMEDOUT);
    CHECK_EQ(mq_timedreceive(q, buf, 16, NULL, &past), 1);
    mq_unlink(NAME);
}

static void on_signal(int number)
{
    (void)number;
}

TEST(mqueue, a_signal_ends_or_restarts_the_wait)
{
    struct sigaction action = {.sa_handler = on_signal};
    mqd_t q = open_new(O_RDWR, 1, 8192);
    char buf[8192];
    pid_t pid;

    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid = CHILD(CHECK_ERR(mq_receive(q, buf, sizeof buf, NULL), EINTR));
    until_asleep(pid);
    kill(pid, SIGUSR1);
    CHECK_EXIT(pid, 0);
    action.sa_flags = SA_RESTART;
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    pid = CHILD(CHECK_EQ(mq_receive(q, buf, sizeof buf, NULL), 1));
    until_asleep(pid);
    kill(pid, SIGUSR1);
    test_sleep_ms(10);
    until_asleep(pid);
    CHECK_OK(mq_send(q, "x", 1, 0));
    CHECK_EXIT(pid, 0);
    mq_unlink(NAME);
}

TEST(mqueue, receivers_are_served_in_order)
{
    mqd_t q = open_new(O_RDWR, 5, 8192);
    pid_t pid[3];

    for (int i = 0; i < 3; i++) {
        char text[2] = {(char)('a' + i), 0};

        pid[i] = CHILD(CHECK_GETS(q, text, 0));
        until_asleep(pid[i]);
    }
    for (int i = 0; i < 3; i++)
        CHECK_OK(mq_send(q, (char[]){(char)('a' + i)}, 1, 0));
    for (int i = 0; i < 3; i++)
        CHECK_EXIT(pid[i], 0);
    mq_unlink(NAME);
}

TEST(mqueue, poll_tells_room_and_messages)
{
    mqd_t q = open_new(O_RDWR, 1, 16);
    struct pollfd p = {.fd = q, .events = POLLIN | POLLOUT};
    char buf[16];

    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLOUT);
    CHECK_OK(mq_send(q, "x", 1, 0));
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLIN);
    CHECK_EQ(mq_receive(q, buf, 16, NULL), 1);
    p.events = POLLIN;
    CHECK_EQ(poll(&p, 1, 0), 0);
    mq_unlink(NAME);
}

TEST(mqueue, epoll_wakes_for_a_message)
{
    mqd_t q = open_new(O_RDWR, 1, 16);
    struct epoll_event e = {.events = EPOLLIN};
    int ep = CHECK_FD(epoll_create1(0));
    pid_t pid;

    CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, q, &e));
    pid = CHILD(CHECK_EQ(epoll_wait(ep, &e, 1, 5000), 1));
    until_asleep(pid);
    CHECK_OK(mq_send(q, "x", 1, 0));
    CHECK_EXIT(pid, 0);
    mq_unlink(NAME);
}

TEST(mqueue, reading_tells_the_state)
{
    mqd_t q = open_new(O_RDWR, 5, 16);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    char text[128] = "", wanted[128];
    struct stat st;

    CHECK_OK(mq_send(q, "abc", 3, 0));
    CHECK_OK(mq_send(q, "de", 2, 0));
    CHECK_OK(mq_notify(q, &event));
    CHECK_GT(read(q, text, sizeof text - 1), 0);
    snprintf(wanted, sizeof wanted, "QSIZE:%-10d NOTIFY:%-5d SIGNO:%-5d NOTIFY_PID:%-6d\n", 5, 0,
             SIGUSR1, getpid());
    CHECK_STR(text, wanted);
    CHECK_EQ(read(q, text, sizeof text), 0);
    CHECK_OK(fstat(q, &st));
    CHECK_EQ(st.st_mode, S_IFREG | 0600);
    CHECK_EQ(st.st_size, 80);
    CHECK_ERR(write(q, "x", 1), EINVAL);
    mq_unlink(NAME);
}

static void wait_for_signal(int number, siginfo_t *info)
{
    struct timespec second = {2, 0};
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, number);
    CHECK_EQ(sigtimedwait(&set, info, &second), number);
}

TEST(mqueue, a_message_in_an_empty_queue_is_notified_once)
{
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 4711};
    struct timespec none = {0, 0};
    siginfo_t info;
    sigset_t set;
    mqd_t q = open_new(O_RDWR, 5, 8192);
    pid_t pid;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_OK(mq_notify(q, &event));
    pid = CHILD(CHECK_OK(mq_send(q, "x", 1, 0)));
    wait_for_signal(SIGUSR1, &info);
    CHECK_EXIT(pid, 0);
    CHECK_EQ(info.si_code, SI_MESGQ);
    CHECK_EQ(info.si_value.sival_int, 4711);
    CHECK_EQ(info.si_pid, pid);
    CHECK_GETS(q, "x", 0);
    CHECK_OK(mq_send(q, "y", 1, 0));
    CHECK_ERR(sigtimedwait(&set, &info, &none), EAGAIN);
    mq_unlink(NAME);
}

TEST(mqueue, no_notice_while_the_queue_is_not_empty_or_somebody_receives)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct timespec none = {0, 0};
    sigset_t set;
    mqd_t q = open_new(O_RDWR, 5, 8192);
    pid_t pid;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_OK(mq_send(q, "x", 1, 0));
    CHECK_OK(mq_notify(q, &event));
    CHECK_OK(mq_send(q, "y", 1, 0));
    CHECK_ERR(sigtimedwait(&set, NULL, &none), EAGAIN);
    CHECK_GETS(q, "x", 0);
    CHECK_GETS(q, "y", 0);
    pid = CHILD(CHECK_GETS(q, "z", 0));
    until_asleep(pid);
    CHECK_OK(mq_send(q, "z", 1, 0));
    CHECK_EXIT(pid, 0);
    CHECK_ERR(sigtimedwait(&set, NULL, &none), EAGAIN);
    CHECK_OK(mq_send(q, "w", 1, 0));
    CHECK_EQ(sigtimedwait(&set, NULL, &none), SIGUSR1);
    mq_unlink(NAME);
}

TEST(mqueue, one_is_notified_at_a_time)
{
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    mqd_t q = open_new(O_RDWR, 5, 8192);

    CHECK_OK(mq_notify(q, &event));
    CHECK_ERR(mq_notify(q, &event), EBUSY);
    CHECK_IN_CHILD(CHECK_ERR(mq_notify(q, &event), EBUSY); CHECK_OK(mq_notify(q, NULL));
                   CHECK_ERR(mq_notify(q, &event), EBUSY));
    CHECK_OK(mq_notify(q, NULL));
    CHECK_OK(mq_notify(q, &event));
    CHECK_OK(mq_send(q, "x", 1, 0));
    CHECK_OK(mq_notify(q, &event));
    mq_unlink(NAME);
}

TEST(mqueue, closing_gives_the_notice_up)
{
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    mqd_t q = open_new(O_RDWR, 5, 8192), other;

    CHECK_IN_CHILD(CHECK_OK(mq_notify(q, &event)));
    CHECK_OK(mq_notify(q, &event));
    other = CHECK_FD(mq_open(NAME, O_RDONLY));
    CHECK_OK(mq_close(other));
    CHECK_OK(mq_notify(q, &event));
    mq_unlink(NAME);
}

TEST(mqueue, what_mq_notify_refuses)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = 65};
    mqd_t q = open_new(O_RDWR, 5, 8192);

    CHECK_ERR(syscall(SYS_mq_notify, q, &event), EINVAL);
    event = (struct sigevent){.sigev_notify = 77};
    CHECK_ERR(syscall(SYS_mq_notify, q, &event), EINVAL);
    event = (struct sigevent){.sigev_notify = SIGEV_NONE};
    CHECK_ERR(syscall(SYS_mq_notify, 0, &event), EBADF);
    CHECK_ERR(syscall(SYS_mq_notify, 999, &event), EBADF);
    CHECK_ERR(syscall(SYS_mq_notify, q, (void *)8), EFAULT);
    mq_unlink(NAME);
}

TEST(mqueue, who_may_open_and_unlink)
{
    CHECK_OK(mq_close(open_new(O_RDWR, 5, 64)));
    CHECK_IN_CHILD({
        CHECK_OK(setgid(1000));
        CHECK_OK(setuid(1000));
        CHECK_ERR(mq_open(NAME, O_RDONLY), EACCES);
        CHECK_ERR(mq_open(NAME, O_WRONLY), EACCES);
        CHECK_ERR(syscall(SYS_mq_unlink, NAME + 1), EPERM);
    });
    mq_unlink(NAME);
    umask(0);
    CHECK_OK(mq_close(CHECK_FD(mq_open(NAME, O_CREAT | O_RDWR, 0604, NULL))));
    CHECK_IN_CHILD({
        CHECK_OK(setgid(1000));
        CHECK_OK(setuid(1000));
        CHECK_OK(mq_close(CHECK_FD(mq_open(NAME, O_RDONLY))));
        CHECK_ERR(mq_open(NAME, O_RDWR), EACCES);
    });
    mq_unlink(NAME);
}

TEST(mqueue, a_user_has_so_many_bytes)
{
    struct rlimit limit = {20000, 20000};
    struct mq_attr attr = {.mq_maxmsg = 10, .mq_msgsize = 1000};

    mq_unlink(NAME);
    CHECK_OK(setrlimit(RLIMIT_MSGQUEUE, &limit));
    CHECK_OK(mq_close(CHECK_FD(mq_open(NAME, O_CREAT | O_RDWR, 0600, &attr))));
    CHECK_ERR(mq_open("/test-of-queues-2", O_CREAT | O_RDWR, 0600, &attr), EMFILE);
    CHECK_OK(mq_unlink(NAME));
    CHECK_OK(mq_close(CHECK_FD(mq_open("/test-of-queues-2", O_CREAT | O_RDWR, 0600, &attr))));
    CHECK_OK(mq_unlink("/test-of-queues-2"));
}

TEST(mqueue, limits_are_told)
{
    CHECK_STR(test_read_file("/proc/sys/fs/mqueue/queues_max", NULL), "256\n");
    CHECK_STR(test_read_file("/proc/sys/fs/mqueue/msg_max", NULL), "10\n");
    CHECK_STR(test_read_file("/proc/sys/fs/mqueue/msgsize_max", NULL), "8192\n");
    CHECK_STR(test_read_file("/proc/sys/fs/mqueue/msg_default", NULL), "10\n");
    CHECK_STR(test_read_file("/proc/sys/fs/mqueue/msgsize_default", NULL), "8192\n");
}

TEST(mqueue, two_thousand_messages_between_three)
{
    mqd_t q = open_new(O_RDWR, 4, 8192);
    pid_t pid[2];
    long sum = 0;

    for (int p = 0; p < 2; p++)
        pid[p] = CHILD(for (int i = 1; i <= 1000; i++)
                           CHECK_OK(mq_send(q, (char *)&i, sizeof i, (unsigned)i & 7)));
    for (int i = 0; i < 2000; i++) {
        char buf[8192];
        int n;

        CHECK_EQ(mq_receive(q, buf, sizeof buf, NULL), (ssize_t)sizeof n);
        memcpy(&n, buf, sizeof n);
        sum += n;
    }
    for (int p = 0; p < 2; p++)
        CHECK_EXIT(pid[p], 0);
    CHECK_EQ(sum, 1001000);
    mq_unlink(NAME);
}
