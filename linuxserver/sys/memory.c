/*
 * Memory calls: argument checks of mmap(2) and friends; the work is in mm/.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <file.h>
#include <mm.h>
#include <mm/region.h>

struct mm_limits memory_limits(struct task *t)
{
    const struct rlimit64 *l = t->process->limits.limit;
    bool lock_all = cred_capable(&t->cred, CAP_IPC_LOCK);

    return (struct mm_limits){l[RLIMIT_AS].rlim_cur, l[RLIMIT_DATA].rlim_cur,
                              l[RLIMIT_STACK].rlim_cur,
                              lock_all ? UINT64_MAX : l[RLIMIT_MEMLOCK].rlim_cur};
}

/* Shared anonymous memory: a VMO of its own, which the regions that show it keep alive. */
static void anonymous_release(struct backing *b)
{
    jg_handle_close(b->vmo);
    rt_free(b);
}

static int anonymous_path(struct backing *b, char *buf, size_t size)
{
    static const char name[] = "/dev/zero (deleted)";

    (void)b;
    memcpy(buf, name, size < sizeof name ? size : sizeof name);
    return sizeof name - 1;
}

static struct backing *anonymous_shared(uint64_t length)
{
    static uint64_t numbers = 1;
    struct backing *b = rt_zalloc(sizeof *b);
    int64_t h;

    if (!b)
        return NULL;
    h = jg_vmo_create(page_up(length), 0, JG_HANDLE_NONE);
    if (h < 0) {
        rt_free(b);
        return NULL;
    }
    b->refs = 1;
    b->vmo = (jg_handle_t)h;
    b->device = 1;
    b->inode = __atomic_fetch_add(&numbers, 1, __ATOMIC_RELAXED);
    b->release = anonymous_release;
    b->path = anonymous_path;
    return b;
}

static int64_t file_backing(struct task *t, int fd, uint32_t prot, bool shared, struct mm_map *map)
{
    struct file *f = fd_get(t, fd);
    int64_t err = 0;

    if (!f)
        return -EBADF;
    if (f->flags & O_PATH)
        err = -EBADF;
    else if (!file_readable(f) || (shared && (prot & PROT_WRITE) && !file_writable(f)))
        err = -EACCES;
    else if (!f->ops->backing)
        err = -ENODEV;
    else
        err = f->ops->backing(f, &map->backing);
    if (!err && shared && !file_writable(f))
        map->region_flags |= REGION_WRITE_DENIED;
    file_put(f);
    return err;
}

int64_t sys_mmap(struct task *t, const uint64_t *a)
{
    uint32_t flags = (uint32_t)a[3], type = flags & MAP_TYPE;
    struct mm_limits limits = memory_limits(t);
    struct mm_map map = {
        .hint = a[0], .length = a[1], .prot = (uint32_t)a[2] & 7, .max_prot = 7, .offset = a[5]};
    bool shared = type != MAP_PRIVATE;
    int64_t r = 0;

    if (a[5] & ~PAGE_MASK)
        return -EINVAL;
    if (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
        return -EINVAL;
    if (!a[1])
        return -EINVAL;
    if (page_up(a[1]) == 0 || a[5] + page_up(a[1]) < a[5])
        return page_up(a[1]) ? -EOVERFLOW : -ENOMEM;
    if (flags & MAP_HUGETLB)
        return -EINVAL;
    if ((flags & MAP_LOCKED) && !limits.locked)
        return -EPERM;
    map.options = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) ? MM_FIXED : 0) |
                  (flags & MAP_FIXED_NOREPLACE ? MM_NOREPLACE : 0) |
                  (flags & MAP_POPULATE ? MM_POPULATE : 0) | (flags & MAP_LOCKED ? MM_LOCKED : 0);
    map.region_flags =
        (shared ? REGION_SHARED : 0) | (flags & MAP_NORESERVE ? REGION_NORESERVE : 0);
    if (!(flags & MAP_ANONYMOUS))
        r = file_backing(t, (int)a[4], (uint32_t)a[2], shared, &map);
    if (!r && !map.backing && shared) {
        map.offset = 0;
        map.backing = anonymous_shared(a[1]);
        r = map.backing ? 0 : -ENOMEM;
    }
    if (r)
        return r;
    r = mm_map(t->mm, &map, &limits);
    if (map.backing)
        backing_put(map.backing);
    return r;
}

int64_t sys_munmap(struct task *t, const uint64_t *a)
{
    return mm_unmap(t->mm, a[0], a[1]);
}

int64_t sys_mprotect(struct task *t, const uint64_t *a)
{
    struct mm_limits limits = memory_limits(t);

    if (a[2] & ~(uint64_t)(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN | PROT_GROWSUP))
        return -EINVAL;
    return mm_protect(t->mm, a[0], a[1], (uint32_t)a[2] & 7, &limits);
}

int64_t sys_mremap(struct task *t, const uint64_t *a)
{
    struct mm_limits limits = memory_limits(t);

    if (a[3] & ~0xffffffffull)
        return -EINVAL;
    return mm_remap(t->mm, a[0], a[1], a[2], (uint32_t)a[3], a[4], &limits);
}

int64_t sys_brk(struct task *t, const uint64_t *a)
{
    struct mm_limits limits = memory_limits(t);

    return (int64_t)mm_brk(t->mm, a[0], &limits);
}

int64_t sys_madvise(struct task *t, const uint64_t *a)
{
    return mm_advise(t->mm, a[0], a[1], (int)a[2]);
}

int64_t check_mapped(struct task *t, uint64_t start, uint64_t length)
{
    uint64_t end = page_up(start + length);
    bool covered;

    if (end < start)
        return -ENOMEM;
    mutex_lock(&t->mm->lock);
    covered = region_covers(t->mm, page_down(start), end);
    mutex_unlock(&t->mm->lock);
    return covered ? 0 : -ENOMEM;
}

int64_t sys_msync(struct task *t, const uint64_t *a)
{
    if ((a[0] & ~PAGE_MASK) || (a[2] & ~(uint64_t)(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) ||
        (a[2] & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
        return -EINVAL;
    if (!a[1])
        return 0;
    if ((a[2] & MS_INVALIDATE) && mm_has_locked(t->mm, a[0], a[1]))
        return -EBUSY;
    return check_mapped(t, a[0], a[1]);
}
