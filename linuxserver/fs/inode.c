/*
 * Inodes. See inode.h.
 */
#include "inode.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <task.h>

#define BUCKETS 256

static struct mutex table_lock = MUTEX_INIT;
static struct list table[BUCKETS];

static struct list *bucket(jg_handle_t session, uint64_t node)
{
    struct list *b = &table[(node * 0x9e3779b97f4a7c15ull + session) >> 56 & (BUCKETS - 1)];

    if (!b->next)
        list_init(b);
    return b;
}

static void backing_release(struct backing *b)
{
    inode_put(LIST_ENTRY(b, struct inode, backing));
}

static int backing_path(struct backing *b, char *buf, size_t size)
{
    struct inode *i = LIST_ENTRY(b, struct inode, backing);
    size_t len = 0;
    int64_t err = vfs_errno(vfs_path_of(i->session, i->node, VFS_ROOT_NODE, 1, buf, size, &len));

    return err ? (int)err : (int)len;
}

static struct inode *find(struct list *b, jg_handle_t session, uint64_t node)
{
    LIST_FOR_EACH(it, b)
    {
        struct inode *i = LIST_ENTRY(it, struct inode, link);

        if (i->node == node && i->session == session)
            return i;
    }
    return NULL;
}

struct inode *inode_of(jg_handle_t session, const struct vfs_attr *attr)
{
    struct list *b;
    struct inode *i;

    mutex_lock(&table_lock);
    b = bucket(session, attr->node);
    i = find(b, session, attr->node);
    if (i) {
        i->silent = attr->mount_how & VFS_MOUNT_FLAGS_NOATIME;
        inode_get(i);
        i->node_refs++;
    } else if ((i = rt_zalloc(sizeof *i))) {
        i->refs = i->node_refs = 1;
        i->session = session;
        i->node = attr->node;
        i->device = attr->dev;
        i->number = attr->ino;
        i->mount = attr->mount;
        i->silent = attr->mount_how & VFS_MOUNT_FLAGS_NOATIME;
        i->mode = attr->mode;
        i->rdev_major = attr->rdev_major;
        i->rdev_minor = attr->rdev_minor;
        i->backing.device = attr->dev;
        i->backing.inode = attr->ino;
        i->backing.release = backing_release;
        i->backing.path = backing_path;
        list_add_tail(b, &i->link);
    }
    mutex_unlock(&table_lock);
    if (!i)
        vfs_close(session, attr->node, 1);
    return i;
}

struct inode *inode_of_proc(struct proc_node node, const struct vfs_attr *attr)
{
    struct inode *i = rt_zalloc(sizeof *i);

    if (!i)
        return NULL;
    list_init(&i->link);
    i->refs = 1;
    i->proc = node;
    i->device = attr->dev;
    i->number = attr->ino;
    i->mode = attr->mode;
    return i;
}

bool inodes_written(uint64_t device, uint32_t mount)
{
    bool any = false;

    mutex_lock(&table_lock);
    for (unsigned b = 0; b < BUCKETS && !any; b++) {
        if (!table[b].next)
            continue;
        LIST_FOR_EACH(it, &table[b])
        {
            const struct inode *i = LIST_ENTRY(it, struct inode, link);

            any |= i->device == device && (!mount || i->mount == mount) && i->backing.writers > 0;
        }
    }
    mutex_unlock(&table_lock);
    return any;
}

/* Gives up one reference of several. False: it may be the last, which is looked at under the lock. */
static bool put_shared(struct inode *i)
{
    uint32_t refs = __atomic_load_n(&i->refs, __ATOMIC_RELAXED);

    while (refs > 1) {
        if (__atomic_compare_exchange_n(&i->refs, &refs, refs - 1, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
            return true;
    }
    return false;
}

HOT_PATH void inode_put(struct inode *i)
{
    if (!i || put_shared(i))
        return;
    mutex_lock(&table_lock);
    if (__atomic_sub_fetch(&i->refs, 1, __ATOMIC_ACQ_REL)) {
        mutex_unlock(&table_lock);
        return;
    }
    list_remove(&i->link);
    mutex_unlock(&table_lock);
    if (i->backing.vmo)
        jg_handle_close(i->backing.vmo);
    if (!inode_in_proc(i))
        vfs_close(i->session, i->node, i->node_refs);
    rt_free(i->memfd);
    rt_free(i);
}

HOT_IO int inode_vmo(struct inode *i, jg_handle_t *vmo)
{
    int64_t err;
    jg_handle_t h;

    if (!i->backing.vmo) {
        err = vfs_errno(vfs_vmo(i->session, i->node, &h));
        if (err)
            return (int)err;
        mutex_lock(&table_lock);
        if (!i->backing.vmo) {
            i->backing.vmo = h;
            h = JG_HANDLE_NONE;
        }
        mutex_unlock(&table_lock);
        if (h)
            jg_handle_close(h); /* another worker was first */
    }
    *vmo = i->backing.vmo;
    return 0;
}

HOT_IO int64_t vfs_errno(int32_t result)
{
    static const uint8_t number[] = {
        [VFS_ERROR_PERM] = EPERM,
        [VFS_ERROR_NOENT] = ENOENT,
        [VFS_ERROR_IO] = EIO,
        [VFS_ERROR_ACCES] = EACCES,
        [VFS_ERROR_EXIST] = EEXIST,
        [VFS_ERROR_XDEV] = EXDEV,
        [VFS_ERROR_NODEV] = ENODEV,
        [VFS_ERROR_NOTDIR] = ENOTDIR,
        [VFS_ERROR_ISDIR] = EISDIR,
        [VFS_ERROR_INVAL] = EINVAL,
        [VFS_ERROR_FBIG] = EFBIG,
        [VFS_ERROR_NOSPC] = ENOSPC,
        [VFS_ERROR_ROFS] = EROFS,
        [VFS_ERROR_MLINK] = EMLINK,
        [VFS_ERROR_NAMETOOLONG] = ENAMETOOLONG,
        [VFS_ERROR_NOTEMPTY] = ENOTEMPTY,
        [VFS_ERROR_LOOP] = ELOOP,
        [VFS_ERROR_NOTSUP] = EOPNOTSUPP,
        [VFS_ERROR_BADNODE] = ESTALE,
        [VFS_ERROR_BUSY] = EBUSY,
        [VFS_ERROR_NOMEM] = ENOMEM,
        [VFS_ERROR_NODATA] = ENODATA,
        [VFS_ERROR_AGAIN] = EAGAIN,
        [VFS_ERROR_DEADLK] = EDEADLK,
        [VFS_ERROR_NOLCK] = ENOLCK,
        [VFS_ERROR_WOULD_BLOCK] = EWOULDBLOCK,
    };

    if (!result)
        return 0;
    if (result == JG_ERR_NO_MEMORY || result == JG_ERR_QUOTA)
        return -ENOMEM;
    if (result == JG_ERR_NOT_SUPPORTED)
        return -ENOSYS;
    if (result > 0 && (size_t)result < sizeof number && number[result])
        return -(int64_t)number[result];
    return -EIO;
}

int64_t inode_check(struct task *t, const struct inode *i, uint32_t how)
{
    struct vfs_place at = {.root = i->node, .dir = i->node};
    struct vfs_attr found;
    struct vfs_cred cred;
    char rest[8];
    size_t n;

    vfs_cred_of(t, &cred);
    return vfs_errno(vfs_access(i->session, &at, "", 0, VFS_WALK_EMPTY_PATH | how, &cred, &found,
                                rest, sizeof rest, &n));
}

HOT_PATH void vfs_cred_of(struct task *t, struct vfs_cred *out)
{
    const struct cred *c = &t->cred;
    static const struct {
        unsigned cap;
        uint32_t power;
    } powers[] = {
        {CAP_DAC_OVERRIDE, VFS_POWER_DAC_OVERRIDE},
        {CAP_DAC_READ_SEARCH, VFS_POWER_DAC_READ_SEARCH},
        {CAP_CHOWN, VFS_POWER_CHOWN},
        {CAP_FOWNER, VFS_POWER_FOWNER},
        {CAP_FSETID, VFS_POWER_FSETID},
        {CAP_MKNOD, VFS_POWER_MKNOD},
        {CAP_SYS_ADMIN, VFS_POWER_ADMIN},
    };

    out->uid = c->fsuid;
    out->gid = c->fsgid;
    out->powers = 0;
    for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) {
        if (cred_capable(c, powers[i].cap))
            out->powers |= powers[i].power;
    }
    out->group_count = c->group_count;
    memset(out->groups, 0, sizeof out->groups);
    memcpy(out->groups, c->groups, c->group_count * sizeof *c->groups);
}
