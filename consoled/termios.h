/*
 * Linux's terminal modes: the bits and indices of struct termios as programs set them.
 *
 * The names are Linux's with a prefix, so that a host test may include <termios.h> beside this.
 * Source: include/uapi/asm-generic/termbits.h.
 */
#pragma once

enum tty_iflag {
    TTY_IGNBRK = 0x0001,
    TTY_BRKINT = 0x0002,
    TTY_IGNPAR = 0x0004,
    TTY_PARMRK = 0x0008,
    TTY_INPCK = 0x0010,
    TTY_ISTRIP = 0x0020,
    TTY_INLCR = 0x0040,
    TTY_IGNCR = 0x0080,
    TTY_ICRNL = 0x0100,
    TTY_IUCLC = 0x0200,
    TTY_IXON = 0x0400,
    TTY_IXANY = 0x0800,
    TTY_IXOFF = 0x1000,
    TTY_IMAXBEL = 0x2000,
    TTY_IUTF8 = 0x4000,
};

enum tty_oflag {
    TTY_OPOST = 0x0001,
    TTY_OLCUC = 0x0002,
    TTY_ONLCR = 0x0004,
    TTY_OCRNL = 0x0008,
    TTY_ONOCR = 0x0010,
    TTY_ONLRET = 0x0020,
    TTY_TABDLY = 0x1800,
    TTY_XTABS = 0x1800,
};

enum tty_cflag {
    TTY_B38400 = 0x000f,
    TTY_CS8 = 0x0030,
    TTY_CREAD = 0x0080,
    TTY_HUPCL = 0x0400,
};

/* What a pty's master reads first in packet mode. Source: include/uapi/asm-generic/ioctls.h. */
enum tty_packet {
    TTY_PACKET_DATA = 0,
    TTY_PACKET_FLUSHREAD = 1,
    TTY_PACKET_FLUSHWRITE = 2,
    TTY_PACKET_STOP = 4,
    TTY_PACKET_START = 8,
    TTY_PACKET_NOSTOP = 16,
    TTY_PACKET_DOSTOP = 32,
    TTY_PACKET_IOCTL = 64,
};

enum tty_lflag {
    TTY_ISIG = 0x0001,
    TTY_ICANON = 0x0002,
    TTY_ECHO = 0x0008,
    TTY_ECHOE = 0x0010,
    TTY_ECHOK = 0x0020,
    TTY_ECHONL = 0x0040,
    TTY_NOFLSH = 0x0080,
    TTY_TOSTOP = 0x0100,
    TTY_ECHOCTL = 0x0200,
    TTY_ECHOPRT = 0x0400,
    TTY_ECHOKE = 0x0800,
    TTY_IEXTEN = 0x8000,
    TTY_EXTPROC = 0x10000,
};

enum tty_cc {
    TTY_VINTR = 0,
    TTY_VQUIT = 1,
    TTY_VERASE = 2,
    TTY_VKILL = 3,
    TTY_VEOF = 4,
    TTY_VTIME = 5,
    TTY_VMIN = 6,
    TTY_VSWTC = 7,
    TTY_VSTART = 8,
    TTY_VSTOP = 9,
    TTY_VSUSP = 10,
    TTY_VEOL = 11,
    TTY_VREPRINT = 12,
    TTY_VDISCARD = 13,
    TTY_VWERASE = 14,
    TTY_VLNEXT = 15,
    TTY_VEOL2 = 16,
    TTY_NCC = 19,
};
