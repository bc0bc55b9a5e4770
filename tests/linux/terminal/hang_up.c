/* What ends a session's use of its terminal: its leader, the master, vhangup, setsid. */
#include "session.h"

/* The leader ends: its group in the foreground hears SIGHUP, and the pty goes on without a session. */
TEST(terminal, a_leaders_end_hangs_up_the_foreground)
{
    struct pty p = pty_open();
    int told[2];
    char got;
    pid_t leader;

    CHECK_OK(pipe(told));
    leader = CHILD({
        pid_t job;

        pty_login(&p);
        catch_signal(SIGHUP);
        catch_signal(SIGUSR1);
        signal(SIGCONT, SIG_IGN);
        job = BACKGROUND({
            int none;

            kill(getppid(), SIGUSR1);
            while (!seen[SIGHUP])
                test_sleep_ms(5);
            CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
            CHECK_ERR(ioctl(p.slave, TIOCGPGRP, &none), ENOTTY);
            CHECK_EQ(write(p.slave, "on", 2), 2);
            CHECK_EQ(write(told[1], "h", 1), 1);
        });
        CHECK_OK(tcsetpgrp(p.slave, job));
        while (!seen[SIGUSR1])
            test_sleep_ms(5);
    });
    CHECK_EXIT(leader, 0);
    CHECK_EQ(read(told[0], &got, 1), 1);
    PTY_SHOWS(p.master, "on");
    CHECK_EQ(foreground(p.master), 0);
    CHECK_IN_CHILD(pty_login(&p));
}

TEST(terminal, the_masters_end_hangs_up_the_session)
{
    struct pty p = pty_open();
    int ready[2];
    char c;
    pid_t leader;

    CHECK_OK(pipe(ready));
    leader = CHILD({
        siginfo_t info;
        sigset_t set;

        close(p.master);
        pty_login(&p);
        sigemptyset(&set);
        sigaddset(&set, SIGHUP);
        sigaddset(&set, SIGCONT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        CHECK_EQ(write(ready[1], "r", 1), 1);
        CHECK_EQ(sigwaitinfo(&set, &info), SIGHUP);
        CHECK_EQ(info.si_code, SI_KERNEL);
        CHECK_EQ(sigwaitinfo(&set, &info), SIGCONT);
        CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
        while ((errno = 0, read(p.slave, &c, 1)) < 0 && errno == EIO)
            test_sleep_ms(1);
        CHECK_EQ(errno, 0);
        CHECK_ERR(write(p.slave, &c, 1), EIO);
    });
    close(p.slave);
    CHECK_EQ(read(ready[0], &c, 1), 1);
    close(p.master);
    CHECK_EXIT(leader, 0);
}

/* A leader that lost its terminal tells the group that was in the foreground when it ends. */
TEST(terminal, the_foreground_hears_of_a_hang_up_when_the_leader_ends)
{
    struct pty p = pty_open();
    int ready[2];
    int told[2];
    pid_t leader;
    char c;

    CHECK_OK(pipe(ready));
    CHECK_OK(pipe(told));
    leader = CHILD({
        pid_t job;

        close(p.master);
        pty_login(&p);
        catch_signal(SIGHUP);
        job = BACKGROUND({
            CHECK_EQ(write(ready[1], "r", 1), 1);
            while (!seen[SIGHUP])
                test_sleep_ms(5);
            CHECK_EQ(write(told[1], "h", 1), 1);
        });
        CHECK_OK(tcsetpgrp(p.slave, job));
        CHECK_EQ(write(ready[1], "r", 1), 1);
        while (!seen[SIGHUP])
            test_sleep_ms(5);
    });
    close(p.slave);
    CHECK_EQ(read(ready[0], &c, 1), 1);
    CHECK_EQ(read(ready[0], &c, 1), 1);
    close(p.master);
    CHECK_EXIT(leader, 0);
    CHECK_EQ(read(told[0], &c, 1), 1);
}

TEST(terminal, vhangup_kills_open_files_only)
{
    struct pty p = pty_open();

    SESSION(&p, {
        int fd;
        char c;

        catch_signal(SIGHUP);
        CHECK_OK(vhangup());
        CHECK_EQ(seen[SIGHUP], 1);
        CHECK_EQ(read(p.slave, &c, 1), 0);
        CHECK_ERR(write(p.slave, "x", 1), EIO);
        CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
        fd = CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
        CHECK_EQ(write(fd, "new", 3), 3);
    });
    PTY_SHOWS(p.master, "new");
}

TEST(terminal, vhangup_resets_the_mode)
{
    struct pty p = pty_open();

    pty_raw(p.slave, 5, 5);
    SESSION(&p, {
        int fd;

        signal(SIGHUP, SIG_IGN);
        CHECK_OK(vhangup());
        fd = CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
        CHECK_EQ(pty_mode(fd).c_lflag & (ICANON | ECHO | ISIG), ICANON | ECHO | ISIG);
    });
}

TEST(terminal, vhangup_needs_privilege)
{
    CHECK_IN_CHILD({
        CHECK_OK(setuid(4000));
        CHECK_ERR(vhangup(), EPERM);
    });
}

TEST(terminal, vhangup_wakes_readers)
{
    for (int i = 0; i < 10; i++) {
        struct pty p = pty_open();
        pid_t reader = CHILD({
            char c;

            CHECK_EQ(read(p.slave, &c, 1), 0);
        });

        test_sleep_ms(i);
        CHECK_OK(ioctl(p.slave, TIOCVHANGUP));
        CHECK_EXIT(reader, 0);
        close(p.slave);
        close(p.master);
    }
}

TEST(terminal, setsid_leaves_the_terminal)
{
    struct pty p = pty_open();

    SESSION(&p, {
        CHECK_IN_CHILD({
            CHECK_FD(open("/dev/tty", O_RDWR));
            setsid();
            CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
        });
        CHECK_FD(open("/dev/tty", O_RDWR));
    });
}

TEST(terminal, proc_tells_terminal_and_group)
{
    struct pty p = pty_open();

    SESSION(&p, {
        char *text = test_read_file("/proc/self/stat", NULL), *at = strrchr(text, ')');
        int ppid, pgrp, sid, tty, group;
        char state;

        CHECK(at);
        CHECK_EQ(sscanf(at + 2, "%c %d %d %d %d %d", &state, &ppid, &pgrp, &sid, &tty, &group), 6);
        CHECK_EQ(sid, getpid());
        CHECK_EQ(tty, 136 << 8 | p.number);
        CHECK_EQ(group, getpgrp());
    });
}
