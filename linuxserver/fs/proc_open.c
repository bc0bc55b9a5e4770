/*
 * procfs: open files and directories. A text is made whole when it is opened, and read from there.
 */
#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <ipc/vfs_client.h>
#include <task.h>

#include "inode.h"
#include "open.h"
#include "proc_tree.h"

static struct proc_node node_of(const struct file *f)
{
    return f->inode->proc;
}

static int64_t text_read(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct text *text = f->data;

    (void)t;
    if (pos < 0 || (size_t)pos >= text->used)
        return 0;
    return io_put(io, text->data + pos, text->used - (size_t)pos);
}

/* What may be written: comm, oom_score_adj, hostname. */
static int64_t text_write(struct task *t, struct file *f, struct io *io, int64_t pos)
{
    struct proc_node at = node_of(f);
    const char *name = proc_entry(at)->name;
    size_t length = io->length;
    char value[64] = {0};
    struct task *target;
    int64_t n = io_get(io, value, sizeof value - 1), err = -EINVAL;

    (void)pos;
    if (n < 0)
        return n;
    mutex_lock(&tasks_lock);
    target = at.pid ? proc_task(at) : NULL;
    if (target && !strcmp(name, "comm")) {
        char *newline = memchr(value, '\n', (size_t)n);

        if (newline)
            *newline = 0;
        memset(target->comm, 0, sizeof target->comm);
        memcpy(target->comm, value, strnlen(value, sizeof target->comm - 1));
        err = 0;
    } else if (target && !strcmp(name, "oom_score_adj")) {
        bool minus = value[0] == '-';
        int digits = 0;

        for (const char *c = value + minus; *c >= '0' && *c <= '9' && digits < 10000; c++)
            digits = digits * 10 + *c - '0';
        digits = minus ? -digits : digits;
        if (digits < target->process->oom_score_adj && !cred_capable(&t->cred, CAP_SYS_RESOURCE)) {
            err = -EACCES;
        } else if (digits >= -1000 && digits <= 1000) {
            target->process->oom_score_adj = digits;
            err = 0;
        }
    }
    mutex_unlock(&tasks_lock);
    return err ? err : (int64_t)length;
}

static int64_t proc_seek(struct file *f, int64_t offset, int whence)
{
    if (whence == SEEK_CUR)
        offset += f->pos;
    else if (whence != SEEK_SET)
        return -EINVAL;
    if (offset < 0)
        return -EINVAL;
    f->pos = offset;
    return offset;
}

static int64_t proc_file_stat(struct file *f, struct vfs_attr *out)
{
    return proc_stat(NULL, node_of(f), false, out);
}

static void text_release(struct file *f)
{
    struct text *text = f->data;

    rt_free(text->data);
    rt_free(text);
}

static const struct file_ops text_ops = {
    .name = "proc",
    .read = text_read,
    .write = text_write,
    .seek = proc_seek,
    .stat = proc_file_stat,
    .release = text_release,
};

struct dirent_head {
    uint64_t ino;
    int64_t next;
    uint16_t bytes;
    uint8_t type;
    char name[];
};

/* Puts one record; false: it does not fit. */
static bool emit(struct file *f, struct io *io, struct proc_node at, uint32_t type,
                 const char *name, int64_t next)
{
    uint8_t record[64] = {0};
    struct dirent_head *d = (struct dirent_head *)record;
    size_t len = strlen(name), size = (offsetof(struct dirent_head, name) + len + 1 + 7) & ~7ul;

    if (size > io->length || size > sizeof record)
        return false;
    d->ino = proc_number(at);
    d->next = next;
    d->bytes = (uint16_t)size;
    d->type = (uint8_t)type;
    memcpy(d->name, name, len);
    if (io_put(io, record, size) != (int64_t)size)
        return false;
    f->pos = next;
    return true;
}

/* The smallest pid, tid or descriptor >= `least` of a directory of numbers; -1: none. */
static int next_number(struct proc_node at, int least)
{
    int best = -1;
    struct process *p;
    struct task *t;

    mutex_lock(&tasks_lock);
    if (at.entry == FDS || at.entry == FDINFOS) {
        t = proc_task(at);
        best = t && t->files ? fd_next(t->files, least) : -1;
    } else if (at.entry == ROOT) {
        LIST_FOR_EACH(it, &all_processes)
        {
            int pid = LIST_ENTRY(it, struct process, link)->pid;

            if (pid >= least && (best < 0 || pid < best))
                best = pid;
        }
    } else if ((p = proc_process(at))) {
        LIST_FOR_EACH(it, &p->tasks)
        {
            int tid = LIST_ENTRY(it, struct task, link)->tid;

            if (tid >= least && (best < 0 || tid < best))
                best = tid;
        }
    }
    mutex_unlock(&tasks_lock);
    return best;
}

static bool has_numbers(struct proc_node at)
{
    return at.entry == ROOT || at.entry == TASKS || at.entry == FDS || at.entry == FDINFOS;
}

static uint32_t dirent_type(const struct proc_entry *e)
{
    return e->kind == DIRECTORY ? 4 : e->kind == TEXT ? 8 : 10;
}

/* Positions: 0 ".", 1 "..", then the table's entries by index + 2, then numbers + NUMBERS. */
#define NUMBERS 4096

static int64_t directory_readdir(struct task *t, struct file *f, struct io *io)
{
    struct proc_node at = node_of(f), child;
    size_t before = io->length;
    bool fits = true;
    char name[16];

    (void)t;
    if (!proc_exists(at))
        return -ENOENT;
    if (f->pos == 0)
        fits = emit(f, io, at, 4, ".", 1);
    if (fits && f->pos == 1)
        fits = emit(f, io, at, 4, "..", 2);
    for (int64_t i = f->pos - 2; fits && i >= 0 && i < (int64_t)proc_entry_count; i++) {
        const struct proc_entry *e = proc_entry_at((unsigned)i);

        child = at;
        child.entry = (uint16_t)i;
        if (e->name && proc_is_child((unsigned)i, at.entry))
            fits = emit(f, io, child, dirent_type(e), e->name, i + 3);
    }
    if (fits && f->pos < NUMBERS)
        f->pos = NUMBERS;
    while (fits && has_numbers(at)) {
        int n = next_number(at, (int)(f->pos - NUMBERS));

        if (n < 0)
            break;
        child = at;
        child.entry = at.entry == ROOT    ? PID
                      : at.entry == TASKS ? TID
                      : at.entry == FDS   ? FD
                                          : FDINFO;
        *(at.entry == ROOT ? &child.pid : at.entry == TASKS ? &child.tid : &child.fd) = n;
        rt_format(name, sizeof name, "%d", n);
        fits = emit(f, io, child, dirent_type(proc_entry(child)), name, NUMBERS + n + 1);
    }
    if (!fits && io->length == before)
        return -EINVAL;
    return (int64_t)(before - io->length);
}

static const struct file_ops directory_ops = {
    .name = "procdir",
    .seek = proc_seek,
    .stat = proc_file_stat,
    .readdir = directory_readdir,
};

static int64_t open_text(struct task *t, struct proc_node at, uint32_t flags, struct inode *inode,
                         struct file **out)
{
    struct text *text = rt_zalloc(sizeof *text);
    int64_t err;

    if (!text)
        return -ENOMEM;
    err = proc_entry(at)->text(t, at, text);
    if (!err && text->failed)
        err = -ENOMEM;
    if (!err) {
        *out = file_create(&text_ops, flags, inode, text);
        err = *out ? 0 : -ENOMEM;
    }
    if (err) {
        rt_free(text->data);
        rt_free(text);
    }
    return err;
}

/*
 * The walk has left for what has an inode (and there the file's permissions are asked); a pipe or a
 * stream is shared.
 */
static int64_t open_descriptor(struct proc_node at, uint32_t flags, struct file **out)
{
    struct file *f = proc_descriptor(at);

    if (!f)
        return -ENOENT;
    if (f->inode || (flags & O_EXCL)) {
        file_put(f);
        return (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) ? -EEXIST : -ELOOP;
    }
    *out = f;
    return 0;
}

int64_t proc_open(struct task *t, struct proc_node at, uint32_t flags, struct file **out)
{
    const struct proc_entry *e = proc_entry(at);
    struct vfs_attr attr;
    struct inode *inode;
    bool writes = (flags & O_ACCMODE) != O_RDONLY;
    int64_t err;

    if (at.entry == FD)
        return open_descriptor(at, flags, out);
    err = proc_stat(t, at, false, &attr);
    if (err)
        return err;
    if (e->kind == SYMLINK || e->kind == MAGIC)
        return -ELOOP;
    if ((flags & O_CREAT) && (flags & O_EXCL))
        return -EEXIST;
    if (e->kind == DIRECTORY && writes)
        return -EISDIR;
    if (e->kind != DIRECTORY && (flags & O_DIRECTORY))
        return -ENOTDIR;
    if ((e->mode & 0400) == 0 ||
        (t->cred.fsuid && t->cred.fsuid != attr.uid && !(e->mode & (writes ? 0002 : 0004))))
        return -EACCES;
    if (writes && !(e->mode & 0200))
        return -EACCES;
    inode = inode_of_proc(at, &attr);
    if (!inode)
        return -ENOMEM;
    if (e->kind == DIRECTORY) {
        *out = file_create(&directory_ops, flags, inode, NULL);
        err = *out ? 0 : -ENOMEM;
    } else {
        err = open_text(t, at, flags, inode, out);
    }
    if (err)
        inode_put(inode);
    return err;
}
