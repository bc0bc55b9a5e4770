/*
 * Terminals as the files fs/tty*.c and fs/pty*.c see them; others use tty.h.
 *
 *   tty.c          reading, writing, opening
 *   tty_ioctl.c    which call does what
 *   tty_mode.c     attributes, window size, queues and flow
 *   tty_control.c  sessions, foreground groups, job control, hanging up
 *   pty.c          masters, and what one side's end means for the other
 *   pty_names.c    the names in /dev/pts
 *
 * Attributes, input and output are consoled's. What is about processes and open files is here.
 *
 * Life:  the host's terminal is for ever. A pty is made by opening /dev/ptmx and goes when neither
 *        side is open.
 * Locks: tasks_lock guards the table and each struct tty; it is not held across calls to consoled
 *        or vfsd.
 */
#pragma once

#include <ipc/console_client.h>

#include <file.h>
#include <server.h>
#include <task.h>

#include "inode.h"
#include "tty.h"

#define TTY_HOST     0u
#define TTY_NUMBERS  (CONSOLE_PTYS_MAX + 1)
#define TTY_MAJOR    4u /* ttyS0: 4, 64 */
#define TTYAUX_MAJOR 5u /* tty, console, ptmx */
#define PTS_MAJOR    136u
#define SERIAL_MINOR 64u

struct tty {
    unsigned number;    /* consoled's: TTY_HOST, or a pty's index + 1 */
    int session, group; /* 0: none */
    uint32_t lflag;     /* as last set: TOSTOP */
    uint32_t hangups;   /* a file that was opened before the last one is dead */
    bool exclusive;     /* TIOCEXCL */
    bool flush_due;     /* hung up with tasks_lock held: consoled has not heard of it yet */
    struct waitqueue wait;

    /* Ptys. */
    struct waitqueue master_wait;
    bool master_open, locked, packet;
    bool slave_gone;        /* the last slave was closed, none was opened since */
    unsigned slaves;        /* open files */
    struct inode *folder;   /* where its name is, a reference */
    uint64_t device, inode; /* of the name */
};

extern const struct file_ops tty_ops, pty_master_ops;

/* The terminal of an open file of either side. */
static inline struct tty *tty_of(const struct file *f)
{
    return f->data;
}

static inline bool tty_is_pty(const struct tty *tty)
{
    return tty->number != TTY_HOST;
}

static inline bool tty_is_master(const struct file *f)
{
    return f->ops == &pty_master_ops;
}

/*
 * Was it opened as /dev/console? Then it knows no job control and no hanging up, as on Linux.
 */
static inline bool tty_is_console(const struct file *f)
{
    return f->inode->rdev_major == TTYAUX_MAJOR && f->inode->rdev_minor == 1;
}

/* Is the file one of before the last hang-up? Read without a lock: a caller about to sleep has registered. */
static inline bool tty_is_dead(const struct file *f)
{
    return !tty_is_master(f) && !tty_is_console(f) &&
           f->cookie != __atomic_load_n(&tty_of(f)->hangups, __ATOMIC_ACQUIRE);
}

/* -errno for what a console stub returned. */
int64_t console_errno(int32_t r);

/* The terminal with a number, or NULL. tasks_lock is held. */
struct tty *tty_find(unsigned number);

/* Puts a pty into the table, takes it out. tasks_lock is held. */
void tty_add(struct tty *tty);
void tty_remove(struct tty *tty);

/*
 * A file of the terminal as it was after `hangups`, which was read under the lock that found it; counted by a pty
 * already. Takes the inode over on success. NULL: no memory.
 */
struct file *tty_file(struct tty *tty, struct inode *inode, uint32_t flags, uint32_t hangups);

/*
 * May the calling process touch this terminal now? A background group is sent `sig` instead, unless
 * it ignores or blocks it (then reading is EIO, all else goes through). Returns 0, -EIO or
 * -ERESTARTSYS. Source: __tty_check_change().
 */
int64_t tty_job_control(struct task *t, struct tty *tty, int sig);

/* Opening makes it the controlling terminal of a leader without one, if nobody else has it. */
void tty_maybe_take(struct task *t, struct file *f);

/* TIOCSCTTY, TIOCNOTTY, TIOCSPGRP, TIOCGPGRP, TIOCGSID. */
int64_t tty_take(struct task *t, struct file *f, bool steal);
int64_t tty_give_up(struct task *t, struct file *f);
int64_t tty_set_group(struct task *t, struct file *f, uint64_t arg);
int64_t tty_get_group(struct task *t, struct file *f, uint64_t arg);
int64_t tty_get_session(struct task *t, struct file *f, uint64_t arg);

/* Fetches the signals of the line discipline and wakes who waits, of both sides. */
void tty_collect(struct tty *tty);

/* A signal from the line discipline or a master, to the foreground group. Takes tasks_lock. */
void tty_signal(struct tty *tty, int sig);

/*
 * Hangs it up: open files die, the session has no terminal any more, its leader gets SIGHUP and
 * SIGCONT. Takes tasks_lock; calls consoled. Source: __tty_hangup().
 */
void tty_hang_up(struct tty *tty);

/* No process has the terminal of this number for its own any more: it goes. tasks_lock is held. */
void tty_forget(unsigned number);

/* Attributes. `cmd` says which structure and when. */
int64_t tty_get_mode(struct task *t, struct file *f, uint32_t cmd, uint64_t arg);
int64_t tty_set_mode(struct task *t, struct file *f, uint32_t cmd, uint64_t arg);
int64_t tty_winsize(struct task *t, struct file *f, uint64_t arg, bool set);
int64_t tty_flow(struct task *t, struct file *f, uint64_t how);
int64_t tty_flush(struct task *t, struct file *f, uint64_t what);
int64_t tty_soft_carrier(struct task *t, struct file *f, uint64_t arg, bool set);
/* TCSBRK and its like: waits until all has been sent. 0, -EINTR, or what job control says. */
int64_t tty_drain(struct task *t, struct file *f);

/* ioctl(2) of both sides; what only masters know. */
int64_t tty_ioctl(struct task *t, struct file *f, uint32_t cmd, uint64_t arg);
int64_t pty_master_ioctl(struct task *t, struct file *f, uint32_t cmd, uint64_t arg);

/* Opens /dev/ptmx; opens a slave by its name's inode. As tty_open(). */
int64_t pty_open_master(struct task *t, struct inode *inode, uint32_t flags, struct file **out);
int64_t pty_open_slave(struct task *t, struct inode *inode, uint32_t flags, struct file **out);

/*
 * Counts one more open slave file. Returns 0, -EIO (locked, or the master is closed) or -EBUSY
 * (exclusive). tasks_lock is held.
 */
int64_t pty_slave_get(struct task *t, struct tty *tty);

/* A slave file was closed. Takes tasks_lock; calls consoled. */
void pty_slave_put(struct tty *tty);

/*
 * Makes the name of tty->number in the devpts that is mounted at /dev/pts; fills folder, device and
 * inode. Returns 0, -ENODEV (none is mounted) or -ENOMEM.
 */
int64_t pty_name_make(struct task *t, struct tty *tty);
/* Removes the name; drops the folder. */
void pty_name_remove(struct tty *tty);
/* Opens the name, whatever its permissions: the slave's inode. 0 or -errno. */
int64_t pty_name_inode(struct tty *tty, struct inode **out);
