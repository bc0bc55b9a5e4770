/*
 * Terminals and processes: sessions, foreground groups, job control, hanging up. See tty_state.h.
 *
 * A process's terminal is process->tty; a terminal's session and group say the same from the other
 * side: whoever has it for its own is of its session. Both change under tasks_lock only.
 */
#include <jg/rt/string.h>

#include <signal.h>

#include "tty_state.h"

static void send_group(int group, int sig)
{
    siginfo_t info;

    siginfo_kernel(&info, sig);
    if (group)
        signal_send_group(group, &info);
}

static void send_process(struct process *p, int sig)
{
    siginfo_t info;

    siginfo_kernel(&info, sig);
    signal_send_process(p, &info);
}

void tty_signal(struct tty *tty, int sig)
{
    mutex_lock(&tasks_lock);
    send_group(tty->group, sig);
    mutex_unlock(&tasks_lock);
}

int64_t tty_job_control(struct task *t, struct tty *tty, int sig)
{
    struct process *p = t->process;
    int64_t err = 0;

    mutex_lock(&tasks_lock);
    if (p->tty != (int)tty->number || !tty->group || p->pgid == tty->group)
        goto out;
    if ((t->blocked & sigbit(sig)) || t->sighand->action[sig - 1].handler == (uint64_t)SIG_IGN) {
        err = sig == SIGTTIN ? -EIO : 0;
    } else if (process_group_orphaned(p->pgid, p->sid)) {
        err = -EIO;
    } else {
        send_group(p->pgid, sig);
        err = -ERESTARTSYS;
    }
out:
    mutex_unlock(&tasks_lock);
    return err;
}

void tty_forget(unsigned number)
{
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *q = LIST_ENTRY(it, struct process, link);

        if (q->tty == (int)number)
            q->tty = -1;
    }
}

/* tasks_lock is held. */
static void give_to(struct tty *tty, struct process *p)
{
    tty->session = p->sid;
    tty->group = p->pgid;
    p->tty = (int)tty->number;
    p->hung_up_group = 0;
}

/* Source: tiocsctty(). */
int64_t tty_take(struct task *t, struct file *f, bool steal)
{
    struct process *p = t->process;
    struct tty *tty = tty_of(f);
    bool admin = cred_capable(&t->cred, CAP_SYS_ADMIN);
    int64_t err = -EPERM;

    mutex_lock(&tasks_lock);
    if (tty_is_dead(f)) {
        err = -EIO; /* hung up since the caller looked */
    } else if (p->sid == p->pid && tty->session == p->sid) {
        err = 0;
    } else if (p->sid == p->pid && p->tty < 0 && (!tty->session || (steal && admin)) &&
               (file_readable(f) || admin)) {
        tty_forget(tty->number);
        give_to(tty, p);
        err = 0;
    }
    mutex_unlock(&tasks_lock);
    return err;
}

/* Source: tty_open_proc_set_tty(): a file that cannot be read gives no control. */
void tty_maybe_take(struct task *t, struct file *f)
{
    struct process *p = t->process;

    mutex_lock(&tasks_lock);
    if (p->sid == p->pid && p->tty < 0 && !tty_of(f)->session && file_readable(f) &&
        !tty_is_dead(f))
        give_to(tty_of(f), p);
    mutex_unlock(&tasks_lock);
}

int64_t tty_give_up(struct task *t, struct file *f)
{
    struct process *p = t->process;
    struct tty *tty = tty_of(f);
    int64_t err = -ENOTTY;

    mutex_lock(&tasks_lock);
    if (!tty_is_master(f) && p->tty == (int)tty->number) {
        if (p->sid == p->pid) {
            send_group(tty->group, SIGHUP);
            send_group(tty->group, SIGCONT);
            tty_forget(tty->number);
            tty->session = tty->group = 0;
        }
        p->tty = -1;
        err = 0;
    }
    mutex_unlock(&tasks_lock);
    return err;
}

/* May `t` ask through this file who uses the terminal? A master always may. tasks_lock is held. */
static bool may_ask(const struct task *t, const struct file *f)
{
    return tty_is_master(f) || t->process->tty == (int)tty_of(f)->number;
}

/* What a terminal's `field` is, for who may ask. tasks_lock is taken. */
static int64_t tell(struct task *t, const struct file *f, const int *field, bool never_none,
                    uint64_t arg)
{
    int32_t value;
    bool may;

    mutex_lock(&tasks_lock);
    may = may_ask(t, f);
    value = *field;
    mutex_unlock(&tasks_lock);
    return may && (value || !never_none) ? copy_out(t->mm, arg, &value, sizeof value) : -ENOTTY;
}

int64_t tty_get_group(struct task *t, struct file *f, uint64_t arg)
{
    return tell(t, f, &tty_of(f)->group, false, arg);
}

int64_t tty_get_session(struct task *t, struct file *f, uint64_t arg)
{
    return tell(t, f, &tty_of(f)->session, true, arg);
}

/* The session of a group, or else of the process with that id; -1: neither is there. tasks_lock is held. */
static int session_of_group(int group)
{
    struct process *p;

    LIST_FOR_EACH(it, &all_processes)
    {
        p = LIST_ENTRY(it, struct process, link);
        if (p->pgid == group)
            return p->sid;
    }
    p = process_find(group);
    return p ? p->sid : -1;
}

int64_t tty_set_group(struct task *t, struct file *f, uint64_t arg)
{
    struct tty *tty = tty_of(f);
    int32_t group;
    int session;
    int64_t err = tty_job_control(t, tty, SIGTTOU);

    if (err)
        return err == -EIO ? -ENOTTY : err;
    if ((err = copy_in(t->mm, &group, arg, sizeof group)))
        return err;
    if (group < 0)
        return -EINVAL;
    mutex_lock(&tasks_lock);
    session = session_of_group(group);
    if (t->process->tty != (int)tty->number || tty->session != t->process->sid)
        err = -ENOTTY;
    else if (session < 0)
        err = -ESRCH;
    else if (session != t->process->sid)
        err = -EPERM;
    else
        tty->group = group;
    mutex_unlock(&tasks_lock);
    return err;
}

/*
 * What of a hang-up is about processes. `ending`: the leader is about to go, so its group hears of
 * it here. tasks_lock is held. Source: tty_signal_session_leader().
 */
static void hang_up_session(struct tty *tty, bool ending)
{
    int group = tty->group;

    __atomic_add_fetch(&tty->hangups, 1, __ATOMIC_ACQ_REL);
    LIST_FOR_EACH(it, &all_processes)
    {
        struct process *p = LIST_ENTRY(it, struct process, link);

        if (!tty->session || p->sid != tty->session)
            continue;
        p->tty = -1;
        if (p->sid != p->pid || p->zombie)
            continue;
        send_process(p, SIGHUP);
        send_process(p, SIGCONT);
        p->hung_up_group = group;
    }
    if (ending)
        send_group(group, SIGHUP);
    tty->session = tty->group = 0;
    tty->exclusive = false;
}

/* What is about the line: input and output are forgotten, everybody who waits looks again. */
static void hang_up_line(struct tty *tty)
{
    struct console_termios mode;
    struct console_winsize size;

    console_tty_hang_up(server.console, tty->number);
    if (!console_tty_get(server.console, tty->number, &mode, &size))
        tty->lflag = mode.lflag;
    wait_wake(&tty->wait);
}

void tty_hang_up(struct tty *tty)
{
    mutex_lock(&tasks_lock);
    hang_up_session(tty, false);
    mutex_unlock(&tasks_lock);
    hang_up_line(tty);
}

void tty_hang_up_own(struct task *t)
{
    struct tty *tty = NULL;

    mutex_lock(&tasks_lock);
    if (t->process->tty >= 0) {
        tty = tty_find((unsigned)t->process->tty);
        if (tty && tty_is_pty(tty))
            tty->slaves++; /* it must not go meanwhile */
    }
    mutex_unlock(&tasks_lock);
    if (!tty)
        return;
    tty_hang_up(tty);
    if (tty_is_pty(tty))
        pty_slave_put(tty);
}

/*
 * Source: disassociate_ctty(). A pty is only left: its files go on. The host's terminal is hung up,
 * so that the next session finds nobody else's program on it.
 */
void tty_disown(struct process *p)
{
    struct tty *tty = p->tty < 0 ? NULL : tty_find((unsigned)p->tty);

    if (!tty) {
        send_group(p->hung_up_group, SIGHUP);
        send_group(p->hung_up_group, SIGCONT);
        return;
    }
    if (tty->session != p->sid)
        return;
    if (tty_is_pty(tty)) {
        send_group(tty->group, SIGHUP);
        tty_forget(tty->number);
        tty->session = tty->group = 0;
    } else {
        hang_up_session(tty, true);
        tty->flush_due = true;
    }
}

void tty_disowned(void)
{
    struct tty *tty;
    bool due;

    mutex_lock(&tasks_lock);
    tty = tty_find(TTY_HOST);
    due = tty->flush_due;
    tty->flush_due = false;
    mutex_unlock(&tasks_lock);
    if (due)
        hang_up_line(tty);
}

int tty_device_of(const struct process *p)
{
    if (p->tty < 0)
        return 0;
    if (p->tty == TTY_HOST)
        return TTY_MAJOR << 8 | SERIAL_MINOR;
    return (int)(PTS_MAJOR << 8 | (unsigned)(p->tty - 1));
}

int tty_group_of(const struct process *p)
{
    const struct tty *tty = p->tty < 0 ? NULL : tty_find((unsigned)p->tty);

    return tty ? tty->group : -1;
}
