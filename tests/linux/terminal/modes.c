/* Non-canonical reads, flow control, attributes and window size. */
#include "pty.h"

#include <sys/epoll.h>

/* The kernel's own structures, which a libc may hide behind others. */
struct kernel_termios2 {
    unsigned iflag, oflag, cflag, lflag;
    unsigned char line, cc[19];
    unsigned ispeed, ospeed;
};
struct kernel_termio {
    unsigned short iflag, oflag, cflag, lflag;
    unsigned char line, cc[8];
};
#define GET2 _IOR('T', 0x2A, struct kernel_termios2)
#define SET2 _IOW('T', 0x2B, struct kernel_termios2)

static struct pty raw(int min, int time)
{
    struct pty p = pty_open();

    pty_raw(p.slave, min, time);
    return p;
}

TEST(terminal, raw_reads_give_what_is_there)
{
    struct pty p = raw(1, 0);

    pty_type(&p, "a\n\003\004\177");
    PTY_READS(p.slave, "a\n\003\004\177");
    PTY_SILENT(p.master);
}

TEST(terminal, vmin_is_waited_for)
{
    struct pty p = raw(4, 0);
    pid_t child;

    child = CHILD({
        pty_type(&p, "ab");
        test_sleep_ms(60);
        pty_type(&p, "cd");
    });
    PTY_READS(p.slave, "abcd");
    CHECK_EXIT(child, 0);
}

TEST(terminal, vmin_beyond_the_buffer_is_the_buffer)
{
    struct pty p = raw(10, 0);
    char got[3];

    pty_type(&p, "abc");
    CHECK_EQ(read(p.slave, got, 3), 3);
}

TEST(terminal, poll_honours_vmin)
{
    struct pty p = raw(3, 0);

    pty_type(&p, "ab");
    CHECK(!pty_comes(p.slave, 50));
    pty_type(&p, "c");
    CHECK(pty_comes(p.slave, 2000));
    PTY_READS(p.slave, "abc");
}

TEST(terminal, vtime_ends_what_vmin_began)
{
    struct pty p = raw(10, 2);
    int64_t begin;

    pty_type(&p, "ab");
    begin = test_now_ms();
    PTY_READS(p.slave, "ab");
    CHECK_GE(test_now_ms() - begin, 150);
    CHECK_LT(test_now_ms() - begin, 1500);
}

TEST(terminal, vtime_with_vmin_begins_with_the_first_byte)
{
    struct pty p = raw(10, 1);
    int64_t begin = test_now_ms();
    pid_t child = CHILD({
        test_sleep_ms(400);
        pty_type(&p, "x");
    });

    PTY_READS(p.slave, "x");
    CHECK_GE(test_now_ms() - begin, 450);
    CHECK_EXIT(child, 0);
}

TEST(terminal, vtime_alone_is_a_time_limit)
{
    struct pty p = raw(0, 2);
    int64_t begin = test_now_ms();
    char c;

    CHECK_EQ(read(p.slave, &c, 1), 0);
    CHECK_GE(test_now_ms() - begin, 150);
    pty_type(&p, "xy");
    begin = test_now_ms();
    PTY_READS(p.slave, "xy");
    CHECK_LT(test_now_ms() - begin, 150);
}

TEST(terminal, neither_vmin_nor_vtime_never_waits)
{
    struct pty p = raw(0, 0);
    char c;

    CHECK_EQ(read(p.slave, &c, 1), 0);
    CHECK_OK(fcntl(p.slave, F_SETFL, O_NONBLOCK));
    CHECK_EQ(read(p.slave, &c, 1), 0);
    pty_type(&p, "z");
    CHECK(pty_comes(p.slave, 2000));
    PTY_READS(p.slave, "z");
}

TEST(terminal, nonblocking_reads)
{
    struct pty p = raw(1, 0);
    char c;

    CHECK_OK(fcntl(p.slave, F_SETFL, O_NONBLOCK));
    CHECK_ERR(read(p.slave, &c, 1), EAGAIN);
    pty_raw(p.slave, 0, 5);
    CHECK_ERR(read(p.slave, &c, 1), EAGAIN);
    pty_raw(p.slave, 5, 0);
    pty_type(&p, "ab");
    test_sleep_ms(30);
    PTY_READS(p.slave, "ab");
    CHECK_OK(fcntl(p.master, F_SETFL, O_NONBLOCK));
    CHECK_ERR(read(p.master, &c, 1), EAGAIN);
}

TEST(terminal, a_long_vmin_reads_in_pieces)
{
    struct pty p = raw(100, 0);
    char text[200], got[300];

    memset(text, 'v', sizeof text);
    CHECK_EQ(write(p.master, text, sizeof text), 200);
    CHECK(pty_comes(p.slave, 2000));
    CHECK_EQ(read(p.slave, got, sizeof got), 64);
}

TEST(terminal, zero_bytes_can_be_read_and_written)
{
    struct pty p = pty_open();
    char c;

    CHECK_EQ(read(p.slave, &c, 0), 0);
    CHECK_EQ(write(p.slave, &c, 0), 0);
    CHECK_EQ(read(p.master, &c, 0), 0);
    CHECK_EQ(write(p.master, &c, 0), 0);
}

TEST(terminal, a_fatal_signal_ends_a_read)
{
    struct pty p = pty_open();
    pid_t child = CHILD({
        char c;

        alarm(1);
        read(p.slave, &c, 1);
    });

    CHECK_KILLED(child, SIGALRM);
}

static void nothing(int sig)
{
    (void)sig;
}

TEST(terminal, a_handler_without_restart_gives_eintr)
{
    struct pty p = pty_open();
    struct sigaction action = {.sa_handler = nothing};
    struct itimerval {
        struct timeval interval, value;
    } soon = {.value = {.tv_usec = 50000}};
    char c;

    CHECK_OK(sigaction(SIGALRM, &action, NULL));
    CHECK_OK(syscall(SYS_setitimer, 0, &soon, NULL));
    CHECK_ERR(read(p.slave, &c, 1), EINTR);
    action.sa_flags = SA_RESTART;
    CHECK_OK(sigaction(SIGALRM, &action, NULL));
    CHECK_OK(syscall(SYS_setitimer, 0, &soon, NULL));
    pid_t child = CHILD({
        test_sleep_ms(200);
        pty_type(&p, "r\n");
    });
    PTY_READS(p.slave, "r\n");
    CHECK_EXIT(child, 0);
}

TEST(terminal, a_stopped_terminal_takes_no_output)
{
    struct pty p = pty_open();
    char got[8];

    CHECK_OK(tcflow(p.slave, TCOOFF));
    CHECK_OK(fcntl(p.slave, F_SETFL, O_NONBLOCK));
    CHECK_ERR(write(p.slave, "x", 1), EAGAIN);
    CHECK_OK(tcflow(p.slave, TCOON));
    CHECK_EQ(write(p.slave, "x", 1), 1);
    CHECK_EQ(read(p.master, got, sizeof got), 1);
    CHECK_ERR(tcflow(p.slave, 9), EINVAL);
}

TEST(terminal, the_stop_key_holds_writers)
{
    struct pty p = pty_open();
    pid_t child;

    pty_type(&p, "\023");
    test_sleep_ms(30);
    child = CHILD({ CHECK_EQ(write(p.slave, "late", 4), 4); });
    PTY_SILENT(p.master);
    pty_type(&p, "\021");
    PTY_SHOWS(p.master, "late");
    CHECK_EXIT(child, 0);
}

TEST(terminal, ixany_starts_with_any_key)
{
    struct pty p = pty_open();
    struct termios mode = pty_mode(p.slave);

    mode.c_iflag |= IXANY;
    CHECK_OK(tcsetattr(p.slave, TCSANOW, &mode));
    CHECK_OK(fcntl(p.slave, F_SETFL, O_NONBLOCK));
    pty_type(&p, "\023");
    test_sleep_ms(30);
    CHECK_ERR(write(p.slave, "x", 1), EAGAIN);
    pty_type(&p, "k");
    PTY_SHOWS(p.master, "k");
    CHECK_EQ(write(p.slave, "x", 1), 1);
}

TEST(terminal, what_was_written_before_a_stop_is_read)
{
    struct pty p = pty_open();

    CHECK_EQ(write(p.slave, "before", 6), 6);
    CHECK_OK(tcflow(p.slave, TCOOFF));
    PTY_READS(p.master, "before");
}

TEST(terminal, the_stop_character_can_be_sent)
{
    struct pty p = pty_open();

    CHECK_OK(tcflow(p.slave, TCIOFF));
    PTY_READS(p.master, "\023");
    CHECK_OK(tcflow(p.slave, TCION));
    PTY_READS(p.master, "\021");
}

TEST(terminal, drain_and_break_return_at_once)
{
    struct pty p = pty_open();

    CHECK_EQ(write(p.slave, "x", 1), 1);
    CHECK_OK(tcdrain(p.slave));
    CHECK_OK(tcsendbreak(p.slave, 0));
    PTY_READS(p.master, "x");
}

TEST(terminal, a_pty_is_always_eight_bits)
{
    struct pty p = pty_open();
    struct termios mode = pty_mode(p.slave);

    mode.c_cflag = (mode.c_cflag & ~(tcflag_t)(CSIZE | CREAD)) | CS5 | PARENB | CSTOPB | HUPCL;
    CHECK_OK(tcsetattr(p.slave, TCSANOW, &mode));
    mode = pty_mode(p.slave);
    CHECK_EQ(mode.c_cflag & (CSIZE | PARENB | CREAD), CS8 | CREAD);
    CHECK_EQ(mode.c_cflag & (CSTOPB | HUPCL), CSTOPB | HUPCL);
}

TEST(terminal, speeds_are_kept_in_numbers)
{
    struct pty p = pty_open();
    struct kernel_termios2 mode;

    CHECK_OK(ioctl(p.slave, GET2, &mode));
    CHECK_EQ(mode.ispeed, 38400);
    CHECK_EQ(mode.ospeed, 38400);
    mode.cflag = (mode.cflag & ~010017u) | 010000; /* BOTHER */
    mode.ispeed = mode.ospeed = 12345;
    CHECK_OK(ioctl(p.slave, SET2, &mode));
    memset(&mode, 0, sizeof mode);
    CHECK_OK(ioctl(p.slave, GET2, &mode));
    CHECK_EQ(mode.ospeed, 12345);
    CHECK_EQ(mode.ispeed, 12345);
}

TEST(terminal, speeds_follow_their_codes)
{
    struct pty p = pty_open();
    struct termios mode = pty_mode(p.slave);
    struct kernel_termios2 seen;

    CHECK_OK(cfsetospeed(&mode, B115200));
    CHECK_OK(tcsetattr(p.slave, TCSANOW, &mode));
    CHECK_OK(ioctl(p.slave, GET2, &seen));
    CHECK_EQ(seen.ospeed, 115200);
    CHECK_EQ(seen.ispeed, 115200);
    CHECK_EQ(cfgetospeed(&mode), B115200);
}

TEST(terminal, the_old_attributes_work_too)
{
    struct pty p = pty_open();
    struct kernel_termio old;

    CHECK_OK(ioctl(p.slave, 0x5405, &old)); /* TCGETA */
    CHECK_EQ(old.lflag, 0x8a3b);
    old.lflag &= (unsigned short)~ECHO;
    CHECK_OK(ioctl(p.slave, 0x5406, &old)); /* TCSETA */
    CHECK_EQ(pty_mode(p.slave).c_lflag & ECHO, 0);
    CHECK_EQ(pty_mode(p.slave).c_iflag, ICRNL | IXON);
}

TEST(terminal, bad_addresses_are_refused)
{
    struct pty p = pty_open();

    CHECK_ERR(ioctl(p.slave, TCGETS, (void *)16), EFAULT);
    CHECK_ERR(ioctl(p.slave, TCSETS, (void *)16), EFAULT);
    CHECK_ERR(ioctl(p.slave, TIOCGWINSZ, (void *)16), EFAULT);
    CHECK_ERR(ioctl(p.slave, TIOCSWINSZ, (void *)16), EFAULT);
    CHECK_ERR(ioctl(p.slave, FIONREAD, (void *)16), EFAULT);
}

TEST(terminal, unknown_requests_are_enotty)
{
    struct pty p = pty_open();
    int n = 0;

    CHECK_ERR(ioctl(p.slave, 0x54ff, &n), ENOTTY);
    CHECK_ERR(ioctl(p.master, 0x54ff, &n), ENOTTY);
    CHECK_ERR(ioctl(p.slave, TIOCMGET, &n), ENOTTY);
}

TEST(terminal, line_disciplines)
{
    struct pty p = pty_open();
    int which = 9;

    CHECK_OK(ioctl(p.slave, TIOCGETD, &which));
    CHECK_EQ(which, 0);
    CHECK_OK(ioctl(p.slave, TIOCSETD, &which));
    which = 29;
    CHECK_ERR(ioctl(p.slave, TIOCSETD, &which), EINVAL);
}

TEST(terminal, a_pty_has_no_size_at_first)
{
    struct pty p = pty_open();
    struct winsize size = {1, 1, 1, 1}, set = {24, 80, 640, 480};

    CHECK_OK(ioctl(p.slave, TIOCGWINSZ, &size));
    CHECK_EQ(size.ws_row + size.ws_col + size.ws_xpixel + size.ws_ypixel, 0);
    CHECK_OK(ioctl(p.master, TIOCSWINSZ, &set));
    CHECK_OK(ioctl(p.slave, TIOCGWINSZ, &size));
    CHECK_MEM(&size, &set, sizeof set);
    CHECK_OK(ioctl(p.master, TIOCGWINSZ, &size));
    CHECK_MEM(&size, &set, sizeof set);
}

static volatile sig_atomic_t winches;

static void on_winch(int sig)
{
    (void)sig;
    winches++;
}

TEST(terminal, a_new_size_is_a_signal)
{
    struct pty p = pty_open();

    CHECK_IN_CHILD({
        struct winsize size = {10, 20, 0, 0};

        pty_login(&p);
        signal(SIGWINCH, on_winch);
        CHECK_OK(ioctl(p.slave, TIOCSWINSZ, &size));
        CHECK_EQ(winches, 1);
        CHECK_OK(ioctl(p.slave, TIOCSWINSZ, &size));
        CHECK_EQ(winches, 1);
        size.ws_row++;
        CHECK_OK(ioctl(p.master, TIOCSWINSZ, &size));
        CHECK_EQ(winches, 2);
    });
}

TEST(terminal, poll_of_both_sides)
{
    struct pty p = pty_open();
    struct pollfd both[2] = {{.fd = p.master, .events = POLLIN}, {.fd = p.slave, .events = POLLIN}};

    CHECK_EQ(poll(both, 2, 0), 0);
    pid_t child = CHILD({
        test_sleep_ms(50);
        CHECK_EQ(write(p.slave, "x", 1), 1);
    });
    CHECK_EQ(poll(both, 2, 3000), 1);
    CHECK_EQ(both[0].revents, POLLIN);
    CHECK_EQ(both[1].revents, 0);
    CHECK_EXIT(child, 0);
}
