/*
 * System V shared memory: arguments of shmget, shmat, shmdt, shmctl. The work is in ipc/shm.c and mm/.
 */
#include "sys.h"

#include <linux/shm.h>

#include <ipc/shm.h>

int64_t sys_shmget(struct task *t, const uint64_t *a)
{
    return shm_get(t, (int32_t)a[0], a[1], (int)a[2]);
}

/* Where it is to lie: 0 (anywhere), an address, or -EINVAL. */
static int64_t attach_address(uint64_t va, int flags)
{
    if (va & ~PAGE_MASK) {
        if (!(flags & SHM_RND))
            return -EINVAL;
        va = page_down(va);
        if (!va && (flags & SHM_REMAP))
            return -EINVAL;
    } else if (!va && (flags & SHM_REMAP)) {
        return -EINVAL;
    }
    return va <= INT64_MAX ? (int64_t)va : -EINVAL;
}

int64_t sys_shmat(struct task *t, const uint64_t *a)
{
    int flags = (int)a[2];
    bool reads = flags & SHM_RDONLY;
    struct mm_limits limits = memory_limits(t);
    struct mm_map map = {
        .prot = PROT_READ | (reads ? 0 : PROT_WRITE) | (flags & SHM_EXEC ? PROT_EXEC : 0),
        .max_prot = 7,
        .region_flags = REGION_SHARED | (reads ? REGION_WRITE_DENIED : REGION_WRITER)};
    uint32_t wanted = IPC_READS | (reads ? 0 : IPC_WRITES) | (flags & SHM_EXEC ? IPC_EXECUTES : 0);
    int64_t r = (int)a[0] < 0 ? -EINVAL : attach_address(a[1], flags);

    if (r < 0)
        return r;
    map.hint = (uint64_t)r;
    /* An address (also one that was rounded down to 0) is meant as it is, and must be free. */
    if (a[1])
        map.options = MM_FIXED | (flags & SHM_REMAP ? 0 : MM_NOREPLACE);
    r = shm_find(t, (int)a[0], wanted, &map.backing, &map.length);
    if (r)
        return r;
    r = mm_map(t->mm, &map, &limits);
    if (r >= 0)
        shm_used(t, map.backing);
    backing_put(map.backing);
    return r == -EEXIST ? -EINVAL : r;
}

int64_t sys_shmdt(struct task *t, const uint64_t *a)
{
    return mm_detach(t->mm, a[0], shm_is_segment, shm_size);
}

static int64_t stat_out(struct task *t, int id, int cmd, uint64_t va)
{
    struct shmid64_ds ds;
    int64_t r = shm_stat(t, id, cmd != IPC_STAT, cmd == SHM_STAT_ANY, &ds);

    return r >= 0 && copy_out(t->mm, va, &ds, sizeof ds) ? -EFAULT : r;
}

static int64_t info_out(struct task *t, int cmd, uint64_t va)
{
    union {
        struct shminfo64 limits;
        struct shm_info usage;
    } info;
    bool limits = cmd == IPC_INFO;
    int64_t r = limits ? shm_limits(&info.limits) : shm_usage(&info.usage);

    return copy_out(t->mm, va, &info, limits ? sizeof info.limits : sizeof info.usage) ? -EFAULT
                                                                                       : r;
}

int64_t sys_shmctl(struct task *t, const uint64_t *a)
{
    int id = (int)a[0], cmd = (int)a[1];
    struct shmid64_ds ds;

    if (id < 0 || cmd < 0)
        return -EINVAL;
    switch (cmd) {
    case IPC_INFO:
    case SHM_INFO:
        return info_out(t, cmd, a[2]);
    case IPC_STAT:
    case SHM_STAT:
    case SHM_STAT_ANY:
        return stat_out(t, id, cmd, a[2]);
    case IPC_SET:
        return copy_in(t->mm, &ds, a[2], sizeof ds) ? -EFAULT : shm_set(t, id, &ds);
    case IPC_RMID:
        return shm_remove(t, id);
    case SHM_LOCK:
    case SHM_UNLOCK:
        return shm_lock(t, id, cmd == SHM_LOCK);
    default:
        return -EINVAL;
    }
}
