/*
 * procfs: locks, and the lines of fdinfo/N about them. vfsd writes them; see fs/locks.h.
 */
#include <ipc/vfs_client.h>
#include <jg/rt/heap.h>
#include <task.h>

#include "locks.h"
#include "proc_task.h"

int64_t proc_locks(struct task *reader, struct proc_node at, struct text *out)
{
    char *buf = rt_alloc(VFS_READDIR_MAX);
    size_t length;
    int64_t err;

    (void)reader, (void)at;
    if (!buf)
        return -ENOMEM;
    err = locks_tell(NULL, NULL, buf, VFS_READDIR_MAX, &length);
    if (!err)
        text_add_bytes(out, buf, length);
    rt_free(buf);
    return err;
}

void proc_locks_of(const struct file *f, const struct files *owner, struct text *out)
{
    char buf[512]; /* some lines: who holds more through one descriptor sees them in /proc/locks */
    size_t length, start = 0;

    if (locks_tell(f, owner, buf, sizeof buf, &length))
        return;
    for (size_t i = 0; i < length; i++) {
        if (buf[i] != '\n')
            continue;
        text_add(out, "lock:\t");
        text_add_bytes(out, buf + start, i + 1 - start);
        start = i + 1;
    }
}
