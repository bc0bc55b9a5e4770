/*
 * Priorities of input and output: ioprio_set and ioprio_get.
 */
#include "test.h"

#include <grp.h>
#include <sys/resource.h>

enum { PROCESS = 1, PGRP, USER };
enum { NONE, RT, BE, IDLE };
#define VALUE(class, data) ((class) << 13 | (data))

static int set(int which, int who, int value)
{
    return (int)syscall(SYS_ioprio_set, which, who, value);
}

static int get(int which, int who)
{
    return (int)syscall(SYS_ioprio_get, which, who);
}

static void become_nobody(uid_t uid)
{
    CHECK_OK(setgroups(0, NULL));
    CHECK_OK(syscall(SYS_setresgid, uid, uid, uid));
    CHECK_OK(syscall(SYS_setresuid, uid, uid, uid));
}

TEST(ioprio, at_first_there_is_none)
{
    CHECK_EQ(get(PROCESS, 0), VALUE(NONE, 0));
    CHECK_EQ(get(PROCESS, getpid()), VALUE(NONE, 0));
}

TEST(ioprio, what_is_set_is_told_and_inherited)
{
    CHECK_OK(set(PROCESS, 0, VALUE(BE, 7)));
    CHECK_EQ(get(PROCESS, 0), VALUE(BE, 7));
    CHECK_IN_CHILD({ CHECK_EQ(get(PROCESS, 0), VALUE(BE, 7)); });
    CHECK_OK(set(PROCESS, getpid(), VALUE(IDLE, 0)));
    CHECK_EQ(get(PROCESS, 0), VALUE(IDLE, 0));
    CHECK_OK(set(PROCESS, 0, VALUE(RT, 0)));
    CHECK_EQ(get(PROCESS, 0), VALUE(RT, 0));
    CHECK_OK(set(PROCESS, 0, VALUE(NONE, 0)));
    CHECK_EQ(get(PROCESS, 0), VALUE(NONE, 0));
}

TEST(ioprio, values_that_mean_nothing)
{
    CHECK_ERR(set(PROCESS, 0, VALUE(NONE, 1)), EINVAL);
    CHECK_ERR(set(PROCESS, 0, VALUE(4, 0)), EINVAL);
    CHECK_ERR(set(0, 0, VALUE(BE, 4)), EINVAL);
    CHECK_ERR(set(4, 0, VALUE(BE, 4)), EINVAL);
    CHECK_ERR(get(0, 0), EINVAL);
    CHECK_ERR(get(4, 0), EINVAL);
    CHECK_EQ(get(PROCESS, 0), VALUE(NONE, 0));
}

/* Eight levels; the bits above are hints for the device. */
TEST(ioprio, hints_are_kept)
{
    CHECK_OK(set(PROCESS, 0, VALUE(BE, 8 + 5)));
    CHECK_EQ(get(PROCESS, 0), VALUE(BE, 8 + 5));
    CHECK_OK(set(PROCESS, 0, VALUE(NONE, 8)));
    CHECK_EQ(get(PROCESS, 0), VALUE(NONE, 8));
}

TEST(ioprio, of_nobody)
{
    CHECK_ERR(set(PROCESS, 4000000, VALUE(BE, 4)), ESRCH);
    CHECK_ERR(get(PROCESS, 4000000), ESRCH);
    CHECK_ERR(set(PGRP, 4000000, VALUE(BE, 4)), ESRCH);
    CHECK_ERR(get(PGRP, 4000000), ESRCH);
    CHECK_ERR(set(USER, 12345, VALUE(BE, 4)), ESRCH);
    CHECK_ERR(get(USER, 12345), ESRCH);
}

TEST(ioprio, of_a_group_is_the_most_urgent)
{
    CHECK_IN_CHILD({
        int p[2];
        char c;
        CHECK_OK(setpgid(0, 0));
        CHECK_OK(pipe(p));
        CHECK_OK(set(PGRP, 0, VALUE(BE, 6)));
        pid_t pid = CHILD({
            close(p[1]);
            read(p[0], &c, 1);
        });
        CHECK_EQ(get(PROCESS, pid), VALUE(BE, 6));
        CHECK_OK(set(PROCESS, pid, VALUE(BE, 2)));
        CHECK_EQ(get(PGRP, 0), VALUE(BE, 2));
        CHECK_EQ(get(PGRP, getpid()), VALUE(BE, 2));
        CHECK_OK(set(PROCESS, pid, VALUE(IDLE, 0)));
        CHECK_EQ(get(PGRP, 0), VALUE(BE, 6));
        CHECK_OK(set(PGRP, 0, VALUE(IDLE, 0)));
        CHECK_EQ(get(PROCESS, pid), VALUE(IDLE, 0));
        close(p[1]);
        CHECK_EXIT(pid, 0);
    });
}

TEST(ioprio, of_a_user)
{
    CHECK_IN_CHILD({
        become_nobody(34567);
        CHECK_OK(set(USER, 34567, VALUE(BE, 3)));
        CHECK_EQ(get(PROCESS, 0), VALUE(BE, 3));
        CHECK_EQ(get(USER, 34567), VALUE(BE, 3));
    });
}

TEST(ioprio, real_time_is_for_the_privileged)
{
    pid_t parent = getpid();
    CHECK_IN_CHILD({
        become_nobody(34568);
        CHECK_ERR(set(PROCESS, 0, VALUE(RT, 4)), EPERM);
        CHECK_OK(set(PROCESS, 0, VALUE(BE, 0)));
        CHECK_OK(set(PROCESS, 0, VALUE(IDLE, 0)));
        CHECK_ERR(set(PROCESS, parent, VALUE(BE, 4)), EPERM);
        CHECK_EQ(get(PROCESS, parent), VALUE(NONE, 0));
    });
}

/* Asked for by group or user, a task without one counts as its niceness says; by number it does not. */
TEST(ioprio, niceness_decides_for_a_group)
{
    CHECK_IN_CHILD({
        CHECK_OK(setpgid(0, 0));
        CHECK_EQ(get(PGRP, 0), VALUE(BE, 4));
        CHECK_OK(setpriority(PRIO_PROCESS, 0, 19));
        CHECK_EQ(get(PGRP, 0), VALUE(BE, 7));
        CHECK_OK(setpriority(PRIO_PROCESS, 0, -20));
        CHECK_EQ(get(PGRP, 0), VALUE(BE, 0));
        CHECK_EQ(get(PROCESS, 0), VALUE(NONE, 0));
    });
}
