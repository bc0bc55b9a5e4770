/*
 * Signalfds: pending signals that are read as records.
 *
 * A read takes the reader's own signals, whoever made the file; poll tells of the poller's. Whoever sends a signal that
 * its process blocks wakes process->signal_wait after it was queued (signal/send.c), so that a reader who registered
 * there, looked, and then sleeps, misses none.
 *
 * Locks: tasks_lock for the signals and the mask.
 */
#include "signalfd.h"

#include <jg/rt/string.h>

#include <linux/signal.h>
#include <linux/signalfd.h>
#include <signal.h>

static const struct file_ops signalfd_ops;

/* The record of a signal: which fields mean something depends on who sent it. */
static void describe(const siginfo_t *info, struct signalfd_siginfo *out)
{
    memset(out, 0, sizeof *out);
    out->ssi_signo = (uint32_t)info->si_signo;
    out->ssi_errno = info->si_errno;
    out->ssi_code = info->si_code;
    if (info->si_code == SI_TIMER) {
        out->ssi_tid = (uint32_t)info->si_tid;
        out->ssi_overrun = (uint32_t)info->si_overrun;
        out->ssi_ptr = (uint64_t)info->si_ptr;
        out->ssi_int = info->si_int;
    } else if (info->si_signo == SIGCHLD && info->si_code > SI_USER && info->si_code != SI_KERNEL) {
        out->ssi_pid = (uint32_t)info->si_pid;
        out->ssi_uid = info->si_uid;
        out->ssi_status = info->si_status;
        out->ssi_utime = (uint64_t)info->si_utime;
        out->ssi_stime = (uint64_t)info->si_stime;
    } else if (info->si_signo == SIGIO && info->si_code > SI_USER) {
        out->ssi_band = (uint32_t)info->si_band;
        out->ssi_fd = info->si_fd;
    } else if (info->si_code > SI_USER && info->si_code != SI_KERNEL) {
        out->ssi_addr = (uint64_t)info->si_addr;
    } else {
        out->ssi_pid = (uint32_t)info->si_pid;
        out->ssi_uid = info->si_uid;
        if (info->si_code < SI_USER && info->si_code != SI_TKILL) {
            out->ssi_ptr = (uint64_t)info->si_ptr;
            out->ssi_int = info->si_int;
        }
    }
}

struct turn {
    struct task *task;
    struct file *file;
    siginfo_t info;
};

/* Takes one of the reader's signals. */
static int64_t take(void *arg)
{
    struct turn *turn = arg;
    int sig;

    mutex_lock(&tasks_lock);
    sig = signal_take(turn->task, turn->file->cookie, &turn->info);
    if (sig)
        signal_update(turn->task);
    mutex_unlock(&tasks_lock);
    return sig ? 0 : -EAGAIN;
}

static int64_t signalfd_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    size_t room = io->length / sizeof(struct signalfd_siginfo);
    struct signalfd_siginfo record;
    struct turn turn = {.task = t, .file = f};
    int64_t done = 0, err;

    (void)pos;
    if (!room)
        return -EINVAL;
    err = wait_attempt(t, &t->process->signal_wait, f->flags & O_NONBLOCK, take, &turn);
    if (err)
        return err;
    do {
        describe(&turn.info, &record);
        if (io_put(io, &record, sizeof record) != sizeof record)
            return done ? done : -EFAULT;
        done += (int64_t)sizeof record;
    } while (--room && !take(&turn));
    return done;
}

static uint32_t signalfd_poll(struct file *f, struct poll_table *table)
{
    struct task *t = table->task;
    uint64_t ready;

    poll_wait(table, &t->process->signal_wait);
    mutex_lock(&tasks_lock);
    ready = (t->pending.set | t->process->shared.set) & f->cookie;
    mutex_unlock(&tasks_lock);
    return ready ? POLLIN : 0;
}

static void signalfd_release(struct file *f)
{
    (void)f;
}

static const struct file_ops signalfd_ops = {
    .name = "[signalfd]",
    .read = signalfd_read,
    .poll = signalfd_poll,
    .seek_is_zero = true,
    .stat = anonymous_stat,
    .release = signalfd_release,
};

struct file *signalfd_create(uint64_t mask, uint32_t flags)
{
    struct file *f = file_create(&signalfd_ops, O_RDWR | (flags & O_NONBLOCK), NULL, NULL);

    if (f)
        f->cookie = mask & ~SIG_UNBLOCKABLE;
    return f;
}

int64_t signalfd_set(struct task *t, struct file *f, uint64_t mask)
{
    if (f->ops != &signalfd_ops)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    f->cookie = mask & ~SIG_UNBLOCKABLE;
    mutex_unlock(&tasks_lock);
    wait_wake(&t->process->signal_wait);
    return 0;
}
