/*
 * procfs: names, walks, files. See proc.h; the texts are in proc_text.c and proc_task.c.
 *
 * The tree is a table: each entry names its parent. Directories of processes, threads and descriptors have no
 * entries of their own; their names are numbers, kept in struct proc_node.
 */
#include "proc.h"

#include <jg/rt/format.h>
#include <jg/rt/heap.h>
#include <jg/rt/string.h>
#include <jg/rt/time.h>

#include <ipc/vfs_client.h>
#include <server.h>
#include <task.h>

#include "inode.h"
#include "open.h"
#include "proc_text.h"

enum kind {
    DIRECTORY,   /* its entries are those that name it as parent */
    TEXT,
    SYMLINK,     /* to a text, see link_text() */
    MAGIC,       /* to a file: exe, cwd, root, fd/N */
};

enum {
    ROOT, PID, TASKS, TID, FDS, FD, FDINFOS, FDINFO, SYS, SYS_KERNEL, SYS_KERNEL_RANDOM, SYS_VM, SYS_FS, NAMED,
};

struct entry {
    const char *name;      /* NULL: a number */
    uint16_t parent;
    uint16_t kind;
    uint32_t mode;
    proc_text text;
};

/* Where TID is the parent the entry is shown under PID too. */
static const struct entry entries[] = {
    [ROOT] = {"", ROOT, DIRECTORY, 0555, NULL},
    [PID] = {NULL, ROOT, DIRECTORY, 0555, NULL},
    [TASKS] = {"task", PID, DIRECTORY, 0555, NULL},
    [TID] = {NULL, TASKS, DIRECTORY, 0555, NULL},
    [FDS] = {"fd", TID, DIRECTORY, 0500, NULL},
    [FD] = {NULL, FDS, MAGIC, 0700, NULL},
    [FDINFOS] = {"fdinfo", TID, DIRECTORY, 0555, NULL},
    [FDINFO] = {NULL, FDINFOS, TEXT, 0444, proc_fdinfo},
    [SYS] = {"sys", ROOT, DIRECTORY, 0555, NULL},
    [SYS_KERNEL] = {"kernel", SYS, DIRECTORY, 0555, NULL},
    [SYS_KERNEL_RANDOM] = {"random", SYS_KERNEL, DIRECTORY, 0555, NULL},
    [SYS_VM] = {"vm", SYS, DIRECTORY, 0555, NULL},
    [SYS_FS] = {"fs", SYS, DIRECTORY, 0555, NULL},
    [NAMED] = {"cpuinfo", ROOT, TEXT, 0444, proc_cpuinfo},
    {"meminfo", ROOT, TEXT, 0444, proc_meminfo},
    {"stat", ROOT, TEXT, 0444, proc_system_stat},
    {"loadavg", ROOT, TEXT, 0444, proc_loadavg},
    {"uptime", ROOT, TEXT, 0444, proc_uptime},
    {"version", ROOT, TEXT, 0444, proc_version},
    {"filesystems", ROOT, TEXT, 0444, proc_filesystems},
    {"cmdline", ROOT, TEXT, 0444, proc_kernel_cmdline},
    {"mounts", ROOT, SYMLINK, 0777, NULL},
    {"self", ROOT, SYMLINK, 0777, NULL},
    {"thread-self", ROOT, SYMLINK, 0777, NULL},
    {"stat", TID, TEXT, 0444, proc_stat_line},
    {"statm", TID, TEXT, 0444, proc_statm},
    {"status", TID, TEXT, 0444, proc_status},
    {"cmdline", TID, TEXT, 0444, proc_cmdline},
    {"environ", TID, TEXT, 0400, proc_environ},
    {"auxv", TID, TEXT, 0400, proc_auxv},
    {"comm", TID, TEXT, 0644, proc_comm},
    {"maps", TID, TEXT, 0444, proc_maps},
    {"smaps", TID, TEXT, 0444, proc_smaps},
    {"limits", TID, TEXT, 0444, proc_limits},
    {"mounts", TID, TEXT, 0444, proc_mounts},
    {"mountinfo", TID, TEXT, 0444, proc_mountinfo},
    {"oom_score_adj", TID, TEXT, 0644, proc_oom_score_adj},
    {"oom_score", TID, TEXT, 0444, proc_oom_score},
    {"exe", TID, MAGIC, 0777, NULL},
    {"cwd", TID, MAGIC, 0777, NULL},
    {"root", TID, MAGIC, 0777, NULL},
    {"ostype", SYS_KERNEL, TEXT, 0444, proc_sys_value},
    {"osrelease", SYS_KERNEL, TEXT, 0444, proc_sys_value},
    {"version", SYS_KERNEL, TEXT, 0444, proc_sys_value},
    {"hostname", SYS_KERNEL, TEXT, 0644, proc_sys_value},
    {"pid_max", SYS_KERNEL, TEXT, 0644, proc_sys_value},
    {"threads-max", SYS_KERNEL, TEXT, 0644, proc_sys_value},
    {"ngroups_max", SYS_KERNEL, TEXT, 0444, proc_sys_value},
    {"cap_last_cap", SYS_KERNEL, TEXT, 0444, proc_sys_value},
    {"uuid", SYS_KERNEL_RANDOM, TEXT, 0444, proc_sys_value},
    {"boot_id", SYS_KERNEL_RANDOM, TEXT, 0444, proc_sys_value},
    {"overcommit_memory", SYS_VM, TEXT, 0644, proc_sys_value},
    {"max_map_count", SYS_VM, TEXT, 0644, proc_sys_value},
    {"file-max", SYS_FS, TEXT, 0644, proc_sys_value},
    {"nr_open", SYS_FS, TEXT, 0644, proc_sys_value},
    {"pipe-max-size", SYS_FS, TEXT, 0644, proc_sys_value},
};

#define ENTRIES (sizeof entries / sizeof *entries)

static const struct entry *entry_of(struct proc_node at)
{
    return &entries[at.entry];
}

const char *proc_entry_name(struct proc_node at)
{
    return entry_of(at)->name;
}

struct process *proc_process(struct proc_node at)
{
    return process_find(at.pid);
}

struct task *proc_task(struct proc_node at)
{
    struct process *p = proc_process(at);
    struct task *t = at.tid ? task_find(at.tid) : NULL;

    if (at.tid)
        return t && t->process == p ? t : NULL;
    return p ? process_any_task(p) : NULL;
}

/* Does the process (and the thread) of a place still exist? */
static bool exists(struct proc_node at)
{
    bool there;

    if (!at.pid)
        return true;
    mutex_lock(&tasks_lock);
    there = proc_process(at) && (!at.tid || proc_task(at));
    mutex_unlock(&tasks_lock);
    return there;
}

static struct file *descriptor(struct proc_node at)
{
    struct file *f;
    struct task *t;

    mutex_lock(&tasks_lock);
    t = proc_task(at);
    f = t && t->files ? files_lookup(t->files, at.fd) : NULL;
    mutex_unlock(&tasks_lock);
    return f;
}

/* A decimal number without leading zeros; -1 if it is none. */
static int parse_number(const char *name, size_t length)
{
    int n = 0;

    if (!length || length > 9 || (name[0] == '0' && length > 1))
        return -1;
    for (size_t i = 0; i < length; i++) {
        if (name[i] < '0' || name[i] > '9')
            return -1;
        n = n * 10 + name[i] - '0';
    }
    return n;
}

/* The children of a directory by table; `parent` PID shows what TID has. */
static bool is_child(const struct entry *e, uint16_t parent)
{
    return e != &entries[ROOT] && (e->parent == parent || (parent == PID && e->parent == TID));
}

/* One component below `at`. Returns 0 or -ENOENT. */
static int64_t step(struct proc_node *at, const char *name, size_t length)
{
    int number = parse_number(name, length);

    if (number >= 0) {
        if (at->entry == ROOT) {
            at->entry = PID;
            at->pid = number;
        } else if (at->entry == TASKS) {
            at->entry = TID;
            at->tid = number;
        } else if (at->entry == FDS || at->entry == FDINFOS) {
            struct file *f;

            at->fd = number;
            f = descriptor(*at);
            if (!f)
                return -ENOENT;
            file_put(f);
            at->entry = at->entry == FDS ? FD : FDINFO;
        } else {
            return -ENOENT;
        }
        return number && exists(*at) ? 0 : at->entry == FD || at->entry == FDINFO ? 0 : -ENOENT;
    }
    for (uint16_t i = 1; i < ENTRIES; i++) {
        if (is_child(&entries[i], at->entry) && entries[i].name && strlen(entries[i].name) == length &&
            !memcmp(entries[i].name, name, length)) {
            at->entry = i;
            return exists(*at) ? 0 : -ENOENT;
        }
    }
    return -ENOENT;
}

/* "..". Returns false at the root. */
static bool step_up(struct proc_node *at)
{
    uint16_t parent = entry_of(*at)->parent;

    if (at->entry == ROOT)
        return false;
    if (at->entry == FD || at->entry == FDINFO)
        at->fd = -1;
    if (parent == TID && !at->tid)
        parent = PID;
    if (at->entry == TID)
        at->tid = 0;
    if (at->entry == PID)
        at->pid = 0;
    at->entry = parent;
    return true;
}

static int64_t link_text(struct task *t, struct proc_node at, char *buf, size_t size)
{
    const char *name = entry_of(at)->name;

    if (!strcmp(name, "mounts"))
        return rt_format(buf, size, "self/mounts");
    if (!strcmp(name, "self"))
        return rt_format(buf, size, "%d", t->process->pid);
    return rt_format(buf, size, "%d/task/%d", t->process->pid, t->tid);
}

/* The inode behind a magic link, with a reference; NULL: none (a pipe), *err says why. */
static struct inode *magic_inode(struct proc_node at, int64_t *err)
{
    const char *name = entry_of(at)->name;
    struct inode *i = NULL;
    struct file *f;
    struct task *t;

    *err = -ENOENT;
    if (at.entry == FD) {
        f = descriptor(at);
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

struct inode *proc_shown(struct proc_node at)
{
    int64_t err;

    return at.entry == FD ? magic_inode(at, &err) : NULL;
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

    if (entry_of(at)->kind == SYMLINK)
        return link_text(t, at, buf, size);
    if (entry_of(at)->kind != MAGIC)
        return -EINVAL;
    if (at.entry == FD) {
        f = descriptor(at);
        if (!f)
            return -ENOENT;
        r = describe_file(f, buf, size);
        file_put(f);
        return r;
    }
    i = magic_inode(at, &r);
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

int64_t proc_walk(struct task *t, struct proc_node *at, char *path, size_t size, bool follow, enum proc_end *end,
                  struct inode **outside)
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
        if (entry_of(*at)->kind != DIRECTORY)
            return -ENOTDIR;
        for (next = name; *next && *next != '/'; next++)
            ;
        length = (size_t)(next - name);
        while (*next == '/')
            next++;
        if (length == 2 && name[0] == '.' && name[1] == '.') {
            if (!step_up(at)) {
                /* Out of the mount: it hangs below the root of its tree. */
                memmove(path, next, strlen(next) + 1);
                *end = PROC_LEAVES;
                return 0;
            }
        } else if (length != 1 || name[0] != '.') {
            n = step(at, name, length);
            if (n) {
                *end = PROC_MISSING;
                return *next ? n : 0;
            }
        }
        if ((entry_of(*at)->kind == SYMLINK || entry_of(*at)->kind == MAGIC) && (*next || follow || name[length] == '/')) {
            if (++links > 40)
                return -ELOOP;
            if (entry_of(*at)->kind == SYMLINK) {
                n = link_text(t, *at, text, sizeof text);
                n = splice(path, size, next, text, (size_t)n);
                if (n)
                    return n;
                *at = parent;
                continue;
            }
            if (!*next && at->entry == FD) {
                *end = PROC_HERE; /* opened as the description it is */
                return 0;
            }
            *outside = magic_inode(*at, &n);
            if (!*outside)
                return *next ? -ENOTDIR : n;
            memmove(path, next, strlen(next) + 1);
            *end = PROC_LEAVES;
            return 0;
        }
        memmove(path, next, strlen(next) + 1);
    }
}

static uint64_t number_of(struct proc_node at)
{
    return 1 + at.entry + ((uint64_t)(uint32_t)at.pid << 32) + ((uint64_t)(uint32_t)(at.fd + 1) << 8) +
           ((uint64_t)(uint32_t)at.tid << 20);
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
    const struct entry *e = entry_of(at);
    struct file *f;
    int64_t err;

    (void)t;
    if (!exists(at))
        return -ENOENT;
    if (at.entry == FD && follow) {
        f = descriptor(at);
        if (!f)
            return -ENOENT;
        err = f->ops->stat(f, out);
        file_put(f);
        return err;
    }
    memset(out, 0, sizeof *out);
    out->dev = 20;
    out->ino = number_of(at);
    out->mode = e->mode | (e->kind == DIRECTORY ? S_IFDIR : e->kind == TEXT ? S_IFREG : S_IFLNK);
    out->nlink = e->kind == DIRECTORY ? 2 : 1;
    out->atime = out->mtime = out->ctime = time_wall();
    owner(at, out);
    return 0;
}

int64_t proc_path(struct proc_node at, char *buf, size_t size)
{
    const struct entry *e = entry_of(at);
    struct proc_node parent = at;
    int64_t n;

    if (at.entry == ROOT)
        return rt_format(buf, size, "/proc");
    step_up(&parent);
    n = proc_path(parent, buf, size);
    if (n < 0 || (size_t)n + 16 > size)
        return -ENAMETOOLONG;
    if (e->name)
        return n + rt_format(buf + n, size - (size_t)n, "/%s", e->name);
    return n + rt_format(buf + n, size - (size_t)n, "/%d", at.entry == PID ? at.pid : at.entry == TID ? at.tid : at.fd);
}

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
    const char *name = entry_of(at)->name;
    size_t length = io->length;
    char value[64] = {0};
    struct task *target;
    int64_t n = io_get(io, value, sizeof value - 1), err = -EINVAL;

    (void)t, (void)pos;
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
        if (digits <= 1000) {
            target->process->oom_score_adj = minus ? -digits : digits;
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
static bool emit(struct file *f, struct io *io, struct proc_node at, uint32_t type, const char *name, int64_t next)
{
    uint8_t record[64] = {0};
    struct dirent_head *d = (struct dirent_head *)record;
    size_t len = strlen(name), size = (offsetof(struct dirent_head, name) + len + 1 + 7) & ~7ul;

    if (size > io->length || size > sizeof record)
        return false;
    d->ino = number_of(at);
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
        LIST_FOR_EACH (it, &all_processes) {
            int pid = LIST_ENTRY(it, struct process, link)->pid;

            if (pid >= least && (best < 0 || pid < best))
                best = pid;
        }
    } else if ((p = proc_process(at))) {
        LIST_FOR_EACH (it, &p->tasks) {
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

static uint32_t dirent_type(const struct entry *e)
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
    if (!exists(at))
        return -ENOENT;
    if (f->pos == 0)
        fits = emit(f, io, at, 4, ".", 1);
    if (fits && f->pos == 1)
        fits = emit(f, io, at, 4, "..", 2);
    for (int64_t i = f->pos - 2; fits && i >= 0 && i < (int64_t)ENTRIES; i++) {
        const struct entry *e = &entries[i];

        child = at;
        child.entry = (uint16_t)i;
        if (e->name && is_child(e, at.entry))
            fits = emit(f, io, child, dirent_type(e), e->name, i + 3);
    }
    if (fits && f->pos < NUMBERS)
        f->pos = NUMBERS;
    while (fits && has_numbers(at)) {
        int n = next_number(at, (int)(f->pos - NUMBERS));

        if (n < 0)
            break;
        child = at;
        child.entry = at.entry == ROOT ? PID : at.entry == TASKS ? TID : at.entry == FDS ? FD : FDINFO;
        *(at.entry == ROOT ? &child.pid : at.entry == TASKS ? &child.tid : &child.fd) = n;
        rt_format(name, sizeof name, "%d", n);
        fits = emit(f, io, child, dirent_type(&entries[child.entry]), name, NUMBERS + n + 1);
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

static int64_t open_text(struct task *t, struct proc_node at, uint32_t flags, struct inode *inode, struct file **out)
{
    struct text *text = rt_zalloc(sizeof *text);
    int64_t err;

    if (!text)
        return -ENOMEM;
    err = entry_of(at)->text(t, at, text);
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

/* A new description of what a descriptor has; one without an inode (a pipe, a stream, a terminal) is shared. */
static int64_t open_descriptor(struct task *t, struct proc_node at, uint32_t flags, struct file **out)
{
    struct file *f = descriptor(at);
    int64_t err;

    if (!f)
        return -ENOENT;
    if (!f->inode) {
        *out = f;
        return 0;
    }
    if (inode_in_proc(f->inode)) {
        err = proc_open(t, f->inode->proc, flags, out);
    } else {
        err = file_open_inode(t, inode_get(f->inode), flags, out);
        if (err)
            inode_put(f->inode);
    }
    file_put(f);
    return err;
}

int64_t proc_open(struct task *t, struct proc_node at, uint32_t flags, struct file **out)
{
    const struct entry *e = entry_of(at);
    struct vfs_attr attr;
    struct inode *inode;
    bool writes = (flags & O_ACCMODE) != O_RDONLY;
    int64_t err;

    if (at.entry == FD)
        return open_descriptor(t, at, flags, out);
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
    if ((e->mode & 0400) == 0 || (t->cred.fsuid && t->cred.fsuid != attr.uid && !(e->mode & (writes ? 0002 : 0004))))
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
