/*
 * Terminals: which ioctl does what. See tty_state.h. Source: ioctl_tty(2), and tty_ioctl() of Linux
 * 6.1.
 */
#include <asm/termbits.h>
#include <asm/termios.h>
#include <linux/tty.h>

#include "tty_state.h"

static int64_t put_int(struct task *t, uint64_t arg, int32_t value)
{
    return copy_out(t->mm, arg, &value, sizeof value);
}

static int64_t readable_count(struct task *t, struct file *f, uint64_t arg)
{
    uint32_t state, readable = 0, number = tty_of(f)->number;
    int64_t err = console_errno(
        tty_is_master(f) ? console_master_ready(server.console, number, &state, &readable)
                         : console_tty_ready(server.console, number, &state, &readable));

    return err ? err : put_int(t, arg, (int32_t)readable);
}

/* TIOCOUTQ. What is written to a pty is with the other side at once. */
static int64_t pending_count(struct task *t, struct file *f, uint64_t arg)
{
    uint32_t bytes = 0;
    int64_t err = 0;

    if (!tty_is_pty(tty_of(f)))
        err = console_errno(console_tty_pending(server.console, tty_of(f)->number, &bytes));
    return err ? err : put_int(t, arg, (int32_t)bytes);
}

/* TIOCSTI. Source: tiocsti(). */
static int64_t type_for(struct task *t, struct file *f, uint64_t arg)
{
    struct tty *tty = tty_of(f);
    uint8_t byte;
    int64_t err;

    if ((tty_is_master(f) || t->process->tty != (int)tty->number) &&
        !cred_capable(&t->cred, CAP_SYS_ADMIN))
        return -EPERM;
    err = copy_in(t->mm, &byte, arg, sizeof byte);
    if (err)
        return err;
    return console_errno(tty_is_master(f) ? console_tty_send(server.console, tty->number, byte)
                                          : console_tty_type(server.console, tty->number, byte));
}

/* TIOCSETD: there is one line discipline. */
static int64_t set_discipline(struct task *t, struct file *f, uint64_t arg)
{
    int32_t which;
    int64_t err = tty_drain(t, f);

    if (!err)
        err = copy_in(t->mm, &which, arg, sizeof which);
    return err || which == N_TTY ? err : -EINVAL;
}

/* TIOCEXCL, TIOCNXCL. */
static int64_t set_exclusive(struct file *f, bool on)
{
    mutex_lock(&tasks_lock);
    tty_of(f)->exclusive = on;
    mutex_unlock(&tasks_lock);
    return 0;
}

static int64_t hang_up(struct task *t, struct file *f)
{
    if (!cred_capable(&t->cred, CAP_SYS_ADMIN))
        return -EPERM;
    if (tty_is_master(f))
        return -EOPNOTSUPP; /* of a master: Linux makes the pty useless; nobody does that */
    tty_hang_up(tty_of(f));
    return 0;
}

static int64_t device_number(struct task *t, struct file *f, uint64_t arg)
{
    struct tty *tty = tty_of(f);

    return put_int(t, arg,
                   (int32_t)(tty_is_pty(tty) ? PTS_MAJOR << 8 | (tty->number - 1)
                                             : TTY_MAJOR << 8 | SERIAL_MINOR));
}

/* What is about processes, attributes and queues. */
static int64_t common_ioctl(struct task *t, struct file *f, uint32_t cmd, uint64_t arg)
{
    switch (cmd) {
    case TCGETS:
    case TCGETS2:
    case TCGETA:
        return tty_get_mode(t, f, cmd, arg);
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
    case TCSETS2:
    case TCSETSW2:
    case TCSETSF2:
    case TCSETA:
    case TCSETAW:
    case TCSETAF:
        return tty_set_mode(t, f, cmd, arg);
    case TIOCGWINSZ:
    case TIOCSWINSZ:
        return tty_winsize(t, f, arg, cmd == TIOCSWINSZ);
    case TIOCSCTTY:
        return tty_take(t, f, arg == 1);
    case TIOCNOTTY:
        return tty_give_up(t, f);
    case TIOCGPGRP:
        return tty_get_group(t, f, arg);
    case TIOCGSID:
        return tty_get_session(t, f, arg);
    case TIOCSPGRP:
        return tty_set_group(t, f, arg);
    case TCFLSH:
        return tty_flush(t, f, arg);
    case TCXONC:
        return tty_flow(t, f, arg);
    default:
        return -ENOTTY;
    }
}

int64_t tty_ioctl(struct task *t, struct file *f, uint32_t cmd, uint64_t arg)
{
    if (tty_is_dead(f))
        return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
    switch (cmd) {
    case TCSBRK:
    case TCSBRKP:
    case TIOCSBRK:
        return tty_drain(t, f); /* a break has no meaning on either kind of line */
    case TIOCCBRK:
        return tty_is_master(f) ? 0 : tty_job_control(t, tty_of(f), SIGTTOU);
    case FIONREAD:
        return readable_count(t, f, arg);
    case TIOCOUTQ:
        return pending_count(t, f, arg);
    case TIOCSTI:
        return type_for(t, f, arg);
    case TIOCGETD:
        return put_int(t, arg, N_TTY);
    case TIOCSETD:
        return set_discipline(t, f, arg);
    case TIOCEXCL:
    case TIOCNXCL:
        return set_exclusive(f, cmd == TIOCEXCL);
    case TIOCGEXCL:
        return put_int(t, arg, tty_of(f)->exclusive);
    case TIOCVHANGUP:
        return hang_up(t, f);
    case TIOCGDEV:
        return device_number(t, f, arg);
    case TIOCGSOFTCAR:
    case TIOCSSOFTCAR:
        return tty_soft_carrier(t, f, arg, cmd == TIOCSSOFTCAR);
    case TIOCGPTPEER:
        return tty_is_master(f) ? pty_master_ioctl(t, f, cmd, arg) : -EIO;
    default:
        break;
    }
    int64_t r = common_ioctl(t, f, cmd, arg);

    return r == -ENOTTY && tty_is_master(f) ? pty_master_ioctl(t, f, cmd, arg) : r;
}
