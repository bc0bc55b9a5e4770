/* The machine's own terminal, as /dev/ttyS0 and as /dev/console; and many ptys. */
#include "pty.h"

#include <sys/sysmacros.h>

static volatile sig_atomic_t hung_up;

static void on_hup(int sig)
{
    (void)sig;
    hung_up++;
}

TEST(terminal, the_serial_line_is_a_terminal)
{
    struct stat st;
    unsigned dev = 0;
    int fd = CHECK_FD(open("/dev/ttyS0", O_RDWR | O_NOCTTY));

    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_rdev, makedev(4, 64));
    CHECK(isatty(fd));
    CHECK_OK(ioctl(fd, TIOCGDEV, &dev));
    CHECK_EQ(dev, 4u << 8 | 64);
}

TEST(terminal, the_console_is_the_serial_line)
{
    struct stat st;
    unsigned dev = 0;
    int fd = CHECK_FD(open("/dev/console", O_RDWR | O_NOCTTY));

    CHECK_OK(fstat(fd, &st));
    CHECK_EQ(st.st_rdev, makedev(5, 1));
    CHECK_OK(ioctl(fd, TIOCGDEV, &dev));
    CHECK_EQ(dev, 4u << 8 | 64);
}

TEST(terminal, opening_the_serial_line_takes_it)
{
    CHECK_IN_CHILD({
        int fd;

        setsid();
        fd = CHECK_FD(open("/dev/ttyS0", O_RDWR));
        CHECK_EQ(tcgetpgrp(fd), getpgrp());
        CHECK_FD(open("/dev/tty", O_RDWR));
    });
}

TEST(terminal, opening_the_console_takes_nothing)
{
    CHECK_IN_CHILD({
        int fd;

        setsid();
        fd = CHECK_FD(open("/dev/console", O_RDWR));
        CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
        CHECK_OK(ioctl(fd, TIOCSCTTY, 0));
        CHECK_FD(open("/dev/tty", O_RDWR));
    });
}

TEST(terminal, the_console_knows_no_job_control)
{
    CHECK_IN_CHILD({
        int fd, line;
        pid_t bg;

        setsid();
        line = CHECK_FD(open("/dev/ttyS0", O_RDWR));
        fd = CHECK_FD(open("/dev/console", O_RDWR | O_NONBLOCK));
        bg = CHILD({
            char c;

            setpgid(0, 0);
            CHECK_ERR(read(fd, &c, 1), EAGAIN);
            read(line, &c, 1);
        });
        CHECK_STOPPED(bg, SIGTTIN);
        kill(bg, SIGKILL);
        CHECK_KILLED(bg, SIGKILL);
    });
}

/* Files of the serial line die with the session; one of the console lives on. */
TEST(terminal, a_leaders_end_hangs_up_the_serial_line)
{
    int told[2];
    int ready[2];
    char got;
    pid_t leader;

    CHECK_OK(pipe(told));
    CHECK_OK(pipe(ready));
    leader = CHILD({
        int line, console;
        pid_t job;

        setsid();
        line = CHECK_FD(open("/dev/ttyS0", O_RDWR));
        console = CHECK_FD(open("/dev/console", O_RDWR));
        signal(SIGHUP, on_hup);
        job = CHILD({
            struct pollfd one = {.fd = line, .events = POLLIN};
            struct termios mode;
            char c;

            setpgid(0, 0);
            signal(SIGTTOU, SIG_IGN);
            CHECK_OK(tcsetpgrp(line, getpid()));
            CHECK_EQ(write(ready[1], "r", 1), 1);
            while (!hung_up)
                test_sleep_ms(5);
            /* The line is hung up a moment after the signal was sent. */
            while ((errno = 0, tcgetattr(line, &mode)) == 0)
                test_sleep_ms(5);
            CHECK_EQ(errno, EIO);
            CHECK_EQ(read(line, &c, 1), 0);
            CHECK_ERR(write(line, "x", 1), EIO);
            CHECK_EQ(poll(&one, 1, 0), 1);
            CHECK_EQ(one.revents, POLLIN | POLLERR | POLLHUP);
            CHECK_ERR(open("/dev/tty", O_RDWR), ENXIO);
            CHECK_OK(tcgetattr(console, &mode));
            line = CHECK_FD(open("/dev/ttyS0", O_RDWR | O_NOCTTY));
            CHECK_OK(tcgetattr(line, &mode));
            CHECK_EQ(write(told[1], "h", 1), 1);
        });
        (void)job;
        CHECK_EQ(read(ready[0], &got, 1), 1);
    });
    CHECK_EXIT(leader, 0);
    CHECK_EQ(read(told[0], &got, 1), 1);
}

TEST(terminal, the_next_session_can_have_the_line)
{
    for (int i = 0; i < 5; i++)
        CHECK_IN_CHILD({
            int fd;

            setsid();
            fd = CHECK_FD(open("/dev/ttyS0", O_RDWR));
            CHECK_EQ(tcgetsid(fd), getpid());
        });
}

TEST(terminal, running_out_of_ptys_is_an_error)
{
    static int fds[5000];
    int count = 0;
    struct pty p;

    while (count < 5000 && (fds[count] = open("/dev/ptmx", O_RDWR | O_NOCTTY)) >= 0)
        count++;
    CHECK(errno == ENOSPC || errno == EMFILE);
    CHECK_GE(count, 200);
    while (count)
        close(fds[--count]);
    p = pty_open();
    pty_raw(p.slave, 1, 0);
    pty_type(&p, "again");
    PTY_READS(p.slave, "again");
}

/* Writes a number to a file of /proc/sys. Returns what write gives. */
static ssize_t put_number(const char *path, int n)
{
    char text[16];
    int fd = CHECK_FD(open(path, O_WRONLY));
    ssize_t r;

    snprintf(text, sizeof text, "%d\n", n);
    r = write(fd, text, strlen(text));
    close(fd);
    return r;
}

TEST(terminal, the_number_of_ptys_is_limited)
{
    const char *max = "/proc/sys/kernel/pty/max";
    int before = atoi(test_read_file("/proc/sys/kernel/pty/nr", NULL));
    int limit = atoi(test_read_file(max, NULL)), fd;

    CHECK_GE(limit, 200);
    CHECK_ERR(put_number(max, -1), EINVAL);
    CHECK_GT(put_number(max, before + 2), 0);
    fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    int now = atoi(test_read_file("/proc/sys/kernel/pty/nr", NULL));
    int second = open("/dev/ptmx", O_RDWR | O_NOCTTY), error = errno;
    CHECK_GT(put_number(max, limit), 0);
    CHECK_GE(fd, 0);
    CHECK_EQ(now, before + 1);
    CHECK_EQ(second, -1);
    CHECK_EQ(error, ENOSPC);
    close(fd);
    CHECK_EQ(atoi(test_read_file("/proc/sys/kernel/pty/nr", NULL)), before);
}

/* time limit: 60 s */
TEST(terminal, a_thousand_ptys_one_after_the_other)
{
    for (int i = 0; i < 1000; i++) {
        struct pty p = pty_open();

        CHECK_EQ(write(p.slave, "x", 1), 1);
        PTY_READS(p.master, "x");
        if (i % 2) {
            close(p.slave);
            close(p.master);
        } else {
            close(p.master);
            close(p.slave);
        }
    }
}

TEST(terminal, sessions_come_and_go_on_one_pty)
{
    struct pty p = pty_open();

    for (int i = 0; i < 30; i++) {
        pid_t leader = CHILD({
            pty_login(&p);
            pty_type(&p, "\003");
            for (;;)
                pause();
        });

        CHECK_KILLED(leader, SIGINT);
    }
}
