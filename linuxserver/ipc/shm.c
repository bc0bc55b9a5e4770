/*
 * System V shared memory. See shm.h. Source: Linux 6.1's ipc/shm.c.
 */
#include "shm.h"

#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/list.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>
#include <jg/stubs.h>

#include <linux/shm.h>

#include <fs/proc_text.h>
#include <mm/commit.h>

#define SEGMENTS_MAX 4096
#define SIZE_MOST    (UINT64_MAX - (1ul << 24)) /* kernel.shmmax, kernel.shmall */
#define DEST         01000u                     /* of the mode: goes with the last region */
#define LOCKED       02000u

struct segment {
    struct ipc_object object;
    struct backing backing; /* its references: one of the set's, one for each region */
    uint64_t size, promised;
    int64_t attached_at, detached_at, changed_at; /* seconds of the wall clock */
    int32_t maker, last_user;
    uint64_t attached;
};

struct shm_request {
    uint64_t size;
    int flags;
};

static struct ipc_set segments = IPC_SET_INIT(SEGMENTS_MAX);
static uint64_t pages_total; /* ipc_lock */

static struct segment *of_object(const struct ipc_object *object)
{
    return LIST_ENTRY(object, struct segment, object);
}

static struct segment *of_backing(const struct backing *b)
{
    return LIST_ENTRY(b, struct segment, backing);
}

static int64_t now(void)
{
    return time_wall() / NS_PER_SEC;
}

static void segment_release(struct backing *b)
{
    struct segment *s = of_backing(b);

    jg_handle_close(b->vmo);
    commit_add(-(int64_t)s->promised);
    rt_free(s);
}

static int segment_path(struct backing *b, char *buf, size_t size)
{
    return (int)rt_format(buf, size, "/SYSV%08x (deleted)", (unsigned)of_backing(b)->object.key);
}

/* Out of the set. The caller drops the set's reference, with no lock that its release could need. */
static void take_out(struct segment *s)
{
    ipc_remove(&segments, &s->object);
    pages_total -= page_up(s->size) / PAGE_SIZE;
}

static void segment_mapped(struct backing *b, int change)
{
    struct segment *s = of_backing(b);
    bool gone;

    mutex_lock(&ipc_lock);
    s->attached += (uint64_t)(int64_t)change;
    *(change > 0 ? &s->attached_at : &s->detached_at) = now();
    gone = !s->attached && (s->object.mode & DEST);
    if (gone)
        take_out(s);
    mutex_unlock(&ipc_lock);
    if (gone)
        backing_put(b); /* the region's own reference is still there */
}

static struct ipc_object *create(struct task *t, const void *request, int64_t *err)
{
    const struct shm_request *r = request;
    uint64_t pages = page_up(r->size) / PAGE_SIZE;
    bool promised = !(r->flags & SHM_NORESERVE) || commit_mode() == COMMIT_NEVER;
    struct segment *s;
    int64_t h;

    if (!r->size || r->size > SIZE_MOST || !pages || r->size > INT64_MAX) {
        *err = -EINVAL;
        return NULL;
    }
    if ((r->flags & SHM_HUGETLB) || (promised && !commit_allows(pages * PAGE_SIZE)))
        return NULL;
    s = rt_zalloc(sizeof *s);
    h = s ? jg_vmo_create(pages * PAGE_SIZE, 0, JG_HANDLE_NONE) : JG_ERR_NO_MEMORY;
    if (h < 0) {
        rt_free(s);
        return NULL;
    }
    s->size = r->size;
    s->promised = promised ? pages * PAGE_SIZE : 0;
    commit_add((int64_t)s->promised);
    s->changed_at = now();
    s->maker = t->process->pid;
    s->backing = (struct backing){.refs = 1,
                                  .vmo = (jg_handle_t)h,
                                  .device = 1,
                                  .release = segment_release,
                                  .path = segment_path,
                                  .mapped = segment_mapped};
    pages_total += pages;
    return &s->object;
}

static void destroy(struct ipc_object *object)
{
    struct segment *s = of_object(object);

    pages_total -= page_up(s->size) / PAGE_SIZE;
    segment_release(&s->backing);
}

static int64_t check(const struct ipc_object *object, const void *request)
{
    return of_object(object)->size < ((const struct shm_request *)request)->size ? -EINVAL : 0;
}

int64_t shm_get(struct task *t, int32_t key, uint64_t size, int flags)
{
    static const struct ipc_kind kind = {&segments, create, destroy, check};
    struct shm_request request = {size, flags};

    return ipc_get(t, &kind, key, flags, &request);
}

int64_t shm_find(struct task *t, int id, uint32_t wanted, struct backing **backing, uint64_t *size)
{
    struct ipc_object *object;
    int64_t err = -EINVAL;

    mutex_lock(&ipc_lock);
    object = ipc_find(&segments, id);
    if (object)
        err = ipc_may(t, object, wanted) ? 0 : -EACCES;
    if (!err) {
        *backing = &of_object(object)->backing;
        *size = of_object(object)->size;
        (*backing)->inode = (uint64_t)object->id;
        backing_get(*backing);
    }
    mutex_unlock(&ipc_lock);
    return err;
}

bool shm_is_segment(const struct backing *b)
{
    return b->release == segment_release;
}

uint64_t shm_size(const struct backing *b)
{
    return of_backing(b)->size;
}

void shm_used(struct task *t, struct backing *b)
{
    mutex_lock(&ipc_lock);
    of_backing(b)->last_user = t->process->pid;
    mutex_unlock(&ipc_lock);
}

int64_t shm_stat(struct task *t, int id, bool by_slot, bool any, struct shmid64_ds *out)
{
    const struct segment *s;
    struct ipc_object *object;
    int64_t result = -EINVAL;

    memset(out, 0, sizeof *out);
    mutex_lock(&ipc_lock);
    object = by_slot ? ipc_at(&segments, (unsigned)id) : ipc_find(&segments, id);
    if (object)
        result = any || ipc_may(t, object, IPC_READS) ? (by_slot ? object->id : 0) : -EACCES;
    if (result >= 0) {
        s = of_object(object);
        ipc_perm_out(object, &out->shm_perm);
        out->shm_segsz = s->size;
        out->shm_atime = s->attached_at;
        out->shm_dtime = s->detached_at;
        out->shm_ctime = s->changed_at;
        out->shm_cpid = s->maker;
        out->shm_lpid = s->last_user;
        out->shm_nattch = s->attached;
    }
    mutex_unlock(&ipc_lock);
    return result;
}

int64_t shm_set(struct task *t, int id, const struct shmid64_ds *in)
{
    struct ipc_object *object;
    int64_t err = -EINVAL;

    mutex_lock(&ipc_lock);
    object = ipc_find(&segments, id);
    if (object)
        err = ipc_owns(t, object) ? ipc_perm_in(object, &in->shm_perm) : -EPERM;
    if (!err)
        of_object(object)->changed_at = now();
    mutex_unlock(&ipc_lock);
    return err;
}

int64_t shm_remove(struct task *t, int id)
{
    struct backing *gone = NULL;
    struct ipc_object *object;
    int64_t err = -EINVAL;

    mutex_lock(&ipc_lock);
    object = ipc_find(&segments, id);
    if (object)
        err = ipc_owns(t, object) ? 0 : -EPERM;
    if (!err && of_object(object)->attached) {
        object->mode |= DEST;
        ipc_forget_key(object);
    } else if (!err) {
        take_out(of_object(object));
        gone = &of_object(object)->backing;
    }
    mutex_unlock(&ipc_lock);
    if (gone)
        backing_put(gone);
    return err;
}

int64_t shm_lock(struct task *t, int id, bool lock)
{
    struct ipc_object *object;
    int64_t err = -EINVAL;

    mutex_lock(&ipc_lock);
    object = ipc_find(&segments, id);
    if (object) {
        bool owns = t->cred.euid == object->uid || t->cred.euid == object->cuid;
        bool limited = lock && !t->process->limits.limit[RLIMIT_MEMLOCK].rlim_cur;

        err = cred_capable(&t->cred, CAP_IPC_LOCK) || (owns && !limited) ? 0 : -EPERM;
    }
    if (!err)
        object->mode = lock ? object->mode | LOCKED : object->mode & ~LOCKED;
    mutex_unlock(&ipc_lock);
    return err;
}

static int64_t highest(void)
{
    int slot = ipc_highest(&segments);

    return slot < 0 ? 0 : slot;
}

int64_t shm_limits(struct shminfo64 *out)
{
    int64_t slot;

    *out = (struct shminfo64){.shmmax = SIZE_MOST,
                              .shmmin = 1,
                              .shmmni = SEGMENTS_MAX,
                              .shmseg = SEGMENTS_MAX,
                              .shmall = SIZE_MOST};
    mutex_lock(&ipc_lock);
    slot = highest();
    mutex_unlock(&ipc_lock);
    return slot;
}

/* Bytes that a segment has in memory. */
static uint64_t resident(const struct segment *s)
{
    struct jg_info_vmo info;

    if (jg_object_info(s->backing.vmo, JG_INFO_VMO, &info, sizeof info) < 0)
        return 0;
    return info.committed_pages * PAGE_SIZE;
}

int64_t shm_usage(struct shm_info *out)
{
    int64_t slot;

    mutex_lock(&ipc_lock);
    *out = (struct shm_info){.used_ids = (int)segments.used, .shm_tot = pages_total};
    for (unsigned i = 0; i < segments.room; i++) {
        if (segments.slots[i])
            out->shm_rss += resident(of_object(segments.slots[i])) / PAGE_SIZE;
    }
    slot = highest();
    mutex_unlock(&ipc_lock);
    return slot;
}

int64_t proc_sysvipc_shm(struct task *reader, struct proc_node at, struct text *out)
{
    (void)reader, (void)at;
    text_add(out,
             "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  "
             "cuid  cgid      atime      dtime      ctime                   rss              "
             "    swap\n");
    mutex_lock(&ipc_lock);
    for (unsigned i = 0; i < segments.room && !out->failed; i++) {
        const struct ipc_object *o = segments.slots[i];
        const struct segment *s;

        if (!o)
            continue;
        s = of_object(o);
        text_add(out, "%10d %10d  %4o %21lu %5d %5d  %5lu %5u %5u %5u %5u ", o->key, o->id, o->mode,
                 s->size, s->maker, s->last_user, s->attached, o->uid, o->gid, o->cuid, o->cgid);
        text_add(out, "%10lu %10lu %10lu %21lu %21u\n", (uint64_t)s->attached_at,
                 (uint64_t)s->detached_at, (uint64_t)s->changed_at, resident(s), 0u);
    }
    mutex_unlock(&ipc_lock);
    return 0;
}
