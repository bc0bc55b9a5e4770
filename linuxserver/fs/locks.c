/*
 * Advisory locks. See locks.h.
 *
 * One list for all files: locks are few. A record lock belongs to a descriptor table (POSIX says
 * process; Linux too means the table, which survives exec and may be shared) or a description
 * (OFD); a flock to a description. The two kinds do not see each other. Waiters sleep on one queue
 * and look again.
 *
 * Locks: locks_lock.
 */
#include "locks.h"

#include <jg/rt/heap.h>
#include <jg/rt/list.h>
#include <jg/stubs.h>

#include <task.h>

#include "inode.h"

/* Linux's LOCK_* of flock(2) are in <fcntl.h> of the libc only. */
#define FLOCK_SHARED    1
#define FLOCK_EXCLUSIVE 2
#define FLOCK_NONBLOCK  4
#define FLOCK_UNLOCK    8

struct lock {
    struct list link;
    struct inode *inode;
    bool record;       /* fcntl; else flock */
    const void *owner; /* files or file */
    int pid;           /* who set it; -1: OFD */
    bool exclusive;
    int64_t start, end; /* inclusive */
};

/* A process that waits for a record lock, for deadlock detection. */
struct waiting {
    struct list link;
    const void *owner;
    const struct lock *wanted;
};

static struct mutex locks_lock = MUTEX_INIT;
static struct list locks = LIST_INIT(locks);
static struct list waitings = LIST_INIT(waitings);
static struct waitqueue changed = {LIST_INIT(changed.waiters)};

static bool overlap(const struct lock *a, const struct lock *b)
{
    return a->start <= b->end && b->start <= a->end;
}

static struct lock *conflict(const struct lock *want)
{
    LIST_FOR_EACH(it, &locks)
    {
        struct lock *l = LIST_ENTRY(it, struct lock, link);

        if (l->inode == want->inode && l->record == want->record && l->owner != want->owner &&
            overlap(l, want) && (l->exclusive || want->exclusive))
            return l;
    }
    return NULL;
}

static struct lock *copy(const struct lock *from)
{
    struct lock *l = rt_alloc(sizeof *l);

    if (l)
        *l = *from;
    return l;
}

static void drop(struct lock *l)
{
    list_remove(&l->link);
    rt_free(l);
}

/*
 * Removes the owner's locks in the range; may split one, for which `spare` is used (and then set to
 * NULL).
 */
static void carve(const struct lock *range, struct lock **spare)
{
    LIST_FOR_EACH_SAFE(it, &locks)
    {
        struct lock *l = LIST_ENTRY(it, struct lock, link);

        if (l->inode != range->inode || l->record != range->record || l->owner != range->owner ||
            !overlap(l, range))
            continue;
        if (l->start < range->start && l->end > range->end) {
            struct lock *high = *spare;

            *spare = NULL;
            *high = *l;
            high->start = range->end + 1;
            l->end = range->start - 1;
            list_insert_before(&l->link, &high->link);
            return;
        }
        if (l->start < range->start)
            l->end = range->start - 1;
        else if (l->end > range->end)
            l->start = range->end + 1;
        else
            drop(l);
    }
}

/* Would waiting for `want` close a circle of waiting owners? */
static bool deadlock(const struct lock *want)
{
    const void *owner = want->owner;
    const struct lock *at = want;

    for (int depth = 0; depth < 64; depth++) {
        const struct lock *holder = conflict(at);
        bool found = false;

        if (!holder)
            return false;
        if (holder->owner == owner)
            return true;
        LIST_FOR_EACH(it, &waitings)
        {
            struct waiting *w = LIST_ENTRY(it, struct waiting, link);

            if (w->owner == holder->owner) {
                at = w->wanted;
                found = true;
                break;
            }
        }
        if (!found)
            return false;
        if (at->owner == owner)
            return true;
    }
    return false;
}

/* Sets the lock, or with `unlock` only carves. Waits if asked. */
static int64_t apply(struct task *t, const struct lock *want, bool unlock, bool wait)
{
    struct lock *new = copy(want), *spare = copy(want);
    struct waiting me = {.owner = want->owner, .wanted = want};
    struct waiter w;
    int64_t err = new &&spare ? 0 : -ENOLCK;

    wait_add(&changed, &w, t);
    while (!err) {
        struct lock *other;

        wait_prepare(t);
        mutex_lock(&locks_lock);
        other = unlock ? NULL : conflict(want);
        if (!other) {
            carve(want, &spare);
            if (!unlock) {
                list_add_tail(&locks, &new->link);
                new = NULL;
            }
            mutex_unlock(&locks_lock);
            wait_wake(&changed);
            break;
        }
        if (!wait)
            err = -EAGAIN;
        else if (want->record && deadlock(want))
            err = -EDEADLK;
        else
            list_add_tail(&waitings, &me.link);
        mutex_unlock(&locks_lock);
        if (err)
            break;
        err = wait_sleep(t, JG_TIME_INFINITE);
        mutex_lock(&locks_lock);
        list_remove(&me.link);
        mutex_unlock(&locks_lock);
    }
    wait_remove(&w);
    rt_free(new);
    rt_free(spare);
    return err;
}

static void release(const struct inode *inode, const void *owner, bool record)
{
    bool any = false;

    mutex_lock(&locks_lock);
    LIST_FOR_EACH_SAFE(it, &locks)
    {
        struct lock *l = LIST_ENTRY(it, struct lock, link);

        if (l->inode == inode && l->owner == owner && l->record == record) {
            drop(l);
            any = true;
        }
    }
    mutex_unlock(&locks_lock);
    if (any)
        wait_wake(&changed);
}

void locks_release_owner(struct inode *inode, struct files *owner)
{
    if (!list_empty(&locks))
        release(inode, owner, true);
}

void locks_release_file(struct file *f)
{
    if (!f->inode || list_empty(&locks))
        return;
    release(f->inode, f, true);
    release(f->inode, f, false);
}

int64_t locks_flock(struct task *t, struct file *f, int operation)
{
    int kind = operation & ~FLOCK_NONBLOCK;
    struct lock want = {
        .inode = f->inode, .owner = f, .end = INT64_MAX, .exclusive = kind == FLOCK_EXCLUSIVE};

    if (kind != FLOCK_SHARED && kind != FLOCK_EXCLUSIVE && kind != FLOCK_UNLOCK)
        return -EINVAL;
    if (!f->inode)
        return 0; /* an anonymous file that nobody else can open */
    return apply(t, &want, kind == FLOCK_UNLOCK, !(operation & FLOCK_NONBLOCK));
}

/* The range that a struct flock means. Source: fcntl(2). */
static int64_t range_of(struct file *f, const struct flock *lock, struct lock *out)
{
    struct vfs_attr attr;
    int64_t start = lock->l_start, base = 0;

    if (lock->l_whence == SEEK_CUR) {
        base = f->pos;
    } else if (lock->l_whence == SEEK_END) {
        int64_t err = f->ops->stat(f, &attr);

        if (err)
            return err;
        base = (int64_t)attr.size;
    } else if (lock->l_whence != SEEK_SET) {
        return -EINVAL;
    }
    if (__builtin_add_overflow(start, base, &start))
        return -EOVERFLOW;
    if (start < 0)
        return -EINVAL;
    out->start = start;
    out->end = INT64_MAX;
    if (lock->l_len > 0 && __builtin_add_overflow(start, lock->l_len - 1, &out->end))
        return -EOVERFLOW;
    if (lock->l_len < 0) {
        out->start = start + lock->l_len;
        out->end = start - 1;
    }
    return out->start < 0 ? -EINVAL : 0;
}

static void describe(const struct lock *l, struct flock *lock)
{
    lock->l_type = l->exclusive ? F_WRLCK : F_RDLCK;
    lock->l_whence = SEEK_SET;
    lock->l_start = l->start;
    lock->l_len = l->end == INT64_MAX ? 0 : l->end - l->start + 1;
    lock->l_pid = l->pid;
}

int64_t locks_fcntl(struct task *t, struct file *f, int cmd, struct flock *lock)
{
    bool ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
    bool get = cmd == F_GETLK || cmd == F_OFD_GETLK, wait = cmd == F_SETLKW || cmd == F_OFD_SETLKW;
    struct lock want = {.inode = f->inode,
                        .record = true,
                        .owner = ofd ? (const void *)f : t->files,
                        .pid = ofd ? -1 : t->process->pid};
    const struct lock *other;
    int64_t err;

    if (lock->l_type != F_RDLCK && lock->l_type != F_WRLCK && lock->l_type != F_UNLCK)
        return -EINVAL;
    if (ofd && lock->l_pid)
        return -EINVAL;
    if (!f->inode)
        return -EINVAL;
    if (!get && ((lock->l_type == F_RDLCK && !file_readable(f)) ||
                 (lock->l_type == F_WRLCK && !file_writable(f))))
        return -EBADF;
    if ((err = range_of(f, lock, &want)))
        return err;
    want.exclusive = lock->l_type == F_WRLCK;
    if (!get)
        return apply(t, &want, lock->l_type == F_UNLCK, wait);
    if (lock->l_type == F_UNLCK)
        return -EINVAL;
    mutex_lock(&locks_lock);
    other = conflict(&want);
    if (other)
        describe(other, lock);
    else
        lock->l_type = F_UNLCK;
    mutex_unlock(&locks_lock);
    return 0;
}
