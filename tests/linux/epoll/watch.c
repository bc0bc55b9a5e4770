/*
 * epoll: which files, which changes, which errors; level, edge and one-shot.
 */
#include "test.h"

#include <poll.h>
#include <sys/epoll.h>

static int ends[2], ep;

static void set_up(void)
{
    CHECK_OK(pipe(ends));
    ep = CHECK_FD(epoll_create1(EPOLL_CLOEXEC));
}

static int control(int op, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event e = {.events = events, .data.u64 = data};

    return epoll_ctl(ep, op, fd, &e);
}

/* The events of the one that is ready now; 0: none is. */
static uint32_t now(void)
{
    struct epoll_event e[4];
    int n = epoll_wait(ep, e, 4, 0);

    CHECK_GE(n, 0);
    CHECK_LE(n, 1);
    return n ? e[0].events : 0;
}

static void put(const char *text)
{
    CHECK_EQ(write(ends[1], text, strlen(text)), strlen(text));
}

static void take(int count)
{
    char text[16];

    CHECK_EQ(read(ends[0], text, (size_t)count), count);
}

TEST(epoll, create_checks_its_argument)
{
    CHECK_ERR(syscall(SYS_epoll_create, 0), EINVAL);
    CHECK_ERR(syscall(SYS_epoll_create, -1), EINVAL);
    CHECK_ERR(epoll_create1(1), EINVAL);
    int fd = CHECK_FD(epoll_create(1));

    CHECK_EQ(fcntl(fd, F_GETFD), 0);
    CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
    fd = CHECK_FD(epoll_create1(EPOLL_CLOEXEC));
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST(epoll, an_instance_is_no_file_to_read)
{
    char c, text[64] = "", path[40];
    struct stat st;

    set_up();
    CHECK_ERR(read(ep, &c, 1), EINVAL);
    CHECK_ERR(write(ep, &c, 1), EINVAL);
    CHECK_EQ(lseek(ep, 5, SEEK_SET), 0);
    CHECK_OK(fstat(ep, &st));
    CHECK_EQ(st.st_mode & 07777, 0600);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ep);
    text[readlink(path, text, sizeof text - 1)] = 0;
    CHECK(!strncmp(text, "anon_inode:[eventpoll]", 22));
}

TEST(epoll, control_checks_its_arguments)
{
    set_up();
    int file = test_file("file", "x", 1);
    struct epoll_event e = {.events = EPOLLIN};

    CHECK_ERR(epoll_ctl(-1, EPOLL_CTL_ADD, ends[0], &e), EBADF);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, -1, &e), EBADF);
    CHECK_ERR(epoll_ctl(ends[0], EPOLL_CTL_ADD, ends[1], &e), EINVAL);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &e), EINVAL);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, file, &e), EPERM);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, open(".", O_RDONLY), &e), EPERM);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, open("/dev/null", O_RDWR), &e), EPERM);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], NULL), EFAULT);
    CHECK_ERR(epoll_ctl(ep, 9, ends[0], &e), EINVAL);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_MOD, ends[0], &e), ENOENT);
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_DEL, ends[0], NULL), ENOENT);
    CHECK_OK(epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &e));
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, ends[0], &e), EEXIST);
    CHECK_OK(epoll_ctl(ep, EPOLL_CTL_DEL, ends[0], NULL));
    CHECK_ERR(epoll_ctl(ep, EPOLL_CTL_ADD, open("file", O_PATH), &e), EBADF);
}

TEST(epoll, wait_checks_its_arguments)
{
    struct epoll_event e[2];

    set_up();
    CHECK_ERR(epoll_wait(ep, e, 0, 0), EINVAL);
    CHECK_ERR(epoll_wait(ep, e, -1, 0), EINVAL);
    CHECK_ERR(epoll_wait(ep, e, 0x7fffffff, 0), EINVAL);
    CHECK_ERR(epoll_wait(-1, e, 1, 0), EBADF);
    CHECK_ERR(epoll_wait(ends[0], e, 1, 0), EINVAL);
    CHECK_ERR(epoll_wait(ep, (void *)0xffff800000000000, 1, 0), EFAULT);
    CHECK_EQ(epoll_wait(ep, (void *)8, 1, 0), 0);
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1));
    put("x");
    CHECK_ERR(epoll_wait(ep, (void *)8, 1, 0), EFAULT);
    CHECK_EQ(epoll_wait(ep, e, 1, 0), 1); /* it was not lost */
}

TEST(epoll, data_comes_back_whole)
{
    struct epoll_event e = {0};

    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 0x123456789abcdef0));
    put("x");
    CHECK_EQ(epoll_wait(ep, &e, 1, 1000), 1);
    CHECK_EQ(e.data.u64, 0x123456789abcdef0);
    CHECK_EQ(e.events, EPOLLIN);
}

TEST(epoll, level_is_told_as_long_as_it_lasts)
{
    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1));
    CHECK_EQ(now(), 0);
    put("ab");
    CHECK_EQ(now(), EPOLLIN);
    CHECK_EQ(now(), EPOLLIN);
    take(1);
    CHECK_EQ(now(), EPOLLIN);
    take(1);
    CHECK_EQ(now(), 0);
    put("c");
    CHECK_EQ(now(), EPOLLIN);
}

TEST(epoll, what_is_ready_already_is_told)
{
    set_up();
    put("a");
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1));
    CHECK_EQ(now(), EPOLLIN);
    CHECK_OK(control(EPOLL_CTL_ADD, ends[1], EPOLLOUT, 2));
    CHECK_OK(control(EPOLL_CTL_DEL, ends[0], 0, 0));
    CHECK_EQ(now(), EPOLLOUT);
}

TEST(epoll, edge_is_told_once_for_each_arrival)
{
    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLET, 1));
    put("a");
    CHECK_EQ(now(), EPOLLIN);
    CHECK_EQ(now(), 0);
    put("b"); /* not empty before, and yet */
    CHECK_EQ(now(), EPOLLIN);
    CHECK_EQ(now(), 0);
    take(1);
    CHECK_EQ(now(), 0);
    take(1);
    put("c");
    CHECK_EQ(now(), EPOLLIN);
}

TEST(epoll, an_edge_that_has_gone_again_is_not_told)
{
    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLET, 1));
    put("a");
    take(1);
    CHECK_EQ(now(), 0);
}

TEST(epoll, edge_of_a_full_pipe_comes_with_room)
{
    static char block[65536];

    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[1], EPOLLOUT | EPOLLET, 1));
    CHECK_EQ(now(), EPOLLOUT);
    CHECK_EQ(now(), 0);
    CHECK_EQ(write(ends[1], block, sizeof block), sizeof block);
    CHECK_EQ(now(), 0);
    CHECK_EQ(read(ends[0], block, sizeof block), sizeof block);
    CHECK_EQ(now(), EPOLLOUT);
    CHECK_EQ(now(), 0);
}

TEST(epoll, one_shot_is_told_once_until_it_is_renewed)
{
    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLONESHOT, 1));
    put("a");
    CHECK_EQ(now(), EPOLLIN);
    CHECK_EQ(now(), 0);
    put("b");
    CHECK_EQ(now(), 0);
    CHECK_OK(control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT, 1));
    CHECK_EQ(now(), EPOLLIN);
    CHECK_EQ(now(), 0);
    close(ends[1]);
    CHECK_EQ(now(), 0); /* not even a hangup */
}

TEST(epoll, a_change_of_wishes_counts_at_once)
{
    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[1], EPOLLIN, 1));
    CHECK_EQ(now(), 0);
    CHECK_OK(control(EPOLL_CTL_MOD, ends[1], EPOLLOUT, 1));
    CHECK_EQ(now(), EPOLLOUT);
    CHECK_OK(control(EPOLL_CTL_MOD, ends[1], 0, 1));
    CHECK_EQ(now(), 0);
    close(ends[0]);
    CHECK_EQ(now(), EPOLLERR);
}

TEST(epoll, a_renewed_edge_is_told_again)
{
    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLET, 1));
    put("a");
    CHECK_EQ(now(), EPOLLIN);
    CHECK_EQ(now(), 0);
    CHECK_OK(control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET, 1));
    CHECK_EQ(now(), EPOLLIN);
    CHECK_EQ(now(), 0);
}

TEST(epoll, hangup_and_error_are_told_unasked)
{
    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], 0, 1));
    put("a");
    CHECK_EQ(now(), 0);
    close(ends[1]);
    CHECK_EQ(now(), EPOLLHUP);
    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[1], 0, 1));
    close(ends[0]);
    CHECK_EQ(now(), EPOLLERR);
}

TEST(epoll, data_and_hangup_come_together)
{
    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLRDNORM, 1));
    put("a");
    close(ends[1]);
    CHECK_EQ(now(), EPOLLIN | EPOLLRDNORM | EPOLLHUP);
    take(1);
    CHECK_EQ(now(), EPOLLHUP);
}

TEST(epoll, the_last_close_ends_the_watch)
{
    set_up();
    int copy = dup(ends[0]);

    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 7));
    put("a");
    close(ends[0]);
    CHECK_EQ(now(), EPOLLIN); /* the description lives */
    CHECK_ERR(control(EPOLL_CTL_DEL, ends[0], 0, 0), EBADF);
    CHECK_ERR(control(EPOLL_CTL_DEL, copy, 0, 0), ENOENT); /* it is named by both */
    close(copy);
    CHECK_EQ(now(), 0);
}

TEST(epoll, copies_of_a_descriptor_are_watched_each)
{
    struct epoll_event e[4];

    set_up();
    int copy = dup(ends[0]);

    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1));
    CHECK_OK(control(EPOLL_CTL_ADD, copy, EPOLLIN | EPOLLET, 2));
    put("a");
    CHECK_EQ(epoll_wait(ep, e, 4, 0), 2);
    CHECK_EQ(e[0].data.u64 + e[1].data.u64, 3);
    CHECK_EQ(epoll_wait(ep, e, 4, 0), 1);
    CHECK_EQ(e[0].data.u64, 1);
}

TEST(epoll, a_number_used_again_is_another_file)
{
    set_up();
    int number = dup2(ends[0], 50), other[2];

    CHECK_OK(pipe(other));
    CHECK_OK(control(EPOLL_CTL_ADD, number, EPOLLIN, 1));
    CHECK_EQ(dup2(other[0], number), number);
    CHECK_OK(control(EPOLL_CTL_ADD, number, EPOLLIN, 2));
    struct epoll_event e[4];

    put("a");
    CHECK_EQ(write(other[1], "b", 1), 1);
    CHECK_EQ(epoll_wait(ep, e, 4, 0), 2);
}

TEST(epoll, more_ready_than_room_take_turns)
{
    struct epoll_event e[2];
    int p[6][2], seen[6] = {0};

    ep = CHECK_FD(epoll_create1(0));
    for (int i = 0; i < 6; i++) {
        CHECK_OK(pipe(p[i]));
        CHECK_OK(control(EPOLL_CTL_ADD, p[i][0], EPOLLIN, (uint64_t)i));
        CHECK_EQ(write(p[i][1], "x", 1), 1);
    }
    for (int i = 0; i < 3; i++) {
        CHECK_EQ(epoll_wait(ep, e, 2, 0), 2);
        seen[e[0].data.u64]++;
        seen[e[1].data.u64]++;
    }
    for (int i = 0; i < 6; i++)
        CHECK_EQ(seen[i], 1);
}

TEST(epoll, events_come_in_the_order_of_arrival)
{
    struct epoll_event e[3];
    int p[3][2];

    ep = CHECK_FD(epoll_create1(0));
    for (int i = 0; i < 3; i++) {
        CHECK_OK(pipe(p[i]));
        CHECK_OK(control(EPOLL_CTL_ADD, p[i][0], EPOLLIN, (uint64_t)i));
    }
    CHECK_EQ(write(p[2][1], "x", 1), 1);
    CHECK_EQ(write(p[0][1], "x", 1), 1);
    CHECK_EQ(write(p[1][1], "x", 1), 1);
    CHECK_EQ(epoll_wait(ep, e, 3, 0), 3);
    CHECK_EQ(e[0].data.u64, 2);
    CHECK_EQ(e[1].data.u64, 0);
    CHECK_EQ(e[2].data.u64, 1);
}

TEST(epoll, a_thousand_files_are_watched)
{
    struct epoll_event e[8];
    int p[2];

    ep = CHECK_FD(epoll_create1(0));
    CHECK_OK(pipe(ends));
    for (int i = 0; i < 900; i++) {
        int fd = CHECK_FD(dup(ends[0]));

        CHECK_OK(control(EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLONESHOT, (uint64_t)i));
    }
    CHECK_OK(pipe(p));
    put("a");
    int total = 0, n;

    while ((n = epoll_wait(ep, e, 8, 0)) > 0)
        total += n;
    CHECK_EQ(n, 0);
    CHECK_EQ(total, 900);
}

TEST(epoll, exclusive_has_rules)
{
    set_up();
    CHECK_ERR(control(EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT, 0), EINVAL);
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLEXCLUSIVE | EPOLLET, 0));
    CHECK_ERR(control(EPOLL_CTL_MOD, ends[0], EPOLLIN, 0), EINVAL);
    CHECK_ERR(control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLEXCLUSIVE, 0), EINVAL);
    int inner = CHECK_FD(epoll_create1(0));

    CHECK_ERR(control(EPOLL_CTL_ADD, inner, EPOLLIN | EPOLLEXCLUSIVE, 0), EINVAL);
    put("a");
    CHECK_EQ(now(), EPOLLIN);
    CHECK_OK(control(EPOLL_CTL_DEL, ends[0], 0, 0));
}

TEST(epoll, exclusive_wakes_one_of_many)
{
    int woken = 0, status;
    pid_t child[4];

    CHECK_OK(pipe(ends));
    for (int i = 0; i < 4; i++) {
        child[i] = CHILD({
            struct epoll_event e;

            ep = CHECK_FD(epoll_create1(0));
            CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN | EPOLLEXCLUSIVE, 0));
            CHECK_EQ(epoll_wait(ep, &e, 1, 5000), 1);
        });
    }
    test_sleep_ms(100);
    put("a");
    test_sleep_ms(100);
    for (int i = 0; i < 4; i++) {
        if (waitpid(child[i], &status, WNOHANG) == child[i]) {
            woken++;
            child[i] = 0;
        }
    }
    CHECK_EQ(woken, 1);
    for (int i = 0; i < 4; i++) {
        if (child[i]) {
            put("b");
            test_sleep_ms(50);
        }
    }
    for (int i = 0; i < 4; i++) {
        if (child[i])
            CHECK_EXIT(child[i], 0);
    }
}

TEST(epoll, poll_and_select_see_an_instance)
{
    struct pollfd p;
    fd_set set;
    struct timeval none = {0};

    set_up();
    CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1));
    p = (struct pollfd){.fd = ep, .events = POLLIN | POLLOUT};
    CHECK_EQ(poll(&p, 1, 0), 0);
    put("a");
    CHECK_EQ(poll(&p, 1, 0), 1);
    CHECK_EQ(p.revents, POLLIN);
    FD_ZERO(&set);
    FD_SET(ep, &set);
    CHECK_EQ(select(ep + 1, &set, NULL, NULL, &none), 1);
    CHECK_EQ(now(), EPOLLIN);
    take(1);
    CHECK_EQ(poll(&p, 1, 0), 0);
}

TEST(epoll, fork_shares_an_instance)
{
    set_up();
    CHECK_IN_CHILD(CHECK_OK(control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1)));
    put("a");
    CHECK_EQ(now(), EPOLLIN);
    CHECK_IN_CHILD(CHECK_EQ(now(), EPOLLIN); CHECK_OK(control(EPOLL_CTL_DEL, ends[0], 0, 0)));
    CHECK_EQ(now(), 0);
}
