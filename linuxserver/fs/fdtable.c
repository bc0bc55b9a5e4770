/*
 * Descriptor tables: small integers to open files.
 *
 * Locks: files->lock, never held while a file is released (that may call another server).
 */
#include <file.h>

#include <jg/rt/heap.h>
#include <jg/rt/string.h>

#include <task.h>

#include "locks.h"

struct files {
    uint32_t refs;
    struct mutex lock;
    struct file **file;
    uint8_t *cloexec;
    int room;
    int first_free; /* no free descriptor is below it */
};

#define FIRST_ROOM 32
#define ROOM_MAX   (1 << 20) /* fs.nr_open */

/* Room for descriptor `fd`. The lock is held. */
static int grow(struct files *files, int fd)
{
    int room = files->room ? files->room : FIRST_ROOM;
    struct file **file;
    uint8_t *cloexec;

    if (fd < files->room)
        return 0;
    while (room <= fd)
        room *= 2;
    file = rt_realloc(files->file, (size_t)room * sizeof *file);
    if (!file)
        return -ENOMEM;
    files->file = file;
    cloexec = rt_realloc(files->cloexec, (size_t)room);
    if (!cloexec)
        return -ENOMEM;
    files->cloexec = cloexec;
    memset(file + files->room, 0, (size_t)(room - files->room) * sizeof *file);
    memset(cloexec + files->room, 0, (size_t)(room - files->room));
    files->room = room;
    return 0;
}

struct files *files_create(void)
{
    struct files *files = rt_zalloc(sizeof *files);

    if (files)
        files->refs = 1;
    return files;
}

struct files *files_get(struct files *files)
{
    __atomic_add_fetch(&files->refs, 1, __ATOMIC_RELAXED);
    return files;
}

struct files *files_clone(struct files *from)
{
    struct files *to = files_create();
    int last = -1;

    if (!to)
        return NULL;
    mutex_lock(&from->lock);
    for (int fd = 0; fd < from->room; fd++) {
        if (from->file[fd])
            last = fd;
    }
    if (last >= 0 && grow(to, last)) {
        mutex_unlock(&from->lock);
        rt_free(to->file);
        rt_free(to->cloexec);
        rt_free(to);
        return NULL;
    }
    for (int fd = 0; fd <= last; fd++) {
        to->file[fd] = from->file[fd] ? file_get(from->file[fd]) : NULL;
        to->cloexec[fd] = from->cloexec[fd];
    }
    to->first_free = from->first_free;
    mutex_unlock(&from->lock);
    return to;
}

struct files *files_own(struct files *files)
{
    return __atomic_load_n(&files->refs, __ATOMIC_ACQUIRE) == 1 ? files_get(files)
                                                                : files_clone(files);
}

/* A descriptor of the table is closed: the table's record locks on that file go (fcntl(2)). */
static void close_file(struct files *files, struct file *f)
{
    locks_release_owner(f, files);
    if (f->ops->closed)
        f->ops->closed(f, files);
    file_put(f);
}

void files_put(struct files *files)
{
    if (!files || __atomic_sub_fetch(&files->refs, 1, __ATOMIC_ACQ_REL))
        return;
    for (int fd = 0; fd < files->room; fd++) {
        if (files->file[fd])
            close_file(files, files->file[fd]);
    }
    rt_free(files->file);
    rt_free(files->cloexec);
    rt_free(files);
}

struct file *files_lookup(struct files *files, int fd)
{
    struct file *f = NULL;

    mutex_lock(&files->lock);
    if (fd >= 0 && fd < files->room && files->file[fd])
        f = file_get(files->file[fd]);
    mutex_unlock(&files->lock);
    return f;
}

HOT_IO struct file *fd_get(struct task *t, int fd)
{
    return files_lookup(t->files, fd);
}

static int limit_of(struct task *t)
{
    uint64_t limit = t->process->limits.limit[RLIMIT_NOFILE].rlim_cur;

    return limit < ROOM_MAX ? (int)limit : ROOM_MAX;
}

/* The lowest free descriptor >= least; perhaps beyond the table's room. The lock is held. */
static int find_free(const struct files *files, int least)
{
    int fd = least > files->first_free ? least : files->first_free;

    while (fd < files->room && files->file[fd])
        fd++;
    return fd;
}

HOT_IO bool fd_available(struct task *t)
{
    struct files *files = t->files;
    int limit = limit_of(t), fd;

    mutex_lock(&files->lock);
    fd = files->first_free = find_free(files, 0);
    mutex_unlock(&files->lock);
    return fd < limit;
}

HOT_PATH int fd_install(struct task *t, struct file *f, int least, bool cloexec)
{
    struct files *files = t->files;
    int fd, limit = limit_of(t), err;

    mutex_lock(&files->lock);
    fd = find_free(files, least);
    if (fd >= limit) {
        mutex_unlock(&files->lock);
        return -EMFILE;
    }
    err = grow(files, fd);
    if (!err) {
        files->file[fd] = f;
        files->cloexec[fd] = cloexec;
        if (least <= files->first_free)
            files->first_free = fd + 1;
    }
    mutex_unlock(&files->lock);
    return err ? err : fd;
}

int fd_install_at(struct task *t, struct file *f, int fd, bool cloexec)
{
    struct files *files = t->files;
    struct file *old = NULL;
    int err;

    if (fd < 0 || fd >= limit_of(t))
        return -EBADF;
    mutex_lock(&files->lock);
    err = grow(files, fd);
    if (!err) {
        old = files->file[fd];
        files->file[fd] = f;
        files->cloexec[fd] = cloexec;
    }
    mutex_unlock(&files->lock);
    if (old)
        close_file(files, old);
    return err ? err : fd;
}

HOT_PATH int fd_close(struct task *t, int fd)
{
    struct files *files = t->files;
    struct file *f = NULL;

    mutex_lock(&files->lock);
    if (fd >= 0 && fd < files->room) {
        f = files->file[fd];
        files->file[fd] = NULL;
        files->cloexec[fd] = 0;
        if (fd < files->first_free)
            files->first_free = fd;
    }
    mutex_unlock(&files->lock);
    if (!f)
        return -EBADF;
    close_file(files, f);
    return 0;
}

int fd_get_flags(struct task *t, int fd)
{
    struct files *files = t->files;
    int flags = -EBADF;

    mutex_lock(&files->lock);
    if (fd >= 0 && fd < files->room && files->file[fd])
        flags = files->cloexec[fd] ? FD_CLOEXEC : 0;
    mutex_unlock(&files->lock);
    return flags;
}

int fd_set_flags(struct task *t, int fd, int flags)
{
    struct files *files = t->files;
    int err = -EBADF;

    mutex_lock(&files->lock);
    if (fd >= 0 && fd < files->room && files->file[fd]) {
        files->cloexec[fd] = !!(flags & FD_CLOEXEC);
        err = 0;
    }
    mutex_unlock(&files->lock);
    return err;
}

int files_room(struct files *files)
{
    int room;

    mutex_lock(&files->lock);
    room = files->room > 64 ? files->room : 64; /* Linux's smallest table */
    mutex_unlock(&files->lock);
    return room;
}

int fd_next(struct files *files, int fd)
{
    mutex_lock(&files->lock);
    while (fd < files->room && !files->file[fd])
        fd++;
    fd = fd < files->room ? fd : -1;
    mutex_unlock(&files->lock);
    return fd;
}

void files_close_on_exec(struct task *t)
{
    for (int fd = 0; (fd = fd_next(t->files, fd)) >= 0; fd++) {
        if (fd_get_flags(t, fd) > 0)
            fd_close(t, fd);
    }
}
