/* Controlling terminals: who takes one, gives it up, and says which group is in the foreground. */
#include "session.h"

TEST(terminal, a_leader_takes_a_terminal)
{
    struct pty p = pty_open();

    SESSION(&p, {
        CHECK_EQ(foreground(p.slave), getpgrp());
        CHECK_EQ(tcgetsid(p.slave), getsid(0));
        CHECK_OK(ioctl(p.slave, TIOCSCTTY, 0));
        CHECK_EQ(foreground(p.master), getpgrp());
        CHECK_EQ(tcgetsid(p.master), getsid(0));
    });
}

TEST(terminal, only_leaders_take_terminals)
{
    struct pty p = pty_open();

    CHECK_IN_CHILD({ CHECK_ERR(ioctl(p.slave, TIOCSCTTY, 0), EPERM); });
}

TEST(terminal, a_leader_takes_one_terminal_only)
{
    struct pty p = pty_open(), q = pty_open();

    SESSION(&p, CHECK_ERR(ioctl(q.slave, TIOCSCTTY, 0), EPERM));
}

TEST(terminal, a_taken_terminal_can_be_stolen_by_root_only)
{
    struct pty p = pty_open();

    SESSION(&p, {
        CHECK_IN_CHILD({
            setsid();
            CHECK_ERR(ioctl(p.slave, TIOCSCTTY, 0), EPERM);
            CHECK_OK(ioctl(p.slave, TIOCSCTTY, 1));
        });
        CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
    });
    SESSION(&p, CHECK_IN_CHILD({
                CHECK_OK(setuid(4000));
                setsid();
                CHECK_ERR(ioctl(p.slave, TIOCSCTTY, 1), EPERM);
            }));
}

TEST(terminal, opening_takes_a_terminal_unless_noctty)
{
    struct pty p = pty_open();

    CHECK_IN_CHILD({
        setsid();
        CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
        CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
        CHECK_FD(open(p.name, O_WRONLY));
        CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
        CHECK_FD(open(p.name, O_RDWR));
        CHECK_FD(open("/dev/tty", O_RDWR));
    });
}

TEST(terminal, opening_as_no_leader_takes_nothing)
{
    struct pty p = pty_open();

    CHECK_IN_CHILD({
        setsid();
        CHECK_IN_CHILD({
            CHECK_FD(open(p.name, O_RDWR));
            CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
        });
    });
}

TEST(terminal, the_peer_can_become_the_terminal)
{
    struct pty p = pty_open();

    CHECK_IN_CHILD({
        setsid();
        CHECK_FD(ioctl(p.master, TIOCGPTPEER, O_RDWR));
        CHECK_FD(open("/dev/tty", O_RDWR));
    });
}

TEST(terminal, dev_tty_is_ones_own)
{
    struct pty p = pty_open();

    SESSION(&p, {
        int fd = CHECK_FD(open("/dev/tty", O_RDWR));
        struct stat st;

        CHECK_EQ(write(fd, "own", 3), 3);
        CHECK_OK(fstat(fd, &st));
        CHECK_EQ(st.st_rdev, 0x500);
    });
    PTY_SHOWS(p.master, "own");
}

TEST(terminal, a_terminal_can_be_given_up)
{
    struct pty p = pty_open();

    SESSION(&p, {
        catch_signal(SIGHUP);
        catch_signal(SIGCONT);
        CHECK_OK(ioctl(p.slave, TIOCNOTTY));
        CHECK_EQ(seen[SIGHUP], 1);
        CHECK_EQ(seen[SIGCONT], 1);
        CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
        CHECK_ERR(ioctl(p.slave, TIOCNOTTY), ENOTTY);
        CHECK_EQ(foreground(p.master), 0);
        CHECK_OK(ioctl(p.slave, TIOCSCTTY, 0));
    });
}

TEST(terminal, one_process_alone_can_give_it_up)
{
    struct pty p = pty_open();

    SESSION(&p, {
        CHECK_IN_CHILD({
            CHECK_OK(ioctl(p.slave, TIOCNOTTY));
            CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
        });
        CHECK_FD(open("/dev/tty", O_RDWR));
    });
}

TEST(terminal, groups_are_asked_of_ones_own_terminal)
{
    struct pty p = pty_open();
    int n = getpgrp();

    CHECK_ERR(ioctl(p.slave, TIOCGPGRP, &n), ENOTTY);
    CHECK_ERR(ioctl(p.slave, TIOCGSID, &n), ENOTTY);
    CHECK_ERR(ioctl(p.slave, TIOCSPGRP, &n), ENOTTY);
    CHECK_EQ(foreground(p.master), 0);
    CHECK_ERR(ioctl(p.master, TIOCGSID, &n), ENOTTY);
}

TEST(terminal, what_the_foreground_can_be)
{
    struct pty p = pty_open();

    SESSION(&p, {
        int bad = -1, none = 30000, other = getppid();
        pid_t bg = BACKGROUND(pause());

        CHECK_ERR(ioctl(p.slave, TIOCSPGRP, &bad), EINVAL);
        CHECK_ERR(ioctl(p.slave, TIOCSPGRP, &none), ESRCH);
        CHECK_ERR(ioctl(p.slave, TIOCSPGRP, &other), EPERM);
        CHECK_ERR(ioctl(p.slave, TIOCSPGRP, (void *)8), EFAULT);
        CHECK_OK(tcsetpgrp(p.slave, bg));
        CHECK_EQ(foreground(p.slave), bg);
        signal(SIGTTOU, SIG_IGN);
        CHECK_OK(tcsetpgrp(p.slave, getpgrp()));
        kill(bg, SIGKILL);
        CHECK_KILLED(bg, SIGKILL);
    });
}
