/*
 * Paths. See path.h.
 */
#include "path.h"

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <server.h>
#include <task.h>

#include "namecache.h"

#define FOREIGN_MAX 40 /* crossings in one walk, as for links */

static int64_t set_start(struct walk *w, struct inode *dir)
{
    if (inode_in_proc(dir)) {
        w->in_proc = true;
        w->proc = dir->proc;
    } else {
        w->session = dir->session;
        w->place.dir = dir->node;
    }
    return 0;
}

static bool scoped(const struct walk *w)
{
    return w->rules.in_root || (w->rules.how & VFS_WALK_BENEATH);
}

/* The start of the walk becomes its root, too. */
static void set_scope(struct walk *w)
{
    if (w->in_proc) {
        w->proc_scoped = true;
        w->proc_start = w->proc;
    } else {
        w->place.root = w->place.dir;
        w->root_session = w->session;
    }
}

static HOT_PATH int64_t start_at(struct walk *w, int dirfd)
{
    struct task *t = w->task;
    struct file *f;
    bool absolute = w->path[0] == '/' && !w->rules.in_root;

    mutex_lock(&t->fs->lock);
    w->base = inode_get(dirfd == AT_FDCWD || absolute ? t->fs->cwd : t->fs->root);
    w->place.root = t->fs->root->node;
    w->session = w->root_session = t->fs->root->session;
    w->place.dir = w->place.root;
    mutex_unlock(&t->fs->lock);
    if (absolute)
        return 0;
    if (dirfd == AT_FDCWD)
        return set_start(w, w->base);
    f = fd_get(t, dirfd);
    if (!f)
        return -EBADF;
    if (!f->inode || (w->path[0] && !mode_is(f->inode->mode, S_IFDIR))) {
        file_put(f);
        return -ENOTDIR;
    }
    inode_put(w->base);
    w->base = inode_get(f->inode);
    file_put(f);
    return set_start(w, w->base);
}

/* Walks that are done wait here for the next, for they are large and often wanted. */
static struct walk *spare[4];

static struct walk *walk_alloc(void)
{
    for (unsigned i = 0; i < sizeof spare / sizeof *spare; i++) {
        struct walk *w = __atomic_exchange_n(&spare[i], NULL, __ATOMIC_ACQUIRE);

        if (w)
            return w;
    }
    return rt_alloc(sizeof(struct walk));
}

static void walk_free(struct walk *w)
{
    for (unsigned i = 0; i < sizeof spare / sizeof *spare; i++) {
        w = __atomic_exchange_n(&spare[i], w, __ATOMIC_ACQ_REL);
        if (!w)
            return;
    }
    rt_free(w);
}

static HOT_PATH struct walk *walk_create(struct task *t)
{
    struct walk *w = walk_alloc();

    if (!w)
        return NULL;
    memset(w, 0, offsetof(struct walk, path));
    w->path[0] = w->rest[0] = 0;
    w->task = t;
    vfs_cred_of(t, &w->cred);
    return w;
}

static HOT_PATH int64_t begin(struct task *t, int dirfd, uint64_t path_va, bool empty_ok,
                     const struct path_rules *rules, struct walk **out)
{
    struct walk *w = walk_create(t);
    int64_t n;

    if (!w)
        return -ENOMEM;
    if (rules)
        w->rules = *rules;
    n = copy_in_string(t->mm, w->path, path_va, sizeof w->path);
    if (n >= 0) {
        w->length = (size_t)n;
        n = !n && !empty_ok ? -ENOENT : start_at(w, dirfd);
    }
    if (n < 0) {
        path_end(w);
        return n;
    }
    if (scoped(w))
        set_scope(w);
    *out = w;
    return 0;
}

HOT_PATH int64_t path_begin(struct task *t, int dirfd, uint64_t path_va, bool empty_ok, struct walk **out)
{
    return begin(t, dirfd, path_va, empty_ok, NULL, out);
}

HOT_PATH int64_t path_begin_ruled(struct task *t, int dirfd, uint64_t path_va,
                         const struct path_rules *rules, struct walk **out)
{
    return begin(t, dirfd, path_va, false, rules, out);
}

int64_t path_begin_kernel(struct task *t, const char *path, struct walk **out)
{
    struct walk *w = walk_create(t);
    int64_t err;

    if (!w)
        return -ENOMEM;
    w->length = strnlen(path, sizeof w->path - 1);
    memcpy(w->path, path, w->length);
    w->path[w->length] = 0;
    err = start_at(w, AT_FDCWD);
    if (err) {
        path_end(w);
        return err;
    }
    *out = w;
    return 0;
}

HOT_PATH void path_end(struct walk *w)
{
    inode_put(w->hold);
    inode_put(w->base);
    walk_free(w);
}

/* One leg in procfs. *done: the walk ends here. */
static int64_t run_proc(struct walk *w, bool follow, bool *done)
{
    const struct proc_rules rules = {
        .no_links = w->rules.how & VFS_WALK_NO_LINKS,
        .no_magic = w->rules.no_magic,
        .stay = scoped(w) || (w->rules.how & VFS_WALK_ONE_MOUNT),
        .root = w->proc_scoped ? &w->proc_start : NULL,
        .beneath = w->rules.how & VFS_WALK_BENEATH,
    };
    struct inode *outside = NULL;
    enum proc_end end;
    int64_t err =
        w->proc_scoped && rules.beneath && w->path[0] == '/'
            ? -EXDEV
            : proc_walk(w->task, &w->proc, w->path, sizeof w->path, follow, &rules, &end, &outside);

    *done = err || end != PROC_LEAVES;
    w->proc_missing = !err && end == PROC_MISSING;
    if (*done)
        return err;
    if (w->rules.how & VFS_WALK_ONE_MOUNT) {
        inode_put(outside);
        *done = true;
        return -EXDEV;
    }
    w->in_proc = false;
    w->length = strlen(w->path);
    w->session = w->root_session;
    w->place.dir = w->place.root;
    if (!outside)
        return 0;
    inode_put(w->hold);
    w->hold = outside;
    return set_start(w, outside);
}

HOT_PATH int64_t path_run(struct walk *w, bool follow, path_op op, void *arg)
{
    for (int crossings = 0; crossings < FOREIGN_MAX; crossings++) {
        uint32_t foreign = 0;
        int64_t err;
        bool done;

        if (w->in_proc) {
            err = run_proc(w, follow, &done);
            if (done)
                return err;
            continue;
        }
        err = vfs_errno(op(w, arg, &foreign));
        if (err || !foreign)
            return err;
        w->in_proc = true;
        w->proc = PROC_ROOT;
        w->length = strlen(w->rest);
        memcpy(w->path, w->rest, w->length + 1);
    }
    return -ELOOP;
}

struct open_args {
    uint32_t how, mode;
    struct inode *inode;
    struct vfs_attr *found;
};

static uint32_t walk_how(const struct walk *w, const struct open_args *a)
{
    return a->how | w->rules.how | (w->length ? 0 : VFS_WALK_EMPTY_PATH);
}

static HOT_PATH int32_t op_open(struct walk *w, void *arg, uint32_t *foreign)
{
    struct open_args *a = arg;

    return namecache_open(w, walk_how(w, a), a->mode, &a->inode, foreign);
}

static HOT_PATH int32_t op_stat(struct walk *w, void *arg, uint32_t *foreign)
{
    struct open_args *a = arg;
    int32_t r = namecache_stat(w, walk_how(w, a), a->found);

    *foreign = r ? 0 : a->found->foreign;
    return r;
}

HOT_PATH int64_t path_open(struct walk *w, uint32_t how, uint32_t mode, struct inode **out)
{
    struct open_args a = {.how = how, .mode = mode};
    bool follow = !(how & VFS_WALK_NOFOLLOW) && (how & (VFS_WALK_CREATE | VFS_WALK_EXCLUSIVE)) !=
                                                    (VFS_WALK_CREATE | VFS_WALK_EXCLUSIVE);
    int64_t err = path_run(w, follow, op_open, &a);

    *out = err ? NULL : a.inode;
    return err;
}

HOT_PATH int64_t path_stat(struct walk *w, uint32_t how, struct vfs_attr *found)
{
    struct open_args a = {.how = how, .found = found};
    int64_t err = path_run(w, !(how & VFS_WALK_NOFOLLOW), op_stat, &a);

    if (err || !w->in_proc)
        return err;
    return w->proc_missing ? -ENOENT
                           : proc_stat(w->task, w->proc, !(how & VFS_WALK_NOFOLLOW), found);
}

static int64_t named(struct walk *w, uint32_t how, struct inode **out)
{
    struct vfs_attr found;
    int64_t err = path_open(w, how, 0, out);

    if (err || !w->in_proc)
        return err;
    err = w->proc_missing ? -ENOENT : proc_stat(w->task, w->proc, false, &found);
    *out = err ? NULL : inode_of_proc(w->proc, &found);
    return err ? err : *out ? 0 : -ENOMEM;
}

int64_t path_inode(struct walk *w, bool follow, struct inode **out)
{
    return named(w, follow ? 0 : VFS_WALK_NOFOLLOW, out);
}

int64_t path_directory(struct walk *w, bool follow, struct inode **out)
{
    int64_t err = named(w, VFS_WALK_DIRECTORY | (follow ? 0 : VFS_WALK_NOFOLLOW), out);

    if (!err && !mode_is((*out)->mode, S_IFDIR)) {
        inode_put(*out);
        err = -ENOTDIR;
    }
    return err;
}
