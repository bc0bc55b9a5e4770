/*
 * Memory calls: argument checks of mmap(2) and friends; the work is in mm/.
 */
#include "sys.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <file.h>
#include <fs/inode.h>
#include <mm.h>
#include <mm/commit.h>
#include <mm/region.h>

struct mm_limits memory_limits(struct task *t)
{
    const struct rlimit64 *l = t->process->limits.limit;
    bool lock_all = cred_capable(&t->cred, CAP_IPC_LOCK);

    return (struct mm_limits){
        l[RLIMIT_AS].rlim_cur, l[RLIMIT_DATA].rlim_cur, l[RLIMIT_STACK].rlim_cur,
        lock_all ? UINT64_MAX : l[RLIMIT_MEMLOCK].rlim_cur, cred_capable(&t->cred, CAP_SYS_RAWIO)};
}

/* Shared anonymous memory: a VMO of its own, which the regions that show it keep alive. */
struct anonymous {
    struct backing backing;
    uint64_t promised;
};

static void anonymous_release(struct backing *b)
{
    struct anonymous *a = LIST_ENTRY(b, struct anonymous, backing);

    commit_add(-(int64_t)a->promised);
    jg_handle_close(b->vmo);
    rt_free(a);
}

static int anonymous_path(struct backing *b, char *buf, size_t size)
{
    static const char name[] = "/dev/zero (deleted)";

    (void)b;
    memcpy(buf, name, size < sizeof name ? size : sizeof name);
    return sizeof name - 1;
}

/* `promised`: it counts as promised memory for as long as it is there. */
static struct backing *anonymous_shared(uint64_t length, bool promised)
{
    static uint64_t numbers = 1;
    struct anonymous *a = rt_zalloc(sizeof *a);
    struct backing *b;
    int64_t h;

    if (!a)
        return NULL;
    b = &a->backing;
    h = jg_vmo_create(page_up(length), 0, JG_HANDLE_NONE);
    if (h < 0) {
        rt_free(a);
        return NULL;
    }
    a->promised = promised ? page_up(length) : 0;
    commit_add((int64_t)a->promised);
    b->refs = 1;
    b->vmo = (jg_handle_t)h;
    b->device = 1;
    b->inode = __atomic_fetch_add(&numbers, 1, __ATOMIC_RELAXED);
    b->release = anonymous_release;
    b->path = anonymous_path;
    return b;
}

/* The flags that every file system takes; MAP_SHARED ignores others, MAP_SHARED_VALIDATE refuses them. */
#define OLD_FLAGS                                                                                  \
    (MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE |       \
     MAP_UNINITIALIZED | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE |               \
     MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT)

/* Does the range lie where a file may have bytes at all? */
static bool file_reaches(const struct file *f, uint64_t length, uint64_t offset)
{
    bool regular = f->inode && (f->inode->mode & S_IFMT) == S_IFREG;
    uint64_t most = regular ? INT64_MAX : UINT64_MAX;

    return length <= most && offset / PAGE_SIZE <= (most - length) / PAGE_SIZE;
}

/* Memory without a file, which /dev/zero is too. */
static int64_t zeros(bool shared, struct mm_map *map)
{
    map->offset = 0;
    if (!shared || !page_up(map->length))
        return 0; /* without a length it is refused later */
    map->promised = !(map->region_flags & REGION_NORESERVE);
    map->backing = anonymous_shared(map->length, map->promised);
    return map->backing ? 0 : -ENOMEM;
}

/*
 * What a file says to being mapped, in Linux's order (do_mmap() of 6.1). 0 or -errno; the backing, if it
 * has one, in map->backing.
 */
static int64_t ask_file(struct file *f, uint32_t flags, struct mm_map *map)
{
    uint32_t type = flags & MAP_TYPE;
    int64_t err;

    if (!file_reaches(f, page_up(map->length), map->offset))
        return -EOVERFLOW;
    if (type != MAP_SHARED && type != MAP_SHARED_VALIDATE && type != MAP_PRIVATE)
        return -EINVAL;
    /* MAP_FIXED_NOREPLACE means MAP_FIXED by then, and is no file's flag itself. */
    if (type == MAP_SHARED_VALIDATE && (flags & ~(OLD_FLAGS | MAP_SHARED_VALIDATE)))
        return -EOPNOTSUPP;
    if (type != MAP_PRIVATE && (map->prot & PROT_WRITE) && !file_writable(f))
        return -EACCES;
    if (!file_readable(f))
        return -EACCES;
    if (!f->ops->backing)
        return -ENODEV;
    if (flags & MAP_GROWSDOWN)
        return -EINVAL;
    if (type != MAP_PRIVATE)
        map->region_flags |= file_writable(f) ? REGION_WRITER : REGION_WRITE_DENIED;
    err = f->ops->backing(f, &map->backing);
    if (err || map->backing)
        return err;
    return zeros(type != MAP_PRIVATE, map);
}

/* What anonymous memory says to it. */
static int64_t ask_anonymous(uint32_t flags, struct mm_map *map)
{
    uint32_t type = flags & MAP_TYPE;

    if (type == MAP_SHARED && !(flags & MAP_GROWSDOWN))
        map->region_flags |= REGION_WRITER;
    else if (type != MAP_PRIVATE)
        return -EINVAL;
    return zeros(type == MAP_SHARED, map);
}

static uint32_t options_of(uint32_t flags)
{
    return (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) ? MM_FIXED : 0) |
           (flags & MAP_FIXED_NOREPLACE ? MM_NOREPLACE : 0) | (flags & MAP_LOCKED ? MM_LOCKED : 0) |
           (flags & MAP_32BIT ? MM_32BIT : 0) |
           ((flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE ? MM_POPULATE : 0);
}

int64_t sys_mmap(struct task *t, const uint64_t *a)
{
    uint32_t flags = (uint32_t)a[3], type = flags & MAP_TYPE;
    struct mm_limits limits = memory_limits(t);
    struct mm_map map = {.hint = a[0],
                         .length = a[1],
                         .prot = (uint32_t)a[2] & 7,
                         .max_prot = 7,
                         .options = options_of(flags),
                         .offset = a[5]};
    struct file *f = NULL;
    int64_t r;

    if (a[5] & ~PAGE_MASK)
        return -EINVAL;
    if (!(flags & MAP_ANONYMOUS)) {
        f = fd_get(t, (int)a[4]);
        if (!f || (f->flags & O_PATH)) {
            file_put(f);
            return -EBADF;
        }
    }
    if (flags & MAP_HUGETLB) {
        file_put(f);
        return f || !a[1] ? -EINVAL : -ENOMEM; /* there is no pool of huge pages */
    }
    if (type == MAP_SHARED || type == MAP_SHARED_VALIDATE)
        map.region_flags |= REGION_SHARED;
    if ((flags & MAP_NORESERVE) && commit_mode() != COMMIT_NEVER)
        map.region_flags |= REGION_NORESERVE;
    if (flags & MAP_GROWSDOWN)
        map.region_flags |= REGION_STACK;
    map.refusal = f ? ask_file(f, flags, &map) : ask_anonymous(flags, &map);
    r = mm_map(t->mm, &map, &limits);
    if (map.backing)
        backing_put(map.backing);
    file_put(f);
    return r;
}

int64_t sys_munmap(struct task *t, const uint64_t *a)
{
    return mm_unmap(t->mm, a[0], a[1]);
}

int64_t sys_mprotect(struct task *t, const uint64_t *a)
{
    struct mm_limits limits = memory_limits(t);

    return mm_protect(t->mm, a[0], a[1], a[2], &limits);
}

int64_t sys_mremap(struct task *t, const uint64_t *a)
{
    struct mm_limits limits = memory_limits(t);

    return mm_remap(t->mm, a[0], a[1], a[2], a[3], a[4], &limits);
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
