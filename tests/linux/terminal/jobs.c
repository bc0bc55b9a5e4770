/* Job control: keys that signal, groups in the background that read, write and change. */
#include "session.h"

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
