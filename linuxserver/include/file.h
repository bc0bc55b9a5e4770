/*
 * Open files, descriptors, inodes and paths.
 *
 * A `struct file` is an open file description (open(2)): counted, with a position, flags and a
 * table of operations. A `struct inode` is this server's view of a vfsd node: counted, one for each
 * node in use.
 *
 * Locks: files->lock for a descriptor table, inside tasks_lock; file->lock for the position. Neither is held while
 * anything waits.
 */
#pragma once

#include <jg/rt/list.h>
#include <jg/rt/sync.h>
#include <jg/types.h>

#include <hot.h>
#include <linux.h>
#include <mm.h>
#include <sync/wait.h>

struct task;
struct file;
struct files;
struct inode;

/* The program's memory that a read fills or a write takes; or, with mm NULL, the server's own. */
struct io {
    struct mm *mm;
    uint64_t va;
    size_t length;
    int64_t end; /* set by an appending write: the position after it */
    bool append; /* RWF_APPEND */
    bool nowait; /* from a socket: -EAGAIN in place of sleeping */
};

/*
 * Copies to or from the front of `io` and moves it on. Returns bytes, short at a fault, -EFAULT
 * when none.
 */
int64_t io_put(struct io *io, const void *src, size_t size);
int64_t io_get(struct io *io, void *dst, size_t size);

/* For poll: where a caller registers; `next` of at most `room` waiters. */
struct poll_table {
    struct task *task; /* who asks; never NULL */
    struct waiter *waiters; /* NULL: only asks */
    unsigned used, room;
    bool (*notify)(struct waiter *waiter); /* NULL: the task is woken; else as in struct waiter */
    void *owner;
    bool exclusive;
};

/*
 * Registers the table's task on `queue`, if it is one that waits. A handler calls it before it
 * looks at its state.
 */
void poll_wait(struct poll_table *table, struct waitqueue *queue);

struct vfs_attr; /* <ipc/vfs_client.h>: what stat(2) tells of a file */

/*
 * What a kind of file does. A missing operation gives the errno in brackets. Counts or -errno; the
 * restart codes of linux.h where they wait. `pos` is where to start (-1: no position); the caller
 * moves it.
 */
struct file_ops {
    const char *name; /* as in /proc/PID/fd, "pipe" */
    int64_t (*read)(struct task *t, struct file *f, struct io *io, int64_t pos);  /* [EINVAL] */
    int64_t (*write)(struct task *t, struct file *f, struct io *io, int64_t pos); /* [EINVAL] */
    /* A vector of the program's in one piece [as several reads or writes]. */
    int64_t (*vector)(struct task *t, struct file *f, const struct iovec *v, uint64_t count,
                      bool write);
    uint32_t (*poll)(struct file *f, struct poll_table *table); /* [POLLIN|POLLOUT] */
    int64_t (*ioctl)(struct task *t, struct file *f, uint32_t cmd, uint64_t arg); /* [ENOTTY] */
    int64_t (*seek)(struct file *f, int64_t offset, int whence);                  /* [ESPIPE] */
    bool splice_in, splice_out; /* splice(2) can take from it, put into it */
    bool seek_is_zero; /* there is no position, but lseek(2) gives 0 */
    int64_t (*stat)(struct file *f, struct vfs_attr *out);                        /* the inode's */
    int64_t (*readdir)(struct task *t, struct file *f,
                       struct io *io); /* [ENOTDIR] getdents64 records */
    int64_t (*truncate)(struct task *t, struct file *f, uint64_t size); /* [EINVAL] */
    int64_t (*backing)(struct file *f,
                       struct backing **out); /* [ENODEV] for mmap; a reference; NULL: zeros */
    void (*release)(struct file *f);          /* the last reference is gone */
    /* [nothing] a descriptor of that table was closed */
    void (*closed)(struct file *f, const struct files *table);
    void (*info)(struct file *f, char *buf,
                 size_t size); /* [nothing] lines of its own for fdinfo, zero-terminated */
};

struct file {
    const struct file_ops *ops;
    uint32_t refs;
    uint32_t flags;    /* O_ACCMODE and status flags; F_SETFL changes some */
    struct mutex lock; /* position */
    int64_t pos;
    struct inode *inode; /* NULL for anonymous ones */
    void *data;          /* the kind's own */
    uint64_t cookie;     /* the kind's own */
    int owner;           /* F_SETOWN */
    uint32_t locked;     /* kinds of locks that were set through it: fs/locks.c */
    struct list watches; /* of epoll: fs/epoll.h */
    bool watched;        /* there was a watch once */
};

/*
 * A new description with one reference. NULL: no memory; `inode` (may be NULL) is taken over on
 * success.
 */
struct file *file_create(const struct file_ops *ops, uint32_t flags, struct inode *inode,
                         void *data);
static inline struct file *file_get(struct file *f)
{
    __atomic_add_fetch(&f->refs, 1, __ATOMIC_RELAXED);
    return f;
}

/* How many there are. */
unsigned files_open(void);
/* The attributes of files that have no node: nothing but a mode. Always 0. */
int64_t anonymous_stat(struct file *f, struct vfs_attr *out);
/* Those of a file with a node. 0 or -errno. */
int64_t inode_stat(struct file *f, struct vfs_attr *out);
/* lseek(2) where there is no end to count from: from the start and from here. */
int64_t plain_seek(struct file *f, int64_t offset, int whence);

/* Lets go of one reference; the last closes it. May wait: called with no lock held. */
void file_put(struct file *f);

/* file_put() in two steps: says whether it was the last reference; then file_end() must follow. */
static inline bool file_unref(struct file *f)
{
    return !__atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL);
}
/* Closes a file without references. May wait: called with no lock held. */
void file_end(struct file *f);

static inline bool file_readable(const struct file *f)
{
    uint32_t access = f->flags & O_ACCMODE; /* 3 is neither, though it asks for both permissions */

    return (access == O_RDONLY || access == O_RDWR) && !(f->flags & O_PATH);
}
static inline bool file_writable(const struct file *f)
{
    uint32_t access = f->flags & O_ACCMODE;

    return (access == O_WRONLY || access == O_RDWR) && !(f->flags & O_PATH);
}

/* Descriptor tables. */
struct files *files_create(void);
struct files *files_clone(struct files *files); /* NULL: no memory */
struct files *files_get(struct files *files);
/*
 * For exec and unshare: the same table with another reference if `files` is nobody else's, or a
 * copy. NULL: no memory.
 */
struct files *files_own(struct files *files);
/* The last one closes all. Calls other servers: no lock may be held. */
void files_put(struct files *files);
void files_close_on_exec(struct task *t);

/* The file of a descriptor with a reference; NULL: EBADF. */
struct file *fd_get(struct task *t, int fd);
/* Installs a file (reference taken over) at the lowest descriptor >= least. Returns it or -EMFILE, -ENOMEM: the caller
 * still owns the file then. */
int fd_install(struct task *t, struct file *f, int least, bool cloexec);
/* Tells whether a descriptor is free, as far as RLIMIT_NOFILE goes. */
bool fd_available(struct task *t);
/* dup2, dup3: closes what was there. */
int fd_install_at(struct task *t, struct file *f, int fd, bool cloexec);
int fd_close(struct task *t, int fd);
int fd_get_flags(struct task *t, int fd); /* FD_CLOEXEC or 0, -EBADF */
int fd_set_flags(struct task *t, int fd, int flags);
/* How many descriptors the table has room for now, for /proc/PID/status. tasks_lock may be held. */
int files_room(struct files *files);
/* The first descriptor >= fd that is open, for /proc/PID/fd and close_range; -1: none. */
int fd_next(struct files *files, int fd);
/*
 * The file of a descriptor with a reference, or NULL. /proc asks another task's table with
 * tasks_lock held.
 */
struct file *files_lookup(struct files *files, int fd);

/* Where a task's paths start, and its umask. */
struct fs_context {
    uint32_t refs;
    struct mutex lock;
    struct inode *root, *cwd;
    uint32_t umask; /* without the lock: one word */
};

/*
 * Makes one (it takes the references given), copies one, counts one more, lets go of one. NULL: no
 * memory.
 */
struct fs_context *fs_create(struct inode *root, struct inode *cwd);
struct fs_context *fs_clone(struct fs_context *fs);
struct fs_context *fs_get(struct fs_context *fs);
void fs_put(struct fs_context *fs);
/* The root or the working directory, with a reference. May be asked with tasks_lock held. */
struct inode *fs_inode(struct fs_context *fs, bool root);

/* Where root or working folder are `old`, they are `new`. The caller has a reference to either. */
void fs_replace(struct fs_context *fs, struct inode *old, struct inode *new);
