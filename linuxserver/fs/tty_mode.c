/*
 * Terminals: attributes, window size, queues and flow. See tty_state.h. Source: tty_ioctl.c of
 * Linux 6.1.
 */
#include <jg/rt/string.h>

#include <asm/termbits.h>
#include <asm/termios.h>

#include "tty_state.h"

#define PTY_FORCED (CS8 | CREAD) /* in c_cflag, whatever is asked */

static int64_t get(struct file *f, struct console_termios *mode)
{
    struct console_winsize size;

    return console_errno(console_tty_get(server.console, tty_of(f)->number, mode, &size));
}

/* Bits per second of a CBAUD code; `other` for BOTHER. Source: tty_termios_baud_rate(). */
static uint32_t baud_rate(uint32_t code, uint32_t other)
{
    static const uint32_t rates[] = {
        0,       50,      75,      110,     134,     150,     200,     300,
        600,     1200,    1800,    2400,    4800,    9600,    19200,   38400,
        57600,   115200,  230400,  460800,  500000,  576000,  921600,  1000000,
        1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
    };

    code &= CBAUD;
    if (code == BOTHER)
        return other;
    if (code & CBAUDEX)
        code = (code & ~(uint32_t)CBAUDEX) + 15;
    return code < sizeof rates / sizeof *rates ? rates[code] : 0;
}

static void set_speeds(struct console_termios *mode)
{
    uint32_t input = mode->cflag >> IBSHIFT & CBAUD;

    mode->ospeed = baud_rate(mode->cflag, mode->ospeed);
    mode->ispeed = input ? baud_rate(input, mode->ispeed) : mode->ospeed;
}

/* struct termio: the low halves, and eight characters. */
static int64_t get_old(struct task *t, const struct console_termios *mode, uint64_t arg)
{
    struct termio out = {
        .c_iflag = (uint16_t)mode->iflag,
        .c_oflag = (uint16_t)mode->oflag,
        .c_cflag = (uint16_t)mode->cflag,
        .c_lflag = (uint16_t)mode->lflag,
        .c_line = mode->line,
    };

    memcpy(out.c_cc, mode->cc, sizeof out.c_cc);
    return copy_out(t->mm, arg, &out, sizeof out);
}

/* struct termios2, of which struct termios is the front part. */
static int64_t get_new(struct task *t, const struct console_termios *mode, uint64_t arg,
                       size_t size)
{
    struct termios2 out = {
        .c_iflag = mode->iflag,
        .c_oflag = mode->oflag,
        .c_cflag = mode->cflag,
        .c_lflag = mode->lflag,
        .c_line = mode->line,
        .c_ispeed = mode->ispeed,
        .c_ospeed = mode->ospeed,
    };

    _Static_assert(sizeof out.c_cc == sizeof mode->cc, "asm-generic/termbits.h");
    memcpy(out.c_cc, mode->cc, sizeof out.c_cc);
    return copy_out(t->mm, arg, &out, size);
}

int64_t tty_get_mode(struct task *t, struct file *f, uint32_t cmd, uint64_t arg)
{
    struct console_termios mode;
    int64_t err = get(f, &mode);

    if (err)
        return err;
    if (cmd == TCGETA)
        return get_old(t, &mode, arg);
    return get_new(t, &mode, arg,
                   cmd == TCGETS2 ? sizeof(struct termios2) : sizeof(struct termios));
}

static int64_t read_old(struct task *t, struct console_termios *mode, uint64_t arg)
{
    struct termio in;
    int64_t err = copy_in(t->mm, &in, arg, sizeof in);

    if (err)
        return err;
    mode->iflag = (mode->iflag & 0xffff0000) | in.c_iflag;
    mode->oflag = (mode->oflag & 0xffff0000) | in.c_oflag;
    mode->cflag = (mode->cflag & 0xffff0000) | in.c_cflag;
    mode->lflag = (mode->lflag & 0xffff0000) | in.c_lflag;
    mode->line = in.c_line;
    memcpy(mode->cc, in.c_cc, sizeof in.c_cc);
    return 0;
}

static int64_t read_new(struct task *t, struct console_termios *mode, uint64_t arg, bool speeds)
{
    struct termios2 in = {0};
    int64_t err = copy_in(t->mm, &in, arg, speeds ? sizeof in : sizeof(struct termios));

    if (err)
        return err;
    mode->iflag = in.c_iflag;
    mode->oflag = in.c_oflag;
    mode->cflag = in.c_cflag;
    mode->lflag = in.c_lflag;
    mode->line = in.c_line;
    memcpy(mode->cc, in.c_cc, sizeof in.c_cc);
    if (speeds) {
        mode->ispeed = in.c_ispeed;
        mode->ospeed = in.c_ospeed;
    }
    return 0;
}

static uint32_t when_of(uint32_t cmd)
{
    switch (cmd) {
    case TCSETSF:
    case TCSETSF2:
    case TCSETAF:
        return CONSOLE_WHEN_FLUSH;
    case TCSETSW:
    case TCSETSW2:
    case TCSETAW:
        return CONSOLE_WHEN_DRAIN;
    default:
        return CONSOLE_WHEN_NOW;
    }
}

struct change {
    const struct tty *tty;
    const struct console_termios *mode;
    uint32_t when;
};

static int64_t try_change(void *arg)
{
    const struct change *c = arg;

    return console_errno(console_tty_set(server.console, c->tty->number, c->mode, c->when));
}

/* Waits where output must go first. Returns 0 or -errno. */
static int64_t apply(struct task *t, struct file *f, const struct console_termios *mode,
                     uint32_t when)
{
    struct tty *tty = tty_of(f);
    struct change change = {tty, mode, when};
    int64_t err = wait_attempt(t, &tty->wait, false, try_change, &change);

    if (!err)
        tty->lflag = mode->lflag;
    return err;
}

int64_t tty_set_mode(struct task *t, struct file *f, uint32_t cmd, uint64_t arg)
{
    bool old = cmd == TCSETA || cmd == TCSETAW || cmd == TCSETAF;
    bool speeds = cmd == TCSETS2 || cmd == TCSETSW2 || cmd == TCSETSF2;
    struct console_termios mode;
    int64_t err = tty_job_control(t, tty_of(f), SIGTTOU);

    if (!err)
        err = get(f, &mode);
    if (!err)
        err = old ? read_old(t, &mode, arg) : read_new(t, &mode, arg, speeds);
    if (err)
        return err;
    set_speeds(&mode);
    if (tty_is_pty(tty_of(f)))
        mode.cflag = (mode.cflag & ~(uint32_t)(CSIZE | PARENB)) | PTY_FORCED;
    return apply(t, f, &mode, when_of(cmd));
}

int64_t tty_winsize(struct task *t, struct file *f, uint64_t arg, bool set)
{
    struct console_termios mode;
    struct console_winsize size;
    struct tty *tty = tty_of(f);
    int64_t err;

    _Static_assert(sizeof size == sizeof(struct winsize), "asm-generic/termios.h");
    if (!set) {
        err = console_errno(console_tty_get(server.console, tty->number, &mode, &size));
        return err ? err : copy_out(t->mm, arg, &size, sizeof size);
    }
    err = copy_in(t->mm, &size, arg, sizeof size);
    if (!err)
        err = console_errno(console_tty_set_size(server.console, tty->number, &size));
    if (!err)
        tty_collect(tty); /* SIGWINCH is there when the call returns */
    return err;
}

int64_t tty_drain(struct task *t, struct file *f)
{
    struct console_termios mode;
    int64_t err;

    if (!tty_is_master(f) && (err = tty_job_control(t, tty_of(f), SIGTTOU)))
        return err;
    if (tty_is_pty(tty_of(f)))
        return 0; /* what was written is with the master already */
    err = get(f, &mode);
    if (!err)
        err = apply(t, f, &mode, CONSOLE_WHEN_DRAIN);
    return err == -ERESTARTSYS ? -EINTR : err;
}

/* The master's side of a queue is the slave's other one. */
int64_t tty_flush(struct task *t, struct file *f, uint64_t what)
{
    uint32_t number = tty_of(f)->number;
    int64_t err;

    if (!tty_is_master(f) && (err = tty_job_control(t, tty_of(f), SIGTTOU)))
        return err;
    if (what > TCIOFLUSH)
        return -EINVAL;
    return console_errno(tty_is_master(f)
                             ? console_master_flush(server.console, number, (uint32_t)what)
                             : console_tty_flush(server.console, number, (uint32_t)what));
}

/* TCIOFF and TCION: the stop or start character is sent. */
static int64_t send_flow_character(struct file *f, uint8_t byte)
{
    struct tty *tty = tty_of(f);
    uint32_t count;

    if (!byte)
        return 0;
    if (tty_is_master(f))
        return console_errno(console_master_write(server.console, tty->number, &byte, 1, &count));
    return console_errno(console_tty_send(server.console, tty->number, byte));
}

int64_t tty_flow(struct task *t, struct file *f, uint64_t how)
{
    struct console_termios mode;
    uint32_t number = tty_of(f)->number;
    int64_t err;

    if (!tty_is_master(f) && (err = tty_job_control(t, tty_of(f), SIGTTOU)))
        return err;
    switch (how) {
    case TCOOFF:
    case TCOON:
        return console_errno(tty_is_master(f)
                                 ? console_master_stop(server.console, number, how == TCOOFF)
                                 : console_tty_stop(server.console, number, how == TCOOFF));
    case TCIOFF:
    case TCION:
        if (tty_is_master(f)) /* its own attributes never change */
            return send_flow_character(f, how == TCIOFF ? 'S' & 31 : 'Q' & 31);
        err = get(f, &mode);
        return err ? err : send_flow_character(f, mode.cc[how == TCIOFF ? VSTOP : VSTART]);
    default:
        return -EINVAL;
    }
}

int64_t tty_soft_carrier(struct task *t, struct file *f, uint64_t arg, bool set)
{
    struct console_termios mode;
    int32_t on;
    int64_t err = get(f, &mode);

    if (err)
        return err;
    if (!set) {
        on = (mode.cflag & CLOCAL) != 0;
        return copy_out(t->mm, arg, &on, sizeof on);
    }
    err = copy_in(t->mm, &on, arg, sizeof on);
    if (err)
        return err;
    mode.cflag = (mode.cflag & ~(uint32_t)CLOCAL) | (on ? CLOCAL : 0);
    return apply(t, f, &mode, CONSOLE_WHEN_NOW);
}
