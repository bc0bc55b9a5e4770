/*
 * procfs: open directories.
 *
 * Positions do not depend on what comes and goes: what stays is listed once.
 */
#include <jg/rt/format.h>
#include <jg/rt/string.h>

#include <ipc/vfs_client.h>
#include <task.h>

#include "inode.h"
#include "proc_tree.h"

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

static uint32_t dirent_type(const struct proc_entry *e)
{
    return e->kind == DIRECTORY ? 4 : e->kind == TEXT || e->kind == LOOKED ? 8 : 10;
}

/* Positions: 0 ".", 1 "..", then the table's entries by index + 2, then numbers + NUMBERS. */
#define NUMBERS 4096

static int64_t directory_readdir(struct task *t, struct file *f, struct io *io)
{
    struct proc_node at = f->inode->proc, child;
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
    while (fits && proc_has_numbers(at)) {
        int n = proc_next_number(at, (int)(f->pos - NUMBERS));

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
    .seek = plain_seek,
    .stat = proc_file_stat,
    .readdir = directory_readdir,
};

int64_t proc_open_directory(uint32_t flags, struct inode *inode, struct file **out)
{
    *out = file_create(&directory_ops, flags, inode, NULL);
    return *out ? 0 : -ENOMEM;
}
