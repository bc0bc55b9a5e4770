/*
 * Advisory locks. See locks.h.
 *
 * vfsd has the locks, so that two servers agree (docs/vfs.md); this says whose they are. A lock of a process belongs to
 * its descriptor table (POSIX says process; Linux too means the table, which survives exec and may be shared), other
 * locks to a description. Files without a node (pipes, sockets, procfs) are known to vfsd by what their
 * descriptions have in common.
 *
 * A task that waits has a wait in vfsd under a ticket. When vfsd's event comes, all who wait ask: no news is
 * lost, since vfsd decides before it raises the event, and a waiter is registered before it asks.
 */
#include "locks.h"

#include <ipc/vfs_client.h>
#include <server.h>
#include <task.h>

#include "inode.h"

/* Linux's LOCK_* of flock(2) are in <fcntl.h> of the libc only. */
#define FLOCK_SHARED    1
#define FLOCK_EXCLUSIVE 2
#define FLOCK_NONBLOCK  4
#define FLOCK_UNLOCK    8

static struct waitqueue changed = {LIST_INIT(changed.waiters)};
static uint64_t last_ticket;

/* A file as vfsd knows it. */
struct locked {
    jg_handle_t session;
    uint64_t node, key;
};

static struct locked locked_of(const struct file *f)
{
    const struct inode *i = f->inode;

    if (i && !inode_in_proc(i))
        return (struct locked){i->session, i->node, 0};
    return (struct locked){server.vfs, 0, i ? i->number : (uint64_t)(f->data ? f->data : f)};
}

/*
 * Files on which a process may have a lock, by a hash: most closes find here that vfsd need not be asked. By device and
 * number, as another name or another mount of a locked file is that file as well. Bits are never cleared.
 */
static uint64_t maybe_locked[16];

static uint64_t *bit_of(const struct file *f, uint64_t *bit)
{
    struct locked of = locked_of(f);
    uint64_t hash = of.node ? f->inode->number ^ f->inode->device << 40 : of.key;

    hash = hash * 0x9e3779b97f4a7c15ull >> 54;
    *bit = 1ull << (hash & 63);
    return &maybe_locked[hash >> 6];
}

static bool maybe(const struct file *f)
{
    uint64_t bit;

    return __atomic_load_n(bit_of(f, &bit), __ATOMIC_RELAXED) & bit;
}

void locks_event(void)
{
    wait_wake(&changed);
}

/* Waits for the outcome of a ticket. A signal gives it up, unless it was granted by then. */
static HOT_IO int64_t wait_for(struct task *t, jg_handle_t session, uint64_t ticket)
{
    struct waiter w;
    int64_t err, end = 0;

    wait_add(&changed, &w, t);
    for (;;) {
        wait_prepare(t);
        err = vfs_errno(vfs_lock_wait(session, ticket, end != 0));
        if (err != -EWOULDBLOCK || end)
            break;
        end = wait_sleep(t, JG_TIME_INFINITE);
    }
    wait_remove(&w);
    return err == -EWOULDBLOCK ? end : err;
}

/* Sets the lock, or unlocks. Waits if asked. */
static int64_t apply(struct task *t, struct file *f, struct vfs_lock *want, bool wait)
{
    struct locked of = locked_of(f);
    uint64_t ticket = wait ? __atomic_add_fetch(&last_ticket, 1, __ATOMIC_RELAXED) : 0;
    int64_t err;

    want->node = of.node;
    want->key = of.key;
    if (want->type != VFS_LOCK_TYPE_NONE)
        __atomic_or_fetch(&f->locked, 1u << want->kind, __ATOMIC_RELAXED);
    if (want->type != VFS_LOCK_TYPE_NONE && want->kind == VFS_LOCK_KIND_PROCESS) {
        uint64_t bit, *word = bit_of(f, &bit);

        __atomic_or_fetch(word, bit, __ATOMIC_RELAXED);
    }
    err = vfs_errno(vfs_lock(of.session, want, ticket));
    return err == -EWOULDBLOCK && wait ? wait_for(t, of.session, ticket) : err;
}

static void release(const struct file *f, const void *owner, uint32_t kind)
{
    struct locked of = locked_of(f);

    vfs_lock_release(of.session, of.node, of.key, (uint64_t)owner, kind);
}

HOT_PATH void locks_release_owner(const struct file *f, const struct files *owner)
{
    if (maybe(f))
        release(f, owner, VFS_LOCK_KIND_PROCESS);
}

HOT_PATH void locks_release_file(const struct file *f)
{
    if (f->locked & 1u << VFS_LOCK_KIND_FLOCK)
        release(f, f, VFS_LOCK_KIND_FLOCK);
    if (f->locked & 1u << VFS_LOCK_KIND_DESCRIPTION)
        release(f, f, VFS_LOCK_KIND_DESCRIPTION);
}

int64_t locks_flock(struct task *t, struct file *f, int operation)
{
    int kind = operation & ~FLOCK_NONBLOCK;
    struct vfs_lock want = {.owner = (uint64_t)f,
                            .end = INT64_MAX,
                            .pid = (uint32_t)t->process->pid,
                            .kind = VFS_LOCK_KIND_FLOCK};

    if (kind == FLOCK_SHARED)
        want.type = VFS_LOCK_TYPE_SHARED;
    else if (kind == FLOCK_EXCLUSIVE)
        want.type = VFS_LOCK_TYPE_EXCLUSIVE;
    else if (kind != FLOCK_UNLOCK)
        return -EINVAL;
    return apply(t, f, &want, !(operation & FLOCK_NONBLOCK));
}

/* The range that a struct flock means. Source: fcntl(2). */
static int64_t range_of(struct file *f, const struct flock *lock, struct vfs_lock *out)
{
    struct vfs_attr attr;
    int64_t start = lock->l_start, base = 0, end;

    if (lock->l_whence == SEEK_CUR) {
        base = f->pos;
    } else if (lock->l_whence == SEEK_END) {
        int64_t err = f->ops->stat ? f->ops->stat(f, &attr) : anonymous_stat(f, &attr);

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
    end = INT64_MAX;
    if (lock->l_len > 0 && __builtin_add_overflow(start, lock->l_len - 1, &end))
        return -EOVERFLOW;
    if (lock->l_len < 0) {
        end = start - 1;
        start += lock->l_len;
    }
    if (start < 0)
        return -EINVAL;
    out->start = (uint64_t)start;
    out->end = (uint64_t)end;
    return 0;
}

static void describe(const struct vfs_lock *l, struct flock *lock)
{
    if (l->type == VFS_LOCK_TYPE_NONE) {
        lock->l_type = F_UNLCK;
        return;
    }
    lock->l_type = l->type == VFS_LOCK_TYPE_EXCLUSIVE ? F_WRLCK : F_RDLCK;
    lock->l_whence = SEEK_SET;
    lock->l_start = (int64_t)l->start;
    lock->l_len = l->end == INT64_MAX ? 0 : (int64_t)(l->end - l->start + 1);
    lock->l_pid = (int)l->pid;
}

/* F_GETLK: what is in the way. */
static int64_t test(struct file *f, struct vfs_lock *want, struct flock *lock)
{
    struct locked of = locked_of(f);
    struct vfs_lock found;
    int64_t err;

    want->node = of.node;
    want->key = of.key;
    err = vfs_errno(vfs_lock_test(of.session, want, &found));
    if (!err)
        describe(&found, lock);
    return err;
}

int64_t locks_fcntl(struct task *t, struct file *f, int cmd, struct flock *lock)
{
    bool ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
    bool get = cmd == F_GETLK || cmd == F_OFD_GETLK, wait = cmd == F_SETLKW || cmd == F_OFD_SETLKW;
    struct vfs_lock want = {.owner = ofd ? (uint64_t)f : (uint64_t)t->files,
                            .pid = ofd ? (uint32_t)-1 : (uint32_t)t->process->pid,
                            .kind = ofd ? VFS_LOCK_KIND_DESCRIPTION : VFS_LOCK_KIND_PROCESS};
    int64_t err;

    if (get && lock->l_type != F_RDLCK && lock->l_type != F_WRLCK)
        return -EINVAL;
    if ((err = range_of(f, lock, &want)))
        return err;
    if (lock->l_type != F_RDLCK && lock->l_type != F_WRLCK && lock->l_type != F_UNLCK)
        return -EINVAL;
    if (!get && ((lock->l_type == F_RDLCK && !file_readable(f)) ||
                 (lock->l_type == F_WRLCK && !file_writable(f))))
        return -EBADF;
    if (ofd && lock->l_pid)
        return -EINVAL;
    want.type = lock->l_type == F_WRLCK   ? VFS_LOCK_TYPE_EXCLUSIVE
                : lock->l_type == F_RDLCK ? VFS_LOCK_TYPE_SHARED
                                          : VFS_LOCK_TYPE_NONE;
    return get ? test(f, &want, lock) : apply(t, f, &want, wait);
}

int64_t locks_tell(const struct file *f, const struct files *owner, char *buf, size_t size,
                   size_t *length)
{
    struct locked of = f ? locked_of(f) : (struct locked){server.vfs, 0, 0};

    *length = 0;
    if (f && !f->locked && !maybe(f))
        return 0;
    return vfs_errno(
        vfs_locks(of.session, of.node, of.key, (uint64_t)owner, (uint64_t)f, buf, size, length));
}
