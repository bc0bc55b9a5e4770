/*
 * Terminals: reading, writing, polling, opening. See tty_state.h.
 */
#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <asm/termbits.h>
#include <signal.h>

#include "chunk.h"
#include "tty_state.h"

#define CHUNK 4096ul
#define RAW_BATCH                                                                                  \
    64u /* a read that waits for more than this gets no more: Linux 6.1 reads in such pieces */
#define MINOR_TTY     0
#define MINOR_CONSOLE 1
#define MINOR_PTMX    2

static struct tty host = {.lflag = ICANON | ISIG | ECHO, .wait = {LIST_INIT(host.wait.waiters)}};
static struct tty *ttys[TTY_NUMBERS] = {[TTY_HOST] = &host};

int64_t console_errno(int32_t r)
{
    switch (r) {
    case 0:
        return 0;
    case CONSOLE_ERROR_INVAL:
        return -EINVAL;
    case CONSOLE_ERROR_WOULD_BLOCK:
        return -EAGAIN;
    case CONSOLE_ERROR_NO_SPACE:
        return -ENOSPC;
    case CONSOLE_ERROR_NO_MEMORY:
        return -ENOMEM;
    default:
        return -EIO;
    }
}

struct tty *tty_find(unsigned number)
{
    return number < TTY_NUMBERS ? ttys[number] : NULL;
}

void tty_add(struct tty *tty)
{
    ttys[tty->number] = tty;
}

void tty_remove(struct tty *tty)
{
    ttys[tty->number] = NULL;
}

static void event(unsigned number)
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
    siginfo_t info;
    struct tty *tty;

    if (console_tty_signals(server.console, number, &pending))
        pending = 0;
    mutex_lock(&tasks_lock);
    tty = tty_find(number);
    for (size_t i = 0; tty && tty->group && i < sizeof signals / sizeof *signals; i++) {
        if (!(pending & signals[i].bit))
            continue;
        siginfo_kernel(&info, signals[i].sig);
        signal_send_group(tty->group, &info);
    }
    if (tty) {
        wait_wake(&tty->wait);
        if (tty_is_pty(tty))
            wait_wake(&tty->master_wait);
    }
    mutex_unlock(&tasks_lock);
}

void tty_collect(struct tty *tty)
{
    event(tty->number);
}

void tty_event(void)
{
    event(TTY_HOST);
}

void pty_event(void)
{
    struct console_pty_set set;

    if (console_changed(server.console, &set))
        return;
    for (unsigned i = 0; i < CONSOLE_PTYS_MAX; i++) {
        if (set.bits[i / 64] >> (i % 64) & 1)
            event(i + 1);
    }
}

/* One attempt. Returns bytes (0: end of file), -EAGAIN, or -EIO. */
static int64_t read_once(struct file *f, struct io *io, uint8_t *buf, size_t size)
{
    size_t len = 0;
    int32_t r =
        console_tty_read(server.console, tty_of(f)->number, (uint32_t)size, buf, size, &len);

    if (r)
        return console_errno(r);
    return len ? io_put(io, buf, len) : 0;
}

/* How a read must wait without canonical mode: for `min` bytes, and how long. */
struct raw_rule {
    bool raw;
    size_t min;
    jg_time_t between;  /* after each byte; 0: for ever */
    jg_time_t deadline; /* for the first */
};

static struct raw_rule raw_rule_of(const struct file *f)
{
    struct console_termios mode;
    struct console_winsize size;
    struct raw_rule rule = {.deadline = JG_TIME_INFINITE};
    jg_time_t time;

    if (console_tty_get(server.console, tty_of(f)->number, &mode, &size) || (mode.lflag & ICANON))
        return rule;
    time = mode.cc[VTIME] * (NS_PER_SEC / 10);
    rule.raw = true;
    rule.min = mode.cc[VMIN] ? mode.cc[VMIN] : 1;
    rule.between = mode.cc[VMIN] ? time : 0;
    if (!mode.cc[VMIN])
        rule.deadline = time ? time_monotonic() + time : 0;
    return rule;
}

/*
 * What a reader finds that got -EAGAIN: 1 to sleep, else what to return.
 *
 * The master clears master_open before it hangs up, and wakes after each: a reader that sleeps then
 * sees EIO; one that comes later is dead already.
 */
static int64_t why_wait(struct file *f, const struct raw_rule *rule)
{
    struct tty *tty = tty_of(f);

    if (tty_is_pty(tty) && !__atomic_load_n(&tty->master_open, __ATOMIC_ACQUIRE))
        return -EIO;
    if (tty_is_dead(f) || rule->deadline == 0)
        return 0;
    return f->flags & O_NONBLOCK ? -EAGAIN : 1;
}

/* Source: n_tty_read(). */
static int64_t read_waiting(struct task *t, struct file *f, struct io *io, uint8_t *buf,
                            size_t size)
{
    struct raw_rule rule = raw_rule_of(f);
    int64_t done = 0, n;
    struct waiter w;

    if (rule.raw && rule.min > RAW_BATCH && size > RAW_BATCH)
        size = RAW_BATCH;
    wait_add(&tty_of(f)->wait, &w, t);
    for (;;) {
        wait_prepare(t);
        n = read_once(f, io, buf, size - (size_t)done);
        if (n > 0) {
            done += n;
            if (!rule.raw || (size_t)done >= rule.min || (size_t)done >= size)
                break;
            if (rule.between)
                rule.deadline = time_monotonic() + rule.between;
            continue;
        }
        if (n != -EAGAIN || (n = why_wait(f, &rule)) != 1)
            break;
        n = wait_sleep(t, rule.deadline);
        if (n == -ETIMEDOUT)
            rule.deadline = 0; /* one more look, then it is over */
        else if (n)
            break;
    }
    wait_remove(&w);
    return done ? done : n;
}

static int64_t tty_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    size_t size = io->length < CHUNK ? io->length : CHUNK;
    uint8_t *buf;
    int64_t n;

    (void)pos;
    if (tty_is_dead(f))
        return 0;
    if (!tty_is_console(f) && (n = tty_job_control(t, tty_of(f), SIGTTIN)))
        return n;
    if (!size)
        return 0;
    buf = rt_alloc(size);
    if (!buf)
        return -ENOMEM;
    n = read_waiting(t, f, io, buf, size);
    rt_free(buf);
    return n;
}

static int64_t show(const struct chunk *c, uint8_t *buf, size_t size)
{
    uint32_t count = 0;
    int64_t err;

    if (tty_is_dead(c->file))
        return -EIO;
    err = console_errno(
        console_tty_write(server.console, tty_of(c->file)->number, buf, size, &count));
    return err ? err : count;
}

static int64_t tty_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    const struct chunk c = {t, f, &tty_of(f)->wait, show};
    int64_t err;

    (void)pos;
    if (tty_is_dead(f))
        return -EIO;
    if ((tty_of(f)->lflag & TOSTOP) && !tty_is_console(f) &&
        (err = tty_job_control(t, tty_of(f), SIGTTOU)))
        return err;
    return chunk_write(&c, io, CHUNK);
}

static uint32_t tty_poll(struct file *f, struct poll_table *table)
{
    uint32_t state = 0, readable = 0, mask = 0;

    poll_wait(table, &tty_of(f)->wait);
    if (tty_is_dead(f))
        return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
    if (console_tty_ready(server.console, tty_of(f)->number, &state, &readable))
        return POLLERR;
    if (state & CONSOLE_READY_READABLE)
        mask |= POLLIN | POLLRDNORM;
    if (state & CONSOLE_READY_WRITABLE)
        mask |= POLLOUT | POLLWRNORM;
    return mask;
}

static void tty_release(struct file *f)
{
    if (tty_is_pty(tty_of(f)))
        pty_slave_put(tty_of(f));
}

const struct file_ops tty_ops = {
    .name = "tty",
    .splice_in = true,
    .splice_out = true,
    .read = tty_read,
    .write = tty_write,
    .poll = tty_poll,
    .ioctl = tty_ioctl,
    .stat = inode_stat,
    .release = tty_release,
};

bool tty_is_device(uint32_t major, uint32_t minor)
{
    return (major == TTYAUX_MAJOR && minor <= MINOR_PTMX) ||
           (major == TTY_MAJOR && minor == SERIAL_MINOR) || major == PTS_MAJOR;
}

struct file *tty_file(struct tty *tty, struct inode *inode, uint32_t flags, uint32_t hangups)
{
    struct file *f = file_create(&tty_ops, flags & ~(uint32_t)O_NOCTTY, inode, tty);

    if (f)
        f->cookie = hangups;
    return f;
}

/* The caller's own terminal, counted if it is a pty; and how often it was hung up. */
static int64_t own_terminal(struct task *t, struct tty **out, uint32_t *hangups)
{
    int64_t err = -ENXIO;

    mutex_lock(&tasks_lock);
    if (t->process->tty >= 0) {
        *out = tty_find((unsigned)t->process->tty);
        err = !*out ? -EIO : tty_is_pty(*out) ? pty_slave_get(t, *out) : 0;
        *hangups = *out ? (*out)->hangups : 0;
    }
    mutex_unlock(&tasks_lock);
    return err;
}

/*
 * The host's terminal as serial line or console, or the caller's own. Opening the first may make it
 * the controlling terminal.
 */
static int64_t open_terminal(struct task *t, struct inode *inode, uint32_t flags, struct file **out)
{
    bool own = inode->rdev_major == TTYAUX_MAJOR && inode->rdev_minor == MINOR_TTY;
    struct tty *tty = &host;
    uint32_t hangups = __atomic_load_n(&host.hangups, __ATOMIC_ACQUIRE);
    int64_t err = own ? own_terminal(t, &tty, &hangups) : 0;

    if (err)
        return err;
    if (!tty_is_pty(tty) && tty->exclusive && !cred_capable(&t->cred, CAP_SYS_ADMIN))
        return -EBUSY;
    *out = tty_file(tty, inode, flags, hangups);
    if (!*out) {
        if (tty_is_pty(tty))
            pty_slave_put(tty);
        return -ENOMEM;
    }
    if (inode->rdev_major == TTY_MAJOR && !(flags & O_NOCTTY))
        tty_maybe_take(t, *out);
    return 0;
}

int64_t tty_open(struct task *t, struct inode *inode, uint32_t flags, struct file **out)
{
    if (inode->rdev_major == PTS_MAJOR)
        return pty_open_slave(t, inode, flags, out);
    if (inode->rdev_major == TTYAUX_MAJOR && inode->rdev_minor == MINOR_PTMX)
        return pty_open_master(t, inode, flags, out);
    return open_terminal(t, inode, flags, out);
}

struct file *tty_standard(struct task *t)
{
    static const char name[] = "/dev/ttyS0";
    struct vfs_place root = {.root = VFS_ROOT_NODE, .dir = VFS_ROOT_NODE};
    struct vfs_attr found;
    struct vfs_cred cred;
    struct inode *inode;
    struct file *f = NULL;
    char rest[8];
    size_t n;

    vfs_cred_of(t, &cred);
    if (vfs_open(server.vfs, &root, name, sizeof name - 1, VFS_WALK_READ | VFS_WALK_WRITE, 0, &cred,
                 &found, rest, sizeof rest, &n))
        return NULL;
    inode = inode_of(server.vfs, &found);
    if (!inode)
        return NULL;
    if (!mode_is(inode->mode, S_IFCHR) || tty_open(t, inode, O_RDWR | O_NOCTTY, &f))
        inode_put(inode);
    return f;
}
