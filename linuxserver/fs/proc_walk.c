/*
 * procfs: walks, links, attributes. See proc.h.
 */
#include <jg/rt/format.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <ipc/vfs_client.h>
#include <task.h>

#include "inode.h"
#include "proc_tree.h"

static int64_t link_text(struct task *t, struct proc_node at, char *buf, size_t size)
{
    const char *name = proc_entry(at)->name;

    if (!strcmp(name, "mounts"))
        return rt_format(buf, size, "self/mounts");
    if (!strcmp(name, "self"))
        return rt_format(buf, size, "%d", t->process->pid);
    return rt_format(buf, size, "%d/task/%d", t->process->pid, t->tid);
}

/* The inode behind a magic link, with a reference; NULL: none (a pipe), *err says why. */
static struct inode *magic_inode(struct task *reader, struct proc_node at, int64_t *err)
{
    const char *name = proc_entry(at)->name;
    struct inode *i = NULL;
    struct file *f;
    struct task *t;

    *err = proc_check_look(reader, at);
    if (*err)
        return NULL;
    *err = -ENOENT;
    if (at.entry == FD) {
        f = proc_descriptor(at);
        if (f && f->inode)
            i = inode_get(f->inode);
        else if (f)
            *err = -ENXIO;
        file_put(f);
        return i;
    }
    mutex_lock(&tasks_lock);
    t = proc_task(at);
    if (t && t->mm && !strcmp(name, "exe") && t->mm->exe)
        i = inode_get(LIST_ENTRY(t->mm->exe, struct inode, backing));
    else if (t && t->fs && strcmp(name, "exe"))
        i = fs_inode(t->fs, !strcmp(name, "root"));
    mutex_unlock(&tasks_lock);
    return i;
}

static int64_t path_of_inode(struct inode *i, char *buf, size_t size)
{
    size_t len = 0;
    int64_t err;

    if (inode_in_proc(i))
        return proc_path(i->proc, buf, size);
    err = vfs_errno(vfs_path_of(i->session, i->node, 1, buf, size, &len));
    if (err == -ENOENT)
        return rt_format(buf, size, "(deleted)");
    return err ? err : (int64_t)len;
}

static int64_t describe_file(struct file *f, char *buf, size_t size)
{
    struct vfs_attr attr;

    if (f->inode)
        return path_of_inode(f->inode, buf, size);
    if (!strcmp(f->ops->name, "pipe") && !f->ops->stat(f, &attr))
        return rt_format(buf, size, "pipe:[%lu]", attr.ino);
    return rt_format(buf, size, "anon_inode:[%s]", f->ops->name);
}

int64_t proc_readlink(struct task *t, struct proc_node at, char *buf, size_t size)
{
    struct inode *i;
    struct file *f;
    int64_t r;

    if (proc_entry(at)->kind == SYMLINK)
        return link_text(t, at, buf, size);
    if (proc_entry(at)->kind != MAGIC)
        return -EINVAL;
    if (at.entry == FD) {
        r = proc_check_look(t, at);
        f = r ? NULL : proc_descriptor(at);
        if (!f)
            return r ? r : -ENOENT;
        r = describe_file(f, buf, size);
        file_put(f);
        return r;
    }
    i = magic_inode(t, at, &r);
    if (!i)
        return r;
    r = path_of_inode(i, buf, size);
    inode_put(i);
    return r;
}

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

int64_t proc_walk(struct task *t, struct proc_node *at, char *path, size_t size, bool follow,
                  enum proc_end *end, struct inode **outside)
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
            if (!proc_step_up(at)) {
                /* Out of the mount: it hangs below the root of its tree. */
                memmove(path, next, strlen(next) + 1);
                *end = PROC_LEAVES;
                return 0;
            }
        } else if (length != 1 || name[0] != '.') {
            n = proc_step(at, name, length);
            if (n) {
                *end = PROC_MISSING;
                return *next ? n : 0;
            }
            if ((at->entry == FD || at->entry == FDINFO) && (n = proc_check_look(t, *at)))
                return n;
        }
        if ((proc_entry(*at)->kind == SYMLINK || proc_entry(*at)->kind == MAGIC) &&
            (*next || follow || name[length] == '/')) {
            if (++links > 40)
                return -ELOOP;
            if (proc_entry(*at)->kind == SYMLINK) {
                n = link_text(t, *at, text, sizeof text);
                n = splice(path, size, next, text, (size_t)n);
                if (n)
                    return n;
                *at = parent;
                continue;
            }
            *outside = magic_inode(t, *at, &n);
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

static void owner(struct proc_node at, struct vfs_attr *out)
{
    struct task *t;

    if (!at.pid)
        return;
    mutex_lock(&tasks_lock);
    t = proc_task(at);
    if (t) {
        out->uid = t->cred.euid;
        out->gid = t->cred.egid;
    }
    mutex_unlock(&tasks_lock);
}

int64_t proc_stat(struct task *t, struct proc_node at, bool follow, struct vfs_attr *out)
{
    const struct proc_entry *e = proc_entry(at);
    struct file *f;
    int64_t err;

    (void)t;
    if (!proc_exists(at))
        return -ENOENT;
    if (at.entry == FD && follow) {
        f = proc_descriptor(at);
        if (!f)
            return -ENOENT;
        err = f->ops->stat(f, out);
        file_put(f);
        return err;
    }
    memset(out, 0, sizeof *out);
    out->dev = 20;
    out->ino = proc_number(at);
    out->mode = e->mode | (e->kind == DIRECTORY ? S_IFDIR : e->kind == TEXT ? S_IFREG : S_IFLNK);
    out->nlink = e->kind == DIRECTORY ? 2 : 1;
    out->atime = out->mtime = out->ctime = time_wall();
    owner(at, out);
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
