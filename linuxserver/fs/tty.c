/*
 * Terminals as files. See tty.h.
 *
 * Locks: a terminal's session and foreground group are guarded by tasks_lock; its attributes live in consoled.
 */
#include "tty.h"

#include <ipc/console_client.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <asm/termbits.h>
#include <server.h>
#include <signal.h>
#include <task.h>

#include "inode.h"

#define TTYS              1
#define CHUNK             4096ul
#define TTY_MINOR_CURRENT 0 /* /dev/tty */
#define TTY_MINOR_CONSOLE 1

struct tty {
    int session, group; /* 0: none */
    struct waitqueue wait;
    uint32_t lflag; /* as last seen: TOSTOP */
};

static struct tty ttys[TTYS] = {
    [0] = {.wait = {LIST_INIT(ttys[0].wait.waiters)}, .lflag = ICANON | ISIG | ECHO}};

static struct tty *tty_of(const struct file *f)
{
    return &ttys[f->cookie];
}

static int64_t console_errno(int32_t r)
{
    switch (r) {
    case 0:
        return 0;
    case CONSOLE_ERROR_INVAL:
        return -EINVAL;
    case CONSOLE_ERROR_WOULD_BLOCK:
        return -EAGAIN;
    default:
        return -EIO;
    }
}

static void send_group(struct tty *tty, int sig)
{
    siginfo_t info;

    siginfo_kernel(&info, sig);
    mutex_lock(&tasks_lock);
    if (tty->group)
        signal_send_group(tty->group, &info);
    mutex_unlock(&tasks_lock);
}

void tty_event(unsigned number)
{
    static const struct {
        uint32_t bit;
        int sig;
    } signals[] = {{CONSOLE_TTY_SIGNAL_INTR, SIGINT},
                   {CONSOLE_TTY_SIGNAL_QUIT, SIGQUIT},
                   {CONSOLE_TTY_SIGNAL_SUSP, SIGTSTP},
                   {CONSOLE_TTY_SIGNAL_WINCH, SIGWINCH},
                   {CONSOLE_TTY_SIGNAL_HUP, SIGHUP}};
    uint32_t pending = 0;

    if (number >= TTYS)
        return;
    if (!console_tty_signals(server.console, number, &pending)) {
        for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
            if (pending & signals[i].bit)
                send_group(&ttys[number], signals[i].sig);
        }
    }
    wait_wake(&ttys[number].wait);
}

/*
 * May a process touch its terminal now? A background group is sent `sig` instead, unless it ignores
 * or blocks it (then reading is EIO, writing goes through). Returns 0, -EIO or -ERESTARTSYS.
 */
static int64_t job_control(struct task *t, struct tty *tty, int sig)
{
    struct process *p = t->process;
    siginfo_t info;
    int64_t err = 0;

    mutex_lock(&tasks_lock);
    if (p->tty < 0 || tty != &ttys[p->tty] || !tty->group || p->pgid == tty->group)
        goto out;
    if ((t->blocked & sigbit(sig)) || t->sighand->action[sig - 1].handler == (uint64_t)SIG_IGN) {
        err = sig == SIGTTIN ? -EIO : 0;
    } else if (process_group_orphaned(p->pgid, p->sid)) {
        err = -EIO;
    } else {
        siginfo_kernel(&info, sig);
        signal_send_group(p->pgid, &info);
        err = -ERESTARTSYS;
    }
out:
    mutex_unlock(&tasks_lock);
    return err;
}

/* One attempt. Returns bytes (0: end of file), -EAGAIN, or -EIO. */
static int64_t read_once(struct file *f, struct io *io, uint8_t *buf, size_t size)
{
    size_t len = 0;
    int32_t r =
        console_tty_read(server.console, (uint32_t)f->cookie, (uint32_t)size, buf, size, &len);

    if (r)
        return console_errno(r);
    return len ? io_put(io, buf, len) : 0;
}

/* How a raw-mode read must wait: VMIN bytes, or VTIME tenths of a second. */
struct raw_rule {
    bool raw;
    size_t min;
    jg_time_t time;
};

static struct raw_rule raw_rule_of(const struct file *f)
{
    struct console_termios mode;
    struct console_winsize size;
    struct raw_rule rule = {0};

    if (console_tty_get(server.console, (uint32_t)f->cookie, &mode, &size))
        return rule;
    rule.raw = !(mode.lflag & ICANON);
    rule.min = mode.cc[VMIN];
    rule.time = mode.cc[VTIME] * (NS_PER_SEC / 10);
    return rule;
}

static int64_t tty_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct tty *tty = tty_of(f);
    size_t size = io->length < CHUNK ? io->length : CHUNK;
    struct raw_rule rule = raw_rule_of(f);
    jg_time_t deadline = JG_TIME_INFINITE;
    int64_t done = 0, n;
    struct waiter w;
    uint8_t *buf;

    (void)pos;
    if (!size)
        return 0;
    if ((n = job_control(t, tty, SIGTTIN)))
        return n;
    buf = rt_alloc(size);
    if (!buf)
        return -ENOMEM;
    if (rule.raw && !rule.min)
        deadline = rule.time ? time_monotonic() + rule.time : 0;
    wait_add(&tty->wait, &w, t);
    for (;;) {
        wait_prepare(t);
        n = read_once(f, io, buf, size - (size_t)done);
        if (n > 0) {
            done += n;
            if (!rule.raw || (size_t)done >= rule.min || (size_t)done >= size)
                break;
            if (rule.time)
                deadline = time_monotonic() + rule.time;
            continue;
        }
        if (n != -EAGAIN || (f->flags & O_NONBLOCK))
            break;
        if (deadline == 0 || (n = wait_sleep(t, deadline)) == -ETIMEDOUT) {
            n = 0;
            break;
        }
        if (n)
            break;
        if ((n = job_control(t, tty, SIGTTIN)))
            break;
    }
    wait_remove(&w);
    rt_free(buf);
    return done ? done : n;
}

/* Sends one chunk of output. Returns bytes or -errno. */
static int64_t send(struct task *t, struct file *f, const uint8_t *buf, size_t len)
{
    size_t done = 0;
    struct waiter w;
    int64_t err = 0;

    wait_add(&tty_of(f)->wait, &w, t);
    while (done < len) {
        uint32_t count = 0;

        wait_prepare(t);
        err = console_errno(
            console_tty_write(server.console, (uint32_t)f->cookie, buf + done, len - done, &count));
        done += count;
        if (!err)
            continue;
        if (err != -EAGAIN || (f->flags & O_NONBLOCK) || (err = wait_sleep(t, JG_TIME_INFINITE)))
            break;
    }
    wait_remove(&w);
    return done ? (int64_t)done : err;
}

static int64_t tty_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    size_t size = io->length < CHUNK ? io->length : CHUNK;
    int64_t done = 0, err;
    uint8_t *buf;

    (void)pos;
    if ((tty_of(f)->lflag & TOSTOP) && (err = job_control(t, tty_of(f), SIGTTOU)))
        return err;
    buf = rt_alloc(size ? size : 1);
    if (!buf)
        return -ENOMEM;
    while (io->length) {
        int64_t got = io_get(io, buf, size), sent = got > 0 ? send(t, f, buf, (size_t)got) : got;

        if (sent <= 0) {
            done = done ? done : sent;
            break;
        }
        done += sent;
        if (sent < got)
            break;
    }
    rt_free(buf);
    return done;
}

static uint32_t tty_poll(struct file *f, struct poll_table *table)
{
    uint32_t state = 0, readable = 0, mask = 0;

    poll_wait(table, &tty_of(f)->wait);
    if (console_tty_ready(server.console, (uint32_t)f->cookie, &state, &readable))
        return POLLERR;
    if (state & CONSOLE_READY_READABLE)
        mask |= POLLIN | POLLRDNORM;
    if (state & CONSOLE_READY_WRITABLE)
        mask |= POLLOUT | POLLWRNORM;
    if (state & CONSOLE_READY_HANGUP)
        mask |= POLLHUP;
    return mask;
}

/* The kernel's struct termios is termbits.h's with 19 control characters. */
static int64_t get_termios(struct task *t, struct file *f, uint64_t arg)
{
    struct console_termios mode;
    struct console_winsize size;
    struct termios out;
    int64_t err = console_errno(console_tty_get(server.console, (uint32_t)f->cookie, &mode, &size));

    if (err)
        return err;
    memset(&out, 0, sizeof out);
    out.c_iflag = mode.iflag;
    out.c_oflag = mode.oflag;
    out.c_cflag = mode.cflag;
    out.c_lflag = mode.lflag;
    out.c_line = mode.line;
    memcpy(out.c_cc, mode.cc, sizeof mode.cc);
    return copy_out(t->mm, arg, &out, sizeof out);
}

static int64_t set_termios(struct task *t, struct file *f, uint64_t arg, uint32_t when)
{
    struct console_termios mode;
    struct termios in;
    struct waiter w;
    int64_t err;

    if ((err = job_control(t, tty_of(f), SIGTTOU)) || (err = copy_in(t->mm, &in, arg, sizeof in)))
        return err;
    memset(&mode, 0, sizeof mode);
    mode.iflag = in.c_iflag;
    mode.oflag = in.c_oflag;
    mode.cflag = in.c_cflag;
    mode.lflag = in.c_lflag;
    mode.line = in.c_line;
    memcpy(mode.cc, in.c_cc, sizeof mode.cc);
    wait_add(&tty_of(f)->wait, &w, t);
    for (;;) {
        wait_prepare(t);
        err = console_errno(console_tty_set(server.console, (uint32_t)f->cookie, &mode, when));
        if (err != -EAGAIN || (err = wait_sleep(t, JG_TIME_INFINITE)))
            break;
    }
    wait_remove(&w);
    if (!err)
        tty_of(f)->lflag = mode.lflag;
    return err;
}

static int64_t winsize(struct task *t, struct file *f, uint64_t arg, bool set)
{
    struct console_termios mode;
    struct console_winsize size;
    int64_t err;

    if (set) {
        err = copy_in(t->mm, &size, arg, 8);
        return err ? err
                   : console_errno(
                         console_tty_set_size(server.console, (uint32_t)f->cookie, &size));
    }
    err = console_errno(console_tty_get(server.console, (uint32_t)f->cookie, &mode, &size));
    return err ? err : copy_out(t->mm, arg, &size, 8);
}

/* TIOCSCTTY. Source: ioctl_tty(2). */
static int64_t take_control(struct task *t, struct file *f, bool steal)
{
    struct process *p = t->process;
    struct tty *tty = tty_of(f);
    int64_t err = 0;

    mutex_lock(&tasks_lock);
    if (p->sid == p->pid && tty->session == p->sid)
        goto out;
    if (p->sid != p->pid || p->tty >= 0) {
        err = -EPERM;
        goto out;
    }
    if (tty->session) {
        if (!steal || !cred_capable(&t->cred, CAP_SYS_ADMIN)) {
            err = -EPERM;
            goto out;
        }
        LIST_FOR_EACH(it, &all_processes)
        {
            struct process *q = LIST_ENTRY(it, struct process, link);

            if (q->sid == tty->session)
                q->tty = -1;
        }
    }
    tty->session = p->sid;
    tty->group = p->pgid;
    p->tty = (int)f->cookie;
out:
    mutex_unlock(&tasks_lock);
    return err;
}

void tty_disown(struct process *p)
{
    siginfo_t hup, cont;
    struct tty *tty;

    if (p->tty < 0)
        return;
    tty = &ttys[p->tty];
    if (p->sid == p->pid && tty->session == p->sid) {
        siginfo_kernel(&hup, SIGHUP);
        siginfo_kernel(&cont, SIGCONT);
        if (tty->group) {
            signal_send_group(tty->group, &hup);
            signal_send_group(tty->group, &cont);
        }
        LIST_FOR_EACH(it, &all_processes)
        {
            struct process *q = LIST_ENTRY(it, struct process, link);

            if (q->sid == tty->session)
                q->tty = -1;
        }
        tty->session = tty->group = 0;
    }
    p->tty = -1;
}

int tty_device_of(const struct process *p)
{
    return p->tty < 0 ? 0 : 5 << 8 | TTY_MINOR_CONSOLE;
}

int tty_group_of(const struct process *p)
{
    return p->tty < 0 ? -1 : ttys[p->tty].group;
}

static int64_t set_group(struct task *t, struct file *f, uint64_t arg)
{
    struct tty *tty = tty_of(f);
    int32_t group;
    int64_t err;

    if ((err = job_control(t, tty, SIGTTOU)) || (err = copy_in(t->mm, &group, arg, sizeof group)))
        return err;
    if (group < 0)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    if (t->process->tty != (int)f->cookie || tty->session != t->process->sid)
        err = -ENOTTY;
    else if (!process_group_exists(group, t->process->sid))
        err = -EPERM;
    else
        tty->group = group;
    mutex_unlock(&tasks_lock);
    return err;
}

static int64_t get_number(struct task *t, struct file *f, uint64_t arg, bool session)
{
    struct tty *tty = tty_of(f);
    int32_t n;

    mutex_lock(&tasks_lock);
    n = session ? tty->session : tty->group;
    bool mine = t->process->tty == (int)f->cookie;
    mutex_unlock(&tasks_lock);
    return mine ? copy_out(t->mm, arg, &n, sizeof n) : -ENOTTY;
}

static int64_t drop_control(struct task *t, struct file *f)
{
    int64_t err = -ENOTTY;

    mutex_lock(&tasks_lock);
    if (t->process->tty == (int)f->cookie) {
        tty_disown(t->process);
        err = 0;
    }
    mutex_unlock(&tasks_lock);
    return err;
}

static int64_t readable_count(struct task *t, struct file *f, uint64_t arg)
{
    uint32_t state, readable = 0;
    int64_t err =
        console_errno(console_tty_ready(server.console, (uint32_t)f->cookie, &state, &readable));

    return err ? err : copy_out(t->mm, arg, &readable, sizeof readable);
}

static int64_t tty_ioctl(struct task *t, struct file *f, uint32_t cmd, uint64_t arg)
{
    uint32_t number = (uint32_t)f->cookie;

    switch (cmd) {
    case TCGETS:
        return get_termios(t, f, arg);
    case TCSETS:
        return set_termios(t, f, arg, CONSOLE_WHEN_NOW);
    case TCSETSW:
        return set_termios(t, f, arg, CONSOLE_WHEN_DRAIN);
    case TCSETSF:
        return set_termios(t, f, arg, CONSOLE_WHEN_FLUSH);
    case TIOCGWINSZ:
    case TIOCSWINSZ:
        return winsize(t, f, arg, cmd == TIOCSWINSZ);
    case TIOCSCTTY:
        return take_control(t, f, arg == 1);
    case TIOCNOTTY:
        return drop_control(t, f);
    case TIOCGPGRP:
        return get_number(t, f, arg, false);
    case TIOCGSID:
        return get_number(t, f, arg, true);
    case TIOCSPGRP:
        return set_group(t, f, arg);
    case TCFLSH:
        return arg > 2 ? -EINVAL
                       : console_errno(console_tty_flush(server.console, number, (uint32_t)arg));
    case TCXONC:
        if (arg > 3)
            return -EINVAL;
        return arg > 1 ? 0 : console_errno(console_tty_stop(server.console, number, arg == 0));
    case TCSBRK:
    case TCSBRKP:
        return 0; /* the break itself has no meaning here, and output drains by itself */
    case FIONREAD:
        return readable_count(t, f, arg);
    default:
        return -ENOTTY;
    }
}

static int64_t tty_stat(struct file *f, struct vfs_attr *out)
{
    return vfs_errno(vfs_getattr(f->inode->session, f->inode->node, out));
}

static const struct file_ops tty_ops = {
    .name = "tty",
    .read = tty_read,
    .write = tty_write,
    .poll = tty_poll,
    .ioctl = tty_ioctl,
    .stat = tty_stat,
};

/* A session leader without a terminal takes the one that it opens, unless O_NOCTTY. */
static void maybe_take_control(struct task *t, struct file *f, uint32_t flags)
{
    if (!(flags & O_NOCTTY) && t->process->sid == t->process->pid && t->process->tty < 0 &&
        !tty_of(f)->session)
        take_control(t, f, false);
}

int64_t tty_open(struct task *t, struct inode *inode, uint32_t flags, struct file **out)
{
    unsigned number = 0;

    if (inode->rdev_minor == TTY_MINOR_CURRENT) {
        if (t->process->tty < 0)
            return -ENXIO;
        number = (unsigned)t->process->tty;
    } else if (inode->rdev_minor != TTY_MINOR_CONSOLE) {
        return -ENXIO;
    }
    *out = file_create(&tty_ops, flags, inode, NULL);
    if (!*out)
        return -ENOMEM;
    (*out)->cookie = number;
    if (inode->rdev_minor == TTY_MINOR_CONSOLE)
        maybe_take_control(t, *out, flags);
    return 0;
}

struct file *tty_console(struct task *t)
{
    struct vfs_place root = {.root = VFS_ROOT_NODE, .dir = VFS_ROOT_NODE};
    struct vfs_attr found;
    struct vfs_cred cred;
    struct inode *inode;
    struct file *f = NULL;
    char rest[8];
    size_t n;

    vfs_cred_of(t, &cred);
    if (vfs_open(server.vfs, &root, "/dev/console", 12, VFS_WALK_READ | VFS_WALK_WRITE, 0, &cred,
                 &found, rest, sizeof rest, &n))
        return NULL;
    inode = inode_of(server.vfs, &found);
    if (!inode)
        return NULL;
    if (!mode_is(inode->mode, S_IFCHR) || tty_open(t, inode, O_RDWR | O_NOCTTY, &f))
        inode_put(inode);
    return f;
}
