/*
 * procfs: what its links lead to.
 */
#include <jg/rt/format.h>
#include <jg/rt/string.h>

#include <task.h>

#include "inode.h"
#include "memfd.h"
#include "proc_tree.h"

int64_t proc_link_text(const struct task *reader, struct proc_node at, char *buf, size_t size)
{
    const char *name = proc_entry(at)->name;

    if (!strcmp(name, "mounts"))
        return (int64_t)rt_format(buf, size, "self/mounts");
    if (!strcmp(name, "self"))
        return (int64_t)rt_format(buf, size, "%d", reader->process->pid);
    return (int64_t)rt_format(buf, size, "%d/task/%d", reader->process->pid, reader->tid);
}

struct inode *proc_link_inode(struct task *reader, struct proc_node at, int64_t *err)
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

/* Paths are told as the reader sees them; what lies outside its root, from the tree's. */
static int64_t path_of_inode(const struct task *reader, struct inode *i, char *buf, size_t size)
{
    struct inode *root;
    size_t len = 0;
    int64_t err = -EXDEV;

    if (inode_in_proc(i))
        return proc_path(i->proc, buf, size);
    if (i->memfd)
        return memfd_path(&i->backing, buf, size);
    root = fs_inode(reader->fs, true);
    if (root->session == i->session)
        err = vfs_errno(vfs_path_of(i->session, i->node, root->node, 1, buf, size, &len));
    inode_put(root);
    if (err == -EXDEV)
        err = vfs_errno(vfs_path_of(i->session, i->node, VFS_ROOT_NODE, 1, buf, size, &len));
    return err ? err : (int64_t)len;
}

static int64_t describe_file(const struct task *reader, struct file *f, char *buf, size_t size)
{
    const char *name = f->ops->name;
    struct vfs_attr attr;

    if (f->inode)
        return path_of_inode(reader, f->inode, buf, size);
    if ((!strcmp(name, "pipe") || !strcmp(name, "socket")) && !f->ops->stat(f, &attr))
        return (int64_t)rt_format(buf, size, "%s:[%lu]", name, attr.ino);
    return (int64_t)rt_format(buf, size, "anon_inode:%s", name);
}

int64_t proc_readlink(struct task *t, struct proc_node at, char *buf, size_t size)
{
    struct inode *i;
    struct file *f;
    int64_t r;

    if (proc_entry(at)->kind == SYMLINK)
        return proc_link_text(t, at, buf, size);
    if (proc_entry(at)->kind != MAGIC)
        return -EINVAL;
    if (at.entry == FD) {
        r = proc_check_look(t, at);
        f = r ? NULL : proc_descriptor(at);
        if (!f)
            return r ? r : -ENOENT;
        r = describe_file(t, f, buf, size);
        file_put(f);
        return r;
    }
    i = proc_link_inode(t, at, &r);
    if (!i)
        return r;
    r = path_of_inode(t, i, buf, size);
    inode_put(i);
    return r;
}
