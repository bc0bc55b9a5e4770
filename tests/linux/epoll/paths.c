/*
 * Many ways from one file to one instance: a wake does not cost as many steps as there are ways.
 */
#include "test.h"

#include <sys/epoll.h>
#include <sys/resource.h>

enum { LEVELS = 3, WIDTH = 40 };

TEST(epoll, a_file_watched_over_many_ways_wakes_once_and_soon)
{
    struct epoll_event event = {.events = EPOLLIN}, got;
    int at[LEVELS][WIDTH], p[2], top = CHECK_FD(epoll_create1(0)), refused = 0;

    CHECK_OK(pipe(p));
    for (int level = 0; level < LEVELS; level++)
        for (int i = 0; i < WIDTH; i++) {
            at[level][i] = CHECK_FD(epoll_create1(0));
            for (int j = 0; j < (level ? WIDTH : 1); j++)
                if (epoll_ctl(at[level][i], EPOLL_CTL_ADD, level ? at[level - 1][j] : p[0], &event)) {
                    CHECK_EQ(errno, EINVAL); /* Linux counts the ways */
                    refused++;
                }
        }
    for (int i = 0; i < WIDTH; i++)
        if (epoll_ctl(top, EPOLL_CTL_ADD, at[LEVELS - 1][i], &event))
            refused++;
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
