/*
 * Names of sockets: paths, which are inodes here, and abstract ones.
 *
 * Locks: unix_lock for the table. Paths are walked without it.
 */
#include "unix.h"

#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <fs/path.h>
#include <task.h>

static struct list bound = LIST_INIT(bound); /* sockets that have a name */
static uint32_t next_number;                 /* for names that nobody chose */

struct address *address_new(const void *name, uint32_t length)
{
    struct address *a = rt_zalloc(sizeof *a);

    if (!a)
        return NULL;
    a->refs = 1;
    a->length = length;
    memcpy(&a->name, name, length);
    return a;
}

HOT_SOCKET void address_put(struct address *a)
{
    if (a && !__atomic_sub_fetch(&a->refs, 1, __ATOMIC_ACQ_REL))
        rt_free(a);
}

int64_t name_check(const struct given_name *name)
{
    if (name->length <= NAME_OFFSET || name->length > sizeof(struct sockaddr_un) ||
        name->as.un.sun_family != AF_UNIX)
        return -EINVAL;
    return 0;
}

/* Abstract names are of a kind: another type has its own. unix_lock is held. */
static struct socket *find_abstract(int type, const void *name, uint32_t length)
{
    LIST_FOR_EACH(it, &bound)
    {
        struct socket *s = LIST_ENTRY(it, struct socket, bound);

        if (s->type == type && !s->inode && s->name->length == length &&
            !memcmp(&s->name->name, name, length))
            return s;
    }
    return NULL;
}

/* unix_lock is held. */
static struct socket *find_inode(const struct inode *inode)
{
    LIST_FOR_EACH(it, &bound)
    {
        struct socket *s = LIST_ENTRY(it, struct socket, bound);

        if (s->inode == inode)
            return s;
    }
    return NULL;
}

/* Gives the socket its name unless it has one or (abstract) another has it. Takes `a` over, and `inode` on success. */
static int64_t take_name(struct socket *s, struct address *a, struct inode *inode)
{
    int64_t err = 0;

    mutex_lock(&unix_lock);
    if (s->name)
        err = -EINVAL;
    else if (!inode && find_abstract(s->type, &a->name, a->length))
        err = -EADDRINUSE;
    if (!err) {
        s->name = a;
        s->inode = inode;
        list_add_tail(&bound, &s->bound);
    }
    mutex_unlock(&unix_lock);
    if (err)
        address_put(a);
    return err;
}

void name_forget(struct socket *s)
{
    list_remove(&s->bound);
}

int64_t name_bind_any(struct socket *s)
{
    struct {
        uint16_t family;
        char path[8];
    } name = {.family = AF_UNIX};
    int64_t err = -EADDRINUSE;

    for (int tries = 0; err == -EADDRINUSE && tries < 4096; tries++) {
        uint32_t number = __atomic_fetch_add(&next_number, 1, __ATOMIC_RELAXED) & 0xfffff;
        struct address *a;

        rt_format(name.path + 1, sizeof name.path - 1, "%05x", number);
        a = address_new(&name, NAME_OFFSET + 6);
        err = a ? take_name(s, a, NULL) : -ENOMEM;
    }
    return err;
}

struct make_args {
    uint32_t mode;
    struct vfs_attr found;
};

static int32_t op_make(struct walk *w, void *arg, uint32_t *foreign)
{
    struct make_args *a = arg;
    size_t n;
    int32_t r = vfs_make(w->session, &w->place, w->path, w->length, a->mode, 0, 0, &w->cred,
                         &a->found, w->rest, sizeof w->rest, &n);

    *foreign = r ? 0 : a->found.foreign;
    return r;
}

/* Makes the inode of a socket. */
static int64_t make_node(struct task *t, const char *path)
{
    struct make_args *args = rt_zalloc(sizeof *args);
    struct walk *w;
    int64_t err;

    if (!args)
        return -ENOMEM;
    args->mode = S_IFSOCK | (0777 & ~t->fs->umask);
    err = path_begin_kernel(t, path, &w);
    if (!err) {
        err = path_run(w, false, op_make, args);
        if (!err && w->in_proc)
            err = w->proc_missing ? -ENOENT : -EEXIST;
        path_end(w);
    }
    rt_free(args);
    return err == -EEXIST ? -EADDRINUSE : err;
}

static int64_t open_node(struct task *t, const char *path, bool follow, uint32_t how,
                         struct inode **out)
{
    struct walk *w;
    int64_t err = path_begin_kernel(t, path, &w);

    if (err)
        return err;
    err = path_open(w, how | (follow ? 0 : VFS_WALK_NOFOLLOW), 0, out);
    if (!err && w->in_proc)
        err = w->proc_missing ? -ENOENT : -ECONNREFUSED;
    path_end(w);
    return err == -EISDIR ? -ECONNREFUSED : err;
}

/* The path of a name, zero-terminated; returns its length. */
static uint32_t path_of(const struct given_name *name, char *path)
{
    uint32_t room = name->length - NAME_OFFSET;

    memcpy(path, name->as.un.sun_path, room);
    path[room] = 0;
    return (uint32_t)strlen(path);
}

static int64_t bind_path(struct task *t, struct socket *s, const struct given_name *name)
{
    char path[NAME_MAX_UN + 1];
    uint32_t length = path_of(name, path);
    struct inode *inode;
    struct address *a;
    int64_t err;

    if (s->name)
        return -EINVAL;
    if ((err = make_node(t, path)) || (err = open_node(t, path, false, 0, &inode)))
        return err;
    a = address_new(&name->as, NAME_OFFSET + length);
    if (!a) {
        inode_put(inode);
        return -ENOMEM;
    }
    a->name.path[length] = 0;
    a->length++; /* the zero counts */
    err = take_name(s, a, inode);
    if (err)
        inode_put(inode);
    return err;
}

int64_t name_bind(struct task *t, struct socket *s, const struct given_name *name)
{
    struct address *a;
    int64_t err;

    if (name->length == NAME_OFFSET && name->as.un.sun_family == AF_UNIX)
        return s->name ? 0 : name_bind_any(s);
    if ((err = name_check(name)))
        return err;
    if (name->as.un.sun_path[0])
        return bind_path(t, s, name);
    a = address_new(&name->as, name->length);
    return a ? take_name(s, a, NULL) : -ENOMEM;
}

static int64_t find_path(struct task *t, const struct given_name *name, struct socket **out)
{
    char path[NAME_MAX_UN + 1];
    struct inode *inode;
    int64_t err;

    path_of(name, path);
    if ((err = open_node(t, path, true, VFS_WALK_WRITE, &inode)))
        return err;
    mutex_lock(&unix_lock);
    *out = find_inode(inode);
    if (*out)
        socket_get(*out);
    mutex_unlock(&unix_lock);
    inode_put(inode);
    return *out ? 0 : -ECONNREFUSED;
}

int64_t name_find(struct task *t, const struct given_name *name, int type, struct socket **out)
{
    int64_t err = name_check(name);

    *out = NULL;
    if (err)
        return err;
    if (name->as.un.sun_path[0]) {
        if ((err = find_path(t, name, out)))
            return err;
    } else {
        mutex_lock(&unix_lock);
        *out = find_abstract(type, &name->as, name->length);
        if (*out)
            socket_get(*out);
        mutex_unlock(&unix_lock);
        if (!*out)
            return -ECONNREFUSED;
    }
    if ((*out)->type == type)
        return 0;
    socket_put(*out);
    return -EPROTOTYPE;
}
