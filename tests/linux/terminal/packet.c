/* Packet mode: what a master is told of the slave's queues and flow. */
#include "pty.h"

static struct pty packet_pty(void)
{
    struct pty p = pty_open();
    int on = 1, is = 0;

    CHECK_OK(ioctl(p.master, TIOCPKT, &on));
    CHECK_OK(ioctl(p.master, TIOCGPKT, &is));
    CHECK_EQ(is, 1);
    return p;
}

/* The next read of the master is this status byte alone. */
#define CHECK_STATUS(p, wanted)                                                                    \
    do {                                                                                           \
        unsigned char got[64];                                                                     \
        CHECK(pty_comes((p).master, 2000));                                                        \
        CHECK_EQ(read((p).master, got, sizeof got), 1);                                            \
        CHECK_EQ(got[0], wanted);                                                                  \
    } while (0)

TEST(terminal, data_comes_behind_a_zero)
{
    struct pty p = packet_pty();
    char got[16];

    CHECK_EQ(write(p.slave, "abc", 3), 3);
    CHECK_EQ(read(p.master, got, sizeof got), 4);
    CHECK_MEM(got, "\0abc", 4);
    CHECK_EQ(write(p.slave, "abc", 3), 3);
    CHECK_EQ(read(p.master, got, 2), 2);
    CHECK_MEM(got, "\0a", 2);
    CHECK_EQ(read(p.master, got, sizeof got), 3);
    CHECK_MEM(got, "\0bc", 3);
}

TEST(terminal, a_flush_of_the_slave_is_told)
{
    struct pty p = packet_pty();

    CHECK_OK(tcflush(p.slave, TCIFLUSH));
    CHECK_STATUS(p, TIOCPKT_FLUSHREAD);
    CHECK_OK(tcflush(p.slave, TCOFLUSH));
    CHECK_STATUS(p, TIOCPKT_FLUSHWRITE);
    CHECK_OK(tcflush(p.slave, TCIOFLUSH));
    CHECK_STATUS(p, TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
    PTY_SILENT(p.master);
}

TEST(terminal, a_status_is_polled_as_priority)
{
    struct pty p = packet_pty();
    struct pollfd one = {.fd = p.master, .events = POLLIN | POLLPRI};

    CHECK_EQ(poll(&one, 1, 0), 0);
    CHECK_OK(tcflush(p.slave, TCIFLUSH));
    CHECK_EQ(poll(&one, 1, 0), 1);
    CHECK_EQ(one.revents, POLLIN | POLLPRI);
    CHECK_STATUS(p, TIOCPKT_FLUSHREAD);
    CHECK_EQ(poll(&one, 1, 0), 0);
}

TEST(terminal, a_status_comes_before_data)
{
    struct pty p = packet_pty();
    char got[16];

    CHECK_EQ(write(p.slave, "x", 1), 1);
    CHECK_OK(tcflush(p.slave, TCIFLUSH));
    CHECK_STATUS(p, TIOCPKT_FLUSHREAD);
    CHECK_EQ(read(p.master, got, sizeof got), 2);
    CHECK_MEM(got, "\0x", 2);
}

TEST(terminal, stop_and_start_are_told)
{
    struct pty p = packet_pty();

    CHECK_OK(tcflow(p.slave, TCOOFF));
    CHECK_STATUS(p, TIOCPKT_STOP);
    CHECK_OK(tcflow(p.slave, TCOON));
    CHECK_STATUS(p, TIOCPKT_START);
    CHECK_OK(tcflow(p.slave, TCOOFF));
    CHECK_OK(tcflow(p.slave, TCOON));
    CHECK_STATUS(p, TIOCPKT_START);
}

TEST(terminal, the_stop_key_is_told)
{
    struct pty p = packet_pty();

    pty_type(&p, "\023");
    CHECK_STATUS(p, TIOCPKT_STOP);
    pty_type(&p, "\021");
    CHECK_STATUS(p, TIOCPKT_START);
}

TEST(terminal, flow_control_by_other_keys_is_told)
{
    struct pty p = packet_pty();
    struct termios mode = pty_mode(p.slave), usual = mode;

    mode.c_iflag &= ~(tcflag_t)IXON;
    CHECK_OK(tcsetattr(p.slave, TCSANOW, &mode));
    CHECK_STATUS(p, TIOCPKT_NOSTOP);
    CHECK_OK(tcsetattr(p.slave, TCSANOW, &usual));
    CHECK_STATUS(p, TIOCPKT_DOSTOP);
    usual.c_cc[VSTOP] = 1;
    CHECK_OK(tcsetattr(p.slave, TCSANOW, &usual));
    CHECK_STATUS(p, TIOCPKT_NOSTOP);
    usual.c_lflag &= ~(tcflag_t)ECHO;
    CHECK_OK(tcsetattr(p.slave, TCSANOW, &usual));
    PTY_SILENT(p.master);
}

TEST(terminal, attributes_are_told_with_extproc)
{
    struct pty p = packet_pty();

    pty_local(p.slave, 0, EXTPROC);
    CHECK_STATUS(p, TIOCPKT_IOCTL);
    pty_local(p.slave, ECHO, 0);
    CHECK_STATUS(p, TIOCPKT_IOCTL);
    pty_local(p.slave, EXTPROC, 0);
    CHECK_STATUS(p, TIOCPKT_IOCTL);
    pty_local(p.slave, 0, ECHO);
    PTY_SILENT(p.master);
}

TEST(terminal, an_interrupt_tells_of_both_flushes)
{
    struct pty p = packet_pty();

    pty_local(p.slave, ECHO, 0);
    pty_type(&p, "lost\003");
    CHECK_STATUS(p, TIOCPKT_FLUSHREAD | TIOCPKT_FLUSHWRITE);
}

TEST(terminal, what_was_before_packet_mode_is_not_told)
{
    struct pty p = pty_open();
    int on = 1, off = 0;

    CHECK_OK(tcflush(p.slave, TCIFLUSH));
    CHECK_OK(ioctl(p.master, TIOCPKT, &on));
    PTY_SILENT(p.master);
    CHECK_OK(ioctl(p.master, TIOCPKT, &off));
    CHECK_EQ(write(p.slave, "y", 1), 1);
    PTY_READS(p.master, "y");
}

TEST(terminal, a_masters_flush_drops_what_it_has_not_read)
{
    struct pty p = packet_pty();

    pty_local(p.slave, ECHO | ICANON, 0);
    pty_type(&p, "kept");
    CHECK(pty_comes(p.slave, 2000));
    CHECK_OK(tcflush(p.master, TCOFLUSH));
    PTY_READS(p.slave, "kept");
    CHECK_EQ(write(p.slave, "gone too", 8), 8);
    CHECK(pty_comes(p.master, 2000));
    CHECK_OK(tcflush(p.master, TCIFLUSH));
    PTY_SILENT(p.master);
}
