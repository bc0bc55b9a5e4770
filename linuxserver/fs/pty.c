/*
 * Ptys: masters, and what one side's end means for the other. See tty_state.h. Source: pty(7),
 * pty.c of Linux 6.1.
 *
 * Life:  /dev/ptmx makes the pair and the slave's name. The last slave file's end is the master's
 *        EIO until another slave is opened; the master's end removes the name and hangs the slave
 *        up; the last of all frees the pair.
 */
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <asm/termbits.h>
#include <asm/termios.h>
#include <signal.h>

#include "chunk.h"
#include "tty_state.h"

#define CHUNK 4096ul

/* Under tasks_lock. */
static unsigned ptys, most_ptys = CONSOLE_PTYS_MAX;

/* Frees a pty that nobody has open. It is out of the table before its number can be given to another. */
static void pty_free(struct tty *tty)
{
    mutex_lock(&tasks_lock);
    tty_remove(tty);
    tty_forget(
        tty->number); /* who took it while the master closed must not get the next of this number */
    ptys--;
    mutex_unlock(&tasks_lock);
    console_pty_close(server.console, tty->number);
    wait_queue_close(&tty->wait);
    wait_queue_close(&tty->master_wait);
    rt_free(tty);
}

int64_t pty_slave_get(struct task *t, struct tty *tty)
{
    if (!tty->master_open || tty->locked)
        return -EIO;
    if (tty->exclusive && !cred_capable(&t->cred, CAP_SYS_ADMIN))
        return -EBUSY;
    tty->slaves++;
    __atomic_store_n(&tty->slave_gone, false, __ATOMIC_RELEASE);
    return 0;
}

void pty_slave_put(struct tty *tty)
{
    bool last;

    mutex_lock(&tasks_lock);
    last = --tty->slaves == 0;
    if (last)
        __atomic_store_n(&tty->slave_gone, true, __ATOMIC_RELEASE);
    last = last && !tty->master_open;
    wait_wake(&tty->master_wait);
    mutex_unlock(&tasks_lock);
    if (last)
        pty_free(tty);
}

static void master_release(struct file *f)
{
    struct tty *tty = tty_of(f);
    bool last;

    pty_name_remove(tty);
    mutex_lock(&tasks_lock);
    tty->slaves++; /* it must not go while it is hung up */
    __atomic_store_n(&tty->master_open, false, __ATOMIC_RELEASE);
    wait_wake(&tty->wait);
    mutex_unlock(&tasks_lock);
    tty_hang_up(tty);
    mutex_lock(&tasks_lock);
    last = --tty->slaves == 0;
    mutex_unlock(&tasks_lock);
    if (last)
        pty_free(tty);
}

/* The slave's end is looked at first: what it wrote before is found by the read that follows. */
static int64_t take(const struct chunk *c, uint8_t *buf, size_t size)
{
    struct tty *tty = tty_of(c->file);
    bool gone = __atomic_load_n(&tty->slave_gone, __ATOMIC_ACQUIRE);
    size_t len = 0;
    int64_t err = console_errno(
        console_master_read(server.console, tty->number, (uint32_t)size, buf, size, &len));

    if (!err)
        return (int64_t)len;
    return err == -EAGAIN && gone ? -EIO : err;
}

static int64_t master_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    const struct chunk c = {t, f, &tty_of(f)->master_wait, take};

    (void)pos;
    return chunk_read(&c, io, CHUNK);
}

static int64_t type(const struct chunk *c, uint8_t *buf, size_t size)
{
    uint32_t count = 0;
    int64_t err = console_errno(
        console_master_write(server.console, tty_of(c->file)->number, buf, size, &count));

    return err ? err : count;
}

static int64_t master_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    const struct chunk c = {t, f, &tty_of(f)->master_wait, type};

    (void)pos;
    return chunk_write(&c, io, CHUNK);
}

static uint32_t master_poll(struct file *f, struct poll_table *table)
{
    struct tty *tty = tty_of(f);
    uint32_t state = 0, readable = 0, mask = 0;

    poll_wait(table, &tty->master_wait);
    if (__atomic_load_n(&tty->slave_gone, __ATOMIC_ACQUIRE))
        mask |= POLLHUP;
    if (console_master_ready(server.console, tty->number, &state, &readable))
        return POLLERR;
    if (state & CONSOLE_READY_READABLE)
        mask |= POLLIN | POLLRDNORM;
    if (state & CONSOLE_READY_PRIORITY)
        mask |= POLLPRI;
    if (state & CONSOLE_READY_WRITABLE)
        mask |= POLLOUT | POLLWRNORM;
    return mask;
}

const struct file_ops pty_master_ops = {
    .name = "ptmx",
    .splice_in = true,
    .splice_out = true,
    .read = master_read,
    .write = master_write,
    .poll = master_poll,
    .ioctl = tty_ioctl,
    .stat = inode_stat,
    .release = master_release,
};

static struct tty *pty_create(unsigned number)
{
    struct tty *tty = rt_zalloc(sizeof *tty);

    if (!tty)
        return NULL;
    tty->number = number;
    tty->lflag = ICANON | ISIG | ECHO;
    tty->master_open = tty->locked = true;
    wait_queue_init(&tty->wait);
    wait_queue_init(&tty->master_wait);
    return tty;
}

unsigned pty_count(void)
{
    return __atomic_load_n(&ptys, __ATOMIC_RELAXED);
}

unsigned pty_limit(void)
{
    return __atomic_load_n(&most_ptys, __ATOMIC_RELAXED);
}

int64_t pty_set_limit(unsigned limit)
{
    if (limit > CONSOLE_PTYS_MAX)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    most_ptys = limit;
    mutex_unlock(&tasks_lock);
    return 0;
}

/* A pty without a name, in the table. */
static int64_t add_pty(struct tty **out)
{
    uint32_t number;
    bool full;
    int64_t err = console_errno(console_pty_open(server.console, &number));

    if (err)
        return err;
    *out = pty_create(number);
    if (!*out) {
        console_pty_close(server.console, number);
        return -ENOMEM;
    }
    mutex_lock(&tasks_lock);
    tty_add(*out);
    full = ++ptys >= most_ptys; /* as Linux counts: one less than the limit */
    mutex_unlock(&tasks_lock);
    if (full)
        pty_free(*out);
    return full ? -ENOSPC : 0;
}

int64_t pty_open_master(struct task *t, struct inode *inode, uint32_t flags, struct file **out)
{
    struct tty *tty;
    int64_t err = add_pty(&tty);

    if (err)
        return err;
    err = pty_name_make(t, tty);
    if (!err) {
        *out = file_create(&pty_master_ops, flags & ~(uint32_t)O_NOCTTY, inode, tty);
        err = *out ? 0 : -ENOMEM;
        if (err)
            pty_name_remove(tty);
    }
    if (err)
        pty_free(tty);
    return err;
}

/*
 * A file of a slave that was counted, with `hangups` of then: if its master closes meanwhile the file is as dead as one
 * of before, and gives nobody a terminal.
 */
static int64_t open_slave(struct task *t, struct tty *tty, struct inode *inode, uint32_t flags,
                          uint32_t hangups, struct file **out)
{
    *out = tty_file(tty, inode, flags, hangups);
    if (!*out) {
        pty_slave_put(tty);
        return -ENOMEM;
    }
    if (!(flags & O_NOCTTY))
        tty_maybe_take(t, *out);
    return 0;
}

int64_t pty_open_slave(struct task *t, struct inode *inode, uint32_t flags, struct file **out)
{
    uint32_t hangups = 0;
    struct tty *tty;
    int64_t err = -EIO;

    mutex_lock(&tasks_lock);
    tty = tty_find(inode->rdev_minor + 1); /* the number may be another pty's by now */
    if (tty && tty->device == inode->device && tty->inode == inode->number) {
        err = pty_slave_get(t, tty);
        hangups = tty->hangups;
    }
    mutex_unlock(&tasks_lock);
    return err ? err : open_slave(t, tty, inode, flags, hangups, out);
}

/* TIOCGPTPEER: opens the slave without its name. */
static int64_t open_peer(struct task *t, struct tty *tty, uint32_t flags)
{
    struct inode *inode;
    uint32_t hangups;
    struct file *f;
    int64_t err = pty_name_inode(tty, &inode);

    if (err)
        return err;
    mutex_lock(&tasks_lock);
    err = pty_slave_get(t, tty);
    hangups = tty->hangups;
    mutex_unlock(&tasks_lock);
    if (!err)
        err = open_slave(t, tty, inode, flags & ~(uint32_t)O_CLOEXEC, hangups, &f);
    if (err) {
        inode_put(inode);
        return err;
    }
    err = fd_install(t, f, 0, flags & O_CLOEXEC);
    if (err < 0)
        file_put(f);
    return err;
}

static int64_t set_lock(struct task *t, struct tty *tty, uint64_t arg)
{
    int32_t on;
    int64_t err = copy_in(t->mm, &on, arg, sizeof on);

    if (err)
        return err;
    mutex_lock(&tasks_lock);
    tty->locked = on;
    mutex_unlock(&tasks_lock);
    return 0;
}

static int64_t set_packet(struct task *t, struct tty *tty, uint64_t arg)
{
    int32_t on;
    int64_t err = copy_in(t->mm, &on, arg, sizeof on);

    if (!err)
        err = console_errno(console_master_packet(server.console, tty->number, on != 0));
    if (!err)
        tty->packet = on;
    return err;
}

int64_t pty_master_ioctl(struct task *t, struct file *f, uint32_t cmd, uint64_t arg)
{
    struct tty *tty = tty_of(f);
    int32_t value;

    switch (cmd) {
    case TIOCGPTPEER:
        return open_peer(t, tty, (uint32_t)arg);
    case TIOCSPTLCK:
        return set_lock(t, tty, arg);
    case TIOCPKT:
        return set_packet(t, tty, arg);
    case TIOCSIG:
        if ((int)arg != SIGINT && (int)arg != SIGQUIT && (int)arg != SIGTSTP)
            return -EINVAL;
        tty_signal(tty, (int)arg);
        return 0;
    case TIOCGPTN:
        value = (int32_t)tty->number - 1;
        break;
    case TIOCGPTLCK:
        value = tty->locked;
        break;
    case TIOCGPKT:
        value = tty->packet;
        break;
    default:
        return -ENOTTY;
    }
    return copy_out(t->mm, arg, &value, sizeof value);
}
