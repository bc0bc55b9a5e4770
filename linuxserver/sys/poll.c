/*
 * poll, ppoll, select, pselect6.
 *
 * A call registers with every file on its first round, then asks all of them, then sleeps; a file
 * that becomes ready after it was asked wakes the task (sync/wait.h). Registrations last until the
 * call returns.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <file.h>
#include <signal.h>

#define WAITERS_EACH 3u /* queues that one file may register with */

struct entry {
    struct file *file; /* NULL: skip; bad: see `revents` */
    int fd;
    uint32_t events, revents;
};

static uint32_t ask(struct entry *e, struct poll_table *table)
{
    uint32_t mask;

    if (!e->file)
        return e->revents;
    mask = e->file->ops->poll ? e->file->ops->poll(e->file, table)
                              : POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    return mask & (e->events | POLLERR | POLLHUP);
}

/* Returns how many entries are ready, 0 at the deadline, or -errno. */
static HOT_IO int64_t wait_for(struct task *t, struct entry *e, size_t count, jg_time_t deadline)
{
    struct poll_table table = {.task = t, .room = (unsigned)count * WAITERS_EACH};
    struct poll_table asking = {.task = t}, *how = &table;
    int64_t ready = 0, err = 0;

    table.waiters = rt_alloc(table.room ? table.room * sizeof(struct waiter) : 1);
    if (!table.waiters)
        return -ENOMEM;
    for (;;) {
        wait_prepare(t);
        ready = 0;
        for (size_t i = 0; i < count; i++) {
            e[i].revents = ask(&e[i], how);
            ready += e[i].revents != 0;
        }
        how = &asking; /* registered once, asked each time */
        if (ready || deadline == 0)
            break;
        err = wait_sleep(t, deadline);
        if (err == -ETIMEDOUT)
            deadline = 0; /* one last look */
        else if (err)
            break;
        err = 0;
    }
    for (unsigned i = 0; i < table.used; i++)
        wait_remove(&table.waiters[i]);
    rt_free(table.waiters);
    return err ? err : ready;
}

static void drop(struct entry *e, size_t count)
{
    for (size_t i = 0; i < count; i++)
        file_put(e[i].file);
    rt_free(e);
}

static int64_t do_poll(struct task *t, uint64_t va, uint64_t count, jg_time_t deadline)
{
    struct pollfd *fds;
    struct entry *e;
    int64_t r;

    if (count > t->process->limits.limit[RLIMIT_NOFILE].rlim_cur)
        return -EINVAL;
    fds = rt_alloc(count ? count * sizeof *fds : 1);
    e = rt_zalloc(count ? count * sizeof *e : 1);
    if (!fds || !e || copy_in(t->mm, fds, va, count * sizeof *fds)) {
        r = fds && e ? -EFAULT : -ENOMEM;
        rt_free(fds);
        rt_free(e);
        return r;
    }
    for (uint64_t i = 0; i < count; i++) {
        e[i].events = (uint16_t)fds[i].events;
        if (fds[i].fd < 0)
            continue;
        e[i].file = fd_get(t, fds[i].fd);
        if (!e[i].file || (e[i].file->flags & O_PATH)) {
            file_put(e[i].file);
            e[i].file = NULL;
            e[i].revents = POLLNVAL;
        }
    }
    r = wait_for(t, e, count, deadline);
    for (uint64_t i = 0; r >= 0 && i < count; i++) {
        /* A copy costs more than asking the file: what stands there already is not written, but for the last one,
           which tells whether the array can be written at all. */
        if (fds[i].revents == (short)e[i].revents && i + 1 < count)
            continue;
        fds[i].revents = (short)e[i].revents;
        if (copy_out(t->mm, va + i * sizeof *fds + offsetof(struct pollfd, revents),
                     &fds[i].revents, 2))
            r = -EFAULT;
    }
    drop(e, count);
    rt_free(fds);
    return r;
}

static int64_t poll_again(struct task *t)
{
    int64_t r = do_poll(t, t->restart_args[0], t->restart_args[1], (jg_time_t)t->restart_args[2]);

    if (r == -ERESTARTSYS) {
        t->restart = poll_again;
        return -ERESTART_RESTARTBLOCK;
    }
    return r;
}

int64_t sys_poll(struct task *t, const uint64_t *a)
{
    int timeout = (int)a[2];

    t->restart_args[0] = a[0];
    t->restart_args[1] = a[1];
    t->restart_args[2] = (uint64_t)(timeout < 0 ? JG_TIME_INFINITE
                                    : timeout   ? deadline_after(timeout * 1000000ll)
                                                : 0);
    return poll_again(t);
}

/* The optional signal mask of ppoll and pselect6: in force until the call returns. */
static int64_t use_mask(struct task *t, uint64_t va, uint64_t size)
{
    uint64_t mask;

    if (!va)
        return 0;
    if (size != 8)
        return -EINVAL;
    if (copy_in(t->mm, &mask, va, sizeof mask))
        return -EFAULT;
    signal_use_mask(t, mask);
    return 0;
}

/* The optional time-out, and where what is left of it goes. */
static int64_t read_timeout(struct task *t, uint64_t va, bool timeval, jg_time_t *deadline)
{
    jg_time_t ns;
    int64_t err;

    *deadline = JG_TIME_INFINITE;
    if (!va)
        return 0;
    err = timeval ? timeval_in(t, va, &ns) : time_in(t, va, &ns);
    if (!err)
        *deadline = ns ? deadline_after(ns) : 0;
    return err;
}

/* Linux writes back what is left, and does not mind when it cannot. */
static void write_left(struct task *t, uint64_t va, bool timeval, jg_time_t deadline)
{
    jg_time_t left = deadline ? deadline - time_monotonic() : 0;

    if (!va || deadline == JG_TIME_INFINITE)
        return;
    if (left < 0)
        left = 0;
    if (timeval)
        timeval_out(t, va, left);
    else
        time_out(t, va, left);
}

/* A call that was not interrupted ends with the old mask in force. */
static int64_t finish(struct task *t, int64_t r)
{
    if (r == -ERESTARTSYS || r == -ERESTARTNOHAND)
        return -ERESTARTNOHAND;
    signal_restore_mask(t);
    return r;
}

int64_t sys_ppoll(struct task *t, const uint64_t *a)
{
    jg_time_t deadline;
    int64_t r = read_timeout(t, a[2], false, &deadline);

    if (!r)
        r = use_mask(t, a[3], a[4]);
    if (r)
        return r;
    r = do_poll(t, a[0], a[1], deadline);
    write_left(t, a[2], false, deadline);
    return finish(t, r);
}

#define SELECT_MAX 1024
#define SET_WORDS  (SELECT_MAX / 64)

struct sets {
    uint64_t in[SET_WORDS], out[SET_WORDS], ex[SET_WORDS];
};

static int64_t read_set(struct task *t, uint64_t va, uint64_t *set, size_t bytes)
{
    memset(set, 0, SET_WORDS * 8);
    return va ? copy_in(t->mm, set, va, bytes) : 0;
}

static bool in_set(const uint64_t *set, int fd)
{
    return set[fd / 64] >> (fd % 64) & 1;
}

#define SELECT_IN  (POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR)
#define SELECT_OUT (POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR)
#define SELECT_EX  POLLPRI

static int64_t open_entries(struct task *t, const struct sets *s, int n, struct entry *e,
                            size_t *count)
{
    *count = 0;
    for (int fd = 0; fd < n; fd++) {
        uint32_t events = (in_set(s->in, fd) ? SELECT_IN : 0) |
                          (in_set(s->out, fd) ? SELECT_OUT : 0) |
                          (in_set(s->ex, fd) ? SELECT_EX : 0);

        if (!events)
            continue;
        e[*count] = (struct entry){.fd = fd, .events = events, .file = fd_get(t, fd)};
        if (!e[*count].file)
            return -EBADF;
        ++*count;
    }
    return 0;
}

/* Keeps of each set what became ready. Returns the number of bits. */
static int64_t reduce(struct sets *s, const struct entry *e, size_t count)
{
    struct sets result = {0};
    int64_t bits = 0;

    for (size_t i = 0; i < count; i++) {
        int fd = e[i].fd;
        uint64_t bit = 1ull << (fd % 64);

        if (in_set(s->in, fd) && (e[i].revents & SELECT_IN))
            result.in[fd / 64] |= bit, bits++;
        if (in_set(s->out, fd) && (e[i].revents & SELECT_OUT))
            result.out[fd / 64] |= bit, bits++;
        if (in_set(s->ex, fd) && (e[i].revents & SELECT_EX))
            result.ex[fd / 64] |= bit, bits++;
    }
    *s = result;
    return bits;
}

static int64_t do_select(struct task *t, const uint64_t *a, jg_time_t deadline)
{
    int n = (int)a[0];
    size_t bytes, count = 0;
    struct entry *e;
    struct sets s;
    int64_t r;

    if (n < 0)
        return -EINVAL;
    if (n > SELECT_MAX)
        n = SELECT_MAX;
    bytes = ((size_t)n + 63) / 64 * 8;
    if (read_set(t, a[1], s.in, bytes) || read_set(t, a[2], s.out, bytes) ||
        read_set(t, a[3], s.ex, bytes))
        return -EFAULT;
    e = rt_zalloc((size_t)(n ? n : 1) * sizeof *e);
    if (!e)
        return -ENOMEM;
    r = open_entries(t, &s, n, e, &count);
    if (!r)
        r = wait_for(t, e, count, deadline);
    if (r >= 0) {
        r = reduce(&s, e, count);
        if ((a[1] && copy_out(t->mm, a[1], s.in, bytes)) ||
            (a[2] && copy_out(t->mm, a[2], s.out, bytes)) ||
            (a[3] && copy_out(t->mm, a[3], s.ex, bytes)))
            r = -EFAULT;
    }
    drop(e, count);
    return r == -ERESTARTSYS ? -ERESTARTNOHAND : r;
}

int64_t sys_select(struct task *t, const uint64_t *a)
{
    jg_time_t deadline;
    int64_t r = read_timeout(t, a[4], true, &deadline);

    if (r)
        return r;
    r = do_select(t, a, deadline);
    write_left(t, a[4], true, deadline);
    return r;
}

int64_t sys_pselect6(struct task *t, const uint64_t *a)
{
    uint64_t mask[2] = {0, 0};
    jg_time_t deadline;
    int64_t r = read_timeout(t, a[4], false, &deadline);

    if (!r && a[5])
        r = copy_in(t->mm, mask, a[5], sizeof mask);
    if (!r)
        r = use_mask(t, mask[0], mask[1]);
    if (r)
        return r;
    r = do_select(t, a, deadline);
    write_left(t, a[4], false, deadline);
    return finish(t, r);
}
