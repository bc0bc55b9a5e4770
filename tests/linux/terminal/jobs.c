/* Controlling terminals, foreground groups, job control, hanging up. */
#include "pty.h"

/*
 * In a child that is not its group's leader: a session of its own on the slave, with `mode` first. The session's leader
 * waits for the block's end.
 */
#define SESSION(p, ...)                                                                            \
    CHECK_IN_CHILD({                                                                               \
        pty_login(p);                                                                              \
        __VA_ARGS__;                                                                               \
    })

/* A background group in the caller's session that runs the block; its pid. */
#define BACKGROUND(...)                                                                            \
    ({                                                                                             \
        pid_t bg = CHILD({                                                                         \
            setpgid(0, 0);                                                                         \
            __VA_ARGS__;                                                                           \
        });                                                                                        \
        setpgid(bg, bg);                                                                           \
        bg;                                                                                        \
    })

static volatile sig_atomic_t seen[65];

static void note(int sig)
{
    seen[sig]++;
}

static void catch_signal(int sig)
{
    struct sigaction action = {.sa_handler = note};

    CHECK_OK(sigaction(sig, &action, NULL));
}

static int foreground(int fd)
{
    int group = -1;

    CHECK_OK(ioctl(fd, TIOCGPGRP, &group));
    return group;
}

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

TEST(terminal, keys_signal_the_foreground_group)
{
    static const struct {
        const char *key;
        int sig;
    } keys[] = {{"\003", SIGINT}, {"\034", SIGQUIT}, {"\032", SIGTSTP}};
    struct pty p = pty_open();

    SESSION(&p, {
        sigset_t all, one;

        sigemptyset(&all);
        for (int i = 0; i < 3; i++)
            sigaddset(&all, keys[i].sig);
        sigprocmask(SIG_BLOCK, &all, NULL);
        for (int i = 0; i < 3; i++) {
            siginfo_t info;

            pty_type(&p, keys[i].key);
            sigemptyset(&one);
            sigaddset(&one, keys[i].sig);
            CHECK_EQ(sigwaitinfo(&one, &info), keys[i].sig);
            CHECK_EQ(info.si_code, SI_KERNEL);
            CHECK_EQ(info.si_pid, 0);
        }
    });
    PTY_SHOWS(p.master, "^C^\\^Z");
}

TEST(terminal, without_isig_keys_are_bytes)
{
    struct pty p = pty_open();

    pty_local(p.slave, ISIG, 0);
    pty_type(&p, "\003\034\032\n");
    PTY_READS(p.slave, "\003\034\032\n");
}

TEST(terminal, an_interrupt_drops_what_was_typed)
{
    struct pty p = pty_open();

    pty_local(p.slave, ECHO, 0);
    pty_type(&p, "lost\nlost too\003kept\n");
    PTY_READS(p.slave, "kept\n");
    pty_local(p.slave, 0, NOFLSH);
    pty_type(&p, "line\nhalf\003 and half\n");
    PTY_READS(p.slave, "line\n");
    PTY_READS(p.slave, "half and half\n");
}

TEST(terminal, a_master_can_signal)
{
    struct pty p = pty_open();

    SESSION(&p, {
        sigset_t set;
        int sig;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        CHECK_OK(ioctl(p.master, TIOCSIG, SIGINT));
        CHECK_OK(sigwait(&set, &sig));
        CHECK_ERR(ioctl(p.master, TIOCSIG, SIGTERM), EINVAL);
        CHECK_ERR(ioctl(p.master, TIOCSIG, 0), EINVAL);
    });
}

TEST(terminal, background_reading_stops)
{
    struct pty p = pty_open();

    SESSION(&p, {
        char c;
        pid_t bg = BACKGROUND({
            CHECK_EQ(read(p.slave, &c, 1), 1);
            CHECK_EQ(c, 'k');
        });

        CHECK_STOPPED(bg, SIGTTIN);
        CHECK_OK(tcsetpgrp(p.slave, bg));
        pty_type(&p, "k\n");
        kill(bg, SIGCONT);
        CHECK_EXIT(bg, 0);
    });
}

TEST(terminal, background_reading_with_sigttin_ignored_is_eio)
{
    struct pty p = pty_open();

    SESSION(&p, {
        char c;
        pid_t bg = BACKGROUND({
            sigset_t set;

            signal(SIGTTIN, SIG_IGN);
            CHECK_ERR(read(p.slave, &c, 1), EIO);
            signal(SIGTTIN, SIG_DFL);
            sigemptyset(&set);
            sigaddset(&set, SIGTTIN);
            sigprocmask(SIG_BLOCK, &set, NULL);
            CHECK_ERR(read(p.slave, &c, 1), EIO);
        });

        CHECK_EXIT(bg, 0);
    });
}

TEST(terminal, background_reading_with_a_handler_is_interrupted)
{
    struct pty p = pty_open();

    SESSION(&p, {
        char c;
        pid_t bg = BACKGROUND({
            catch_signal(SIGTTIN);
            CHECK_ERR(read(p.slave, &c, 1), EINTR);
            CHECK_EQ(seen[SIGTTIN], 1);
        });

        CHECK_EXIT(bg, 0);
    });
}

TEST(terminal, an_orphaned_groups_reading_is_eio)
{
    struct pty p = pty_open();
    int done[2];

    CHECK_OK(pipe(done));
    SESSION(&p, {
        pid_t middle = CHILD({
            setpgid(0, 0);
            CHILD({
                char c;

                while (getppid() != 1)
                    test_sleep_ms(5);
                errno = 0;
                CHECK_EQ(read(p.slave, &c, 1), -1);
                c = (char)errno;
                CHECK_EQ(write(done[1], &c, 1), 1);
            });
        });
        char got;

        CHECK_EXIT(middle, 0);
        CHECK_EQ(read(done[0], &got, 1), 1);
        CHECK_EQ(got, EIO);
    });
}

TEST(terminal, background_writing_is_free_without_tostop)
{
    struct pty p = pty_open();

    SESSION(&p, {
        pid_t bg = BACKGROUND({ CHECK_EQ(write(p.slave, "free", 4), 4); });

        CHECK_EXIT(bg, 0);
    });
    PTY_SHOWS(p.master, "free");
}

TEST(terminal, background_writing_stops_with_tostop)
{
    struct pty p = pty_open();

    pty_local(p.slave, 0, TOSTOP);
    SESSION(&p, {
        pid_t bg = BACKGROUND({ CHECK_EQ(write(p.slave, "free", 4), 4); });

        CHECK_STOPPED(bg, SIGTTOU);
        PTY_SILENT(p.master);
        CHECK_OK(tcsetpgrp(p.slave, bg));
        kill(bg, SIGCONT);
        CHECK_EXIT(bg, 0);
    });
    PTY_SHOWS(p.master, "free");
}

TEST(terminal, background_writing_with_sigttou_ignored_is_free)
{
    struct pty p = pty_open();

    pty_local(p.slave, 0, TOSTOP);
    SESSION(&p, {
        pid_t bg = BACKGROUND({
            signal(SIGTTOU, SIG_IGN);
            CHECK_EQ(write(p.slave, "free", 4), 4);
        });

        CHECK_EXIT(bg, 0);
    });
    PTY_SHOWS(p.master, "free");
}

TEST(terminal, background_changes_stop)
{
    struct pty p = pty_open();

    SESSION(&p, {
        for (int i = 0; i < 5; i++) {
            pid_t bg = BACKGROUND({
                struct termios mode = pty_mode(p.slave);
                int mine = getpgrp();

                if (i == 0)
                    tcsetattr(p.slave, TCSANOW, &mode);
                else if (i == 1)
                    tcflush(p.slave, TCIFLUSH);
                else if (i == 2)
                    ioctl(p.slave, TIOCSPGRP, &mine);
                else if (i == 3)
                    tcdrain(p.slave);
                else
                    tcflow(p.slave, TCOON);
            });

            CHECK_STOPPED(bg, SIGTTOU);
            kill(bg, SIGKILL);
            CHECK_KILLED(bg, SIGKILL);
        }
    });
}

TEST(terminal, background_looks_are_free)
{
    struct pty p = pty_open();

    SESSION(&p, {
        pid_t bg = BACKGROUND({
            struct winsize size = {5, 5, 0, 0};
            int n;

            pty_mode(p.slave);
            foreground(p.slave);
            CHECK_OK(ioctl(p.slave, FIONREAD, &n));
            CHECK_OK(ioctl(p.slave, TIOCSWINSZ, &size));
        });

        CHECK_EXIT(bg, 0);
    });
}

TEST(terminal, a_stopped_job_goes_on)
{
    for (int i = 0; i < 10; i++) {
        struct pty p = pty_open();

        SESSION(&p, {
            pid_t job = BACKGROUND({
                char line[8];

                CHECK_EQ(read(p.slave, line, sizeof line), 3);
            });

            CHECK_OK(tcsetpgrp(p.slave, job));
            kill(job, SIGCONT); /* it may have come too early */
            test_sleep_ms(10);
            pty_type(&p, "\032");
            CHECK_STOPPED(job, SIGTSTP);
            signal(SIGTTOU, SIG_IGN);
            CHECK_OK(tcsetpgrp(p.slave, getpgrp()));
            CHECK_OK(tcsetpgrp(p.slave, job));
            kill(job, SIGCONT);
            pty_type(&p, "go\n");
            CHECK_EXIT(job, 0);
        });
        close(p.slave);
        close(p.master);
    }
}

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
