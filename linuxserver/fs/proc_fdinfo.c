/*
 * procfs: fdinfo/N. Source: proc(5).
 */
#include <ipc/vfs_client.h>
#include <jg/rt/string.h>
#include <task.h>

#include "proc_tree.h"

int64_t proc_fdinfo(struct task *reader, struct proc_node at, struct text *out)
{
    const struct files *owner = NULL; /* only compared */
    struct file *f = NULL;
    struct vfs_attr attr;
    struct task *t;
    char more[128] = "";
    int cloexec = 0;

    (void)reader;
    mutex_lock(&tasks_lock);
    t = proc_task(at);
    if (t && t->files) {
        f = files_lookup(t->files, at.fd);
        cloexec = fd_get_flags(t, at.fd);
        owner = t->files;
    }
    mutex_unlock(&tasks_lock);
    if (!f)
        return -ENOENT;
    memset(&attr, 0, sizeof attr);
    f->ops->stat(f, &attr);
    text_add(out, "pos:\t%ld\nflags:\t0%o\nmnt_id:\t%u\nino:\t%lu\n", f->pos,
             f->flags | (cloexec > 0 ? O_CLOEXEC : 0), attr.mount, attr.ino);
    if (f->ops->info) {
        f->ops->info(f, more, sizeof more);
        text_add(out, "%s", more);
    }
    proc_locks_of(f, owner, out);
    file_put(f);
    return 0;
}
