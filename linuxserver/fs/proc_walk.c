/*
 * procfs: walks, attributes, paths. See proc.h.
 */
#include <jg/rt/format.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <ipc/vfs_client.h>
#include <task.h>

#include "inode.h"
#include "proc_tree.h"

/* Puts `link` in front of what remains of the path. */
static int64_t splice(char *path, size_t size, const char *rest, const char *link, size_t link_len)
{
    size_t rest_len = strlen(rest);

    if (link_len + 1 + rest_len + 1 > size)
        return -ENAMETOOLONG;
    memmove(path + link_len + (rest_len ? 1 : 0), rest, rest_len + 1);
    memcpy(path, link, link_len);
    if (rest_len)
        path[link_len] = '/';
    return 0;
}

static bool same_place(const struct proc_node *a, const struct proc_node *b)
{
    return a->entry == b->entry && a->pid == b->pid && a->tid == b->tid && a->fd == b->fd;
}

/* One ".." Returns 0, -EXDEV, or 1: it leaves the mount. */
static int64_t step_up(struct proc_node *at, const struct proc_rules *rules)
{
    if (rules->root && same_place(at, rules->root))
        return rules->beneath ? -EXDEV : 0;
    return proc_step_up(at) ? 0 : 1;
}

/* May a link be followed? 0 or -errno. */
static int64_t check_link(struct proc_node at, const struct proc_rules *rules)
{
    bool magic = proc_entry(at)->kind == MAGIC;

    if (rules->no_links || (magic && rules->no_magic))
        return -ELOOP;
    return magic && rules->stay ? -EXDEV : 0;
}

int64_t proc_walk(struct task *t, struct proc_node *at, char *path, size_t size, bool follow,
                  const struct proc_rules *rules, enum proc_end *end, struct inode **outside)
{
    *outside = NULL;
    for (int links = 0;;) {
        char *name = path, *next;
        struct proc_node parent = *at;
        size_t length;
        char text[64];
        int64_t n;

        while (*name == '/')
            name++;
        if (!*name) {
            *end = PROC_HERE;
            return 0;
        }
        if (proc_entry(*at)->kind != DIRECTORY)
            return -ENOTDIR;
        for (next = name; *next && *next != '/'; next++)
            ;
        length = (size_t)(next - name);
        while (*next == '/')
            next++;
        if (length == 2 && name[0] == '.' && name[1] == '.') {
            n = step_up(at, rules);
            if (n < 0)
                return n;
            if (n) {
                /* Out of the mount: it hangs below the root of its tree. */
                memmove(path, next, strlen(next) + 1);
                *end = PROC_LEAVES;
                return 0;
            }
        } else if (length != 1 || name[0] != '.') {
            n = proc_step(at, name, length);
            if (n) {
                *end = PROC_MISSING;
                return *next || n != -ENOENT ? n : 0;
            }
            if ((at->entry == FD || at->entry == FDINFO) && (n = proc_check_look(t, *at)))
                return n;
        }
        if ((proc_entry(*at)->kind == SYMLINK || proc_entry(*at)->kind == MAGIC) &&
            (*next || follow || name[length] == '/')) {
            if (++links > 40)
                return -ELOOP;
            n = check_link(*at, rules);
            if (n)
                return n;
            if (proc_entry(*at)->kind == SYMLINK) {
                n = proc_link_text(t, *at, text, sizeof text);
                n = splice(path, size, next, text, (size_t)n);
                if (n)
                    return n;
                *at = parent;
                continue;
            }
            *outside = proc_link_inode(t, *at, &n);
            if (n == -ENXIO && !*next) {
                *end = PROC_HERE; /* a pipe: opened as the description it is */
                return 0;
            }
            if (!*outside)
                return n == -ENXIO ? -ENOTDIR : n;
            memmove(path, next, strlen(next) + 1);
            *end = PROC_LEAVES;
            return 0;
        }
        memmove(path, next, strlen(next) + 1);
    }
}

/* What st_mode says besides the type: for a descriptor's link, what it was opened for. */
static uint32_t permissions(struct proc_node at)
{
    struct file *f;
    uint32_t mode;

    if (at.entry != FD)
        return proc_entry(at)->mode;
    f = proc_descriptor(at);
    if (!f)
        return 0;
    mode = (file_readable(f) ? 0500 : 0) | (file_writable(f) ? 0300 : 0);
    file_put(f);
    return mode;
}

/* When a place came to be: a process's with it, the others with the system. */
static int64_t age(struct proc_node at)
{
    return time_wall_offset() + at.born;
}

int64_t proc_stat(struct task *t, struct proc_node at, bool follow, struct vfs_attr *out)
{
    const struct proc_entry *e = proc_entry(at);
    struct file *f;
    int64_t err;

    (void)t;
    if (at.entry == FD && follow) {
        f = proc_descriptor(at);
        if (!f)
            return -ENOENT;
        err = f->ops->stat(f, out);
        file_put(f);
        return err;
    }
    memset(out, 0, sizeof *out);
    out->dev = PROC_TAG;
    out->mount_root = at.entry == ROOT;
    out->ino = proc_number(at);
    out->mode = permissions(at) | (e->kind == DIRECTORY                   ? S_IFDIR
                                   : e->kind == TEXT || e->kind == LOOKED ? S_IFREG
                                                                          : S_IFLNK);
    out->nlink = e->kind == DIRECTORY ? proc_links(at) : 1;
    out->size = at.entry == FD ? 64 : e->kind == SYMLINK && !strcmp(e->name, "mounts") ? 11 : 0;
    out->atime = out->mtime = out->ctime = age(at);
    proc_owner(at, out);
    return 0;
}

int64_t proc_path(struct proc_node at, char *buf, size_t size)
{
    const struct proc_entry *e = proc_entry(at);
    struct proc_node parent = at;
    int64_t n;

    if (at.entry == ROOT)
        return rt_format(buf, size, "/proc");
    proc_step_up(&parent);
    n = proc_path(parent, buf, size);
    if (n < 0 || (size_t)n + 16 > size)
        return -ENAMETOOLONG;
    if (e->name)
        return n + rt_format(buf + n, size - (size_t)n, "/%s", e->name);
    return n + rt_format(buf + n, size - (size_t)n, "/%d",
                         at.entry == PID   ? at.pid
                         : at.entry == TID ? at.tid
                                           : at.fd);
}
