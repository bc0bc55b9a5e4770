/*
 * Process groups and sessions.
 */
#include "test.h"

TEST(groups, a_child_is_in_its_parents_group_and_session)
{
    pid_t group = getpgrp(), session = getsid(0);

    CHECK_IN_CHILD({
        CHECK_EQ(getpgrp(), group);
        CHECK_EQ(getsid(0), session);
        CHECK_EQ(getpgid(0), group);
    });
}

TEST(groups, setpgid_makes_and_joins)
{
    int p[2];
    char c;

    CHECK_OK(pipe(p));
    pid_t leader = CHILD({
        close(p[1]);
        read(p[0], &c, 1);
    });
    pid_t second = CHILD({
        close(p[1]);
        read(p[0], &c, 1);
    });
    CHECK_OK(setpgid(leader, leader));
    CHECK_OK(setpgid(second, leader));
    CHECK_EQ(getpgid(leader), leader);
    CHECK_EQ(getpgid(second), leader);
    close(p[1]);
    CHECK_EXIT(leader, 0);
    CHECK_EXIT(second, 0);
}

TEST(groups, setpgid_errors)
{
    CHECK_ERR(setpgid(0, -1), EINVAL);
    CHECK_ERR(setpgid(1, 0), ESRCH);
    CHECK_ERR(setpgid(0, 1), EPERM);
    CHECK_ERR(getpgid(99999), ESRCH);
    CHECK_ERR(getsid(99999), ESRCH);
}

TEST(groups, setsid_leads_a_session_without_a_terminal)
{
    CHECK_IN_CHILD({
        pid_t self = getpid();
        CHECK_EQ(setsid(), self);
        CHECK_EQ(getpgrp(), self);
        CHECK_EQ(getsid(0), self);
        CHECK_ERR(setsid(), EPERM);
        CHECK_ERR(setpgid(0, 0), EPERM);
        CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
    });
}

TEST(groups, kill_of_a_group_reaches_all_of_it_and_no_other)
{
    pid_t pids[4], outside = CHILD(for (;;) pause());

    for (int i = 0; i < 4; i++) {
        pids[i] = CHILD(for (;;) pause());
        CHECK_OK(setpgid(pids[i], pids[0]));
    }
    CHECK_OK(kill(-pids[0], SIGTERM));
    for (int i = 0; i < 4; i++)
        CHECK_KILLED(pids[i], SIGTERM);
    CHECK_EQ(waitpid(outside, NULL, WNOHANG), 0);
    CHECK_OK(kill(outside, SIGKILL));
    CHECK_KILLED(outside, SIGKILL);
    CHECK_ERR(kill(-pids[0], 0), ESRCH);
}

TEST(groups, after_exec_the_parent_may_not_move_it)
{
    char *const argv[] = {test_program, "helper:wait_for_end", NULL};
    int p[2];

    CHECK_OK(pipe2(p, O_CLOEXEC));
    pid_t pid = CHILD({
        execv(test_program, argv);
        FAIL("execv");
    });
    char c;
    close(p[1]);
    CHECK_EQ(read(p[0], &c, 1), 0); /* exec closed it */
    CHECK_ERR(setpgid(pid, pid), EACCES);
    CHECK_OK(kill(pid, SIGKILL));
    CHECK_KILLED(pid, SIGKILL);
}

HELPER(wait_for_end)
{
    for (;;)
        pause();
    return 0;
}
