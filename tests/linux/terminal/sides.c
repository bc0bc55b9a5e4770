/* The two sides of a pty: bytes from one to the other, and what one side's end means for the other. */
#include "pty.h"

TEST(terminal, what_the_slave_writes_the_master_reads)
{
    struct pty p = pty_open();

    CHECK_EQ(write(p.slave, "hello\n", 6), 6);
    PTY_SHOWS(p.master, "hello\r\n");
    PTY_SILENT(p.master);
}

TEST(terminal, what_the_master_writes_is_echoed_and_read)
{
    struct pty p = pty_open();

    pty_type(&p, "typed\r");
    PTY_SHOWS(p.master, "typed\r\n");
    PTY_READS(p.slave, "typed\n");
}

TEST(terminal, typing_before_the_slave_is_opened_is_kept)
{
    int fd = CHECK_FD(open("/dev/ptmx", O_RDWR | O_NOCTTY)), slave, unlock = 0;

    CHECK_EQ(write(fd, "early\n", 6), 6);
    PTY_SHOWS(fd, "early\r\n");
    CHECK_OK(ioctl(fd, TIOCSPTLCK, &unlock));
    slave = CHECK_FD(ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY));
    PTY_READS(slave, "early\n");
}

TEST(terminal, the_master_waits_before_the_first_slave)
{
    int fd = CHECK_FD(open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK));
    struct pollfd one = {.fd = fd, .events = POLLIN | POLLOUT};
    char c;

    CHECK_ERR(read(fd, &c, 1), EAGAIN);
    CHECK_EQ(poll(&one, 1, 0), 1);
    CHECK_EQ(one.revents, POLLOUT);
}

TEST(terminal, the_master_gets_eio_after_the_last_slave)
{
    struct pty p = pty_open();
    int other = CHECK_FD(dup(p.slave)), again = CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
    struct pollfd one = {.fd = p.master, .events = POLLIN};
    char c;

    CHECK_EQ(write(p.slave, "last", 4), 4);
    close(p.slave);
    close(other);
    CHECK_EQ(poll(&one, 1, 0), 1);
    CHECK_EQ(one.revents, POLLIN);
    close(again);
    CHECK_EQ(poll(&one, 1, 0), 1);
    CHECK_EQ(one.revents, POLLIN | POLLHUP);
    PTY_READS(p.master, "last");
    CHECK_ERR(read(p.master, &c, 1), EIO);
    CHECK_EQ(poll(&one, 1, 0), 1);
    CHECK_EQ(one.revents, POLLHUP);
}

TEST(terminal, a_slave_that_comes_back_ends_the_eio)
{
    struct pty p = pty_open();
    char c;

    close(p.slave);
    CHECK_ERR(read(p.master, &c, 1), EIO);
    p.slave = CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
    CHECK_EQ(write(p.slave, "back", 4), 4);
    PTY_READS(p.master, "back");
    PTY_SILENT(p.master);
}

TEST(terminal, modes_and_input_outlive_the_last_slave)
{
    struct pty p = pty_open();

    pty_raw(p.slave, 1, 0);
    close(p.slave);
    pty_type(&p, "kept");
    p.slave = CHECK_FD(open(p.name, O_RDWR | O_NOCTTY));
    CHECK_EQ(pty_mode(p.slave).c_lflag & ICANON, 0);
    PTY_READS(p.slave, "kept");
}

TEST(terminal, a_waiting_master_is_woken_by_the_last_close)
{
    for (int i = 0; i < 20; i++) {
        struct pty p = pty_open();
        pid_t child = CHILD({
            char c;

            close(p.slave);
            CHECK_ERR(read(p.master, &c, 1), EIO);
        });

        if (i % 2)
            test_sleep_ms(5);
        close(p.slave);
        CHECK_EXIT(child, 0);
        close(p.master);
    }
}

TEST(terminal, a_waiting_slave_is_woken_by_the_masters_end)
{
    for (int i = 0; i < 20; i++) {
        struct pty p = pty_open();
        pid_t child = CHILD({
            char c;
            ssize_t n;

            close(p.master);
            n = read(p.slave, &c, 1);
            CHECK(n == 0 || (n < 0 && errno == EIO));
            while ((n = read(p.slave, &c, 1)) < 0) /* the master's close is not done yet */
                CHECK_EQ(errno, EIO);
            CHECK_EQ(n, 0);
        });

        if (i % 2)
            test_sleep_ms(5);
        close(p.master);
        CHECK_EXIT(child, 0);
        close(p.slave);
    }
}

TEST(terminal, a_slave_without_master_is_hung_up)
{
    struct pty p = pty_open();
    struct pollfd one = {.fd = p.slave, .events = POLLIN | POLLOUT};
    struct termios mode;
    int group = 1;
    char c;

    pty_type(&p, "lost\n");
    PTY_SHOWS(p.master, "lost\r\n");
    close(p.master);
    CHECK_EQ(read(p.slave, &c, 1), 0);
    CHECK_ERR(write(p.slave, "x", 1), EIO);
    CHECK_EQ(poll(&one, 1, 0), 1);
    CHECK_EQ(one.revents, POLLIN | POLLOUT | POLLERR | POLLHUP);
    CHECK_ERR(tcgetattr(p.slave, &mode), EIO);
    CHECK_ERR(ioctl(p.slave, TIOCSPGRP, &group), ENOTTY);
    CHECK_ERR(open(p.name, O_RDWR), ENOENT);
}

TEST(terminal, a_hung_up_slave_opens_again_by_no_path)
{
    struct pty p = pty_open();
    char path[64];

    snprintf(path, sizeof path, "/proc/self/fd/%d", p.slave);
    close(p.master);
    CHECK_ERR(open(path, O_RDWR | O_NOCTTY), EIO);
}

TEST(terminal, the_masters_number_is_no_terminal_of_its_own)
{
    struct pty p = pty_open();
    struct termios mode = pty_mode(p.master);

    /* A master's attributes are the slave's. */
    mode.c_lflag &= ~(tcflag_t)ECHO;
    CHECK_OK(tcsetattr(p.master, TCSANOW, &mode));
    CHECK_EQ(pty_mode(p.slave).c_lflag & ECHO, 0);
}

TEST(terminal, fifty_ptys_at_once)
{
    struct pty p[50];

    for (int i = 0; i < 50; i++)
        p[i] = pty_open();
    for (int i = 0; i < 50; i++) {
        char text[8];

        snprintf(text, sizeof text, "n%d", i);
        CHECK_EQ(write(p[i].slave, text, strlen(text)), (ssize_t)strlen(text));
    }
    for (int i = 49; i >= 0; i--) {
        char text[8];

        snprintf(text, sizeof text, "n%d", i);
        PTY_READS(p[i].master, text);
        close(p[i].slave);
        close(p[i].master);
    }
}

/* Writes `size` bytes, each told by its place, `piece` at a time. */
static void pour(int fd, int size, int piece)
{
    char out[2000];

    for (int done = 0; done < size;) {
        int n = size - done < piece ? size - done : piece;

        for (int i = 0; i < n; i++)
            out[i] = (char)((done + i) * 7);
        CHECK_EQ(write(fd, out, (size_t)n), n);
        done += n;
    }
}

/* Reads as many, at most `piece` at a time, and looks at each. */
static void drink(int fd, int size, size_t piece)
{
    char in[3000];

    for (int at = 0; at < size;) {
        ssize_t n = read(fd, in, piece);

        CHECK_GT(n, 0);
        for (ssize_t i = 0; i < n; i++, at++)
            CHECK_EQ(in[i], (char)(at * 7));
    }
}

TEST(terminal, a_pty_carries_a_megabyte_unharmed)
{
    struct pty p = pty_open();
    pid_t child;

    pty_raw(p.slave, 1, 0);
    child = CHILD(pour(p.slave, 1 << 20, 2000));
    close(p.slave);
    drink(p.master, 1 << 20, 3000);
    CHECK_EXIT(child, 0);
}

TEST(terminal, typing_a_lot_reaches_a_slow_reader)
{
    struct pty p = pty_open();
    pid_t child;

    pty_raw(p.slave, 1, 0);
    child = CHILD(pour(p.master, 200000, 1500));
    drink(p.slave, 200000, 777);
    CHECK_EXIT(child, 0);
}

TEST(terminal, a_full_pty_is_not_writable)
{
    struct pty p = pty_open();
    struct pollfd out = {.fd = p.slave, .events = POLLOUT};
    char block[1024] = {0};
    size_t total = 0;
    ssize_t n;

    pty_raw(p.slave, 1, 0);
    CHECK_OK(fcntl(p.slave, F_SETFL, O_NONBLOCK));
    while ((n = write(p.slave, block, sizeof block)) > 0)
        total += (size_t)n;
    CHECK_EQ(errno, EAGAIN);
    CHECK_GE(total, 4096);
    CHECK_EQ(poll(&out, 1, 0), 0);
    CHECK_OK(fcntl(p.master, F_SETFL, O_NONBLOCK));
    while ((n = read(p.master, block, sizeof block)) > 0)
        total -= (size_t)n;
    CHECK_EQ(total, 0);
    CHECK_EQ(poll(&out, 1, 2000), 1);
}
