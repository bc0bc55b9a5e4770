/*
 * Many ways from one file up to instances that nobody watches: Linux refuses too many, by their length, and a
 * wake does not cost as many steps as there are ways. The lengths count the instances between.
 */
#include "test.h"

#include <sys/epoll.h>
#include <sys/resource.h>

static int instance(void)
{
    return CHECK_FD(epoll_create1(0));
}

static int watch(int outer, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(outer, EPOLL_CTL_ADD, fd, &event);
}

static void allow_many_files(void)
{
    struct rlimit limit = {4096, 4096};

    CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
}

/* How many instances may watch `fd` before it is too much, up to `most`. */
static int fan_out(int fd, int most)
{
    for (int i = 0; i < most; i++) {
        if (watch(instance(), fd)) {
            CHECK_EQ(errno, EINVAL);
            return i;
        }
    }
    return most;
}

/* An instance that is `length` instances above the pipe's end. */
static int chain(int fd, int length)
{
    int top = fd;

    for (int i = 0; i < length; i++) {
        int next = instance();

        CHECK_OK(watch(next, top));
        top = next;
    }
    return top;
}

TEST(epoll, any_number_may_watch_a_file_itself)
{
    int p[2];

    allow_many_files();
    CHECK_OK(pipe(p));
    CHECK_EQ(fan_out(p[0], 1100), 1100);
}

TEST(epoll, ways_over_one_to_four_others_are_limited)
{
    static const int most[] = {500, 100, 50, 10};

    allow_many_files();
    for (int between = 1; between <= 4; between++)
        CHECK_IN_CHILD({
            int p[2];

            CHECK_OK(pipe(p));
            CHECK_EQ(fan_out(chain(p[0], between), 600), most[between - 1]);
        });
}

TEST(epoll, ways_of_a_file_meet_in_one_instance)
{
    int p[2], top = instance(), inner;

    allow_many_files();
    CHECK_OK(pipe(p));
    for (int i = 0; i < 500; i++) {
        inner = instance();
        CHECK_OK(watch(inner, p[0]));
        CHECK_OK(watch(top, inner));
    }
    inner = instance();
    CHECK_OK(watch(inner, p[0]));
    CHECK_ERR(watch(top, inner), EINVAL);
    CHECK_OK(watch(top, instance())); /* it leads to no file */
}

TEST(epoll, ways_of_different_files_are_counted_apart)
{
    int p[2], inner = instance();

    allow_many_files();
    CHECK_OK(pipe(p));
    CHECK_OK(watch(inner, p[0]));
    CHECK_OK(watch(inner, p[1]));
    CHECK_EQ(fan_out(inner, 600), 500);
}

TEST(epoll, the_way_that_is_too_many_may_be_closed_below)
{
    int p[2], inner = instance();

    allow_many_files();
    CHECK_EQ(fan_out(inner, 600), 600); /* no file yet */
    CHECK_OK(pipe(p));
    CHECK_ERR(watch(inner, p[0]), EINVAL);
    CHECK_ERR(watch(inner, p[1]), EINVAL);
}

TEST(epoll, a_duplicate_is_a_way_of_its_own)
{
    int p[2], inner = instance(), other;

    allow_many_files();
    CHECK_OK(pipe(p));
    CHECK_OK(watch(inner, p[0]));
    CHECK_EQ(fan_out(inner, 250), 250);
    other = CHECK_FD(dup(p[0]));
    CHECK_OK(watch(inner, other));
    CHECK_EQ(close(CHECK_FD(dup(p[0]))), 0);
    CHECK_ERR(watch(inner, CHECK_FD(dup(p[0]))), EINVAL); /* 250 + 250 + 250 */
}

TEST(epoll, what_was_refused_leaves_nothing_and_has_room_later)
{
    struct epoll_event event = {.events = EPOLLIN};
    int p[2], inner = instance(), outer[101], top = instance();

    allow_many_files();
    CHECK_OK(pipe(p));
    CHECK_OK(watch(inner, p[0]));
    CHECK_OK(watch(chain(inner, 1), p[1])); /* one more above, which has a file of its own */
    for (int i = 0; i < 101; i++)
        outer[i] = instance();
    CHECK_OK(watch(top, outer[0]));
    for (int i = 1; i < 101; i++)
        CHECK_OK(watch(top, outer[i]));
    for (int i = 0; i < 100; i++)
        CHECK_OK(watch(outer[i], inner)); /* inner, outer, top: two between */
    CHECK_ERR(watch(outer[100], inner), EINVAL);
    CHECK_ERR(epoll_ctl(outer[100], EPOLL_CTL_MOD, inner, &event), ENOENT);
    CHECK_ERR(epoll_ctl(outer[100], EPOLL_CTL_DEL, inner, &event), ENOENT);
    CHECK_EQ(write(p[1], "x", 1), 1);
    CHECK_EQ(epoll_wait(outer[100], &event, 1, 0), 0);
    CHECK_EQ(epoll_wait(outer[99], &event, 1, 0), 1);
    CHECK_OK(epoll_ctl(outer[7], EPOLL_CTL_DEL, inner, NULL));
    CHECK_OK(watch(outer[100], inner));
    CHECK_ERR(watch(outer[7], inner), EINVAL);
    CHECK_OK(close(outer[8]));
    CHECK_OK(watch(outer[7], inner));
    CHECK_EQ(epoll_wait(outer[100], &event, 1, 0), 1);
}

enum { LEVELS = 3, WIDTH = 40 };

TEST(epoll, a_file_watched_over_many_ways_wakes_once_and_soon)
{
    int at[LEVELS][WIDTH], p[2], top = instance(), refused[LEVELS + 1] = {0};
    struct epoll_event got;

    CHECK_OK(pipe(p));
    for (int level = 0; level < LEVELS; level++)
        for (int i = 0; i < WIDTH; i++) {
            at[level][i] = instance();
            for (int j = 0; j < (level ? WIDTH : 1); j++)
                if (watch(at[level][i], level ? at[level - 1][j] : p[0])) {
                    CHECK_EQ(errno, EINVAL);
                    refused[level]++;
                }
        }
    for (int i = 0; i < WIDTH; i++)
        refused[LEVELS] += watch(top, at[LEVELS - 1][i]) != 0;
    CHECK_EQ(refused[0], 0);
    CHECK_EQ(refused[1], 1100); /* of 1600: 500 ways */
    CHECK_EQ(refused[2], 517); /* of the 520 whose inner instance leads to the pipe */
    CHECK_EQ(refused[3], 1); /* the one that has all 100 */
    for (int round = 0; round < 20; round++) {
        int64_t begun = test_now_ms();
        char c;

        CHECK_EQ(write(p[1], "x", 1), 1);
        CHECK_EQ(epoll_wait(at[0][0], &got, 1, 1000), 1);
        CHECK_LT(test_now_ms() - begun, 1000);
        CHECK_EQ(read(p[0], &c, 1), 1);
        CHECK_EQ(epoll_wait(at[0][0], &got, 1, 0), 0);
    }
}

/* fs.epoll.max_user_watches, set as root. */
static void set_limit(const char *value)
{
    int fd = CHECK_FD(open("/proc/sys/fs/epoll/max_user_watches", O_WRONLY));

    CHECK_EQ(write(fd, value, strlen(value)), (ssize_t)strlen(value));
    CHECK_OK(close(fd));
}

/* As user `uid`: how many pipes' ends fit, up to `most`. */
static int fits_for(uid_t uid, int most)
{
    int ep, p[2], n = 0;

    CHECK_OK(setresuid(uid, uid, uid));
    ep = instance();
    for (; n < most; n++) {
        CHECK_OK(pipe(p));
        if (watch(n % 2 ? ep : instance(), p[0])) {
            CHECK_EQ(errno, ENOSPC);
            break;
        }
    }
    return n;
}

TEST(epoll, each_user_has_a_number_of_watches)
{
    char before[32];
    int wait[2], ready[2];
    char c = 0;
    pid_t first;

    strcpy(before, test_read_file("/proc/sys/fs/epoll/max_user_watches", NULL));
    CHECK_GT(atol(before), 1000);
    CHECK_OK(pipe(wait));
    CHECK_OK(pipe(ready));
    set_limit("12\n");
    CHECK_STR(test_read_file("/proc/sys/fs/epoll/max_user_watches", NULL), "12\n");
    first = CHILD({
        close(wait[1]);
        CHECK_EQ(fits_for(3001, 20), 12);
        CHECK_EQ(write(ready[1], "r", 1), 1);
        CHECK_EQ(read(wait[0], &c, 1), 0);
    });
    CHECK_EQ(read(ready[0], &c, 1), 1);
    CHECK_EXIT(CHILD(_exit(fits_for(3001, 20))), 0); /* all in use */
    CHECK_EXIT(CHILD(_exit(fits_for(3002, 20))), 12);
    CHECK_OK(close(wait[1]));
    CHECK_EXIT(first, 0);
    CHECK_EXIT(CHILD(_exit(fits_for(3001, 20))), 12); /* given back */
    set_limit("0");
    CHECK_EXIT(CHILD(_exit(fits_for(3001, 20))), 0);
    set_limit(before);
    CHECK_STR(test_read_file("/proc/sys/fs/epoll/max_user_watches", NULL), before);
}

TEST(epoll, the_limit_of_watches_is_a_number)
{
    int fd = CHECK_FD(open("/proc/sys/fs/epoll/max_user_watches", O_WRONLY));

    CHECK_ERR(write(fd, "many\n", 5), EINVAL);
    CHECK_ERR(write(fd, "-1\n", 3), EINVAL);
    CHECK_IN_CHILD({
        CHECK_OK(setresuid(3001, 3001, 3001));
        CHECK_ERR(open("/proc/sys/fs/epoll/max_user_watches", O_WRONLY), EACCES);
    });
}
